"""`up`: everything on one machine, one command.

It stays for as long as the shop does, and so does without Django's applications: its children import them.
"""

from __future__ import annotations

import argparse
import contextlib
import csv
import errno
import os
import socket
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import connection

from api.field import Field, FieldError, current_field, read_field
from config import chosen_field, services
from config.services.locks import Lock
from config.services.paths import BASE_DIR
from config.services.supervisor import Program, Supervisor
from embeddings.encoders.device import list_gpus

WEB_THREADS = 4
ANSWER_TIMEOUT_S = 60.0  # then it is said that somebody waits: a large database may take longer to migrate
MAX_FAILURES = 3  # of the web server before its first answer
STOP_TIMEOUT_S = 50.0  # a busy Postgres writes a checkpoint before it ends

HELP = """\
Start everything on this machine: the database and the broker (unless DATABASE_URL and CELERY_BROKER_URL name others),
the web server, and one process for all workers and the scheduler. What dies is started again. Ctrl-C or SIGTERM stops
everything.

For production, run the processes of compose.yaml instead; docs/operations.md says how."""


class Command(BaseCommand):
    help = HELP
    requires_system_checks = []  # they read the database, which is not up yet; migrate runs them

    def create_parser(self, prog_name: str, subcommand: str, **kwargs: Any) -> CommandParser:
        return super().create_parser(
            prog_name, subcommand, formatter_class=argparse.RawDescriptionHelpFormatter, **kwargs
        )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--demo",
            nargs="?",
            const="",
            metavar="FIELD",
            help="load a demo catalogue unless it is there: homeware (the default), or another folder of demo/",
        )
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on; default: 127.0.0.1")
        parser.add_argument("--port", type=int, default=8000, help="default: 8000")
        parser.add_argument("--workers", type=int, default=2, help="web server processes; default: 2")

    def handle(self, *args: Any, **options: Any) -> None:
        host, port, workers = options["host"], options["port"], options["workers"]
        if workers < 1:
            raise CommandError("--workers must be at least 1.")
        settings.DEBUG  # noqa: B018  (a setting that makes no sense is refused here, not by each child again and again)
        home = services.home_directory()
        refuse_second(home)
        check_port(host, port)
        demo = choose_field(home, options["demo"])
        self.lock = threading.Lock()  # the console is written to by the threads that read the logs, too
        supervisor = Supervisor(logs=home / "logs", show=self.show, watch=services.ensure_running)
        supervisor.install_signal_handlers()
        try:
            services.ensure_running()
            only_one = claim_home(home, address=f"http://{host}:{port}")
            self.serve(supervisor, demo=demo, host=host, port=port, workers=workers)
            only_one.close()
        except services.ServiceError as error:
            raise CommandError(f"Kindred cannot start: {error}") from None
        finally:
            self.show("Stopping.")
            supervisor.stop()
            connection.close()
            if not services.release(timeout_s=STOP_TIMEOUT_S):
                self.show("The database stays up: another process still uses it.")
        self.show("Stopped.")

    def serve(self, supervisor: Supervisor, *, demo: Field | None, host: str, port: int, workers: int) -> None:
        """Bring everything up in order, and stay until told to stop. The shop answers before all products are in."""
        address = f"http://{'127.0.0.1' if host in {'0.0.0.0', '::'} else host}:{port}"
        started_at = time.monotonic()
        self.show("Database and broker are up; migrating.")
        web = supervisor.add("web", web_arguments(host, port, workers=workers))
        if not self.wait_for_answer(supervisor, web, address):
            return
        self.show(f"Pages answer at {address} ({time.monotonic() - started_at:.1f} s).")
        add_workers(supervisor, gpus=list_gpus())
        if demo and not demo_is_loaded(demo.folder):
            folder = demo.folder
            self.run_step(supervisor, "import_products", str(folder / "products.csv"), "--images", str(folder))
            if (folder / "wordings.csv").exists():
                self.run_step(supervisor, "import_wordings", str(folder / "wordings.csv"))
        self.run_step(supervisor, "embed_products", "--wait")
        if not supervisor.stopping.is_set():
            self.show_ready(address, seconds=time.monotonic() - started_at)
        if demo and (demo.folder / "orders.csv").exists() and not supervisor.stopping.is_set():
            self.run_step(supervisor, "load_demo_visits")  # the shop does without: its first visitors need not wait
        supervisor.run_forever()

    def run_step(self, supervisor: Supervisor, *command: str) -> None:
        """Run a management command with its progress on our console. Its failure is said, and ends nothing."""
        status = supervisor.run(command[0], ["manage", *command])
        if status:
            self.show(f"`manage.py {command[0]}` ended with status {status}; its message is above. Going on.")

    def wait_for_answer(self, supervisor: Supervisor, web: Program, address: str) -> bool:
        """Return True at the web server's first answer, False if we are told to stop before."""
        said_at = time.monotonic() + ANSWER_TIMEOUT_S
        while not supervisor.stopping.is_set():
            if answers(f"{address}/healthz"):
                return True
            if web.failures >= MAX_FAILURES:
                raise CommandError(f"The web server does not answer at {address}. Its log is {web.log}.")
            if time.monotonic() > said_at:
                self.show(f"The web server does not answer at {address} yet. Its log is {web.log}.")
                said_at += ANSWER_TIMEOUT_S
            supervisor.tick()
        return False

    def show_ready(self, address: str, *, seconds: float) -> None:
        self.show(
            f"\nKindred is ready at {address} ({seconds:.0f} s)\n"
            f"  admin   {address}/admin/   (make yourself a user: python manage.py createsuperuser)\n"
            f"  REST    {address}/api/v1/docs/\n"
            f"  logs    {services.home_directory() / 'logs'}\n"
            f"Ctrl-C stops everything.\n"
        )

    def show(self, line: str) -> None:
        with self.lock, contextlib.suppress(OSError):  # the terminal may be gone; the shop goes on
            self.stdout.write(line)
            self.stdout.flush()


