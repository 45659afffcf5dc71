"""`manage.py sources`: what it says, how it ends, and where credentials come from."""

from __future__ import annotations

import io
import json
from io import StringIO

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from catalog.doctor.remarks import examine
from catalog.models import Product, Source, SourceRun
from catalog.sources import running
from catalog.sources.feed import Credentials
from tests.catalog.sources.small_feed import shown

pytestmark = pytest.mark.django_db


def sources(*words: str) -> list[str]:
    out = StringIO()
    call_command("sources", *words, stdout=out, no_color=True)
    return out.getvalue().splitlines()


def fail(*words: str) -> str:
    with pytest.raises(CommandError) as error:
        sources(*words)
    return str(error.value)


def add(feed, *words: str) -> list[str]:
    return sources("add", "shop", "--kind", "csv", "--address", str(feed.path), *words)


def test_from_an_address_to_products_and_back(feed):
    feed.write("A,Mug,12", "B,Cup,free", columns="sku,title,price")

    assert add(feed, "--currency", "eur", "--schedule", "daily at 03:30") == [
        "Source shop is kept, and read daily at 03:30 once it is enabled. A dry run:",
        "Would create 1, would change 0, unchanged 0, rejected 1.",
        "  rejected 1: price 'free' is not a number: write it as 12.50, the currency in its own column — line 3 (B)",
        "If that is right, load it and keep it true: python manage.py sources enable shop",
    ]
    assert (shown(), Source.objects.get().is_enabled) == ([], False)
    assert sources("enable", "shop") == [
        "The worker loads shop now, and reads it daily at 03:30 (UTC): `sources list` shows how far it is."
    ]
    running.run_source(Source.objects.get().pk)
    assert (shown(), Product.objects.get().currency) == (["A"], "EUR")
    assert sources("run", "shop") == ["Unchanged since it was read last."]
    assert sources("disable", "shop") == ["shop is left alone. Its products stay."]
    assert sources("remove", "shop", "--products", "delete") == ["Source shop is gone. Its products are deleted: 1."]
    assert (Product.objects.count(), sources("list")) == (
        0, ["There are no sources yet: `sources add NAME --kind K --address A` makes one."],
    )  # fmt: skip


def test_what_cannot_be_added_says_why_and_adds_nothing(feed):
    feed.write("A,Mug")
    assert fail("add", "shop", "--kind", "csv", "--address", "missing.csv").startswith("address: It is no file")
    assert fail("add", "shop", "--kind", "csv", "--address", str(feed.path), "--schedule", "often").startswith(
        "schedule: "
    )
    assert Source.objects.count() == 0
    add(feed)
    assert fail("add", "shop", "--kind", "csv", "--address", str(feed.path)) == (
        "There is a source shop: `sources change` gives it other options."
    )
    assert fail("run", "other") == "There is no source other. There are: shop."


def test_a_feed_that_cannot_be_read_is_kept_and_cannot_be_enabled_before_it_was_tried(feed):
    feed.write("A", columns="sku")
    with pytest.raises(CommandError, match="The file has no column title") as refused:
        add(feed)
    assert str(refused.value).endswith(" To look again: python manage.py sources run shop --dry-run")
    assert fail("enable", "shop") == "See first what shop would do: manage.py sources run shop --dry-run"
    assert fail("run", "shop").startswith("See first what shop would do")
    feed.write("A,Mug")
    assert sources("run", "shop", "--dry-run") == [
        "Would create 1, would change 0, unchanged 0, rejected 0.",
        "If that is right, load it and keep it true: python manage.py sources enable shop",
    ]
    assert ", dry run  " in sources("list")[1]
    assert sources("run", "shop") == [
        "Created 1, changed 0, unchanged 0, rejected 0.",
        "To have it read by its schedule: python manage.py sources enable shop",
    ]


def test_a_question_ends_with_one_and_is_answered_by_the_command(feed):
    feed.write(*(f"{sku},Mug" for sku in "ABCDE"))
    add(feed)
    sources("run", "shop")
    feed.write("A,Mug")

    assert fail("run", "shop") == (
        "Say what becomes of them: python manage.py sources run shop --let-them-go, or "
        "python manage.py sources run shop --keep-them"
    )
    found = {one.title: one.remarks for one in examine()}["Sources"]
    assert [(one.message, one.advice) for one in found] == [
        (
            "Source shop waits for you: 4 products are not in its feed any more.",
            "Say what becomes of them: manage.py sources run shop --let-them-go, or --keep-them.",
        )
    ]
    assert "waits for you" in sources("list")[1]
    assert sources("run", "shop", "--let-them-go")[:2] == [
        "Created 0, changed 0, unchanged 1, rejected 0, deactivated 4.",
        "Not in the feed any more: B, C, D, E.",
    ]
    assert shown() == ["A"]
    assert {one.title: one.remarks for one in examine()}["Sources"] == ()


