"""Settings of who may read metrics, and of logs."""

from __future__ import annotations

from config.environment import Environment

__all__ = ["KINDRED_METRICS_NETWORKS", "KINDRED_METRICS_PORT", "KINDRED_METRICS_TOKEN", "LOGGING"]

env = Environment()

KINDRED_METRICS_NETWORKS = env.list("KINDRED_METRICS_NETWORKS", default=["127.0.0.0/8", "::1/128"])
KINDRED_METRICS_TOKEN = env.str("KINDRED_METRICS_TOKEN", default="")  # reads metrics from anywhere; empty: none does
KINDRED_METRICS_PORT = env.int("KINDRED_METRICS_PORT", default=0)  # of workers on machines without a web server

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "config.log_lines.LineFormatter",
            "format": "{asctime} {levelname} {name}: {message}",
            "style": "{",
        }
    },
    "handlers": {"console": {"class": "logging.StreamHandler", "formatter": "line"}},
    # The bell rings every few seconds, and each time these three would say so.
    "loggers": {name: {"level": "WARNING"} for name in ("celery.app.trace", "celery.beat", "celery.worker.strategy")}
    | {"gensim": {"level": "WARNING"}}  # tells how it loads word vectors
    | {"waitress.queue": {"level": "ERROR"}},  # a request that waited for a thread is nothing to report
    "root": {"handlers": ["console"], "level": env.str("LOG_LEVEL", default="INFO")},
}
