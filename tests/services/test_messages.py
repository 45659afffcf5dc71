"""Each thing that can stop a start has a line that says what to do next."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from config.management.commands import up
from config.services import launch, postgres, preflight
from config.services.errors import ServiceError
from config.services.paths import BASE_DIR
from tests.services.conftest import processes_of, wait_until

only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk or to change owners")
not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


@only_root
def test_a_disk_that_fills_up_during_the_start_is_named_as_the_cause(home, monkeypatch):
    home.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=20m", "tmpfs", home], capture_output=True).returncode:
        pytest.skip("this root may not mount")
    try:
        monkeypatch.setattr(preflight, "FREE_BYTES_FIRST_START", 0)
        with pytest.raises(ServiceError) as raised:
            postgres.create_cluster(home / "data", postgres.find_binaries(), identity=launch.server_identity())
        assert str(raised.value).startswith(f"The disk of {home / 'data'} is full. Free some space and start again")
        assert not (home / "data").exists()
    finally:
        subprocess.run(["umount", "-l", home], check=True)


def test_files_of_another_major_version_are_left_alone(tmp_path):
    (tmp_path / "PG_VERSION").write_text("12\n")

    with pytest.raises(ServiceError, match=rf"^{tmp_path} was written by Postgres 12, the installed package has 18\."):
        postgres.check_version(tmp_path, postgres.find_binaries(), identity=launch.server_identity())


def test_a_postgres_that_does_not_come_up_shows_the_end_of_its_log(home, start_user):
    user = start_user()
    assert user.stdout.readline() == "up\n"
    user.stdin.close()
    wait_until(lambda: not processes_of(home))
    (home / "postgres" / "data" / "global" / "pg_control").write_bytes(b"broken")

    user = start_user()
    user.wait(timeout=60)

    message = user.stderr.read()
    assert user.returncode == 1
    assert message.startswith(
        f"The embedded Postgres did not start. Its log {home / 'logs' / 'postgres.log'} ends with:"
    )
    assert "PANIC:  could not read file" in message
    assert message.count("\n") == 1


def test_a_taken_port_is_refused_with_a_free_one_to_try():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        with pytest.raises(CommandError) as raised:
            up.check_port("127.0.0.1", port)

    assert str(raised.value) == (
        f"Port {port} on 127.0.0.1 is taken by another program. Stop that, or choose another port: "
        f"python manage.py up --port {port + 1}"
    )


@pytest.mark.parametrize(
    ("host", "port", "message"),
    [
        ("127.0.0.1", 70000, r"^There is no port 70000: choose one from 1024 to 65535 with --port\.$"),
        ("no.such.host.invalid", 8000, r"^Cannot listen on no\.such\.host\.invalid port 8000 \(.+\): check --host\.$"),
    ],
)
def test_an_address_that_cannot_be_is_refused(host, port, message):
    with pytest.raises(CommandError, match=message):
        up.check_port(host, port)


def test_a_second_up_on_the_same_home_says_where_the_first_is(home):
    first = up.claim_home(home, address="http://127.0.0.1:8000")

    with pytest.raises(CommandError, match=rf"^Kindred is running already on {home}: http://127.0.0.1:8000, process "):
        up.claim_home(home, address="http://127.0.0.1:8001")

    first.close()
    up.claim_home(home, address="http://127.0.0.1:8001").close()


def test_a_second_up_on_the_same_port_is_told_of_the_first_and_not_to_take_another_port(home):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        first = up.claim_home(home, address=f"http://127.0.0.1:{port}")
        with pytest.raises(CommandError, match=rf"^Kindred is running already on {home}: http://127.0.0.1:{port}, "):
            call_command("up", port=port)
        first.close()


def test_manage_py_says_it_in_one_line(tmp_path):
    (tmp_path / "file").touch()
    environment = {name: value for name, value in os.environ.items() if not name.endswith("_URL")}

    result = subprocess.run(
        [sys.executable, str(Path(BASE_DIR) / "manage.py"), "migrate"],
        env=environment | {"KINDRED_HOME": str(tmp_path / "file" / "home")},
        capture_output=True,
        text=True,
    )

    assert result.returncode == 1
    assert result.stderr.startswith("Kindred cannot start: Cannot write to ")
    assert result.stderr.count("\n") == 1
