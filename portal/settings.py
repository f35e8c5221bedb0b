"""Settings of the register, read from the environment.

Every value a deployment may change comes from one of the small readers below;
a reader raises on a value it cannot understand, so a typing error stops the
start instead of running with a guess. Development needs no variable at all.
"""

import logging
import os
import secrets
from datetime import timedelta
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from urllib.parse import urlsplit

import dj_database_url
from django.core.exceptions import ImproperlyConfigured
from django.utils.translation import gettext_lazy as _

BASE_DIR = Path(__file__).resolve().parent.parent


def read_text(name: str, default: str = "") -> str:
    return os.environ.get(name, default).strip()


def read_switch(name: str, default: bool) -> bool:
    """A yes-or-no variable: 1/0, true/false, yes/no, on/off."""
    value = read_text(name).lower()
    if not value:
        return default
    if value in {"1", "true", "yes", "on"}:
        return True
    if value in {"0", "false", "no", "off"}:
        return False
    raise ImproperlyConfigured(f"{name} is {value!r}; use 1 or 0.")


def read_number(name: str, default: int) -> int:
    """A whole number, 0 or more."""
    value = read_text(name) or str(default)
    if not (value.isascii() and value.isdigit()):
        raise ImproperlyConfigured(f"{name} is {value!r}; use a whole number.")
    return int(value)


def read_list(name: str, default: str = "") -> list[str]:
    """A comma-separated variable; blanks around the commas are ignored."""
    return [part.strip() for part in read_text(name, default).split(",") if part.strip()]


def read_networks(name: str, default: str) -> list[IPv4Network | IPv6Network]:
    """Addresses, or networks such as 10.0.0.0/8."""
    try:
        return [ip_network(network) for network in read_list(name, default)]
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is not understood: {error}.") from error


MAKE_A_KEY = """make one with: python3 -c "import secrets; print(secrets.token_urlsafe(48))\""""
# How keys of examples begin, Django's own and those of this register: whoever read the example knows them.
KEYS_OF_EXAMPLES = ("change-me", "changeme", "django-insecure-")


def read_secret_key(debug: bool) -> str:
    """SECRET_KEY from the environment; in development one is made once and kept.

    Raises ImproperlyConfigured in production when it is missing, short or known from an example.
    """
    value = read_text("SECRET_KEY")
    if value:
        if not debug and value.lower().startswith(KEYS_OF_EXAMPLES):
            raise ImproperlyConfigured(f"SECRET_KEY is one of an example, which everybody knows; {MAKE_A_KEY}")
        if not debug and len(value) < 32:
            raise ImproperlyConfigured(f"SECRET_KEY is shorter than 32 characters; {MAKE_A_KEY}")
        return value
    if not debug:
        raise ImproperlyConfigured(f"SECRET_KEY is missing; production does not start without one; {MAKE_A_KEY}")
    kept = BASE_DIR / ".secret-key"
    if not kept.exists():
        kept.touch(mode=0o600)
        kept.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return kept.read_text(encoding="ascii").strip()


# Seconds for a new connection to PostgreSQL, and for one of a pool to be free; how long an answer is waited for says
# portal/reading.py.
CONNECTING, PATIENCE = 2, 3
# Of a SQLite database each thread of each worker keeps so much, which the system keeps too: more makes no page faster.
SQLITE_KILOBYTES, SQLITE_STATEMENTS = 256, 64


def read_database(debug: bool = True, name: str = "DATABASE_URL") -> dict:
    """The variable as Django's dictionary: sqlite:/// or postgres://; SQLite in this folder when unset."""
    url = read_text(name, f"sqlite:///{BASE_DIR / 'db.sqlite3'}")
    try:
        # A worker keeps its connection; in development every request runs in a thread of its own.
        database = dj_database_url.parse(url, conn_max_age=0 if debug else 600, conn_health_checks=not debug)
    except (dj_database_url.ParseError, dj_database_url.UnknownSchemeError) as error:
        raise ImproperlyConfigured(f"{name} is not understood: {error}") from error
    if database["ENGINE"] == "django.db.backends.sqlite3":
        pragmas = ("journal_mode=WAL", "synchronous=NORMAL", f"cache_size=-{SQLITE_KILOBYTES}")
        # One writer at a time, taken at the start of a transaction, and readers never wait.
        database["OPTIONS"] = {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": "".join(f"PRAGMA {pragma};" for pragma in pragmas),
            "cached_statements": SQLITE_STATEMENTS,
        }
    elif database["ENGINE"] == "django.db.backends.postgresql":
        database["ENGINE"] = "portal.postgresql"
        use_patiently(database, read_number("DATABASE_POOL", 0))
    else:
        raise ImproperlyConfigured(f"{name} must start with sqlite: or postgres:")
    return database


