"""GET recommendations/: the batch that browsers and CDNs keep."""

from __future__ import annotations

from urllib.parse import quote

import pytest

from tests.recommendations.shelf import at_angle, make_space, put

pytestmark = pytest.mark.django_db
BATCH = "/api/v1/recommendations/"
POST = {"content_type": "application/json"}


@pytest.fixture
def shelf() -> None:
    space = make_space()
    for number, sku in enumerate("ABCD"):
        put(space, sku, at_angle(10 * number), brand="Norr" if sku in "AC" else "", attributes={"colour": "sage"})


def address(*placements: str) -> str:
    return f"{BATCH}?" + "&".join(f"placement={quote(text)}" for text in placements)


def skus(placement: dict) -> list[str]:
    return [result["sku"] for result in placement["list"]["results"]]


def test_it_answers_what_similar_and_the_post_answer(client, shelf):
    answer = client.get(
        address("anchors=A&limit=2&id=one", "anchors=A&anchors=B&limit=1&placement=basket", "strategy=recent&limit=1")
    )
    assert answer.status_code == 200
    one, cart, new = answer.json()["placements"]
    assert one["list"] == client.get("/api/v1/products/A/similar/?limit=2").json() | {"next": one["list"]["next"]}
    sent = {"placements": [{"id": "x", "anchors": ["A", "B"], "limit": 1, "placement": "basket"}]}
    [by_post] = client.post(BATCH, sent, **POST).json()["placements"]
    own = {name: cart["list"][name] for name in ("next", "recommendation_id")}  # what is posted is nobody else's
    assert cart["list"] == by_post["list"] | own
    assert [one["id"], cart["id"], skus(new)] == ["one", "", ["D"]]


def test_each_has_its_place_although_another_is_the_same(client, shelf):
    """Two widgets of one page that ask for the same list; the second one had none."""
    same, other = "anchors=A&limit=1", "anchors=D&limit=1"
    assert [skus(one) for one in client.get(address(same, same, other)).json()["placements"]] == [["B"], ["B"], ["C"]]


def test_filters_and_cursors_are_those_of_similar(client, shelf):
    query = "anchors=A&limit=1&attr.colour=sage&exclude=B"
    [first] = client.get(address(query)).json()["placements"]
    assert skus(first) == ["C"]
    [second] = client.get(address(f"{query}&cursor={quote(first['list']['next'])}")).json()["placements"]
    assert skus(second) == ["D"]
    [branded] = client.get(address("anchors=A&brand=Norr&limit=5&fallback=false")).json()["placements"]
    assert skus(branded) == ["C"]


def test_it_is_kept_and_compared_by_its_etag(client, shelf):
    answer = client.get(address("anchors=A", "anchors=B"))
    assert answer["Cache-Control"] == "public, max-age=30"
    again = client.get(address("anchors=A", "anchors=B"), headers={"If-None-Match": answer["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_each_placement_fails_alone_and_then_nothing_is_kept(client, shelf):
    answer = client.get(address("anchors=A&limit=1", "anchors=NONE", "anchors=A&limit=0", "anchors=A&colour=x"))
    assert answer["Cache-Control"] == "no-cache"
    good, *bad = answer.json()["placements"]
    assert skus(good) == ["B"]
    assert [(one["list"], one["problem"]["status"]) for one in bad] == [(None, 404), (None, 400), (None, 400)]


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("", "placement"),
        ("placement=", "placement.0"),
        ("&".join(["placement=limit%3D1"] * 21), "placement"),
        ("placements=x", "placements"),
    ],
)
def test_what_is_no_batch_is_refused_by_name(client, query, field):
    answer = client.get(f"{BATCH}?{query}")
    assert answer.status_code == 400
    assert {error["field"] for error in answer.json()["errors"]} >= {field}
