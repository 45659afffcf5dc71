"""Who saw which case: written down where a field asks for it, kept as it is, and read by who may."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.cache import cache
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from api.models import ApiKey
from catalog.models import ViewRecord
from catalog.pruning import prune
from catalog.view_audit import recording
from catalog.view_audit.finding import MAX_SHOWN
from recommendations.requests import MAX_LIMIT
from recommendations.rest.parameters import MAX_PLACEMENTS
from tests.factories import ProductFactory
from tests.recommendations.shelf import make_space, put

pytestmark = pytest.mark.django_db


@pytest.fixture
def reader(settings, tmp_path) -> Client:
    """Somebody of the staff, in a field for staff alone that is audited."""
    said = {"title": {"en": "Films", "zh-hans": "胶片"}, "access": "staff", "audit": True}
    (tmp_path / "field.json").write_text(json.dumps(said), encoding="utf-8")
    settings.KINDRED_FIELD = str(tmp_path)
    cache.clear()
    client = Client()
    client.force_login(User.objects.create_user("reader", is_staff=True))
    return client


def test_a_page_of_a_case_is_written_down_with_who_when_and_from_where(reader):
    ProductFactory.create(sku="C/1")
    before = timezone.now()
    answer = reader.get("/products/C/1/", headers={"Referer": "http://testserver/search/?q=secret"})
    record = ViewRecord.objects.get()
    assert (record.username, record.opened, record.shown) == ("reader", "C/1", ["C/1"])
    assert (record.page, record.path, record.opened_from) == ("product_page", "/products/C/1/", "/search/")
    assert record.address == "127.0.0.1"
    assert record.seen_at >= before
    assert answer["Cache-Control"] == "private, no-store"


@pytest.mark.parametrize("said", ["http://[", "http://a\0b/"])
def test_a_referer_that_is_no_address_is_left_out(reader, said):
    ProductFactory.create(sku="C-1")
    assert reader.get("/products/C-1/", headers={"Referer": said}).status_code == 200


def test_a_list_is_one_row_with_all_that_it_shows(reader):
    for number in range(5):
        ProductFactory.create(sku=f"C-{number} & co")
    reader.get("/")
    record = ViewRecord.objects.get()
    assert record.opened == ""
    assert sorted(record.shown) == [f"C-{number} & co" for number in range(5)]


@pytest.mark.parametrize("path", ["/", "/compare/?sku=C-1&sku=C-2", "/search/suggestions/?q=Film"])
def test_cases_that_have_a_page_elsewhere_are_written_down_all_the_same(reader, path):
    for sku in ("C-1", "C-2"):
        ProductFactory.create(sku=sku, title="Film", url="https://archive.example/")
    answer = reader.get(path)
    assert b"archive.example" not in answer.content
    assert sorted(ViewRecord.objects.get().shown) == ["C-1", "C-2"]


def test_an_answer_of_the_api_is_written_down_with_the_key_that_asked(reader):
    space = make_space()
    for sku, vector in {"A": (1.0, 0.0, 0.0), "B": (0.9, 0.1, 0.0)}.items():
        put(space, sku, vector)
    _, token = ApiKey.objects.issue("pacs", scope="secret")
    Client().get("/api/v1/products/A/similar/", headers={"Authorization": f"Bearer {token}"})
    record = ViewRecord.objects.get()
    assert (record.api_key, record.username, record.opened, record.shown) == ("pacs", "", "A", ["A", "B"])


def test_the_admin_is_no_way_around_it(reader):
    product = ProductFactory.create(sku="C-1")
    User.objects.filter(username="reader").update(is_superuser=True)
    reader.get(f"/admin/catalog/product/{product.pk}/change/")
    assert ViewRecord.objects.get().opened == "C-1"
    reader.get("/admin/catalog/product/")
    assert ViewRecord.objects.first().shown == ["C-1"]


def test_a_case_that_is_only_called_by_name_counts_as_shown(reader):
    put(make_space(), "C (1)", (1.0, 0.0, 0.0))
    ProductFactory.create(sku="C-2", title="Nodule (left)")
    User.objects.filter(username="reader").update(is_superuser=True)
    completions = {"app_label": "catalog", "model_name": "productaudio", "field_name": "product", "term": "Nodule"}
    seen = []
    for path, query in (("/admin/autocomplete/", completions), ("/admin/embeddings/productembedding/", {})):
        assert reader.get(path, query).status_code == 200
        seen.append([record.shown for record in ViewRecord.objects.filter(path=path)])
    assert seen == [[["C-2"]], [["C (1)"]]]


def test_what_a_write_answers_with_and_the_largest_batch_are_written_down(reader):
    _, token = ApiKey.objects.issue("pacs", scope="secret")
    body = {"title": "Film", "currency": "EUR"}
    sent = Client().put("/api/v1/products/C-9/", body, "application/json", headers={"X-Api-Key": token})
    assert (sent.status_code, ViewRecord.objects.get().shown) == (201, ["C-9"])
    assert MAX_SHOWN >= MAX_PLACEMENTS * MAX_LIMIT


def test_who_is_sent_away_has_seen_nothing_and_pages_without_cases_are_not_written_down(reader):
    ProductFactory.create(sku="C-1")
    Client().get("/products/C-1/")
    reader.get("/products/C-2/")
    reader.get("/healthz")
    reader.head("/products/C-1/")
    assert not ViewRecord.objects.exists()


def test_it_costs_one_statement_whatever_is_shown(reader):
    ViewRecord.objects.bulk_create(ViewRecord(page="x", path="/", shown=["C-1"]) for _ in range(300))
    for number in range(20):
        ProductFactory.create(sku=f"C-{number}")
    with CaptureQueriesContext(
        connection,
    ) as queries:
        reader.get("/")
    ours = [query["sql"] for query in queries if "catalog_viewrecord" in query["sql"]]
    assert len(ours) == 1
    assert ours[0].startswith("INSERT")


def test_what_cannot_be_written_down_is_not_shown(reader, monkeypatch):
    ProductFactory.create(sku="C-1", title="Secret title")

    def fail(*_: object) -> None:
        raise DatabaseError

    monkeypatch.setattr(recording, "make_record", fail)
    for path in ("/products/C-1/", "/api/v1/products/C-1/"):
        answer = reader.get(path)
        assert answer.status_code == 503
        assert b"Secret title" not in answer.content


@pytest.mark.parametrize("setting", [None, False])
def test_a_shop_writes_nothing_when_somebody_looks(client, settings, setting):
    settings.KINDRED_AUDIT_VIEWS = setting
    ProductFactory.create(sku="C-1")
    client.get("/products/C-1/")
    assert not ViewRecord.objects.exists()


def test_any_shop_may_ask_for_it(settings):
    settings.KINDRED_AUDIT_VIEWS = True
    ProductFactory.create(sku="C-1")
    Client().get("/products/C-1/")
    assert ViewRecord.objects.get().username == ""


def make_record(**said: object) -> ViewRecord:
    return ViewRecord.objects.create(**{"page": "product_page", "path": "/products/C-1/", "shown": ["C-1"]} | said)


def test_no_row_is_changed_or_deleted_before_its_time(settings):
    record = make_record()
    for deed in (record.delete, lambda: ViewRecord.objects.update(username="somebody else")):
        with pytest.raises(DatabaseError, match="neither changed nor deleted"), transaction.atomic():
            deed()
    settings.KINDRED_AUDIT_KEPT_DAYS = 0
    assert prune("views") == 0
    settings.KINDRED_AUDIT_KEPT_DAYS = 30
    old = make_record(opened="old")
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE catalog_viewrecord DISABLE TRIGGER USER")
        ViewRecord.objects.filter(pk=old.pk).update(seen_at=timezone.now() - timedelta(days=31))
        cursor.execute("ALTER TABLE catalog_viewrecord ENABLE TRIGGER USER")
    assert (prune("views", dry_run=True), prune("views"), ViewRecord.objects.get()) == (1, 1, record)


def test_only_who_has_the_permission_reads_it_and_they_find_and_export_it(reader):
    make_record(username="=cmd", opened="C-1", shown=["C-1", "C-2"])
    make_record(username="other", shown=["C-3"])
    address = "/admin/catalog/viewrecord/"
    assert reader.get(address).status_code == 403
    User.objects.get(username="reader").user_permissions.add(Permission.objects.get(codename="view_viewrecord"))
    found = {
        q: [row.username for row in reader.get(address, {"q": q}).context["cl"].result_list] for q in ("C-2", "other")
    }
    assert found == {"C-2": ["=cmd"], "other": ["other"]}
    data = {"action": "export_views", "_selected_action": list(ViewRecord.objects.values_list("pk", flat=True))}
    lines = b"".join(reader.post(address, data).streaming_content).decode().splitlines()
    assert lines[0].startswith("seen_at,username,")
    assert ",'=cmd," in lines[-1]
    assert "C-1|C-2" in lines[-1]
    assert ViewRecord.objects.filter(username="reader", page="admin:catalog_viewrecord_changelist").exists()