def use_patiently(database: dict, pool: int) -> None:
    """Limits to waiting for a connection; with a pool, at most so many of them are shared by the threads."""
    options = database.setdefault("OPTIONS", {})
    options.setdefault("connect_timeout", CONNECTING)
    options.setdefault("tcp_user_timeout", PATIENCE * 1000)
    options.setdefault("prepare_threshold", 0)  # a planned cursor plans at the first query; Django's own never do
    if pool:
        database["CONN_MAX_AGE"] = 0  # the pool keeps them
        options["pool"] = {"min_size": 1, "max_size": pool, "timeout": PATIENCE}


def read_databases(debug: bool = True) -> dict:
    """The primary, and a replica to read from where REPLICA_URL names one."""
    databases = {"default": read_database(debug)}
    if read_text("REPLICA_URL"):
        replica = read_database(debug, "REPLICA_URL")
        if "postgresql" not in replica["ENGINE"] or "postgresql" not in databases["default"]["ENGINE"]:
            raise ImproperlyConfigured("REPLICA_URL needs PostgreSQL, there and in DATABASE_URL.")
        databases["replica"] = replica | {"TEST": {"MIRROR": "default"}}
    return databases


def read_cache() -> dict:
    """CACHE_URL as Django's dictionary: redis:// or rediss://; local memory when unset."""
    url = read_text("CACHE_URL")
    if not url:
        return {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}
    if urlsplit(url).scheme not in {"redis", "rediss"}:
        raise ImproperlyConfigured("CACHE_URL must start with redis:// or rediss://")
    return {"BACKEND": "portal.caches.ForgivingRedisCache", "LOCATION": url}


def read_media_root() -> str:
    """MEDIA_ROOT, a folder outside of the code; none when unset, and then no file can be kept."""
    value = read_text("MEDIA_ROOT")
    if value and (not Path(value).is_absolute() or Path(value).resolve().is_relative_to(BASE_DIR)):
        raise ImproperlyConfigured(f"MEDIA_ROOT is {value!r}; use an absolute path outside of {BASE_DIR}.")
    return value


def read_file_store() -> dict:
    """Where files are kept, as Django's dictionary: the bucket that S3_BUCKET names, else a folder for its owner."""
    bucket, endpoint = read_text("S3_BUCKET"), read_text("S3_ENDPOINT_URL")
    access_key, secret_key = read_text("S3_ACCESS_KEY"), read_text("S3_SECRET_KEY")
    if not bucket:
        options = {"file_permissions_mode": 0o600, "directory_permissions_mode": 0o700, "allow_overwrite": True}
        return {"BACKEND": "django.core.files.storage.FileSystemStorage", "OPTIONS": options}
    if endpoint and urlsplit(endpoint).scheme not in {"https", "http"}:
        raise ImproperlyConfigured("S3_ENDPOINT_URL must start with https:// or http://")
    if bool(access_key) != bool(secret_key):
        raise ImproperlyConfigured("S3_ACCESS_KEY and S3_SECRET_KEY are set both or not at all.")
    given = {
        "bucket_name": bucket,
        "endpoint_url": endpoint,
        "access_key": access_key,
        "secret_key": secret_key,
        "region_name": read_text("S3_REGION"),
    }
    options = {name: value for name, value in given.items() if value}
    return {"BACKEND": "portal.file_store.PrivateBucket", "OPTIONS": options}


def read_contact() -> str:
    """SECURITY_CONTACT as the address that security.txt names: mailto:, https:// or tel:; nothing when unset."""
    value = read_text("SECURITY_CONTACT")
    if value and urlsplit(value).scheme not in {"mailto", "https", "tel"}:
        raise ImproperlyConfigured("SECURITY_CONTACT must start with mailto:, https:// or tel:")
    return value


def read_log_format() -> str:
    """LOG_FORMAT: `line` for people, `json` for machines."""
    value = read_text("LOG_FORMAT", "line")
    if value not in {"line", "json"}:
        raise ImproperlyConfigured(f"LOG_FORMAT is {value!r}; use line or json.")
    return value


# The project

DEBUG = read_switch("DEBUG", default=True)
SECRET_KEY = read_secret_key(DEBUG)
ALLOWED_HOSTS = read_list("ALLOWED_HOSTS", "localhost,127.0.0.1,[::1]")
CSRF_TRUSTED_ORIGINS = read_list("CSRF_TRUSTED_ORIGINS")
ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
ASGI_APPLICATION = "portal.asgi.application"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "portal",  # before modeltranslation, whose loaddata it goes on from
    "modeltranslation",
    "meetings",
    "initiatives",
    "portal.apps.EditingConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "axes",
    "django_otp",
    "django_otp.plugins.otp_totp",
    "django_otp.plugins.otp_static",
    "reversion",
    "django_filters",
    "django_htmx",
]

