"""The settings of a Django that answers "ok" and knows nothing else: the yardstick of all CPU figures."""

SECRET_KEY = "for a page without a secret"  # noqa: S105
ALLOWED_HOSTS = ["127.0.0.1"]
ROOT_URLCONF = "bench.bare_urls"
