"""Every setting, by concern. All environment variables are optional; docs/operations.md lists them."""

from __future__ import annotations

import os
from datetime import timedelta
from pathlib import Path

import django_stubs_ext

from config import chosen_field, services
from config.environment import Environment
from config.media import KINDRED_IMPORT_BUCKET, KINDRED_MEDIA_BUCKET, storage_settings
from config.media import MEDIA_URL as MEDIA_URL  # a setting
from config.monitoring import *  # noqa: F403  (settings, each of them)
from config.openapi import SPECTACULAR_SETTINGS as SPECTACULAR_SETTINGS  # a setting
from config.replica import DATABASE_REPLICA_URL, replica_settings
from config.replica import DATABASE_ROUTERS as DATABASE_ROUTERS
from config.replica import KINDRED_REPLICA_LAG_S as KINDRED_REPLICA_LAG_S
from config.retention import *  # noqa: F403  (settings, each of them)
from config.schedule import CELERY_BEAT_SCHEDULE as CELERY_BEAT_SCHEDULE  # another
from config.secret_key import read_or_create_secret_key as read_or_create_secret_key

django_stubs_ext.monkeypatch()  # lets classes say what they are of: ModelAdmin[Product]

env = Environment()
BASE_DIR = Path(__file__).resolve().parent.parent

# Where everything that is written at run time goes: databases, media, caches, the generated secret key.
KINDRED_HOME = services.home_directory()

# What it is about: a folder of demo/, or the path of one, whose field.json has its words. Unset: as `up --demo` chose.
KINDRED_FIELD = env.str("KINDRED_FIELD", default="") or chosen_field.read_chosen(KINDRED_HOME) or chosen_field.DEFAULT

# --- Security ---------------------------------------------------------------------------------------------------
DEBUG = env.bool("DEBUG", default=False)
SECRET_KEY = env.str("SECRET_KEY", default="") or read_or_create_secret_key(KINDRED_HOME / "secret_key")
SECRET_KEY_FALLBACKS = env.list("SECRET_KEY_FALLBACKS", default=[])  # earlier ones: what they sealed stays readable
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=["127.0.0.1", "localhost", "[::1]"])
CSRF_TRUSTED_ORIGINS = env.list("CSRF_TRUSTED_ORIGINS", default=[])
CORS_ALLOWED_ORIGINS = env.list("CORS_ALLOWED_ORIGINS", default=[])
CORS_URLS_REGEX = r"^/api/.*$"
HTTPS = env.bool("HTTPS", default=False)  # set it when the shop is served over TLS
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if HTTPS else None
SECURE_HSTS_SECONDS = 31_536_000 if HTTPS else 0
SECURE_SSL_REDIRECT = HTTPS
SECURE_REDIRECT_EXEMPT = [r"^metrics$"]  # asked from within, past whatever speaks TLS
# Whether other names below this host speak TLS as well is for those to say who run them, not for one shop.
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
DATA_UPLOAD_MAX_MEMORY_SIZE = 10 * 1024 * 1024  # bytes; bulk upserts of 1,000 products fit
FILE_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# Passwords are tried ten times by one name from one address, then a quarter of an hour is to be waited: whoever knows
# the name of an administrator does not lock them out from elsewhere, and waits begin anew with no further try.
AUTHENTICATION_BACKENDS = ["axes.backends.AxesStandaloneBackend", "django.contrib.auth.backends.ModelBackend"]
AXES_FAILURE_LIMIT = 10
AXES_COOLOFF_TIME = timedelta(minutes=15)
AXES_LOCKOUT_PARAMETERS = [["username", "ip_address"]]
AXES_RESET_ON_SUCCESS = True
AXES_RESET_COOL_OFF_ON_FAILURE_DURING_LOCKOUT = False
AXES_CLIENT_IP_CALLABLE = "api.throttling.read_ip_address"  # NUM_PROXIES holds here as well
AXES_LOCKOUT_CALLABLE = "api.limits.refuse_login"
AXES_DISABLE_ACCESS_LOG = True  # who logged in when, and from where, is not kept
AXES_VERBOSE = False  # nor written to the log

