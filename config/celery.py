"""The Celery application: `celery -A config worker`."""

from __future__ import annotations

import os
import sys
from typing import Any

from celery import Celery
from celery.signals import beat_init, celeryd_after_setup, celeryd_init, worker_ready
from django.conf import settings

from api.metrics import port
from config import heartbeat, services
from config.services import redelivery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")


def make_application(*, is_current: bool) -> Celery:
    """Return an application with our settings and tasks. The current one is who sends; others take messages only."""
    made = Celery("kindred", set_as_current=is_current)
    made.config_from_object("django.conf:settings", namespace="CELERY")
    made.autodiscover_tasks()
    made.steps["consumer"].add(heartbeat.Heartbeat)
    return made


app = make_application(is_current=True)

WARM_UP_EXPIRES_S = 60
WORKER_SOCKET_TIMEOUT_S = 10  # a web process gives up on a silent broker much earlier (settings); a worker can wait


@celeryd_init.connect
def prepare_worker(conf: Any, **_: object) -> None:
    """Start the embedded servers before a worker connects to anything."""
    start_services()
    port.listen()
    conf.broker_transport_options = conf.broker_transport_options | {"socket_timeout": WORKER_SOCKET_TIMEOUT_S}


@beat_init.connect
def prepare_beat(**_: object) -> None:
    start_services()
    port.listen()


@celeryd_after_setup.connect
def restore_messages(instance: Any, **_: object) -> None:
    """Give this worker at once what a killed one had taken from its queues and not finished."""
    if services.needed().broker:
        redelivery.restore_unfinished(app, queues=list(instance.app.amqp.queues.consume_from))


@celeryd_after_setup.connect
def leave_banner_out(instance: Any, **_: object) -> None:
    """It is fifty lines that are no JSON, where logs are."""
    instance.quiet = instance.quiet or settings.KINDRED_LOG_FORMAT == "json"


@worker_ready.connect
def warm_up(sender: Any, **_: object) -> None:
    """Have the first visitor's search answered as fast as the second's: load the encoders before anyone asks."""
    if "interactive" in sender.app.amqp.queues.consume_from:
        app.send_task("recommendations.tasks.warm_up", queue="interactive", expires=WARM_UP_EXPIRES_S)


def start_services() -> None:
    try:
        services.ensure_running()
    except services.ServiceError as error:
        sys.exit(f"Kindred cannot start: {error}")  # SystemExit, for Celery logs other exceptions and goes on
