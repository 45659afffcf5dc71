"""A Django project with a shop of its own model, for the tests of the package."""

import os
import tempfile

import django

SECRET_KEY = "of-the-tests"
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "shop",
    "kindred_django",
]
OPTIONS = {"timeout": 20} | ({"init_command": "PRAGMA synchronous=OFF;"} if django.VERSION >= (5, 1) else {})
# Files: threads of the courier look at the same database as the test.
FOLDER = tempfile.mkdtemp(prefix="kindred-client-tests-")
DATABASES = {
    "default": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(FOLDER, "shop.sqlite3"),
        "TEST": {"NAME": os.path.join(FOLDER, "test.sqlite3")},
        "OPTIONS": OPTIONS,
    },
    "warehouse": {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(FOLDER, "warehouse.sqlite3"),
        "TEST": {"NAME": os.path.join(FOLDER, "test-warehouse.sqlite3")},
        "OPTIONS": OPTIONS,
    },
}
TEMPLATES = [{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}]
CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
USE_TZ = True
ROOT_URLCONF = "shop.pages"
LOGGING_CONFIG = None
KINDRED = {
    "URL": "http://127.0.0.1:9",
    "KEY": "kindred_sk_of_the_tests",
    "SOURCES": ["examples.plain.Products"],
    "SITE_URL": "https://shop.example",
    "DELIVER": "later",
    "ENABLED": True,
}
