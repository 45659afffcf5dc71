"""What a killed worker had taken is given back when the next one starts, and not while another is at it."""

from __future__ import annotations

import pytest

from config.celery import app
from config.services import redelivery


@pytest.fixture
def channel(settings, monkeypatch):
    """A channel of the run's own broker, its queues empty before and after."""
    monkeypatch.setattr(redelivery, "_held", [])
    with app.connection_for_write() as connection:
        channel = connection.default_channel
        with channel.conn_or_acquire() as client:
            client.flushdb()
            yield channel
            client.flushdb()
    for lock in redelivery._held:
        lock.close()


def take_message(channel, queue: str) -> str:
    """Put a message on a queue and take it off without acknowledging it; return its body."""
    consumer = app.amqp.Consumer(channel, queues=[app.amqp.queues[queue]], accept=["json"])
    with app.amqp.Producer(channel) as producer:
        producer.publish(queue, routing_key=queue, exchange="", serializer="json", declare=[app.amqp.queues[queue]])
    message = consumer.queues[0].bind(channel).get(no_ack=False)
    return message.payload


def unfinished(channel) -> int:
    with channel.conn_or_acquire() as client:
        return client.zcard(channel.unacked_index_key)


def waiting(channel, queue: str) -> int:
    with channel.conn_or_acquire() as client:
        return client.llen(queue)


def test_messages_of_a_killed_worker_are_given_back(channel):
    assert take_message(channel, "embeddings") == "embeddings"
    assert (unfinished(channel), waiting(channel, "embeddings")) == (1, 0)

    assert redelivery.restore_unfinished(app, queues=["embeddings"]) == 1

    assert (unfinished(channel), waiting(channel, "embeddings")) == (0, 1)


def test_messages_of_a_living_worker_are_left_with_it(channel):
    redelivery.claim("embeddings")
    take_message(channel, "embeddings")

    assert redelivery.restore_unfinished(app, queues=["embeddings"]) == 0

    assert (unfinished(channel), waiting(channel, "embeddings")) == (1, 0)


def test_messages_of_queues_that_the_new_worker_does_not_serve_are_left_alone(channel):
    take_message(channel, "interactive")

    assert redelivery.restore_unfinished(app, queues=["embeddings"]) == 0

    assert (unfinished(channel), waiting(channel, "interactive")) == (1, 0)
