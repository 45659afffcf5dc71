"""What may befall a connection to Postgres: what it has prepared is outdated, something broke off, too much is sent."""

from __future__ import annotations

from contextlib import closing

import pytest
from django.db import NotSupportedError, connection, transaction
from django.db.models import Q

from api.postgres.base import MAX_VALUES
from api.postgres.rows import PREPARED_FROM, fetch_rows
from tests.factories import CategoryFactory, ProductFactory

LOOK = "SELECT size FROM shelves WHERE size = %(size)s::int"


@pytest.fixture
def shelves(transactional_db):
    """A table that other connections see, and whose rows were asked for until it is prepared."""
    with connection.cursor() as cursor:
        cursor.execute("CREATE TABLE shelves AS SELECT 7 AS size")
    yield
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE shelves")


def look() -> list[dict[str, object]]:
    return fetch_rows(LOOK, {"size": 7}, one_plan=True)


def prepare() -> None:
    for _ in range(PREPARED_FROM + 1):
        assert look() == [{"size": 7}]
    assert count_prepared() == 1


def count_prepared() -> int:
    return int(fetch_rows("SELECT count(*) AS n FROM pg_prepared_statements", {})[0]["n"])


def migrate() -> None:
    with closing(connection.copy()) as another, another.cursor() as cursor:
        cursor.execute("ALTER TABLE shelves ALTER size TYPE bigint")


def forget() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DEALLOCATE ALL")


@pytest.mark.parametrize("outdate", [migrate, forget])
def test_a_list_is_answered_also_when_what_was_prepared_for_it_is_outdated(shelves, outdate):
    prepare()
    outdate()
    assert look() == [{"size": 7}]
    prepare()


def test_within_a_transaction_what_is_outdated_fails_once_and_is_forgotten_with_it(shelves):
    prepare()
    migrate()
    with pytest.raises(NotSupportedError), transaction.atomic():
        look()
    with transaction.atomic():
        assert look() == [{"size": 7}]


def test_what_postgres_cannot_do_is_said(transactional_db):
    with pytest.raises(NotSupportedError):
        fetch_rows("SELECT 1 AS n FROM catalog_product GROUP BY id FOR UPDATE", {}, one_plan=True)


@pytest.mark.django_db
def test_a_connection_on_which_something_broke_off_is_not_used_again():
    with closing(connection.copy()) as own:
        assert not own.is_usable()  # there is none yet
        own.ensure_connection()
        assert own.is_usable()
        own.connection.pgconn.send_query(b"SELECT pg_sleep(60)")
        assert not own.is_usable()
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_terminate_backend(%s, 5000)", [own.connection.info.backend_pid])


@pytest.mark.django_db
def test_a_statement_may_have_more_values_than_postgres_takes_beside_one():
    category = CategoryFactory(name="100%")
    ProductFactory(category=category)
    ids = [category.pk, *range(-MAX_VALUES, 0)]
    found = type(category).objects.filter(Q(pk__in=ids), name__endswith="%")
    assert list(found) == [category]
    assert list(type(category).objects.in_bulk(ids)) == [category.pk]