METRICS = read_switch("METRICS", default=False)
METRICS_ADDRESSES = read_networks("METRICS_ADDRESSES", "127.0.0.0/8,::1")

MIDDLEWARE = [
    "portal.middleware.HeadMiddleware",
    "portal.logs.RequestIdMiddleware",
    *(["portal.metrics.MetricsMiddleware"] if METRICS else []),
    "portal.middleware.ReadingMiddleware",
    # A page that is kept is answered with the headers it left with; nothing below runs for it.
    "portal.page_cache.PageCacheMiddleware",
    # So is who has an answer of the API.
    "portal.api.KnownAnswersMiddleware",
    # The headers come next, so that answers of the others carry them too.
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "django_permissions_policy.PermissionsPolicyMiddleware",
    "django.middleware.security.SecurityMiddleware",  # redirects to https itself
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "portal.middleware.CompressionMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "portal.middleware.BoundsMiddleware",
    "portal.middleware.FormEncodingMiddleware",
    "portal.middleware.ErrorPagesMiddleware",
    "portal.middleware.OutageMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django_otp.middleware.OTPMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "axes.middleware.AxesMiddleware",
]

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.template.context_processors.i18n",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.context.site",
            ],
            "builtins": [
                "django.templatetags.cache",
                "django.templatetags.i18n",
                "django.templatetags.static",
                "portal.templatetags.portal",
                "portal.templatetags.head",
            ],
        },
    },
]

DATABASES = read_databases(DEBUG)
DATABASE_ROUTERS = ["portal.reading.ReplicaRouter"]
CACHES = {
    "default": read_cache(),
    # Parts of pages that are the same on all of them, kept by each process for itself.
    "template_fragments": {"BACKEND": "portal.fragments.FragmentCache", "OPTIONS": {"MAX_ENTRIES": 4000}},
}

if read_text("CACHE_URL"):
    # Pages that one process made serve the others too.
    CACHES["pages"] = {**CACHES["default"], "KEY_PREFIX": "pages"}

# Public pages kept whole, per process; 0 keeps none. While developing, templates change under way.
PAGE_CACHE_MEGABYTES = read_number("PAGE_CACHE_MEGABYTES", 0 if DEBUG else 16)
# Files take long to make and send: half of the threads of a process may, and of several one is always left for pages.
WEB_THREADS = read_number("WEB_THREADS", 4)
# What tells pages of one release from those of the next; unset, a digest of the code.
RELEASE = read_text("RELEASE")

# Languages: Vietnamese first, and both under their own prefix

LANGUAGE_CODE = "vi"
LANGUAGES = [("vi", _("Vietnamese")), ("en", _("English"))]
LOCALE_PATHS = [BASE_DIR / "portal" / "locale"]
FORMAT_MODULE_PATH = ["portal.formats"]
TIME_ZONE = "Asia/Ho_Chi_Minh"
USE_I18N = True
USE_TZ = True

MODELTRANSLATION_DEFAULT_LANGUAGE = "vi"
# A text missing in one language is shown as missing, never replaced silently.
MODELTRANSLATION_ENABLE_FALLBACKS = False

# A meeting is edited together with its dozens of statements and decisions.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_000
DATA_UPLOAD_MAX_MEMORY_SIZE = 5 * 2**20  # of a form without its files, in bytes
DATA_UPLOAD_MAX_NUMBER_FILES = 5  # no form has more than one

# Static files: hashed and compressed outside development

STATIC_URL = "/static/"
STATIC_ROOT = read_text("STATIC_ROOT") or BASE_DIR / "staticfiles"
STATICFILES_DIRS = [BASE_DIR / "static"]
MEDIA_ROOT = read_media_root()
STORAGES = {
    # Visitors and editors leave no files; backups are kept there.
    "default": read_file_store(),
    "staticfiles": {
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if DEBUG
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

# Safety

HTTPS = read_switch("HTTPS", default=not DEBUG)
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^(healthz|readyz|metrics)$"]  # asked from inside, before anything that ends TLS
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = HTTPS
SECURE_HSTS_PRELOAD = HTTPS
SESSION_COOKIE_SECURE = HTTPS
CSRF_COOKIE_SECURE = HTTPS
LANGUAGE_COOKIE_SAMESITE = "Lax"
CSRF_FAILURE_VIEW = "portal.views.form_refused"
BEHIND_PROXY = read_switch("BEHIND_PROXY", default=False)
if BEHIND_PROXY:
    SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "strict-origin-when-cross-origin"
SECURITY_CONTACT = read_contact()

# Nothing inline, nothing evaluated, nothing from elsewhere; the admin needs no exception.
CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": ["'self'"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "form-action": ["'self'"],
        "frame-ancestors": ["'none'"],
    }
}
PERMISSIONS_POLICY: dict[str, list] = {
    feature: [] for feature in ["camera", "display-capture", "geolocation", "microphone", "payment", "usb"]
}

