"""The doctor's pages: what they show, what their buttons do, and who may press them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from api import counts
from catalog.doctor import pages
from catalog.doctor.checks import CHECKS
from catalog.models import DoctorDeed, DoctorRound, DoctorScore, Finding, Product
from tests.factories import ProductFactory, ProductImageFactory

pytestmark = pytest.mark.django_db
LIST = "/admin/doctor/no_text/"


def log_in(*permissions: str) -> Client:
    user = User.objects.create_user("ann", is_staff=True)
    user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
    client = Client()
    client.force_login(user)
    return client


def find(sku: str, check: str = "no_text", **fields: Any) -> Finding:
    return Finding.objects.create(check_name=check, product=ProductFactory(sku=sku, description=""), **fields)


def said(response: Any) -> list[str]:
    return [str(message) for message in response.context["messages"]]


def test_the_front_page_counts_scores_and_draws_what_is_amiss_first(admin_client):
    find("A"), find("B")
    today = timezone.localdate()
    for day, amiss in ((1, 4), (0, 2)):
        DoctorScore.objects.create(check_name="no_text", day=today - timedelta(days=day), amiss=amiss, products=8)
    page = admin_client.get(reverse("doctor"))
    first, *others = page.context["cards"]
    assert (first.check.name, first.count, first.percent) == ("no_text", "2", 75.0)
    assert [card.count for card in others] == ["0"] * (len(CHECKS) - 1)
    content = page.content.decode()
    assert "75.0% of the catalogue is well" in content
    assert '<polyline points="3.0,25.0 117.0,3.0"' in content


def test_the_front_page_says_how_far_the_round_is(admin_client):
    url = reverse("doctor")
    assert "No round has ended yet" in admin_client.get(url).content.decode()
    DoctorRound.objects.create(id=1, stage=1, examined=3, products=10, began_at=timezone.now())
    page = admin_client.get(url).content.decode()
    assert "The doctor is going round: 3 products looked at." in page
    assert '<progress max="10" value="3"' in page
    DoctorRound.objects.update(products=0)  # the first round: nobody knows yet how many there are
    assert "<progress aria-label" in admin_client.get(url).content.decode()
    DoctorRound.objects.update(products=10)
    DoctorRound.objects.update(stage=0, ended_at=timezone.now())
    assert "10 products looked at." in admin_client.get(url).content.decode()


def test_somebody_asks_for_a_round(admin_client):
    page = admin_client.post(reverse("doctor_look_again"), follow=True)
    assert DoctorRound.objects.get().asked_at is not None
    assert said(page) == ["The doctor looks at the whole catalogue again. This page shows how far it is."]
    assert "A round is asked for" in page.content.decode()


def test_what_a_page_reads_does_not_grow_with_what_is_found(admin_client, monkeypatch):
    monkeypatch.setattr(counts, "MAX_COUNTED", 3)
    find("A0")
    with CaptureQueriesContext(connection) as few:
        admin_client.get(LIST)
    for number in range(1, 6):
        ProductImageFactory(product=find(f"A{number}").product)
    with CaptureQueriesContext(connection) as many:
        page = admin_client.get(LIST)
    assert len(many) <= len(few) + 1  # the estimate
    assert page.context["counted"] == "3+"
    assert admin_client.get(LIST, {"page": "999"}).status_code == 200


def test_the_list_shows_the_worst_first_with_what_can_be_done(admin_client):
    find("MILD", severity=0.2), find("BAD", severity=0.9)
    page = admin_client.get(LIST).content.decode()
    assert page.index("BAD") < page.index("MILD")
    for words in ("Save the description", "Hide from the shop", "Ignore", "It has a title, and nothing else is said"):
        assert words in page


def test_a_pair_is_shown_side_by_side_and_either_may_stay(admin_client):
    other = ProductFactory(sku="OTHER")
    finding = find("ONE", "near_duplicate", other=other, details={"text": 0.5, "image": 0.9})
    url = reverse("doctor_findings", args=["near_duplicate"])
    page = admin_client.get(url).content.decode()
    assert "Alike: texts 0.50, pictures 0.90 of 1" in page
    assert page.count('value="merge"') == 3  # beside each, and for those selected
    act = reverse("doctor_act", args=["near_duplicate"])
    admin_client.post(act, {"finding": finding.pk, "deed": "merge", "keep": other.pk})
    assert list(Product.objects.filter(is_active=True)) == [other]


def test_a_deed_is_done_to_all_that_are_selected_and_undone_one_by_one(admin_client):
    findings = [find(sku) for sku in "ABC"]
    act = reverse("doctor_act", args=["no_text"])
    page = admin_client.post(act, {"finding": [findings[0].pk, findings[1].pk], "deed": "hide"}, follow=True)
    assert said(page) == ["Done for 2 findings: Hide from the shop."]
    assert list(Product.objects.filter(is_active=True).values_list("sku", flat=True)) == ["C"]
    kept = DoctorDeed.objects.get(product__sku="A")
    assert f'name="kept" value="{kept.pk}"' in page.content.decode()
    page = admin_client.post(reverse("doctor_undo", args=["no_text"]), {"kept": kept.pk}, follow=True)
    assert said(page) == ["Undone: Hide from the shop."]
    assert Product.objects.get(sku="A").is_active
    page = admin_client.post(reverse("doctor_undo", args=["no_text"]), {"kept": kept.pk}, follow=True)
    assert said(page) == ["There is nothing to undo."]


def test_a_deed_with_fields_is_done_to_one(admin_client):
    findings = [find(sku) for sku in "AB"]
    act = reverse("doctor_act", args=["no_text"])
    numbers = [finding.pk for finding in findings]
    admin_client.post(act, {"finding": numbers, "deed": "write_text", "text": "A mug."})
    assert sorted(Product.objects.values_list("description", flat=True)) == ["", "A mug."]


def test_what_cannot_be_done_is_told(admin_client):
    act = reverse("doctor_act", args=["no_text"])
    page = admin_client.post(act, {"finding": find("A").pk, "deed": "write_text", "text": ""}, follow=True)
    assert said(page) == ["Write a description of 1 to 20000 characters."]
    page = admin_client.post(act, {"deed": "hide", "finding": ["x", "999999999999999999999"]}, follow=True)
    assert said(page) == ["Nothing is selected, or it is gone already."]


def test_a_finding_is_ignored_and_comes_back(admin_client, admin_user):
    finding = find("A")
    act = reverse("doctor_act", args=["no_text"])
    page = admin_client.post(act, {"finding": finding.pk, "deed": "ignore"}, follow=True)
    assert said(page) == ["1 finding is ignored from now on."]
    assert page.context["rows"] == []
    finding.refresh_from_db()
    assert finding.ignored_by == admin_user
    assert [row.finding for row in admin_client.get(LIST + "?ignored").context["rows"]] == [finding]
    page = admin_client.post(act, {"finding": finding.pk, "deed": "unignore", "ignored": "1"}, follow=True)
    assert page.context["is_ignored"]
    assert [row.finding for row in admin_client.get(LIST).context["rows"]] == [finding]


def test_a_deed_of_another_check_or_of_none_is_not_found(admin_client):
    finding = find("A")
    act = reverse("doctor_act", args=["no_text"])
    for deed in ("merge", "nothing", ""):
        assert admin_client.post(act, {"finding": finding.pk, "deed": deed}).status_code == 404
    assert admin_client.get("/admin/doctor/nothing/").status_code == 404
    assert admin_client.post("/admin/doctor/nothing/act/").status_code == 404
    assert Product.objects.get().is_active


def test_who_may_see_products_sees_findings_and_changes_nothing():
    client, finding = log_in("view_product"), find("A")
    page = client.get(LIST)
    assert page.status_code == 200
    assert "<form" not in page.content.decode().split('id="content"')[1].split('id="footer"')[0]
    act = reverse("doctor_act", args=["no_text"])
    for deed in ("hide", "ignore", "write_text"):
        assert client.post(act, {"finding": finding.pk, "deed": deed, "text": "x"}).status_code == 403
    assert client.post(reverse("doctor_look_again")).status_code == 403
    assert client.post(reverse("doctor_undo", args=["no_text"]), {"kept": 1}).status_code == 403
    assert Product.objects.values_list("is_active", "description").get() == (True, "")


def test_taking_pictures_away_needs_the_right_to_delete_pictures():
    client = log_in("view_product", "change_product")
    image = ProductImageFactory()
    details = {"width": 40, "height": 30, "sha256": image.sha256}
    of_picture = {"product": image.product, "about": image.sha256, "details": details}
    finding = Finding.objects.create(check_name="tiny_picture", **of_picture)
    act = reverse("doctor_act", args=["tiny_picture"])
    assert client.post(act, {"finding": finding.pk, "deed": "remove_picture"}).status_code == 403
    assert "Take the picture away" not in client.get(reverse("doctor_findings", args=["tiny_picture"])).content.decode()
    assert image.product.images.count() == 1


def test_what_is_done_needs_the_same_right_to_be_undone(admin_client):
    image = ProductImageFactory()
    finding = Finding.objects.create(
        check_name="tiny_picture",
        product=image.product,
        about=image.sha256,
        details={"width": 40, "height": 30, "sha256": image.sha256},
    )
    admin_client.post(reverse("doctor_act", args=["tiny_picture"]), {"finding": finding.pk, "deed": "remove_picture"})
    client = log_in("view_product", "change_product")
    undo = reverse("doctor_undo", args=["tiny_picture"])
    assert client.post(undo, {"kept": DoctorDeed.objects.get().pk}).status_code == 403
    assert image.product.images.count() == 0


def test_no_more_than_a_hundred_are_acted_on_at_once(admin_client, monkeypatch):
    monkeypatch.setattr(pages, "MOST_AT_ONCE", 2)
    findings = [find(sku) for sku in "ABC"]
    numbers = [finding.pk for finding in findings]
    admin_client.post(reverse("doctor_act", args=["no_text"]), {"finding": numbers, "deed": "hide"})
    assert Product.objects.filter(is_active=True).count() == 1


@pytest.mark.parametrize("name", ["doctor_look_again", "doctor_act", "doctor_undo"])
def test_nothing_is_done_by_get(admin_client, name):
    args = [] if name == "doctor_look_again" else ["no_text"]
    assert admin_client.get(reverse(name, args=args)).status_code == 405
    assert admin_client.post(reverse("doctor")).status_code == 405
    assert admin_client.post(LIST).status_code == 405
