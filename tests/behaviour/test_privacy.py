"""Who asks to be forgotten is, everywhere and at once, and for good; who asks what is known sees all of it."""

from __future__ import annotations

import io
import json
import logging
import threading
from datetime import timedelta
from urllib.parse import quote
from uuid import uuid4

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from api.models import ApiKey
from behaviour.events import ingestion, retention
from behaviour.events.event import Event
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.unit import ExperimentUnit
from behaviour.facts import read_facts
from behaviour.privacy import erasure
from behaviour.privacy.erasure import erase_user, finish_erasures
from behaviour.privacy.receipt import BadReceipt, read_receipt, sign_receipt
from behaviour.privacy.tombstone import Tombstone
from behaviour.serving.history import read_history
from behaviour.versions.version import Profile
from behaviour.versions.writing import find_allowed
from recommendations.visitors import History, Visitor
from tests.api.callers import ApiClient
from tests.behaviour.event_rows import add_events
from tests.behaviour.experiment_rows import make_experiment
from tests.behaviour.learned_rows import make_version
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db
ANNA, BEN = make_key("user", "anna"), make_key("user", "ben")
HOME, SHARED, ORDER = make_key("session", "home"), make_key("session", "shared"), make_key("order", "o1")
AGREED = {"consent": "personalisation"}
NOTHING = {"events": 0, "sessions": 0, "profiles": 0, "assignments": 0, "answers": 0}


@pytest.fixture
def shop() -> ApiClient:
    return ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("shop", scope="secret")[1]})


def make_event(event_id: str, **values) -> dict:
    return {"event_id": event_id, "type": "view", "sku": "A", **AGREED, **values}


def send(client: ApiClient, *events: dict, **headers) -> dict:
    return client.call("POST", "events/", {"events": list(events)}, **headers).json()


def add_row(sku: str, **values) -> dict:
    return {"type": "view", "sku": sku, **AGREED, **values}


def add_life() -> None:
    """Anna's events and what is linked to her, beside Ben's."""
    add_events(
        [
            add_row("OWN", user_key=ANNA, session_key=HOME),
            add_row("BEFORE-SIGN-IN", session_key=HOME),
            add_row("OWN-SHARED", user_key=ANNA, session_key=SHARED),
            add_row("BENS-SHARED", user_key=BEN, session_key=SHARED),
            add_row("SOMEBODYS-SHARED", session_key=SHARED),
            add_row("BOUGHT", type="purchase", user_key=ANNA, order_key=ORDER),
            add_row("BOUGHT-AS-WELL", type="purchase", order_key=ORDER),
            add_row("NOBODYS"),
        ]
    )
    for version in (make_version(), make_version(name="v0", status="retired")):
        Profile.objects.create(version_id=version.pk, user_key=ANNA, product_ids=[], scores=[], shares=[])
        Profile.objects.create(version_id=version.pk, user_key=BEN, product_ids=[], scores=[], shares=[])
    experiment = make_experiment()
    for key in (ANNA, HOME, SHARED, BEN):
        ExperimentUnit.objects.create(experiment=experiment, unit_key=key, arm="other", first_at=timezone.now())


def skus_left() -> set[str]:
    return set(Event.objects.values_list("sku", flat=True))


def test_all_of_a_user_goes_and_nothing_of_others(shop):
    """On a computer that two share, what nobody signed in for may be of either, and stays."""
    add_life()
    answer = shop.call("DELETE", "users/anna/").json()
    assert answer["user_id"] == "anna"
    assert answer["erased"] == {"events": 5, "sessions": 1, "profiles": 2, "assignments": 2, "answers": 0}
    assert skus_left() == {"BENS-SHARED", "SOMEBODYS-SHARED", "NOBODYS"}
    assert list(Profile.objects.values_list("user_key", flat=True)) == [BEN, BEN]
    assert set(ExperimentUnit.objects.values_list("unit_key", flat=True)) == {SHARED, BEN}
    assert shop.call("DELETE", "users/anna/").json()["erased"] == NOTHING