# Accounts: who reviews, publishes or manages proves it with a second factor; guessing is locked out

TWO_FACTOR_REQUIRED = read_switch("TWO_FACTOR_REQUIRED", default=not DEBUG)
LOGIN_REDIRECT_URL = "admin:index"  # for who names no page to go on to, or none of ours
SESSION_COOKIE_AGE = 7 * 24 * 3600
AUTHENTICATION_BACKENDS = [
    "portal.accounts.lockout.LockoutBackend",
    "django.contrib.auth.backends.ModelBackend",
]
AXES_FAILURE_LIMIT = 5
AXES_COOLOFF_TIME = timedelta(minutes=15)
# A name from one address: neither a whole office nor an editor elsewhere is locked out by a stranger.
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False  # the time that the page of the lockout names is kept
AXES_CLIENT_IP_CALLABLE = "portal.accounts.lockout.client_address"
AXES_LOCKOUT_CALLABLE = "portal.accounts.lockout.locked_out"
AXES_SENSITIVE_PARAMETERS = ["username", "ip_address", "code"]
# The register keeps a log of its own, which nobody edits.
AXES_DISABLE_ACCESS_LOG = True
AXES_ENABLE_ADMIN = False
AXES_VERBOSE = False
OTP_TOTP_ISSUER = "ASEAN digital cooperation"

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {"NAME": "django.contrib.auth.password_validation.NumericPasswordValidator"},
    {"NAME": "portal.accounts.passwords.AnotherPasswordValidator"},
]

# The API: read only, without accounts; as many requests a minute from one address

API_REQUESTS_A_MINUTE = read_number("API_REQUESTS_A_MINUTE", 3000)
REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": [],
    "DEFAULT_PERMISSION_CLASSES": [],
    "DEFAULT_PARSER_CLASSES": [],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "UNAUTHENTICATED_USER": None,
    "EXCEPTION_HANDLER": "portal.api.problem",
    "URL_FORMAT_OVERRIDE": None,  # `format` is a filter of the meetings
}

# Reports of errors by visitors: as many an hour from one address

REPORTS_AN_HOUR = read_number("REPORTS_AN_HOUR", 10)

# Logs go to the console; a fault is written with its trace, in production too

SLOW_QUERY_MS = read_number("SLOW_QUERY_MS", 0)
LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "filters": {
        "request_id": {"()": "portal.logs.RequestIdFilter"},
        "of_the_visitor": {"()": "portal.logs.OfTheVisitorFilter"},
    },
    "formatters": {
        "line": {"format": "{asctime} {levelname} {name} {request_id}: {message}", "style": "{"},
        "json": {
            "()": "pythonjsonlogger.json.JsonFormatter",
            "format": "{asctime}{levelname}{name}{request_id}{message}",
            "style": "{",
            "rename_fields": {"asctime": "time", "levelname": "level", "name": "logger"},
        },
    },
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": read_log_format(), "filters": ["request_id"]}
    },
    "root": {"handlers": ["console"], "level": "WARNING"},
    "loggers": {
        "django": {"handlers": ["console"], "level": "INFO" if DEBUG else "WARNING", "propagate": False},
        **{
            f"django.security.{fault}": {"filters": ["of_the_visitor"]}
            for fault in ("DisallowedHost", "RequestDataTooBig", "TooManyFieldsSent", "TooManyFilesSent")
        },
    },
}
if LOGGING["handlers"]["console"]["formatter"] == "json":
    # The lines of gunicorn too, of the level that it was told, and the warnings of Python.
    LOGGING["filters"]["answer"] = {"()": "portal.logs.AnswerFilter"}
    LOGGING["handlers"]["answers"] = {
        "class": "logging.StreamHandler",
        "stream": "ext://sys.stdout",
        "formatter": "json",
        "filters": ["request_id", "answer"],
    }
    LOGGING["loggers"]["gunicorn.error"] = {"handlers": ["console"], "propagate": False}
    LOGGING["loggers"]["gunicorn.access"] = {"handlers": ["answers"], "propagate": False}
    logging.captureWarnings(True)
else:
    del LOGGING["formatters"]["json"]  # its library is installed only where it is wanted

# Faults are also sent to a service that speaks Sentry's protocol, where one is named; nothing about visitors is.

if SENTRY_DSN := read_text("SENTRY_DSN"):
    import sentry_sdk

    sentry_sdk.init(dsn=SENTRY_DSN, release=RELEASE or None, send_default_pii=False, max_request_body_size="never")
