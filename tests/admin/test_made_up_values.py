"""Values that somebody made up, in addresses and forms of the admin: told that they are bad, whatever they are."""

from __future__ import annotations

import logging

import pytest

from catalog.pictures.checks import MAX_PICTURES
from embeddings.models import EmbeddingSpace
from tests.factories import ProductFactory
from tests.recommendations.shelf import make_space

pytestmark = pytest.mark.django_db
RULE = {"kind": "boost", "strategies": "similar", "target_brand": "Nordlyn", "factor": "2", "is_active": "on"}


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("catalog/product/?created_at__year=99999999", None),
        ("api/apikey/?created_at__year=99999999", None),
        ("catalog/product/add/?category=x", None),
        ("api/apikey/add/?expires_at=x", None),
        ("recommendations/rule/add/?anchor=x", None),
        ("auth/group/1/change/?_to_field=", None),
        ("auth/group/1/delete/?_popup=1&_to_field=", None),
        ("recommendations/rule/add/", {**RULE, "anchor": "x"}),
        ("recommendations/rule/add/", {**RULE, "target": "\0"}),
        ("catalog/product/", {"action": "hide_from_shop", "_selected_action": "x"}),
        ("catalog/product/", {"action": "delete_selected", "_selected_action": "\0"}),
    ],
)
def test_a_value_that_django_takes_as_it_comes_is_a_bad_request(admin_client, caplog, path, form):
    ProductFactory(sku="A", brand="Nordlyn")
    send = admin_client.get if form is None else admin_client.post
    with caplog.at_level(logging.ERROR, logger="api.unavailable"):
        answer = send(f"/admin/{path}", form or {})
    assert answer.status_code == 400
    assert "Traceback" in caplog.text  # a mistake of our own stays visible


def test_while_debugging_it_is_raised(admin_client, settings):
    settings.DEBUG = True
    with pytest.raises(ValueError, match="year 99999999 is out of range"):
        admin_client.get("/admin/catalog/product/?created_at__year=99999999")


def test_the_dial_of_a_space_may_be_left_empty_in_any_way(admin_client):
    space = make_space()
    for typed in ("null", "", "{}"):
        EmbeddingSpace.objects.update(category_text_weights={"Mugs": 0.5})
        answer = admin_client.post(
            f"/admin/embeddings/embeddingspace/{space.pk}/change/", {"category_text_weights": typed}
        )
        assert answer.status_code == 302
        assert EmbeddingSpace.objects.get().category_text_weights == {}


def test_no_more_pictures_are_made_of_a_form_than_there_may_be(admin_client):
    sent = {"images-TOTAL_FORMS": "2000", "images-INITIAL_FORMS": "0"}
    page = admin_client.post("/admin/catalog/product/add/", {"sku": "A", "title": "Mug", **sent})
    formset = page.context["inline_admin_formsets"][0]
    assert formset.formset.non_form_errors() == [f"Please submit at most {MAX_PICTURES} forms."]
    assert len(formset.formset.forms) == MAX_PICTURES + 1
