"""The console's own settings, and beside it the yardsticks: an empty page, and Django's admin with the same rows."""

from vpspanel.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "bench"]  # noqa: F405
MIDDLEWARE = ["bench.yardsticks.counted", *MIDDLEWARE]  # noqa: F405
ROOT_URLCONF = "bench.urls"
# The admin's list of 100 rows, and nothing of the console's own, is what it is compared with.
MIGRATION_MODULES = {"bench": None}
# Signing in is not measured, and hashing a password well takes its time.
PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
