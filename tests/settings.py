"""Settings for the tests: the console's own, with an environment of their own."""

import os
import tempfile

os.environ |= {
    "SECRET_KEY": "a key for the tests only, which opens nothing outside of them",
    "DATABASE_URL": os.environ.get(
        "TEST_DATABASE_URL", f"sqlite:///{tempfile.gettempdir()}/console-tests.sqlite3"
    ),
    # Tests that run side by side would empty each other's Redis, so each has a part of its own.
    "CACHE_URL": os.environ.get("TEST_CACHE_URL", "").replace(
        "/0", f"/{os.environ.get('PYTEST_XDIST_WORKER', 'gw0')[2:]}"
    ),
    "VPS_API_URL": os.environ.get("TEST_VPS_API_URL", "http://127.0.0.1:9/api/v1"),
    "VPS_API_DEADLINE": "5",
    "VPS_API_TOKEN": "",
    "DEBUG": "off",
    "ALLOWED_HOSTS": "testserver,127.0.0.1,localhost",
    "TRUST_PROXY": "off",
    # Nobody answers at this port; who needs an answer names another (tests/http/provider.py).
    "OIDC_NAME": "Okafor & Co",
    "OIDC_ISSUER": "http://127.0.0.1:9",
    "OIDC_CLIENT_ID": "the-console",
    "OIDC_CLIENT_SECRET": "what only the console and the provider know",
    "METRICS_TOKEN": "for-the-prometheus-of-the-tests",
}

from vpspanel.settings import *  # noqa: F403

# A file of this run's own: in SQLite's memory, two threads that write at once do not wait for each other.
_folder = tempfile.TemporaryDirectory(prefix="console-tests-")
if "sqlite3" in str(DATABASES["default"]["ENGINE"]):  # noqa: F405
    DATABASES["default"]["TEST"] = {"NAME": f"{_folder.name}/tests.sqlite3"}  # noqa: F405

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
# Hashing passwords well takes its time, which is not what the tests are about.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