def test_the_doctor_names_a_source_that_goes_on_failing(feed):
    source = feed.add(failures=3)
    source.runs.create(start="schedule", state=SourceRun.State.FAILED, error="The server answered 404.")
    found = {one.title: one.remarks for one in examine()}["Sources"]
    assert [(one.message, one.advice) for one in found] == [
        (
            "Source shop has failed 3 times in a row: The server answered 404.",
            "When that is mended, read it at once: manage.py sources run shop",
        )
    ]
    Source.objects.update(failures=2)
    assert {one.title: one.remarks for one in examine()}["Sources"] == ()


def test_ctrl_c_ends_with_130(feed, monkeypatch):
    feed.write("A,Mug")
    add(feed)
    monkeypatch.setattr(running, "carry_out", lambda *_, **__: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(CommandError) as error:
        sources("run", "shop")
    assert (error.value.returncode, str(error.value)) == (130, "Stopped. The same command goes on with what is left.")
    assert Source.objects.get().runs.first().state == SourceRun.State.STOPPED


def test_the_list_is_a_table_and_json(feed):
    feed.write("A,Mug")
    add(feed)
    Source.objects.update(is_enabled=True)
    header, row = sources("list")
    assert header.split() == ["Source", "Kind", "State", "Last", "run", "Came", "of", "it", "Next", "run"]
    assert row.split()[:3] == ["shop", "csv", "enabled"]
    [said] = json.loads("\n".join(sources("list", "--json")))
    assert (said["name"], said["schedule"], said["has_credentials"], said["next_run_at"]) == (
        "shop",
        "every hour",
        False,
        None,
    )
    assert (said["last_run"]["start"], said["last_run"]["state"], said["last_run"]["created"]) == ("dry_run", "done", 1)


def test_options_change_one_by_one(feed):
    feed.write("A,Mug")
    add(feed, "--currency", "EUR", "--claim")
    sources("change", "shop", "--vanished", "keep")
    source = Source.objects.get()
    assert (source.currency, source.claims, source.vanished, source.address) == ("EUR", True, "keep", str(feed.path))


@pytest.mark.parametrize(
    ("words", "credentials"),
    [
        (("--user", "me", "--password-env", "FEED_SECRET"), Credentials("basic", "me", "from variable")),
        (("--token-env", "FEED_SECRET"), Credentials("bearer", "", "from variable")),
        (("--header", "X-Token", "--secret-env", "FEED_SECRET"), Credentials("header", "X-Token", "from variable")),
        (("--user", "me", "--password-stdin"), Credentials("basic", "me", "from input")),
        (("--bearer", "--secret-stdin"), Credentials("bearer", "", "from input")),
    ],
)
def test_credentials_come_from_a_variable_or_from_input(feed, monkeypatch, words, credentials):
    monkeypatch.setenv("FEED_SECRET", "from variable")
    monkeypatch.setattr("sys.stdin", io.StringIO("from input\n"))
    feed.write("A,Mug")
    add(feed, *words)
    assert Source.objects.get().read_credentials() == credentials
    sources("change", "shop", "--no-credentials")
    assert Source.objects.get().read_credentials() is None


def test_another_server_wants_the_credentials_again(feed, monkeypatch):
    monkeypatch.setenv("FEED_SECRET", "from variable")
    source = feed.add(address="https://shop.example/feed.csv")
    sources("change", "shop", "--token-env", "FEED_SECRET")
    said = "The credentials were given for shop.example, and are shown to no other server: give them again."
    assert fail("change", "shop", "--address", "https://evil.example/feed.csv") == f"address: {said}"
    source.refresh_from_db()
    assert source.address == "https://shop.example/feed.csv"

    sources("change", "shop", "--address", "https://shop.example/new.csv")
    sources("change", "shop", "--address", "https://cdn.example/feed.csv", "--token-env", "FEED_SECRET")
    assert Source.objects.get().read_credentials() == Credentials("bearer", "", "from variable")
    sources("change", "shop", "--address", "https://evil.example/feed.csv", "--no-credentials")
    assert Source.objects.get().has_credentials is False


def test_what_is_to_be_typed_next_can_be_pasted_also_where_the_name_has_a_space(feed):
    feed.write("A,Mug")
    said = sources("add", "my shop", "--kind", "csv", "--address", str(feed.path))
    assert said[-1] == ("If that is right, load it and keep it true: python manage.py sources enable 'my shop'")
    sources("change", "my shop", "--kind", "google")
    assert fail("enable", "my shop") == "See first what 'my shop' would do: manage.py sources run 'my shop' --dry-run"


def test_a_share_that_is_no_number_is_refused(feed):
    feed.add()
    assert fail("change", "shop", "--guard", "nan") == "guard: It is a share, from 0 to 1."


def test_credentials_that_are_not_there_are_asked_for_in_a_terminal_alone(feed, monkeypatch):
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    feed.write("A,Mug")
    assert fail("add", "shop", "--kind", "csv", "--address", str(feed.path), "--bearer") == (
        "Nobody is there to be asked for it: pass --secret-env VAR, or --secret-stdin."
    )
    assert fail("add", "shop", "--kind", "csv", "--address", str(feed.path), "--token-env", "UNSET") == (
        "The password or token is empty."
    )
    assert Source.objects.count() == 0