# --- Applications -----------------------------------------------------------------------------------------------
INSTALLED_APPS = [
    "api.metrics",  # before whatever makes a metric
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "corsheaders",
    "api.log_in_protection.LogInProtectionConfig",
    "config",  # for `manage.py up`
    "api",
    "catalog",
    "embeddings",
    "recommendations",
    "behaviour",
]
MIDDLEWARE = [
    "api.request_ids.RequestIdMiddleware",
    "api.tracing.TracingMiddleware",  # there only where it is asked for
    "api.access_log.AccessLogMiddleware",  # likewise
    "django_prometheus.middleware.PrometheusBeforeMiddleware",
    "api.middleware.HeadMiddleware",
    "api.middleware.ProbeMiddleware",
    "api.compression.CompressionMiddleware",
    "api.middleware.ApiMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "api.content_policy.ContentPolicyMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "corsheaders.middleware.CorsMiddleware",
    "api.limits.LimitsMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "api.staff_only.StaffOnlyMiddleware",
    "catalog.view_audit.recording.ViewAuditMiddleware",  # there only where a field asks for it
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "api.unavailable.UnavailableMiddleware",
    "api.metrics.routes.RouteMetricsMiddleware",
    "axes.middleware.AxesMiddleware",  # the last: it answers for the log-in
]
ROOT_URLCONF = "config.urls"
WSGI_APPLICATION = "config.wsgi.application"
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
                "api.field.describe_field",
            ],
        },
    },
]

# --- Database, broker, cache ------------------------------------------------------------------------------------
# Unset, each variable means the embedded server under KINDRED_HOME (config/services).
DATABASE_URL = env.str("DATABASE_URL", default="")
BROKER_URL = env.str("CELERY_BROKER_URL", default="")
CACHE_URL = env.str("CACHE_URL", default="")
DATABASES = {"default": services.database_settings(KINDRED_HOME, url=DATABASE_URL)}
DATABASES |= replica_settings(KINDRED_HOME, url=DATABASE_REPLICA_URL)
CELERY_BROKER_URL = services.broker_url(KINDRED_HOME, url=BROKER_URL)
CACHES = {"default": services.cache_settings(KINDRED_HOME, url=CACHE_URL, broker=BROKER_URL)}
DJANGO_REDIS_IGNORE_EXCEPTIONS = True  # a cache that is down costs speed, never an answer

# What one statement of a web process may take, in seconds; 0: as long as it likes. Workers and commands are free.
KINDRED_STATEMENT_TIMEOUT_S = env.float("KINDRED_STATEMENT_TIMEOUT_S", default=5)
# The same for a list inside of a page, which is worth waiting for less than the page; 0: as the web process has it.
KINDRED_TAG_TIMEOUT_S = env.float("KINDRED_TAG_TIMEOUT_S", default=1)

# --- Celery: the rows of PendingEmbedding are the queue, Celery is the bell ----------------------------------------
CELERY_TASK_IGNORE_RESULT = True
CELERY_TASK_DEFAULT_QUEUE = "embeddings"
CELERY_TASK_ROUTES = {  # a slow server of pictures or feeds holds up nothing but those
    "catalog.tasks.run_source": {"queue": "sources"},
    "catalog.tasks.run_upload": {"queue": "sources"},
    "catalog.tasks.run_export": {"queue": "sources"},
    "catalog.tasks.*": {"queue": "pictures"},
    "behaviour.tasks.*": {"queue": "behaviour"},
    "embeddings.tasks.keep_map": {"queue": "behaviour"},  # takes a minute, and nobody waits for it
}
CELERY_TASK_ACKS_LATE = True
CELERY_TASK_TIME_LIMIT = 600  # s; what runs for longer hangs, and its worker ends itself (config/heartbeat.py)
# By queue: /readyz asks for each.
KINDRED_PROCESSES = ["embeddings", "interactive", "pictures", "sources", "behaviour", "beat"]
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
# A save rings the bell and goes on: with the broker down that must cost milliseconds, not a round of retries. The row
# in PendingEmbedding is what counts, and beat rings again.
CELERY_TASK_PUBLISH_RETRY = False
CELERY_BROKER_TRANSPORT_OPTIONS = {
    "visibility_timeout": 900,  # s; a message whose worker vanished is given to another one after this
    "socket_connect_timeout": 0.5,
    "socket_timeout": 1,  # config/celery.py gives workers longer: their reads block on purpose
    "socket_keepalive": True,
    "max_retries": 0,
}
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None  # a worker waits for its broker for as long as it takes
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False  # LOGGING below is for workers too
CELERY_WORKER_REDIRECT_STDOUTS = False
CELERY_BEAT_SCHEDULER = "config.heartbeat:BeatingScheduler"
CELERY_BEAT_SCHEDULE_FILENAME = str(KINDRED_HOME / "beat-schedule")

