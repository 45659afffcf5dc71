"""What a request may cost: round trips to Postgres and the cache, and what is made once for a process."""

from __future__ import annotations

from time import monotonic, sleep
from unittest import mock

import psycopg
import pytest
from django.db import connection, connections
from django.db.backends.postgresql.base import DatabaseWrapper as DjangosWrapper
from django.db.models import Model
from django.urls import reverse, set_script_prefix
from rest_framework.fields import Field

from api import throttling
from api.postgres.rows import fetch_rows
from catalog.addresses import product_page_address, sized_picture_address
from catalog.models import Product, ProductImage
from catalog.rest.answers import FIELDS, ImageSerializer, ProductSerializer, render_image
from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db

SIMILAR, PRODUCTS, SEARCH = (
    "/api/v1/products/A/similar/?limit=2",
    "/api/v1/products/",
    "/api/v1/search/?q=b&mode=full_text",
)


@pytest.fixture
def shelf(client):
    space = make_space()
    for number, sku in enumerate("ABCD"):
        product = put(space, sku, at_angle(10 * number))
        ProductImage.objects.bulk_create([ProductImage(product=product, file="b.webp", sha256="ab", width=1, height=1)])
    for path in (SIMILAR, PRODUCTS, SEARCH, f"{PRODUCTS}A/"):
        assert client.get(path).status_code == 200  # what is made once is made


@pytest.fixture
def round_trips(monkeypatch):
    """Each wait of psycopg for Postgres, SELECT 1 included, which Django's own records leave out."""
    calls = []
    wait = psycopg.Connection.wait

    def count(self, generator, **options):
        calls.append(generator)
        return wait(self, generator, **options)

    monkeypatch.setattr(psycopg.Connection, "wait", count)
    return calls


@pytest.fixture
def checked(monkeypatch):
    """Django's connection as a request finds it, whose first statement sees whether it stands."""
    own = connections["default"]
    monkeypatch.setattr(own, "health_check_enabled", True)
    monkeypatch.setattr(own, "health_check_done", False)
    monkeypatch.setattr(own, "in_atomic_block", False)  # no check is made inside; nothing here writes


@pytest.mark.parametrize(
    ("path", "trips"), [(SIMILAR, 2), (PRODUCTS, 3), (f"{PRODUCTS}A/", 3), (f"{PRODUCTS}?fields=title", 1)]
)
def test_a_request_makes_no_more_round_trips_than_it_has_statements(client, shelf, checked, round_trips, path, trips):
    assert client.get(path).status_code == 200
    assert (len(round_trips), connection.health_check_done) == (trips, True)


@pytest.mark.parametrize("path", [SIMILAR, PRODUCTS, f"{PRODUCTS}A/", f"{PRODUCTS}A/?fields=title", SEARCH])
def test_no_field_is_made_or_copied_for_a_request(client, shelf, monkeypatch, path):
    for name in ("__new__", "__init__", "__deepcopy__"):
        monkeypatch.setattr(Field, name, mock.Mock(side_effect=AssertionError(f"Field.{name}")))
    assert client.get(path).status_code == 200


def test_the_rows_of_a_list_are_no_models(client, shelf, monkeypatch):
    monkeypatch.setattr(Model, "__init__", mock.Mock(side_effect=AssertionError("a model")))
    answer = client.get(SIMILAR).json()
    assert [(item["url"], item["image_url"]) for item in answer["results"]] == [
        (f"http://testserver/products/{sku}/", "http://testserver/images/ab/640.webp") for sku in "BC"
    ]


def test_a_busy_caller_is_told_to_the_cache_once_for_a_thousandth_of_its_budget(client, shelf, settings, monkeypatch):
    settings.KINDRED_API_RATES = settings.KINDRED_API_RATES | {"anonymous": "4000/day"}
    told = mock.Mock(side_effect=[10, 14, 18])
    monkeypatch.setattr(throttling, "count_request", lambda name, *, window_s, amount: told(amount))
    monkeypatch.setattr(throttling, "tallies", {})
    left = [client.get(f"{PRODUCTS}?fields=sku")["RateLimit"].split(";")[1] for _ in range(9)]
    assert [call.args for call in told.call_args_list] == [(1,), (4,), (4,)]
    assert left == [f"r={4000 - count}" for count in (10, 11, 12, 13, 14, 15, 16, 17, 18)]


def test_statements_of_one_plan_are_prepared_and_others_planned_for_their_values():
    for number in range(10):
        assert fetch_rows("SELECT %(n)s::int AS one_plan", {"n": number}, one_plan=True) == [{"one_plan": number}]
        assert fetch_rows("SELECT %(n)s::int AS own_plan", {"n": number}) == [{"own_plan": number}]
    with connection.cursor() as cursor:
        cursor.execute("SELECT statement, generic_plans > 0 FROM pg_prepared_statements WHERE statement ~ '_plan$'")
        assert cursor.fetchall() == [("SELECT $1::int AS one_plan", True)]


def test_a_connection_that_stands_is_asked_nothing(round_trips):
    connection.ensure_connection()
    assert connection.is_usable()
    assert round_trips == []


@pytest.mark.parametrize("notice", ["the end", "a notification"])
def test_what_has_arrived_at_a_connection_that_waits_is_looked_into(notice, django_db_blocker):
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("LISTEN heard")
            pid = other.connection.info.backend_pid
        third = connection.copy()
        with third.cursor() as cursor:
            cursor.execute("NOTIFY heard" if notice == "a notification" else f"SELECT pg_terminate_backend({pid})")
        third.close()
        until = monotonic() + 10
        with mock.patch.object(DjangosWrapper, "is_usable", autospec=True, side_effect=DjangosWrapper.is_usable) as ask:
            while not ask.called and monotonic() < until:
                stands = other.is_usable()
                sleep(0)
        assert (ask.called, stands) == (True, notice == "a notification")
        if not stands:
            assert not other.is_usable()  # nor later, when the socket is gone
    finally:
        other.close()


def test_fields_of_products_and_pictures_are_rendered_as_they_are_declared():
    assert tuple(FIELDS) == tuple(ProductSerializer().fields)
    image = ProductImage(pk=1, file="a.webp", sha256="ab", width=1, height=2)
    assert tuple(render_image(image, origin="http://shop")) == tuple(ImageSerializer().fields)


@pytest.mark.parametrize("prefix", ["/", "/shop-1/"])
def test_addresses_are_those_of_the_routes(prefix):
    set_script_prefix(prefix)
    try:
        for sku in ("MUG-1", "a b", "100%", "ä/ö#?", "花瓶", "-", "x;y=z,&+$!'()*~:@", '"<>[]^`{|}'):
            assert product_page_address(sku) == reverse("product_page", args=[sku])
            assert Product(sku=sku).get_absolute_url() == product_page_address(sku)
        for sha256 in ("ab" * 32, "none"):
            assert sized_picture_address(sha256, width=640) == reverse("sized_picture", args=[sha256, 640])
        assert sized_picture_address("", width=160) == f"{prefix}images/none/160.webp"
    finally:
        set_script_prefix("/")
