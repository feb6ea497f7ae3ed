"""The console's own settings for consoles that a test starts, without what takes long and is not what it is about."""

import os

from vpspanel.settings import *  # noqa: F403

DATABASES["default"]["OPTIONS"]["timeout"] = float(os.environ.get("DATABASE_PATIENCE", "10"))  # type: ignore[index]  # noqa: F405

STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