# --- Recipe of the first space: its encoders and how their vectors are fused -----------------------------------------
KINDRED_TEXT_ENCODER = env.str("KINDRED_TEXT_ENCODER", default="packaged:e5-small")
KINDRED_IMAGE_ENCODER = env.str("KINDRED_IMAGE_ENCODER", default="packaged:efficientnet-lite2")
KINDRED_FUSION = env.str("KINDRED_FUSION", default="attention")
KINDRED_AUDIO_ENCODER = env.str("KINDRED_AUDIO_ENCODER", default="packaged:sfx")  # of spaces that know sounds
_RECIPE = ("KINDRED_TEXT_ENCODER", "KINDRED_IMAGE_ENCODER", "KINDRED_FUSION")
# What is so by default alone: nobody needs to hear that it has no effect.
KINDRED_RECIPE_UNSET = {name: globals()[name] for name in _RECIPE if name not in os.environ}
KINDRED_PROMOTION_GATE = env.str("KINDRED_PROMOTION_GATE", default="")  # what may object to a promotion: "golden"
KINDRED_PROMOTION_PAIRS = env.int("KINDRED_PROMOTION_PAIRS", default=100)  # golden pairs that this takes
KINDRED_REFIT = env.str("KINDRED_REFIT", default="ask")  # of the live space, where it is due; or "auto": by itself
KINDRED_OUT_OF_STOCK = env.str("KINDRED_OUT_OF_STOCK", default="last")  # of a list; or "hidden", or "mixed"
KINDRED_PHOTO_KEEP_S = env.int("KINDRED_PHOTO_KEEP_S", default=1800)  # photos that were searched with; 0: never
KINDRED_SEARCH_POPULARITY = env.float("KINDRED_SEARCH_POPULARITY", default=0.05)  # largest share of a score it moves
KINDRED_SEARCH_MARGIN = env.float("KINDRED_SEARCH_MARGIN", default=0.0)  # likewise

# --- REST API -----------------------------------------------------------------------------------------------------
KINDRED_API_PUBLIC_READ = env.bool("KINDRED_API_PUBLIC_READ", default=True)  # off: reading needs a key as well
# Requests per caller. Generous: they are there for loops that run wild, not for shoppers.
KINDRED_API_RATES = {
    "anonymous": env.rate("KINDRED_API_RATE_ANONYMOUS", default="6000/min"),
    "events": env.rate("KINDRED_API_RATE_EVENTS", default="600/min"),  # of an address, and single ones of a session
    "pages": env.rate("KINDRED_PAGE_RATE", default="3000/min"),  # forms, and pages that search
    "publishable": env.rate("KINDRED_API_RATE_PUBLISHABLE", default="30000/min"),
    "secret": env.rate("KINDRED_API_RATE_SECRET", default="30000/min"),
    "wrong_keys": env.rate("KINDRED_API_RATE_WRONG_KEYS", default="30/min"),  # of an address
    "staff": env.rate("KINDRED_API_RATE_STAFF", default="30000/min"),
}
# Private networks that pictures and feeds may be fetched from, such as 10.1.2.0/24. Empty: public addresses only.
KINDRED_FETCH_NETWORKS = env.list("KINDRED_FETCH_NETWORKS", default=[])
KINDRED_FEED_MAX_BYTES = env.int("KINDRED_FEED_MAX_BYTES", default=2 * 1024**3)  # of a feed, unpacked
KINDRED_FEED_TIMEOUT_S = env.float("KINDRED_FEED_TIMEOUT_S", default=3600)  # to fetch all of it
# Where users of the admin may name files as feeds; who runs commands may name any.
KINDRED_FEED_FOLDER = Path(env.str("KINDRED_FEED_FOLDER", default=str(KINDRED_HOME / "feeds")))
# Files that staff upload to be imported, and exports: kept where web and workers see them, and for how long, with what
# products were before, so that an import can be undone.
KINDRED_IMPORT_FOLDER = Path(env.str("KINDRED_IMPORT_FOLDER", default=str(KINDRED_HOME / "imports")))
KINDRED_IMPORT_MAX_BYTES = env.int("KINDRED_IMPORT_MAX_BYTES", default=512 * 1024**2)  # of a file, unpacked
KINDRED_IMPORT_KEPT_DAYS = env.int("KINDRED_IMPORT_KEPT_DAYS", default=30)
# Who serves the pictures that shoppers see: "kindred", in sizes, or "shop": where each was fetched from.
KINDRED_PICTURES_FROM = env.str("KINDRED_PICTURES_FROM", default="kindred")
# Where pictures are served from besides here and MEDIA_URL, such as the bucket of another storage: pages may show them.
KINDRED_PICTURE_ORIGINS = env.list("KINDRED_PICTURE_ORIGINS", default=[])
KINDRED_SOUND_SECONDS = env.int("KINDRED_SOUND_SECONDS", default=300)  # of a product's sound, at most
KINDRED_SOUND_MIB = env.int("KINDRED_SOUND_MIB", default=20)
KINDRED_MAX_UPLOAD_BYTES = env.int("KINDRED_MAX_UPLOAD_BYTES", default=25 * 1024 * 1024)
KINDRED_FORECAST_WEEKS = env.int("KINDRED_FORECAST_WEEKS", default=8)
KINDRED_STOCK_COVER_DAYS = env.float("KINDRED_STOCK_COVER_DAYS", default=14)  # less than this is soon out of stock
KINDRED_UNSEEN_DAYS = env.int("KINDRED_UNSEEN_DAYS", default=28)
REST_FRAMEWORK = {
    "DEFAULT_SCHEMA_CLASS": "api.schema.KindredSchema",
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["api.parsers.BoundedJSONParser"],
    "DEFAULT_AUTHENTICATION_CLASSES": [
        "api.access.ApiKeyAuthentication",
        "rest_framework.authentication.SessionAuthentication",
    ],
    "DEFAULT_PERMISSION_CLASSES": ["api.access.ReadOrWrite"],
    "DEFAULT_THROTTLE_CLASSES": ["api.throttling.KeyThrottle"],
    "EXCEPTION_HANDLER": "api.failures.handle_exception",
    # Proxies in front whose X-Forwarded-For is to be believed; 0: the address of the connection is the caller's.
    "NUM_PROXIES": env.int("NUM_PROXIES", default=0),
}