def test_the_receipt_says_the_same_and_cannot_be_forged(shop):
    add_life()
    answer = shop.call("DELETE", "users/anna/").json()
    receipt = answer.pop("receipt")
    assert read_receipt(receipt) == answer
    out = io.StringIO()
    call_command("verify_receipt", receipt, stdout=out)
    assert json.loads(out.getvalue()) == answer
    for forged in (receipt[:-1], "x" + receipt, ""):
        with pytest.raises(BadReceipt):
            read_receipt(forged)
    with pytest.raises(CommandError, match="gave no such receipt"):
        call_command("verify_receipt", receipt[:-2])


def test_a_large_user_goes_in_batches(monkeypatch):
    monkeypatch.setattr(erasure, "BATCH", 2)
    add_events([add_row("OWN", user_key=ANNA, session_key=HOME)] * 5 + [add_row("BEFORE", session_key=HOME)] * 3)
    assert erase_user("anna")[0]["events"] == 8
    assert skus_left() == set()


def test_what_is_sent_again_is_refused_and_says_why(shop):
    ProductFactory(sku="A")
    first = make_event("e1", user_id="anna", session_id="home", order_id="o1")
    assert send(shop, first)["recorded"] == 1
    erase_user("anna")
    again = [
        first,
        make_event("e2", user_id="anna"),
        make_event("e3", session_id="home"),
        make_event("e4", order_id="o1"),
        make_event("e5", user_id="ben"),
    ]
    answer = send(shop, *again)
    assert (answer["recorded"], answer["duplicates"]) == (1, 0)
    said = [(one["index"], one["event_id"], one["errors"][0]["code"]) for one in answer["rejected"]]
    assert said == [
        (0, "e1", "user_erased"),
        (1, "e2", "user_erased"),
        (2, "e3", "user_erased"),
        (3, "e4", "user_erased"),
    ]
    assert list(Event.objects.values_list("user_key", flat=True)) == [BEN]
    assert send(shop, *again)["duplicates"] == 1


def test_who_may_not_learn_of_people_does_not_learn_who_was_erased():
    """To a page of the shop, an event of somebody erased looks like one of a stranger, the first time and again."""
    app = ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("app", scope="publishable")[1]})
    erase_user("anna")
    for client in (app, ApiClient()):
        name = uuid4().hex
        answers = [
            [send(client, make_event(f"{who}{name}", user_id=who)) for _ in range(2)] for who in ("anna", "stranger")
        ]
        assert answers[0] == answers[1]
        assert [answer["recorded"] for answer in answers[0]] == [1, 0]
    assert set(Event.objects.values_list("user_key", flat=True)) == {make_key("user", "stranger")}


def test_a_user_is_who_they_are_with_spaces_around_the_id(shop):
    """As events are read, so are addresses and arguments of commands."""
    ProductFactory(sku="A")
    assert send(shop, make_event("e1", user_id=" anna "))["recorded"] == 1
    assert len(shop.call("GET", "users/%20anna/").json()["events"]) == 1
    assert shop.call("DELETE", "users/anna%20/").json()["erased"]["events"] == 1


@pytest.mark.parametrize(
    "user_id", ["a/b", "/a/", "a//b", "%2f", "..", "a?b#c", "用户", "e\u0301", "x" * 100, "a+b &c"]
)
def test_whatever_an_app_calls_a_user_can_be_exported_and_erased(shop, user_id):
    ProductFactory(sku="A")
    send(shop, make_event("e1", user_id=user_id))
    path = f"users/{quote(user_id, safe='')}/"
    assert shop.call("GET", path).json()["user_id"] == user_id
    assert shop.call("DELETE", path).json()["erased"]["events"] == 1


def test_who_signs_in_at_the_same_computer_is_not_refused_for_it():
    record_events([NewEvent(event_id="e1", type="view", sku="A", user_id="anna", session_id="home", **AGREED)])
    erase_user("anna")
    record_events([NewEvent(event_id="e2", type="view", sku="B", user_id="ben", session_id="home", **AGREED)])
    assert list(Event.objects.values_list("sku", "user_key", "session_key")) == [("B", BEN, None)]


def test_what_names_nobody_counts_as_before(shop):
    """Without consent nothing tells whose it is."""
    ProductFactory(sku="A")
    erase_user("anna")
    assert send(shop, make_event("e1", user_id="anna", consent="none"), make_event("e2"))["recorded"] == 2
    assert send(shop, make_event("e3", user_id="anna"), Sec_GPC="1")["recorded"] == 1
    assert set(Event.objects.values_list("user_key", flat=True)) == {None}


