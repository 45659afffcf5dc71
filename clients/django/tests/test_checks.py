"""Wrong settings are named by `manage.py check`, each with an id and what to write."""

from __future__ import annotations

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.core.management import call_command

from kindred_django.checks import check_settings
from kindred_django.configuration import configuration


@pytest.mark.parametrize(
    ("change", "number", "said"),
    [
        ({"TIMEOUT": 3}, "E002", "TIMEOUT_S"),
        ({"XYZ": 3}, "E002", "There are URL, KEY"),
        ({"URL": "kindred.example"}, "E003", "https://"),
        ({"URL": ""}, "E003", "https://"),
        ({"SITE_URL": "shop"}, "E003", "https://"),
        ({"URL": "http://kindred.example"}, "W001", "Use https"),
        ({"KEY": "kindred_pk_public"}, "E004", "--scope secret"),
        ({"PUBLIC_KEY": "kindred_sk_secret"}, "E004", "--scope publishable"),
        ({"SOURCES": []}, "E005", "shop.kindred.Products"),
        ({"SOURCES": "examples.plain.Products"}, "E005", "shop.kindred.Products"),
        ({"SOURCES": ["shop.nowhere.Products"]}, "E006", "dotted path"),
        ({"SOURCES": ["shop.models.Product"]}, "E006", "Derive it"),
        ({"SOURCES": ["examples.plain.Products"] * 2}, "E007", "`name`"),
        ({"CONSENT": "shop.consent.missing"}, "E009", "dotted path of a function"),
        ({"DELIVER": "sometimes"}, "E009", "'thread' or 'later'"),
    ],
)
def test_what_is_wrong_is_said_with_what_to_write(settings, change, number, said):
    settings.KINDRED = settings.KINDRED | change
    [message] = check_settings()
    assert message.id == f"kindred_django.{number}"
    assert said in message.hint
    assert "kindred_sk_secret" not in str(message)


@pytest.mark.parametrize("related", [{"shop.Nothing": "product"}, {"Stock": "product"}, {"shop.Stock": "goods"}])
def test_related_models_that_are_not_there_are_named(monkeypatch, related):
    from examples.plain import Products

    monkeypatch.setattr(Products, "related", related)
    assert [message.id for message in check_settings()] == ["kindred_django.E008"]


def test_a_project_that_is_set_up_has_nothing_to_complain_about(settings):
    assert check_settings() == []
    del settings.KINDRED
    assert [message.id for message in check_settings()] == ["kindred_django.E001"]


def test_what_reads_the_setting_says_what_to_write(settings):
    settings.KINDRED = {"URL": "https://kindred.example"}
    with pytest.raises(ImproperlyConfigured, match="Set KINDRED = "):
        configuration()


def test_a_page_about_an_error_does_not_show_the_key(rf, settings):
    from django.views.debug import get_exception_reporter_filter

    shown = get_exception_reporter_filter(rf.get("/")).get_safe_settings()["KINDRED"]
    assert shown["KEY"] == "********************"


@pytest.mark.django_db
def test_the_tables_are_those_of_the_migrations():
    call_command("makemigrations", "kindred_django", check=True, dry_run=True)


def test_a_source_that_cannot_say_which_model_it_is_of_is_named(monkeypatch):
    from examples.plain import Products

    monkeypatch.setattr(Products, "queryset", lambda self: 1 / 0)
    [message] = check_settings()
    assert (message.id, "ZeroDivisionError" in message.msg) == ("kindred_django.E010", True)