# --- Behaviour ------------------------------------------------------------------------------------------------------
KINDRED_ATTRIBUTION_HOURS = env.float("KINDRED_ATTRIBUTION_HOURS", default=24)  # that a click is given credit for
# What pseudonyms of shoppers are made with. Unset: the oldest secret key that is known, so that a new one changes none.
KINDRED_PSEUDONYM_SALT = env.str("KINDRED_PSEUDONYM_SALT", default="")
KINDRED_KEEP_PEOPLE = env.bool("KINDRED_KEEP_PEOPLE", default=True)  # False: no user and no session, whoever agreed
KINDRED_USER_TOKEN_KEY = env.str("KINDRED_USER_TOKEN_KEY", default="")  # of `user_token`; empty: none is believed
KINDRED_HISTORY_DAYS = env.int("KINDRED_HISTORY_DAYS", default=365)  # that lists for a visitor go back
KINDRED_HIDE_BOUGHT_DAYS = env.int("KINDRED_HIDE_BOUGHT_DAYS", default=30)  # not shown again to who bought it
KINDRED_HIDE_CART_DAYS = env.int("KINDRED_HIDE_CART_DAYS", default=7)
KINDRED_HIDE_DISMISSED_DAYS = env.int("KINDRED_HIDE_DISMISSED_DAYS", default=180)
KINDRED_EVENTS_KEPT_DAYS = env.int("KINDRED_EVENTS_KEPT_DAYS", default=400)  # counted from when they came in
KINDRED_SESSIONS_KEPT_DAYS = env.int("KINDRED_SESSIONS_KEPT_DAYS", default=30)  # then no event tells its session
KINDRED_BEHAVIOUR_HOUR = env.int("KINDRED_BEHAVIOUR_HOUR", default=2)  # after it a version is built each day
KINDRED_BEHAVIOUR_PROMOTE = env.str("KINDRED_BEHAVIOUR_PROMOTE", default="auto")  # or "ask": by people alone
KINDRED_BEHAVIOUR_PROFILES = env.int("KINDRED_BEHAVIOUR_PROFILES", default=100_000)  # latest users thought of ahead

# --- Who saw what -----------------------------------------------------------------------------------------------------
KINDRED_AUDIT_VIEWS = env.bool("KINDRED_AUDIT_VIEWS", default=None)  # unset: as the field says
# Six years, and a day for leap years: so long hospitals in the USA keep such records (45 CFR 164.316(b)(2)(i)).
KINDRED_AUDIT_KEPT_DAYS = env.int("KINDRED_AUDIT_KEPT_DAYS", default=2192)  # 0: for ever

# --- Languages, files -----------------------------------------------------------------------------------------------
LANGUAGE_CODE = "en"
LOCALE_PATHS = [BASE_DIR / "locale"]
FORMAT_MODULE_PATH = "config.formats"
LANGUAGES = [("en", "English"), ("zh-hans", "简体中文")]
TIME_ZONE = env.str("TIME_ZONE", default="UTC")  # days of reports begin at its midnight
USE_TZ = True
STATIC_URL = "static/"
STATIC_ROOT = KINDRED_HOME / "static"
MEDIA_ROOT = Path(env.str("MEDIA_ROOT", default=str(KINDRED_HOME / "media")))
STORAGES = {
    **storage_settings(media=KINDRED_MEDIA_BUCKET, imports=KINDRED_IMPORT_BUCKET),
    "staticfiles": {"BACKEND": "config.static_files.QuickStorage"},
}