def test_an_import_refuses_them_by_line(tmp_path):
    erase_user("anna")
    file = tmp_path / "orders.csv"
    file.write_text("sku,user_id,occurred_at\nA,anna,2026-01-02\nB,ben,2026-01-02\n")
    out, err = io.StringIO(), io.StringIO()
    call_command("import_events", str(file), stdout=out, stderr=err)
    assert "Recorded 1, known already 0, returns 0, rejected 1." in out.getvalue()
    assert "line 2: of somebody who was erased" in err.getvalue()
    assert list(Event.objects.values_list("sku", flat=True)) == ["B"]


def test_nothing_is_taken_that_is_older_than_the_memory_of_who_was_erased(shop, settings):
    """Else who sends events long after it, of before an erasure, would bring them back when the tombstone is gone."""
    ProductFactory(sku="A")
    settings.KINDRED_EVENTS_KEPT_DAYS = 30
    old, young = (timezone.now() - timedelta(days=30, minutes=minutes) for minutes in (1, -1))
    answer = send(shop, make_event("old", occurred_at=old.isoformat()), make_event("e", occurred_at=young.isoformat()))
    assert (answer["recorded"], answer["rejected"][0]["errors"][0]["code"]) == (1, "out_of_range")
    assert "last 30 days" in answer["rejected"][0]["errors"][0]["detail"]


def test_tombstones_are_kept_as_long_as_events_and_no_longer(settings):
    erase_user("anna")
    erase_user("ben")
    Tombstone.objects.filter(pk=ANNA).update(
        erased_at=timezone.now() - timedelta(days=settings.KINDRED_EVENTS_KEPT_DAYS, minutes=1)
    )
    assert retention.delete_tombstones() == 1
    assert list(Tombstone.objects.values_list("pk", flat=True)) == [BEN]


@pytest.mark.django_db(transaction=True)
def test_events_that_are_being_written_meanwhile_are_not_left_behind(monkeypatch):
    """The writer has seen no tombstone and has not committed when the erasure begins: it is waited for."""
    looked, buried = threading.Event(), threading.Event()
    copy_rows, wait_for_writers = ingestion._copy_rows, erasure.wait_for_writers

    def copy_late(*args, **kwargs) -> None:
        looked.set()
        assert buried.wait(10)
        copy_rows(*args, **kwargs)

    def wait() -> None:
        buried.set()
        wait_for_writers()

    def write() -> None:
        record_events([NewEvent(event_id="e1", type="view", sku="A", user_id="anna", **AGREED)])
        connection.close()

    monkeypatch.setattr(ingestion, "_copy_rows", copy_late)
    monkeypatch.setattr(erasure, "wait_for_writers", wait)
    writing = threading.Thread(target=write)
    writing.start()
    assert looked.wait(10)
    erased, _ = erase_user("anna")
    writing.join()
    assert (erased["events"], Event.objects.count()) == (1, 0)


