"""gunicorn's processes, waitress's connections: `gunicorn config.wsgi --worker-class config.web_worker.WebWorker`.

A thread is given a request once all of it has come, and is free again once the answer is made: a connection that is
idle, drips or reads slowly costs a file descriptor and no thread. gunicorn's own threads wait for each of these.
`benchmarks/slow_clients.py` shows both.
"""

from __future__ import annotations

import os
from types import FrameType
from typing import Any

from django.conf import settings
from gunicorn.workers.base import Worker
from waitress import create_server

CONNECTIONS = 4_000  # of each process, those that wait included; the system's limit of open files is above it
SILENCE_S = 60  # after which a connection that says nothing is shut
FORM_BYTES = 64 * 1024  # of an upload that are not the file: the form's other fields


class WebWorker(Worker):  # type: ignore[misc]
    """One process. `--threads` says how many requests it works on at once; others wait in a queue."""

    def run(self) -> None:
        (listener,) = (listener.sock for listener in self.sockets)
        server: Any = create_server(
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
        is_readable = server.readable

        def tell_gunicorn() -> bool:
            """Asked in each round of waitress's loop, at least once a second: a loop that hangs falls silent."""
            self.notify()
            if self.ppid != os.getppid():
                raise SystemExit  # gunicorn itself is gone
            return bool(is_readable())

        server.readable = tell_gunicorn
        server.run()  # until SystemExit; requests that have begun are finished

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        raise SystemExit

    handle_quit = handle_exit
