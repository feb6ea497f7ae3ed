"""The console's own settings for consoles that a test starts, without what takes long and is not what it is about."""

import os

from vpspanel.settings import *  # noqa: F403

if "DATABASE_PATIENCE" in os.environ:
    DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ["DATABASE_PATIENCE"])  # type: ignore[index]  # noqa: F405

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
