"""Start, share, stop, survive: the embedded servers through everything that happens to processes."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
from pathlib import Path

import psutil
import redis

from config.services import locks, postgres
from config.services.paths import socket_directory
from tests.services.conftest import connect, main_processes, processes_of, wait_until


def kill_everything(home, *users: subprocess.Popen) -> None:
    for process in [*processes_of(home), *users]:
        process.kill()
    for user in users:
        user.wait()
    wait_until(lambda: not processes_of(home))


def broker(home) -> redis.Redis:
    return redis.Redis(unix_socket_path=str(socket_directory(home) / "valkey.sock"))


def test_six_racing_starts_give_one_server_of_each_kind(home, start_user):
    users = [start_user() for _ in range(6)]

    assert [user.stdout.readline() for user in users] == ["up\n"] * 6
    assert main_processes(home) == ["guardian", "postgres", "valkey"]


def test_servers_stop_after_their_last_user_and_not_before(home, start_user):
    first, second = start_user(), start_user()
    assert [first.stdout.readline(), second.stdout.readline()] == ["up\n", "up\n"]

    first.stdin.close()
    assert first.wait(timeout=60) == 0
    with connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    second.send_signal(signal.SIGKILL)

    wait_until(lambda: not processes_of(home))
    assert not (home / "postgres" / "data" / "postmaster.pid").exists(), "Postgres was not stopped in good order"


def test_rows_and_messages_survive_kill_9_of_everything(home, start_user):
    user = start_user()
    assert user.stdout.readline() == "up\n"
    with connect(home) as connection:
        connection.execute("CREATE TABLE kept AS SELECT generate_series(1, 1000) AS id")
    broker(home).rpush("queue", "first", "second")
    kill_everything(home, user)

    assert start_user().stdout.readline() == "up\n"

    with connect(home) as connection:
        assert connection.execute("SELECT count(*), sum(id) FROM kept").fetchone() == (1000, 500500)
    assert broker(home).lrange("queue", 0, -1) == [b"first", b"second"]


def test_postgres_alone_killed_is_started_again_by_its_next_user(home, start_user):
    user = start_user()
    assert user.stdout.readline() == "up\n"
    postgres.postmaster(home / "postgres" / "data").kill()

    assert start_user().stdout.readline() == "up\n"

    with connect(home) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    assert main_processes(home) == ["guardian", "postgres", "valkey"]


def test_a_pid_file_that_names_another_process_does_not_stop_a_start(home, start_user):
    user = start_user()
    assert user.stdout.readline() == "up\n"
    pid_file = home / "postgres" / "data" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    kill_everything(home, user)
    pid_file.write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")

    assert postgres.postmaster(home / "postgres" / "data") is None
    assert start_user().stdout.readline() == "up\n"


def test_they_listen_on_no_network_give_few_powers_and_have_what_is_needed(home, start_user):
    """Three looks at one start, which takes longer than all of them."""
    assert start_user().stdout.readline() == "up\n"

    check_that_no_server_listens_on_the_network(home)
    check_that_the_application_is_no_superuser_and_has_pgvector(home)
    check_that_a_full_cache_drops_nothing_that_waits_in_a_queue(home)


def check_that_no_server_listens_on_the_network(home) -> None:
    listening = []
    for process in processes_of(home):
        with contextlib.suppress(psutil.NoSuchProcess):  # Postgres starts and ends some as it needs them
            listening += process.net_connections(kind="inet")
    assert listening == []
    assert oct((home / "run").stat().st_mode & 0o777) == "0o700"


def check_that_the_application_is_no_superuser_and_has_pgvector(home) -> None:
    with connect(home) as connection:
        role = "SELECT rolsuper, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = current_user"
        assert connection.execute(role).fetchone() == (False, False, True)
        assert connection.execute("SELECT '[1,2]'::vector <-> '[1,4]'::vector").fetchone() == (2.0,)
        settings = "SELECT datcollate, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'kindred'"
        assert connection.execute(settings).fetchone() == ("C.UTF-8", "UTF8")


def check_that_a_full_cache_drops_nothing_that_waits_in_a_queue(home) -> None:
    """Only keys that expire may go: those of the cache do, messages do not."""
    policy = broker(home).config_get("maxmemory*")
    assert (policy["maxmemory"], policy["maxmemory-policy"]) == (str(256 * 1024**2), "volatile-lru")


def test_a_home_with_a_long_path_has_its_sockets_in_a_short_private_directory(home, start_user, monkeypatch):
    long = home / ("long" * 30)
    monkeypatch.setenv("KINDRED_HOME", str(long))

    directory = socket_directory(long)
    user = start_user()
    assert user.stdout.readline() == "up\n"

    assert directory.parent == Path("/tmp")
    assert oct(directory.stat().st_mode & 0o777) == "0o700"
    with connect(long) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    user.stdin.close()
    wait_until(lambda: not processes_of(long))
    shutil.rmtree(directory)


def test_the_longest_socket_path_still_fits_an_address(tmp_path):
    for length in range(60, 120):
        home = tmp_path / ("h" * (length - len(str(tmp_path)) - 1)) if length > len(str(tmp_path)) + 1 else tmp_path
        with socket.socket(socket.AF_UNIX) as probe:
            path = socket_directory(home) / ".s.PGSQL.5432"
            assert probe.connect_ex(str(path)) in {2, 111}, f"{path} is not a possible address"


def test_a_lock_outlives_its_holder_in_a_process_that_inherited_it(tmp_path):
    path = tmp_path / "lock"
    held = locks.Lock(path)
    assert held.try_acquire()
    child = subprocess.Popen(["/bin/cat"], stdin=subprocess.PIPE, pass_fds=(held.fd,))
    held.close()
    assert locks.is_held(path)

    child.communicate()

    assert not locks.is_held(path)