def add_workers(supervisor: Supervisor, *, gpus: Sequence[str]) -> None:
    """Start the process that serves all queues. Of several GPUs it has the first, and each other one a process too.

    A process sees its own GPU alone: none has to be told which to take, and one that is lost takes no other down.
    """
    own = {"CUDA_VISIBLE_DEVICES": gpus[0]} if len(gpus) > 1 else {}
    supervisor.add("worker", ["config.all_queues"], **own)
    for number, gpu in enumerate(gpus[1:], start=1):
        supervisor.add(f"worker-gpu{number}", ["config.all_queues", "embeddings"], CUDA_VISIBLE_DEVICES=gpu)


def check_port(host: str, port: int) -> None:
    """Raise CommandError where the web server could not listen."""
    if not 0 < port < 65536:
        raise CommandError(f"There is no port {port}: choose one from 1024 to 65535 with --port.")
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        if error.errno == errno.EADDRINUSE:
            raise CommandError(
                f"Port {port} on {host} is taken by another program. Stop that, or choose another port: "
                f"python manage.py up --port {port + 1}"
            ) from None
        if error.errno == errno.EACCES:
            raise CommandError(f"This user may not use port {port}: choose one from 1024 up with --port.") from None
        raise CommandError(f"Cannot listen on {host} port {port} ({error.strerror}): check --host.") from None


def refuse_second(home: Path) -> None:
    """Raise CommandError where an `up` of this KINDRED_HOME runs: before its own port is taken for somebody else's."""
    with contextlib.suppress(OSError):  # what cannot be read is told when the servers start
        if (home / "locks" / "up.lock").exists():
            claim_home(home, address="starting").close()


def claim_home(home: Path, *, address: str) -> Lock:
    """Hold the right to be the only `up` of this KINDRED_HOME. Raises CommandError where there is one already."""
    (home / "locks").mkdir(parents=True, exist_ok=True)
    lock = Lock(home / "locks" / "up.lock")
    if not lock.try_acquire():
        raise CommandError(
            f"Kindred is running already on {home}: {lock.path.read_text().strip()}. Stop that first, or set "
            f"KINDRED_HOME to another directory."
        )
    os.ftruncate(lock.fd, 0)
    os.pwrite(lock.fd, f"{address}, process {os.getpid()}".encode(), 0)
    return lock


def choose_field(home: Path, asked: str | None) -> Field | None:
    """Return the field whose catalogue is to be loaded, None where none is; from now on this KINDRED_HOME is about it.

    Raises CommandError where there is no such field, and where the home is about another one: their products would mix.
    """
    try:
        if not asked:
            return current_field() if asked is not None else None
        field = read_field(asked, BASE_DIR / "demo")
    except FieldError as error:
        raise CommandError(str(error)) from None
    kept = chosen_field.read_chosen(home) or ((home / "postgres").exists() and chosen_field.DEFAULT) or asked
    if kept != asked:
        raise CommandError(f"{home} holds the field {kept}: set KINDRED_HOME to another directory for {asked}.")
    if asked != settings.KINDRED_FIELD and os.environ.get("KINDRED_FIELD"):
        raise CommandError(f"KINDRED_FIELD names {settings.KINDRED_FIELD}: unset it, or set it to {asked} as well.")
    chosen_field.keep_chosen(home, asked)
    settings.KINDRED_FIELD = asked
    return field


def demo_is_loaded(folder: Path) -> bool:
    """Is every product of the demo catalogue in the database? Asked in SQL, for models would bring all of Django."""
    with (folder / "products.csv").open(encoding="utf-8", newline="") as file:
        skus = {row["sku"] for row in csv.DictReader(file)}
    # Past Django's own connection, which warns where there are no applications.
    with contextlib.closing(connection.get_new_connection(connection.get_connection_params())) as asked:
        found = asked.execute("SELECT count(*) FROM catalog_product WHERE sku = ANY(%s)", [list(skus)])
        return bool(found.fetchone()[0] == len(skus))


def web_arguments(host: str, port: int, *, workers: int) -> list[str]:
    bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
    arguments = ["gunicorn", "config.prepared_wsgi", "--worker-class", "config.web_worker.WebWorker", "--bind", bind]
    arguments += ["--workers", str(workers), "--threads", str(WEB_THREADS)]
    arguments += ["--preload", "--no-control-socket", "--log-level", "warning", "--graceful-timeout", "8"]
    if Path("/dev/shm").is_dir():  # gunicorn's heartbeat files: a slow disk would look like a hung worker
        arguments += ["--worker-tmp-dir", "/dev/shm"]
    return arguments


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2):
            return True
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
