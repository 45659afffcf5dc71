"""How what the shop runs on stands: database, broker, processes, disks."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

from celery import current_app
from django.conf import settings
from django.db import connection
from kombu.exceptions import OperationalError

from api import heartbeats
from api.metrics.state import Reading, StateMetric, register_reader

BROKER_TIMEOUT_S = 2

CONNECTIONS = StateMetric("kindred_database_connections", "Connections to this database by what they do.", ("state",))
CONNECTIONS_MAX = StateMetric("kindred_database_connections_max", "Connections that the server takes in all.")
OLDEST_TRANSACTION = StateMetric(
    "kindred_database_oldest_transaction_seconds", "Age of the oldest transaction that vacuum waits for."
)
BROKER_UP = StateMetric("kindred_broker_up", "1 where the broker answers, else 0.")
BROKER_MESSAGES = StateMetric("kindred_broker_messages", "Messages that no worker has taken yet.", ("queue",))
BROKER_IN_HAND = StateMetric("kindred_broker_messages_in_hand", "Messages that workers have taken and not finished.")
BROKER_BYTES = StateMetric("kindred_broker_memory_bytes", "Memory that the broker uses.")
BROKER_BYTES_MAX = StateMetric("kindred_broker_memory_max_bytes", "Memory that the broker may use; 0: no limit.")
SILENCE = StateMetric(
    "kindred_process_silence_seconds", "Since any process of a queue, or beat, was heard last.", ("process",)
)
DISK_FREE = StateMetric("kindred_disk_free_bytes", "Free on the disk of a folder, for this user.", ("folder",))
DISK_TOTAL = StateMetric("kindred_disk_bytes", "Size of the disk of a folder.", ("folder",))

ACTIVITY = """
SELECT coalesce(state, 'unknown'), count(*), coalesce(extract(epoch FROM now() - min(xact_start) FILTER (
           WHERE backend_xid IS NOT NULL OR backend_xmin IS NOT NULL)), 0),
       current_setting('max_connections')::int
FROM pg_stat_activity WHERE datname = current_database() AND backend_type = 'client backend' GROUP BY 1
"""


@register_reader("database", CONNECTIONS, CONNECTIONS_MAX, OLDEST_TRANSACTION)
def read_database() -> Iterator[Reading]:
    with connection.cursor() as cursor:
        cursor.execute(ACTIVITY)
        rows = cursor.fetchall()
    for state, number, _age_s, _most in rows:
        yield CONNECTIONS.of(number, state)
    yield OLDEST_TRANSACTION.of(max(age_s for _state, _number, age_s, _most in rows))
    yield CONNECTIONS_MAX.of(rows[0][3])


@register_reader("broker", BROKER_UP, BROKER_MESSAGES, BROKER_IN_HAND, BROKER_BYTES, BROKER_BYTES_MAX, needs="server")
def read_broker() -> Iterator[Reading]:
    """What is in it is known of Redis and Valkey alone."""
    with current_app.connection_for_write(connect_timeout=BROKER_TIMEOUT_S) as broker:
        try:
            broker.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=BROKER_TIMEOUT_S)
        except OperationalError:
            yield BROKER_UP.of(0)
            return
        yield BROKER_UP.of(1)
        if broker.transport.driver_type != "redis":
            return
        client = broker.default_channel.client
        for queue in list_queues():
            yield BROKER_MESSAGES.of(client.llen(queue), queue)
        yield BROKER_IN_HAND.of(client.hlen("unacked"))
        memory = client.info("memory")
        yield BROKER_BYTES.of(memory["used_memory"])
        yield BROKER_BYTES_MAX.of(memory["maxmemory"])


@register_reader("processes", SILENCE, needs="server")
def read_processes() -> Iterator[Reading]:
    """One that was not heard within a day has been silent for that long at least."""
    if not heartbeats.is_shared():
        return
    for name in settings.KINDRED_PROCESSES:
        silence_s = heartbeats.read_silence_s(name)
        yield SILENCE.of(heartbeats.KEEP_S if silence_s is None else silence_s, name)


@register_reader("disks", DISK_FREE, DISK_TOTAL, needs="machine")
def read_disks() -> Iterator[Reading]:
    for folder, path in (("home", settings.KINDRED_HOME), ("media", settings.MEDIA_ROOT)):
        if not path.exists():
            continue  # media before the first picture, or in a bucket
        usage = shutil.disk_usage(path)
        yield DISK_FREE.of(usage.free, folder)
        yield DISK_TOTAL.of(usage.total, folder)


def list_queues() -> list[str]:
    return [name for name in settings.KINDRED_PROCESSES if name != "beat"]