def test_nothing_reads_a_user_from_the_first_moment(monkeypatch):
    """The erasure is broken off when the tombstone is there and no event is deleted yet; it is gone on with later."""
    ProductFactory(sku="A")
    add_events([{"sku": "A", "user_key": ANNA, "order_key": ORDER, **AGREED}])
    anna, now = Visitor(user_id="anna"), timezone.now() + timedelta(seconds=1)
    assert [one.sku for one in read_history(anna, now).bought] == ["A"]
    assert len(read_facts().user_keys) == len(find_allowed([str(ANNA)])) == 1
    with monkeypatch.context() as broken:
        broken.setattr(erasure, "wait_for_writers", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            erase_user("anna")
    assert Event.objects.count() == 1
    assert read_history(anna, now) == History(user_key=str(ANNA))
    assert (len(read_facts()), find_allowed([str(ANNA)])) == (0, set())
    finish_erasures()
    assert (Event.objects.count(), Tombstone.objects.filter(is_done=False).count()) == (0, 0)


def test_all_that_is_known_is_shown(shop):
    add_life()
    answer = shop.call("GET", "users/anna/").json()
    assert [one["sku"] for one in answer["events"]] == [
        "OWN", "BEFORE-SIGN-IN", "OWN-SHARED", "BOUGHT", "BOUGHT-AS-WELL"
    ]  # fmt: skip
    assert (answer["user_key"], answer["sessions"], answer["next"], answer["erased_at"]) == (
        str(ANNA), [str(HOME)], None, None
    )  # fmt: skip
    assert answer["profiles"] == [{"version": "v1", "products": []}, {"version": "v0", "products": []}]
    assert [(one["experiment"], one["arm"], one["orders"]) for one in answer["assignments"]] == [
        ("front", "other", 0)
    ] * 2
    erase_user("anna")
    left = shop.call("GET", "users/anna/").json()
    assert (left["events"], left["sessions"], left["profiles"], left["assignments"]) == ([], [], [], [])
    assert left["erased_at"] is not None


def test_many_events_come_by_page_and_all_by_the_command(shop, monkeypatch):
    monkeypatch.setattr("behaviour.privacy.export.PAGE", 2)
    add_events([add_row(name, user_key=ANNA) for name in "ABCDE"])
    seen, cursor = [], ""
    while cursor is not None:
        answer = shop.call("GET", "users/anna/" + (f"?cursor={cursor}" if cursor else "")).json()
        seen.append([one["sku"] for one in answer["events"]])
        cursor = answer["next"]
    assert seen == [["A", "B"], ["C", "D"], ["E"]]
    out = io.StringIO()
    call_command("export_user", "anna", stdout=out)
    whole = json.loads(out.getvalue())
    assert [one["sku"] for one in whole["events"]] == list("ABCDE")
    assert whole["user_id"] == "anna"


def test_only_a_secret_key_learns_whether_there_is_such_a_user():
    add_events([add_row("A", user_key=ANNA)])
    app = ApiClient(headers={"X-Api-Key": ApiKey.objects.issue("app", scope="publishable")[1]})
    for method in ("GET", "DELETE"):
        known, unknown = (app.call(method, f"users/{name}/") for name in ("anna", "nobody"))
        assert (known.status_code, known.json()["code"]) == (unknown.status_code, unknown.json()["code"])
        assert known.status_code == 403
    assert Event.objects.count() == 1


def test_an_operator_forgets_by_command():
    add_life()
    out = io.StringIO()
    call_command("forget_user", "anna", stdout=out, stderr=io.StringIO())
    assert read_receipt(out.getvalue())["erased"]["events"] == 5


def find_tables_with(*texts: str) -> set[str]:
    """Return the tables of behaviour that hold any of these texts in any column."""
    found = set()
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname FROM pg_class WHERE relname LIKE 'behaviour%' AND relkind IN ('r', 'p')")
        for (table,) in cursor.fetchall():
            for text in texts:
                cursor.execute(f"SELECT EXISTS (SELECT FROM {table} AS one WHERE one::text LIKE %s)", [f"%{text}%"])
                if cursor.fetchone()[0]:
                    found.add(table.split("_2")[0])
    return found


PEOPLE = {
    ("behaviour_event", "user_key"), ("behaviour_event", "session_key"), ("behaviour_event", "order_key"),
    ("behaviour_profile", "user_key"), ("behaviour_experimentunit", "unit_key"), ("behaviour_tombstone", "key"),
}  # fmt: skip
NOBODYS = {("behaviour_event", "event_key"), ("behaviour_eventkey", "key")}


def test_every_column_that_could_be_of_people_is_known_to_erasure_and_export():
    """Whoever adds one adds it to `erasure.py`, `export.py` and docs/privacy.md, or here to those of nobody."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT table_name, column_name FROM information_schema.columns WHERE table_schema = current_schema() "
            "AND table_name LIKE 'behaviour%%' AND table_name !~ '_[0-9]{6}$' AND (data_type = 'uuid' "
            "OR column_name ~ '(^|_)(user|session|order|visitor|person|address|email)(_|$)')"
        )
        assert set(cursor.fetchall()) == PEOPLE | NOBODYS


def test_a_receipt_is_genuine_as_long_as_its_key_is_known(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "old", []
    receipt = sign_receipt({"user_id": "anna"})
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new", ["old"]
    assert read_receipt(receipt) == {"user_id": "anna"}
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadReceipt):
        read_receipt(receipt)


IDS = ("id-of-a-user", "id-of-a-session", "id-of-an-order")


@pytest.mark.parametrize(
    ("consent", "headers", "expected"),
    [
        ({}, {}, set()),
        ({"consent": "none"}, {}, set()),
        ({"consent": "personalisation"}, {"Sec_GPC": "1"}, set()),
        ({"consent": "analytics"}, {}, {"behaviour_event"}),
        ({"consent": "personalisation"}, {}, {"behaviour_event"}),
    ],
)
def test_no_table_holds_an_id_and_without_consent_none_holds_its_pseudonym(shop, consent, headers, expected):
    ProductFactory(sku="A")
    user, session, order = IDS
    sent = {"event_id": uuid4().hex, "type": "purchase", "sku": "A", **consent}
    assert send(shop, sent | {"user_id": user, "session_id": session, "order_id": order}, **headers)["recorded"] == 1
    assert find_tables_with(*IDS) == set()
    keys = (make_key("user", user), make_key("session", session), make_key("order", order))
    assert find_tables_with(*map(str, keys)) == expected
    whom = Visitor(user_id=user, session_id=session)
    bought = read_history(whom, timezone.now() + timedelta(seconds=1)).bought
    assert [one.sku for one in bought] == (["A"] if consent == AGREED and not headers else [])


def test_a_shop_that_wants_no_people_keeps_none_and_knows_what_was_bought_together(settings):
    settings.KINDRED_KEEP_PEOPLE = False
    bought = {"type": "purchase", "user_id": "anna", "session_id": "home", "order_id": "o1", **AGREED}
    record_events([NewEvent(event_id=sku, sku=sku, **bought) for sku in "AB"])
    assert set(Event.objects.values_list("user_key", "session_key", "order_key")) == {(None, None, ORDER)}
    facts = read_facts()
    assert (facts.baskets.tolist(), facts.users.tolist()) == ([0, 0], [-1, -1])
    assert read_history(Visitor(user_id="anna"), timezone.now()) == History()


def test_logs_name_no_user(caplog, shop):
    from config.log_lines import LineFormatter

    ProductFactory(sku="A")
    with caplog.at_level(logging.DEBUG, logger="django.request"):
        send(shop, make_event("e1", user_id="anna smith", session_id="visit"))
        ApiClient().call("GET", "users/anna%20smith/")
        shop.call("DELETE", "users/anna%20smith/")
    lines = [LineFormatter("{levelname} {message}", style="{").format(record) for record in caplog.records]
    assert any("/api/v1/users/..." in line for line in lines)
    assert not [line for line in lines if "anna" in line or "visit" in line]


def test_staff_who_may_not_see_people_see_no_pseudonym_on_any_page(client):
    add_life()
    ann = User.objects.create_user("ann", is_staff=True)
    ann.user_permissions.set(
        Permission.objects.filter(content_type__app_label="behaviour").exclude(codename="see_people")
    )
    client.force_login(ann)
    event = Event.objects.filter(user_key=ANNA, session_key=HOME).get()
    pages = [f"event/{event.pk}/change/", "event/", "experiment/", "dailycount/", "version/", "forecast/"]
    seen = []
    for page in pages:
        answer = client.get(f"/admin/behaviour/{page}", follow=True)
        seen.append(answer.status_code)
        text = answer.content.decode()
        assert not [key for key in (ANNA, BEN, HOME, SHARED, ORDER) if str(key)[:8] in text], page
    assert seen[:3] == [200, 200, 200]
    assert client.get("/api/v1/users/anna/").status_code == 403


def test_staff_who_may_not_see_people_cannot_sort_them_out_by_an_address(client):
    """Asking for one letter after another would spell a pseudonym out, and tell which events are of one person."""
    add_life()
    ann = User.objects.create_user("ann", is_staff=True)
    ann.user_permissions.set([Permission.objects.get(codename="view_event")])
    client.force_login(ann)
    asked = (f"user_key={ANNA}", f"user_key__startswith={str(ANNA)[0]}", "session_key__isnull=1", f"order_key={ORDER}")
    path = "/admin/behaviour/event/"
    assert [client.get(f"{path}?{one}").status_code for one in asked] == [400] * 4
    assert client.get(f"{path}?sku=OWN").status_code == 200
    ann.user_permissions.add(Permission.objects.get(codename="see_people"))
    seen = client.get(f"{path}?user_key={ANNA}").content.decode()
    assert "BOUGHT" in seen
    assert "NOBODYS" not in seen
