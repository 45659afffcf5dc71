"""Pseudonyms: the same for the same, whatever becomes of the secret key; nothing that can be read or compared."""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

import pytest

from behaviour.events.pseudonyms import make_hex, make_key


@pytest.fixture(autouse=True)
def secrets(settings):
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS, settings.KINDRED_PSEUDONYM_SALT = "old", [], ""


def test_a_pseudonym_is_a_hash_with_the_secret():
    digest = hmac.new(b"old", b"user:u-4711", hashlib.sha256).digest()
    assert make_key("user", "u-4711") == UUID(bytes=digest[:16])
    assert make_hex("user", "u-4711") == digest[:16].hex()


def test_the_same_text_in_two_roles_has_two_pseudonyms():
    assert len({make_key(role, "7") for role in ("event", "user", "session", "order")}) == 4


def test_people_stay_the_same_under_a_new_secret_key_as_long_as_the_oldest_is_known(settings):
    before = make_key("user", "u")
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "newest", ["new", "old"]
    assert make_key("user", "u") == before
    settings.SECRET_KEY_FALLBACKS = ["new"]
    assert make_key("user", "u") != before


def test_a_salt_of_their_own_makes_pseudonyms_independent_of_secret_keys(settings):
    settings.KINDRED_PSEUDONYM_SALT = "old"
    before = make_key("user", "u")
    settings.SECRET_KEY = "new"
    assert make_key("user", "u") == before
    settings.KINDRED_PSEUDONYM_SALT = "other"
    assert make_key("user", "u") != before
