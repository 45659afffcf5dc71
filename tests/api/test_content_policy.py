"""What pages may load is said in a header; other answers keep their own."""

from __future__ import annotations

import pytest

from api.content_policy import build_policy

OWN = (
    "default-src 'none'; script-src 'self'; style-src 'self'; font-src 'self'; img-src 'self' data:; "
    "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)


@pytest.mark.parametrize("path", ["/", "/search/", "/admin/login/", "/nowhere/", "/products/NONE/"])
def test_pages_load_what_is_ours_and_nothing_that_stands_in_them(client, db, path):
    assert client.get(path).headers["Content-Security-Policy"] == OWN


def test_answers_with_a_policy_of_their_own_keep_it(client, db):
    assert client.get("/api/v1/products/").headers["Content-Security-Policy"].startswith("default-src 'none'; frame-")
    assert "'unsafe-inline'" in client.get("/api/v1/docs/").headers["Content-Security-Policy"]
    assert "Content-Security-Policy" not in client.get("/widgets/kindred.js").headers


def test_pictures_and_files_may_come_from_where_the_settings_say(settings):
    settings.MEDIA_URL, settings.STATIC_URL = "https://bucket.example/shop/", "//files.example/static/"
    settings.KINDRED_PICTURE_ORIGINS = ["https://cdn.example"]
    policy = dict(part.split(" ", 1) for part in build_policy().split("; "))
    assert policy["img-src"] == "'self' data: https://files.example https://bucket.example https://cdn.example"
    assert policy["script-src"] == policy["style-src"] == policy["font-src"] == "'self' https://files.example"
