"""Django's settings. What differs from one installation to the next comes from the environment (README, "Settings")."""

from pathlib import Path
from urllib.parse import urlsplit

from . import environment, logs

BASE_DIR = Path(__file__).resolve().parent.parent

# --- from the environment ---------------------------------------------------------------------------------------

SECRET_KEY = environment.secret_key()
SECRET_KEY_FALLBACKS = environment.secret_key_fallbacks()
DEBUG = environment.switch("DEBUG")
ALLOWED_HOSTS = environment.names("ALLOWED_HOSTS") or ["127.0.0.1", "localhost"]
CSRF_TRUSTED_ORIGINS = environment.names("CSRF_TRUSTED_ORIGINS")
DATABASES = {"default": environment.database()}
CACHES = {"default": environment.cache()}
TRUST_PROXY = environment.switch("TRUST_PROXY")
TIME_ZONE = environment.time_zone()

VPS_API_URL = environment.api_url()
VPS_API_TOKEN = environment.api_token()
VPS_API_PROXY = environment.api_proxy()
VPS_API_DEADLINE = environment.number("VPS_API_DEADLINE", 15)
WEB_THREADS = environment.count("WEB_THREADS", 16)
"""How many requests a process answers at once (./run serve)."""
METRICS_TOKEN = environment.metrics_token()
PRACTICE_MODE = environment.is_loopback(urlsplit(VPS_API_URL).hostname or "")
"""Whether the servers are the simulator's: the page frame says then that nothing is real."""

# --- the application --------------------------------------------------------------------------------------------

INSTALLED_APPS = [
    "servers",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "vpspanel.apps.PanelAdminConfig",
    "django_htmx",
    "allauth",
    "allauth.account",
    "allauth.mfa",
]

MIDDLEWARE = [
    "vpspanel.middleware.numbered",
    "vpspanel.middleware.content_security_policy",
    "django.middleware.security.SecurityMiddleware",
    "vpspanel.middleware.known_methods",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "servers.session.kept_through_rotation",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "servers.open_sessions.members_only",
    "django_htmx.middleware.HtmxMiddleware",
    "servers.middleware.SignInFirst",
    "servers.second_step.SecondStepFirst",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "servers.middleware.followed_by_the_page",
    "servers.middleware.told_to_the_page",
    "servers.middleware.never_stored",
    "servers.drafts.kept_unless_sent",
    "servers.middleware.RemoteProblems",
]

ROOT_URLCONF = "vpspanel.urls"
WSGI_APPLICATION = "vpspanel.wsgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "servers.context.frame",
            ],
        },
    },
]

LANGUAGE_CODE = "en"
LANGUAGES = [("en", "English"), ("ta", "தமிழ்"), ("hi", "हिन्दी"), ("es", "Español"), ("ar", "العربية")]
LOCALE_PATHS = [BASE_DIR / "vpspanel" / "locale"]
FORMAT_MODULE_PATH = "vpspanel.formats"
USE_TZ = True

# --- static files -----------------------------------------------------------------------------------------------

STATIC_URL = "/static/"
STATIC_ROOT = Path(environment.read.str("STATIC_ROOT", default=str(BASE_DIR / ".static")))
STATICFILES_DIRS = [BASE_DIR / "static"]
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {"BACKEND": "vpspanel.bundles.BundlingStorage"},
}
WHITENOISE_ALLOW_ALL_ORIGINS = False

# --- sign-in ----------------------------------------------------------------------------------------------------

