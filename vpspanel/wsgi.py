"""The console as a WSGI application, for gunicorn."""

import logging
import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "vpspanel.settings")

logging.captureWarnings(True)  # Python's warnings are lines of the log like any other
application = get_wsgi_application()
