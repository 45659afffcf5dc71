"""gunicorn's processes, waitress's connections: `gunicorn config.wsgi --worker-class config.web_worker.WebWorker`.

A thread is given a request once all of it has come, and is free again once the answer is made: a connection that is
idle, drips or reads slowly costs a file descriptor and no thread. gunicorn's own threads wait for each of these.
`benchmarks/slow_clients.py` shows both.

A process that is told to end leaves nobody without an answer: whoever has connected is served first, at most LEAVE_S.
waitress itself would shut the door on those that wait for a thread, and on whoever has not been read yet.
"""

from __future__ import annotations

import os
import select
import time
from types import FrameType
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import create_server
from waitress.channel import HTTPChannel

CONNECTIONS = 4_000  # of each process, those that wait included; the system's limit of open files is above it
SILENCE_S = 60  # after which a connection that says nothing is shut
FORM_BYTES = 64 * 1024  # of an upload that are not the file: the form's other fields
LEAVE_S = 8.0  # for requests that are on their way when the process is told to end; containers are killed after 10
HELD_ADDRESS = "LISTEN_FDNAMES"  # systemd holds our socket: who is not let in yet waits there for the next process
IDLE_S = 1.0  # without a request: then a connection that is kept may be shut, and whoever keeps it makes another


class LeavingChannel(HTTPChannel):  # type: ignore[misc]
    """A connection that is kept for further requests, until its process is about to leave: then it says so."""

    def received(self, data: bytes) -> bool:
        taken: bool = super().received(data)
        if self.server.leaving_since is not None:
            with self.requests_lock:
                for request in self.requests:
                    request.headers["CONNECTION"] = "close"
        return taken

    @property
    def is_busy(self) -> bool:
        return bool(self.requests or self.total_outbufs_len) or time.time() - self.last_activity < IDLE_S


class WebWorker(Worker):  # type: ignore[misc]
    """One process. `--threads` says how many requests it works on at once; others wait in a queue."""

    server: Any = None

    def run(self) -> None:
        (listener,) = (listener.sock for listener in self.sockets)
        self.server = create_server(
            self.wsgi,
            sockets=[listener],
            threads=self.cfg.threads,
            connection_limit=CONNECTIONS,
            channel_timeout=SILENCE_S,
            max_request_body_size=settings.KINDRED_MAX_UPLOAD_BYTES + FORM_BYTES,
            clear_untrusted_proxy_headers=False,  # Django's settings say which proxies are to be believed
            asyncore_use_poll=True,  # select() knows no more than 1,024 files
            ident="Kindred",
        )
        self.server.leaving_since = None
        self.server.channel_class = LeavingChannel
        is_readable = self.server.readable

        def tell_gunicorn() -> bool:
            """Asked in each round of waitress's loop, at least once a second: a loop that hangs falls silent."""
            self.notify()
            if self.ppid != os.getppid():
                raise SystemExit  # gunicorn itself is gone
            return bool(is_readable()) if self.server.leaving_since is None else self.take_last_ones(listener)

        self.server.readable = tell_gunicorn
        self.server.run()  # until SystemExit

    def take_last_ones(self, listener: Any) -> bool:
        """Return whether somebody still waits to be let in. Raises SystemExit once all that were are served."""
        waiting = select.poll()
        waiting.register(listener, select.POLLIN)
        is_late = time.monotonic() - self.server.leaving_since > LEAVE_S
        if waiting.poll(0) and not is_late and HELD_ADDRESS not in os.environ:
            return True
        if is_late or not any(channel.is_busy for channel in self.server.active_channels.values()):
            listener.close()  # now, not when Python has ended: who connects meanwhile would be let in by nobody
            raise SystemExit
        return False

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Leave as soon as everybody is served."""
        if self.server is None:
            raise SystemExit
        self.server.leaving_since = self.server.leaving_since or time.monotonic()
        self.server.pull_trigger()  # the loop may be waiting

    def handle_quit(self, sig: int, frame: FrameType | None) -> None:
        raise SystemExit
