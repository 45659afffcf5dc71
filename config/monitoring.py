"""Settings of who may read metrics, of logs, and of what is traced and reported elsewhere."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ImproperlyConfigured

from config.environment import Environment

__all__ = [
    "KINDRED_ACCESS_LOG",
    "KINDRED_DATABASE_REQUEST_IDS",
    "KINDRED_LOG_FORMAT",
    "KINDRED_METRICS_NETWORKS",
    "KINDRED_METRICS_PORT",
    "KINDRED_METRICS_TOKEN",
    "LOGGING",
    "OTEL_EXPORTER_OTLP_ENDPOINT",
    "SENTRY_DSN",
]

env = Environment()

KINDRED_METRICS_NETWORKS = env.list("KINDRED_METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"])
KINDRED_METRICS_TOKEN = env.str("KINDRED_METRICS_TOKEN", default="")  # reads metrics from anywhere; empty: none does
KINDRED_METRICS_PORT = env.int("KINDRED_METRICS_PORT", default=0)  # of workers on machines without a web server

# Of requirements-observability.txt, whose libraries read further variables of these names.
OTEL_EXPORTER_OTLP_ENDPOINT = env.str("OTEL_EXPORTER_OTLP_ENDPOINT", default="")
SENTRY_DSN = env.str("SENTRY_DSN", default="")

KINDRED_ACCESS_LOG = env.bool("KINDRED_ACCESS_LOG", default=False)  # a line for each request
KINDRED_DATABASE_REQUEST_IDS = env.bool("KINDRED_DATABASE_REQUEST_IDS", default=False)  # one round trip a request
LOG_LEVEL = env.str("LOG_LEVEL", default="INFO")
KINDRED_LOG_FORMAT = env.str("KINDRED_LOG_FORMAT", default="line")

FORMATTERS: dict[str, dict[str, Any]] = {
    "line": {
        "()": "config.log_lines.LineFormatter",
        "format": "{asctime} {levelname} {name}: {message}",
        "style": "{",
    },
    "json": {"()": "config.log_lines.JsonFormatter"},
}
if KINDRED_LOG_FORMAT not in FORMATTERS:
    raise ImproperlyConfigured(f"KINDRED_LOG_FORMAT is {KINDRED_LOG_FORMAT!r}: it has to be line or json.")

# Whatever LOG_LEVEL says: with DEBUG these write down what they send and read, such as tokens, addresses and tags of
# pictures.
TALKATIVE = ("PIL", "boto3", "botocore", "celery.pool", "kombu", "opentelemetry", "s3transfer", "sentry_sdk", "urllib3")

if KINDRED_LOG_FORMAT == "json":
    logging.captureWarnings(True)  # they would be lines of their own form

LOGGING: dict[str, Any] = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": FORMATTERS,
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": KINDRED_LOG_FORMAT}},
    # The bell rings every few seconds, and each time these three would say so.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")}
    | {name: {"level": "INFO" if LOG_LEVEL == "DEBUG" else LOG_LEVEL} for name in TALKATIVE}
    | {"gensim": {"level": "WARNING"}}  # tells how it loads word vectors
    | {"waitress.queue": {"level": "ERROR"}}  # a request that waited for a thread is nothing to report
    | {"gunicorn.error": {"handlers": [], "propagate": True}},  # which writes lines of its own form otherwise
    "root": {"handlers": ["console"], "level": LOG_LEVEL},
}
