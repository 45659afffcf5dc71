"""A batch, whichever engine brings it: what is encoded, found, refused and waited for. No Spark here."""

from __future__ import annotations

import hashlib
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from config import services
from embeddings.distributed import job, keeping, requirements
from embeddings.distributed.batches import run_batch
from embeddings.distributed.environment import make_environment, write_database_url
from embeddings.distributed.reading import read_slice
from embeddings.distributed.requirements import NotReady, check_here, check_installed, check_master
from embeddings.distributed.services import make_job
from embeddings.distributed.work import InputRow, Tally
from embeddings.encoding import EncoderChanged
from embeddings.freshness.refresh import refresh_products
from embeddings.modalities.text import hash_text
from embeddings.models import EncodedInput
from embeddings.spaces.lifecycle import ensure_live_space
from tests.embeddings.shop import make_product, paint

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


@pytest.fixture
def pictures(settings):
    """A server of pictures at 127.0.0.1, from which may be fetched; returns its address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            body = paint("red") if "red" in self.path else b"no picture"
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def text_row(text: str) -> InputRow:
    return InputRow("text", hash_text(text), text=text)


def told(tally: Tally) -> dict[str, int]:
    return {what: tally.count(what) for what in ("encoded", "stored", "reused", "failed")}


def test_a_catalogue_is_encoded_batch_by_batch_and_the_worker_then_finds_nothing_to_encode(encoders):
    text, image = encoders
    ids = [make_product(sku, colours=["red", sku]).pk for sku in ("blue", "green", "navy")]
    space = ensure_live_space()
    job = make_job(space)
    rows = read_slice(job, ids[0], ids[-1])
    assert {row.modality: row.path is None for row in rows} == {"text": True, "image": False}
    with ThreadPoolExecutor(2) as engine:  # an engine's adapter: batches to processes, and their sums
        tallies = list(engine.map(lambda start: run_batch(job, rows[start : start + 4]), range(0, len(rows), 4)))
    count = EncodedInput.objects.count()
    assert sum(tally.count("encoded") for tally in tallies) == count == len({row.sha256 for row in rows})
    text.encoded.clear()
    image.encoded = 0
    assert refresh_products(space, ids).stored == set(ids)
    assert (text.encoded, image.encoded, EncodedInput.objects.count()) == ([], 0, count)


def test_what_has_a_vector_is_found_when_it_is_read_and_when_it_is_encoded(encoders):
    text, _ = encoders
    product = make_product("A", title="a mug")
    job = make_job(ensure_live_space())
    rows = read_slice(job, product.pk, product.pk)
    assert told(run_batch(job, rows)) == {"encoded": 1, "stored": 1, "reused": 0, "failed": 0}
    assert told(run_batch(job, rows)) == {"encoded": 0, "stored": 0, "reused": 1, "failed": 0}  # a task done again
    again = read_slice(job, product.pk, product.pk)
    assert again == [InputRow("text", rows[0].sha256, is_known=True)]
    assert told(run_batch(job, again)) == {"encoded": 0, "stored": 0, "reused": 1, "failed": 0}
    assert len(text.encoded) == 1


def test_an_input_that_fails_harms_no_other_and_is_counted_by_its_reason():
    paths = [make_product(str(n), colours=[colour]).images.get().file for n, colour in enumerate(("red", "blue"))]
    with paths[0].storage.open(paths[0].name, "wb") as file:
        file.write(b"no picture")
    job = make_job(ensure_live_space())
    rows = [InputRow("image", str(n) * 64, path=file.name) for n, file in enumerate(paths)]
    tally = run_batch(job, [*rows, InputRow("image", "2" * 64, path="gone.jpg"), InputRow("image", "", url="http://x")])
    assert told(tally) == {"encoded": 1, "stored": 1, "reused": 0, "failed": 3}
    assert [count for *_, count in tally.list_failures()] == [1, 1, 1]
    assert not any(paths[0].name in reason or "gone.jpg" in reason for _, reason, _ in tally.list_failures())


def test_rows_of_a_file_with_other_columns_are_counted_and_harm_no_other():
    job = make_job(ensure_live_space())
    rows = [InputRow(None, "1" * 64), InputRow("smell", "2" * 64), InputRow(None, None), text_row("a mug")]
    tally = run_batch(job, rows)
    assert (tally.count("failed"), tally.count("encoded")) == (3, 1)
    assert tally.list_failures()[0][1].startswith("Its modality is none that the space encodes")


def test_a_picture_by_its_url_passes_the_checks_of_a_download(pictures, settings):
    job = make_job(ensure_live_space())
    sha256 = hashlib.sha256(paint("red")).hexdigest()
    rows = [
        InputRow("image", sha256, url=f"{pictures}/red.png"),
        InputRow("image", "a" * 64, url=f"{pictures}/red.png?of=another"),
        InputRow("image", "b" * 64, url=f"{pictures}/text"),
    ]
    tally = run_batch(job, rows)
    assert told(tally) == {"encoded": 1, "stored": 1, "reused": 0, "failed": 2}
    assert EncodedInput.objects.get().sha256 == sha256
    assert sum("not what it was: its sha256 is another" in reason for _, reason, _ in tally.list_failures()) == 1
    settings.KINDRED_FETCH_NETWORKS = []
    EncodedInput.objects.all().delete()
    [[_, reason, _]] = run_batch(job, rows[:1]).list_failures()
    assert "not on the public internet" in reason


def test_a_shop_s_files_are_fetched_from_where_they_are_served(pictures):
    job = make_job(ensure_live_space(), media=f"{pictures}/media/")
    assert told(run_batch(job, [InputRow("image", "c" * 64, path="products/red.png")]))["encoded"] == 1


def test_a_machine_with_other_weights_encodes_nothing(encoders):
    job = make_job(ensure_live_space())
    encoders[0].info = encoders[0].info.__class__(**{**encoders[0].info.__dict__, "identity": "fake:text#2"})
    with pytest.raises(EncoderChanged, match="install the same weights"):
        run_batch(job, [text_row("a mug")])
    assert list(check_here(job)) == ["It has fake:text#2, not fake:text#1: install the same weights everywhere."]
    assert not EncodedInput.objects.exists()


def test_many_who_bring_the_same_vectors_at_once_store_each_once_and_wait_for_no_circle():
    vectors = {f"{n:064}": np.eye(8, dtype=np.float32)[n % 8] for n in range(400)}
    backwards = dict(reversed(vectors.items()))

    def bring(number: int) -> int:
        if number % 3 == 2:
            EncodedInput.objects.keep(backwards, encoder="e")  # as workers do
            connection.close()
            return 0
        return keeping.patiently(lambda: keeping.copy_vectors([vectors, backwards][number % 3], encoder="e"))

    with ThreadPoolExecutor(6) as pool:
        stored = list(pool.map(bring, range(6)))
    assert EncodedInput.objects.filter(encoder="e").count() == 400
    assert sum(stored) in (0, 400)  # 0: a worker was first
    assert EncodedInput.objects.get(sha256=f"{3:064}").vector == np.eye(8)[3].tolist()


def test_a_full_pool_is_waited_for(monkeypatch):
    """The database takes one connection, and somebody else has it for a while."""
    monkeypatch.setattr(keeping, "FIRST_WAIT_S", 0.05)
    job = make_job(ensure_live_space())
    where = connection.settings_dict
    limit = f"ALTER DATABASE {where['NAME']} CONNECTION LIMIT"
    login = {"host": where["HOST"], "user": where["USER"], "password": where["PASSWORD"], "port": where["PORT"] or None}
    other = psycopg.connect(**login, dbname=where["NAME"], autocommit=True)
    connection.close()
    # From beside it: whoever has just gone counts for a moment longer, and the limit would stay for all other tests.
    with psycopg.connect(**login, dbname="postgres", autocommit=True) as beside:
        try:
            beside.execute(f"{limit} 1")
            threading.Timer(0.3, other.close).start()
            tally = run_batch(job, [text_row("a mug")])
        finally:
            beside.execute(f"{limit} -1")
    assert told(tally) == {"encoded": 1, "stored": 1, "reused": 0, "failed": 0}
    assert tally.count("waited") >= 1
    assert tally.sum_seconds("waited") > 0


def test_no_connection_is_held_while_encoding(encoders, monkeypatch):
    open_while_encoding: list[bool] = []
    encode = encoders[0].encode_texts

    def look(*args, **options):
        open_while_encoding.append(connection.connection is not None)
        return encode(*args, **options)

    job = make_job(ensure_live_space())
    monkeypatch.setattr(encoders[0], "encode_texts", look, raising=False)
    run_batch(job, [text_row("a mug")])
    assert open_while_encoding == [False]


def test_patience_ends(monkeypatch):
    from django.db import OperationalError

    monkeypatch.setattr(keeping, "PATIENCE_S", 0.0)

    def fail() -> None:
        raise OperationalError("no")

    started = time.monotonic()
    with pytest.raises(OperationalError):
        keeping.patiently(fail)
    assert time.monotonic() - started < 1


def test_executors_elsewhere_need_an_address_and_not_a_socket(monkeypatch):
    check_master("local[*]")
    for host in ("/run/postgresql", "localhost", ""):
        monkeypatch.setitem(connection.settings_dict, "HOST", host)
        with pytest.raises(NotReady, match="set DATABASE_URL to an address that they can reach by TCP"):
            check_master("spark://head:7077")
    monkeypatch.setitem(connection.settings_dict, "HOST", "db.internal")
    check_master("spark://head:7077")


def test_files_that_are_not_there_are_said_before_work_begins(media_directory, settings):
    picture = make_product("A", colours=["red"]).images.get()
    job = make_job(ensure_live_space())
    assert list(check_here(job)) == []
    picture.file.storage.delete(picture.file.name)
    [said] = check_here(job)
    assert said.startswith(f"The shop's files are not in {media_directory} there: mount the folder")
    assert list(check_here(make_job(ensure_live_space(), media="https://shop.example/media/"))) == []


def test_without_spark_or_java_it_is_said_what_to_install(monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(requirements.importlib.util, "find_spec", lambda _: None)
        with pytest.raises(CommandError, match=r"pip install --no-deps -r requirements-spark\.txt"):
            call_command("embed_distributed", "--master", "local[1]")
    monkeypatch.setattr(requirements.importlib.util, "find_spec", lambda _: True)
    monkeypatch.setenv("JAVA_HOME", "/nowhere")
    with pytest.raises(NotReady, match="openjdk-17-jre-headless"):
        check_installed()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--source", "parquet"], "`parquet DIR`"),
        (["--source", "hive"], "`parquet DIR`"),
        (["--partitions", "-1"], "a number from 1 on"),
        (["--conf", "spark.executor.memory"], r"spark\.NAME=VALUE"),
        (["--conf", "secret=1"], r"spark\.NAME=VALUE"),
        (["--space", "none"], "none"),
    ],
)
def test_what_makes_no_sense_is_refused(arguments, said):
    with pytest.raises(CommandError, match=said):
        call_command("embed_distributed", *arguments)


def test_executors_are_told_where_the_database_is_and_none_of_the_shop_s_secrets(monkeypatch, settings):
    from config.services import database_settings

    for name in ("KINDRED_USER_TOKEN_KEY", "KINDRED_PSEUDONYM_SALT", "CELERY_BROKER_URL"):
        monkeypatch.setenv(name, "s3cret-of-the-shop")
    monkeypatch.setenv("KINDRED_FETCH_NETWORKS", "10.0.0.0/8")
    told = make_environment(is_local=False)
    assert told["KINDRED_FETCH_NETWORKS"] == "10.0.0.0/8"
    assert "KINDRED_HOME" not in told
    assert told["SECRET_KEY"] != settings.SECRET_KEY
    assert "s3cret-of-the-shop" not in told.values()
    own = connection.settings_dict
    read = database_settings(settings.KINDRED_HOME, url=told["DATABASE_URL"])
    assert {part: read.get(part) or "" for part in ("NAME", "USER", "HOST")} == {
        part: own.get(part) or "" for part in ("NAME", "USER", "HOST")
    }
    monkeypatch.setitem(own, "PASSWORD", "a:b@c/d?e")
    assert database_settings(settings.KINDRED_HOME, url=write_database_url())["PASSWORD"] == "a:b@c/d?e"


def test_a_dry_run_that_finds_nothing_says_so(monkeypatch, capsys):
    monkeypatch.setattr("embeddings.management.commands.embed_distributed.count_stale", lambda space, order: {})
    call_command("embed_distributed", "--dry-run")
    assert capsys.readouterr().out == "Nothing is stale: there is nothing to encode.\n"


def test_spark_submit_has_embedded_servers_run_as_every_command_does(monkeypatch, capsys):
    begun = []
    monkeypatch.setattr(services, "ensure_running", lambda: begun.append("servers"))
    monkeypatch.setattr(sys, "argv", sys.argv)
    monkeypatch.setattr(sys, "path", list(sys.path))
    with pytest.raises(SystemExit):
        job.main(["--partitions", "-1"])
    assert (begun, "a number from 1 on" in capsys.readouterr().err) == (["servers"], True)