AUTHENTICATION_BACKENDS = ["servers.signed_in.Backend"]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
ACCOUNT_ADAPTER = "vpspanel.accounts.Adapter"
ACCOUNT_LOGIN_METHODS = {"username"}
ACCOUNT_SIGNUP_FIELDS = ["username*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "none"
ACCOUNT_LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_RATE_LIMITS = {"login": None, "login_failed": "10/m/ip,5/5m/key", "single_sign_on": "60/m/ip"}
"""Wrong passwords and codes: by address, and by account. The counters are in the cache that all processes share. Right
ones are not counted, or a whole office that signs in at once would be kept out. Ways to the provider: by address."""
ALLAUTH_TRUSTED_PROXY_COUNT = 1 if TRUST_PROXY else 0
"""Of X-Forwarded-For only what our own proxy has written counts: its last entry."""
FRESH_FOR = environment.number("FRESH_SIGN_IN_MINUTES", 5) * 60
"""So many seconds a password or a passkey counts as fresh; what could take over the console asks for one (fresh)."""
ACCOUNT_REAUTHENTICATION_TIMEOUT = float("-inf")
"""allauth asks our `fresh` alone; its own reckoning would take a sign-in for fresh that a clock set back put ahead."""

MFA_ADAPTER = "vpspanel.accounts.SecondSteps"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_FORMS = {
    "login_webauthn": "servers.passkeys.LoginForm",
    "authenticate_webauthn": "servers.passkeys.SecondStepForm",
    "add_webauthn": "servers.passkeys.AddForm",
}
MFA_TOTP_TOLERANCE = 1
MFA_RECOVERY_CODE_COUNT = 10
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

SINGLE_SIGN_ON = environment.single_sign_on()
"""Where members may sign in besides, by OpenID Connect (single_sign_on); without it, nothing of it is here."""
if SINGLE_SIGN_ON:
    INSTALLED_APPS.append("allauth.socialaccount")
    SOCIALACCOUNT_ADAPTER = "vpspanel.single_sign_on.Adapter"
    SOCIALACCOUNT_STORE_TOKENS = False
    SOCIALACCOUNT_REQUESTS_TIMEOUT = 5

# Not in a cookie, where messages lie readable, with the names of servers in them.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_ENGINE = "django.contrib.sessions.backends.cached_db"
SESSION_COOKIE_AGE = int(environment.number("SIGN_OUT_AFTER_HOURS", 12) * 60 * 60)
"""The longest time for which a sign-in lasts, whatever is done meanwhile (open_sessions)."""
SIGN_OUT_IDLE = environment.number("SIGN_OUT_IDLE_MINUTES", 120) * 60
"""So many seconds after the last request that a person made, and not a page by itself, a session is over."""

# --- the browser ------------------------------------------------------------------------------------------------

# Behind a proxy that ends TLS everything is https; without one, the console answers plain http on loopback.
if TRUST_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    USE_X_FORWARDED_HOST = False
    SECURE_SSL_REDIRECT = True
    SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]
    SECURE_HSTS_SECONDS = 365 * 24 * 60 * 60
    SECURE_HSTS_INCLUDE_SUBDOMAINS = True
    SECURE_HSTS_PRELOAD = True
    SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = LANGUAGE_COOKIE_SECURE = True
    SESSION_COOKIE_NAME, CSRF_COOKIE_NAME = "__Host-session", "__Host-csrf"
    LANGUAGE_COOKIE_NAME = "__Host-language"

SESSION_COOKIE_HTTPONLY = CSRF_COOKIE_HTTPONLY = LANGUAGE_COOKIE_HTTPONLY = True
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
LANGUAGE_COOKIE_AGE = 365 * 24 * 60 * 60
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DEFAULT_EXCEPTION_REPORTER_FILTER = "vpspanel.reports.NothingTyped"
CSRF_FAILURE_VIEW = "servers.views.problems.csrf_failure"
DATA_UPLOAD_MAX_MEMORY_SIZE = 64 * 1024
DATA_UPLOAD_MAX_NUMBER_FIELDS = 100

# Django 6 has a setting of this name and form; vpspanel.middleware stands in for its middleware until then.
SECURE_CSP = {
    "default-src": ["'none'"],
    "script-src": ["'self'"],
    "style-src": ["'self'"],
    "img-src": ["'self'"],
    "font-src": ["'self'"],
    "connect-src": ["'self'"],
    "form-action": ["'self'"],
    "base-uri": ["'none'"],
    "frame-ancestors": ["'none'"],
    "manifest-src": ["'self'"],
}

# --- the log ----------------------------------------------------------------------------------------------------

LOGGING = logs.config(environment.log_level(), environment.log_format())
