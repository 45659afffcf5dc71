"""Two spaces side by side: which, on what, what moved, what is measured, and which is served."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils import timezone

from catalog.models import Product
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from recommendations.evaluation.intervals import Estimate
from recommendations.models import Rule
from recommendations.spaces_desk import figures, judges
from recommendations.spaces_desk.changes import Change
from recommendations.spaces_desk.figures import measure_space, note_request, pair_figures, read_figures
from recommendations.spaces_desk.recipes import list_differences
from recommendations.spaces_desk.services import (
    choose_pair,
    compare_lists,
    find_picked,
    list_comparable,
    sample_products,
)
from recommendations.tasks import measure_space as measure_space_task
from tests.recommendations.shelf import make_space, put, skus
from tests.recommendations.space_rows import fill_pair, space

pytestmark = pytest.mark.django_db
PAGE = "/admin/compare-spaces/"


def product(sku: str) -> Product:
    return Product.objects.get(sku=sku)


def names(left: str = "", right: str = "") -> tuple[str, str] | None:
    pair = choose_pair(left, right)
    return pair.names if pair else None


def test_without_a_word_the_live_space_stands_beside_the_newest_that_waits():
    assert names() is None
    make_space(name="live")
    assert names() is None
    make_space(name="older", live=False)
    make_space(name="newer", live=False)
    assert names() == ("live", "newer")
    assert names(right="older") == ("live", "older")
    assert names(right="live") == ("newer", "live")
    assert names(left="older", right="older") == ("older", "live")
    assert names(left="nobody", right="older") == ("live", "older")


def test_the_space_to_roll_back_to_stands_beside_the_live_one_where_none_waits():
    make_space(name="live")
    for name, days in (("long ago", 9), ("before", 1)):
        old = make_space(name=name, live=False)
        EmbeddingSpace.objects.filter(pk=old.pk).update(
            status="retired", retired_at=timezone.now() - timedelta(days=days)
        )
    assert names() == ("live", "before")


def test_spaces_that_are_not_built_are_not_compared():
    make_space(name="live")
    for status in ("building", "failed"):
        EmbeddingSpace.objects.filter(pk=make_space(name=status, live=False).pk).update(status=status)
    assert [one.name for one in list_comparable()] == ["live"]
    assert names(right="building") is None


def test_each_place_of_a_list_says_where_it_is_in_the_other():
    row = compare_lists(fill_pair(), product("A"), limit=4)
    assert skus(row.left.items) == ["B", "C", "D", "E"]
    assert skus(row.right.items) == ["I", "H", "D", "E"]
    assert list(row.left.changes) == [Change("alone"), Change("alone"), Change("same"), Change("same")]
    assert list(row.right.changes) == [Change("alone"), Change("alone"), Change("same"), Change("same")]
    assert (row.shared, row.longest, row.differs) == (2, 4, True)
    whole = compare_lists(choose_pair("live", "next"), product("A"))
    assert list(whole.right.changes)[:2] == [Change("up", 7), Change("up", 5)]


def test_equal_lists_do_not_differ_and_a_list_that_is_not_there_is_no_difference():
    pair = fill_pair(reverse=False)
    assert not compare_lists(pair, product("A")).differs
    ProductEmbedding.objects.filter(space=pair.right, product=product("B")).delete()
    row = compare_lists(pair, product("B"))
    assert (row.right.is_embedded, row.left.is_embedded, row.differs) == (False, True, False)


def test_rules_of_staff_are_not_in_what_is_compared():
    pair = fill_pair()
    Rule.objects.create(kind="exclude", target=product("B"))
    assert skus(compare_lists(pair, product("A"), limit=2).left.items) == ["B", "C"]


def test_a_space_that_was_served_before_still_answers_staff():
    pair = fill_pair()
    EmbeddingSpace.objects.filter(pk=pair.right.pk).update(status="retired")
    assert skus(compare_lists(pair, product("A"), limit=2).right.items) == ["I", "H"]


def test_the_sample_is_always_the_same_and_another_one_is_another():
    live = make_space()
    for number in range(60):
        put(live, f"S{number:02}", None, is_active=number % 2 == 0)
    first = sample_products(8, seed=0)
    assert first == sample_products(8, seed=0)
    assert first != sample_products(8, seed=1)
    assert len(first) == 8
    assert all(one.is_active for one in first)


def test_a_sample_costs_three_queries_however_many_products_there_are(django_assert_num_queries):
    live = make_space()
    for number in range(40):
        put(live, f"S{number:02}", None)
    with django_assert_num_queries(4):  # ends, steps in the index, products, their pictures
        sample_products(8, seed=0)


def test_staff_pick_products_by_sku_or_by_words():
    live = make_space()
    put(live, "MUG-1", None)
    Product.objects.filter(sku="MUG-1").update(title="Blue mug")
    found, unknown = find_picked(["MUG-1", "blue mug", "NONE", "nul\0"])
    assert ([one.sku for one in found], unknown) == (["MUG-1"], ["NONE", "nul\0"])


def test_recipes_are_compared_field_by_field():
    left, right = make_space(name="a"), make_space(name="b", live=False)
    assert list_differences(left, right) == []
    right.text_weight, right.category_text_weights = 0.25, {"Decor": 0.5}
    found = [(one.label, one.left, one.right) for one in list_differences(left, right)]
    assert found == [("Text weight", "0.6", "0.25"), ("Category text weights", "–", '{"Decor": 0.5}')]


def test_the_page_shows_both_lists_with_what_is_new_and_gone(admin_client):
    fill_pair()
    page = admin_client.get(f"{PAGE}?left=live&right=next&sku=A").content.decode()
    assert re.findall(r"<h4>(\w+)</h4>", page) == ["live", "next"]
    assert "8 of 8 in both" in page
    assert page.count("▲ up 7") == 1
    assert page.count("▼ down 7") == 1
    assert "✕ gone" not in page
    Product.objects.filter(sku="B").delete()
    put(space("live"), "NEW", (1.0, 0.0, 0.0))
    page = admin_client.get(f"{PAGE}?left=live&right=next&sku=A").content.decode()
    assert page.count("✕ gone") == 1
    assert page.count("＋ new") == 0


def test_products_that_staff_pick_stay_in_the_address_and_unknown_ones_are_named(admin_client):
    fill_pair()
    response = admin_client.get(f"{PAGE}?sku=B&sku=NONE&sku=C")
    assert [row.product.sku for row in response.context["rows"]] == ["B", "C"]
    page = response.content.decode()
    assert "There is no product “NONE”." in page
    assert [query for _, query in response.context["picked"]] == [
        "?left=live&right=next&sku=C",
        "?left=live&right=next&sku=B",
    ]


@pytest.mark.parametrize("query", ["left=%00&right=%00", "sample=-1", "sample=x", "sku=%00", "sample=9999999999999"])
def test_no_address_breaks_the_page(admin_client, query):
    fill_pair()
    assert admin_client.get(f"{PAGE}?{query}").status_code == 200


def test_one_space_alone_is_told_what_to_do(admin_client):
    make_space()
    for name in ("compare_spaces", "blind_test", "blind_result"):
        html = admin_client.get(reverse(name)).content.decode()
        assert "nothing to compare it with" in html
        assert "add one and build it" in html


def test_who_may_not_add_a_space_is_not_sent_to_add_one(client):
    make_space()
    looker = User.objects.create_user("looker", is_staff=True)
    looker.user_permissions.add(Permission.objects.get(codename="view_embeddingspace"))
    client.force_login(looker)
    html = client.get(PAGE).content.decode()
    assert "add one and build it" not in html
    assert "Somebody who may add spaces" in html


def test_looking_writes_nothing(admin_client, django_assert_max_num_queries):
    fill_pair()
    with django_assert_max_num_queries(120) as made:
        admin_client.get(f"{PAGE}?left=live&right=next")
    wrote = [query["sql"] for query in made.captured_queries if re.match("(INSERT|UPDATE|DELETE)", query["sql"])]
    assert [sql for sql in wrote if "django_session" not in sql] == []


def test_the_overlap_of_the_page_is_kept_for_a_while(admin_client, monkeypatch):
    pair = fill_pair()
    estimate, problem = figures.estimate_overlap(pair)
    assert (estimate.mean, estimate.count, problem) == (1.0, 9, "")  # nine products: everybody's ten nearest are all
    monkeypatch.setattr(figures, "measure_overlap", lambda *_, **__: pytest.fail("measured again"))
    assert figures.estimate_overlap(pair)[0] == estimate


def test_a_worker_measures_and_the_build_s_report_stays(monkeypatch):
    live = fill_pair().left
    live.report = {"training": {"loss": 0.5}}
    live.save()
    monkeypatch.setattr(judges, "JUDGES", [])
    monkeypatch.setattr(figures, "JUDGES", [lambda one: [("golden", Estimate(0.75, 0.5, float("nan"), 12))]])
    note_request(live)
    assert read_figures(live).is_measuring
    measure_space_task(live.pk)
    stored = space("live")
    assert stored.report["training"] == {"loss": 0.5}
    found = read_figures(stored)
    assert not found.is_measuring
    assert found.measured_at is not None
    (row,) = [row for row in found.rows if row[0] == "golden"]
    assert (row[1].mean, row[1].low, row[1].count) == (0.75, 0.5, 12)
    assert row[1].high != row[1].high
    (shown,) = [one for one in pair_figures(found, read_figures(space("next"))) if one.name == "golden"]
    assert shown.right is None


def test_a_worker_that_died_is_not_waited_for_for_ever():
    live = fill_pair().left
    note_request(live)
    live.report["figures"]["asked_at"] = (timezone.now() - timedelta(minutes=16)).isoformat()
    assert not read_figures(live).is_measuring


def test_a_space_that_was_dropped_meanwhile_is_not_measured():
    measure_space_task(987)


def test_the_recall_of_an_index_is_among_the_figures(monkeypatch):
    from embeddings.spaces.indexes import create_indexes

    live = fill_pair().left
    monkeypatch.setattr(figures, "JUDGES", [])
    measure_space(live)
    assert read_figures(live).rows == ()  # no index, no recall
    create_indexes(live)
    measure_space(live)
    ((name, recall),) = read_figures(live).rows
    assert (name, recall.mean, recall.count) == ("recall@10 of the index", 1.0, 9)


def test_measuring_is_asked_of_a_worker_and_followed(admin_client, monkeypatch):
    pair, sent = fill_pair(), []
    monkeypatch.setattr("recommendations.tasks.measure_space.delay", sent.append)
    answer = admin_client.post(reverse("measure_spaces"), {"left": "live", "right": "next"})
    assert answer.url == f"{PAGE}?left=live&right=next"
    assert sent == [pair.left.pk, pair.right.pk]
    assert "data-at-work" in admin_client.get(answer.url).content.decode()


def test_without_a_broker_measuring_says_so_and_nothing_is_waited_for(admin_client, monkeypatch):
    def refuse(pk):
        raise OSError("connection refused")

    fill_pair()
    monkeypatch.setattr("recommendations.tasks.measure_space.delay", refuse)
    page = admin_client.post(reverse("measure_spaces"), {"left": "live", "right": "next"}, follow=True)
    assert "The broker does not answer" in page.content.decode()
    assert "data-at-work" not in page.content.decode()


def test_a_space_is_promoted_after_a_question_and_returned_from_by_one_click(admin_client):
    fill_pair()
    PendingEmbedding.objects.all().delete()
    Product.objects.all().delete()
    address = f"{PAGE}?left=live&right=next"
    promote = reverse("admin:embeddings_embeddingspace_promote", args=[space("next").pk])
    asked = admin_client.post(promote, {"next": address})
    assert asked.context["title"] == "Serve the space next from now on?"
    assert asked.context["way_back"] == address
    assert EmbeddingSpace.objects.live().name == "live"
    done = admin_client.post(promote, {"next": address, "confirmed": "yes"})
    assert (done.url, EmbeddingSpace.objects.live().name) == (address, "next")
    page = admin_client.get(address).content.decode()
    assert "Next is live; live can be rolled back to." in page
    assert "Roll back to live" in page
    assert "Promote live" not in page
    back = admin_client.post(
        reverse("admin:embeddings_embeddingspace_roll_back"), {"confirmed": "yes", "next": address}
    )
    assert (back.url, EmbeddingSpace.objects.live().name) == (address, "live")


@pytest.mark.parametrize("elsewhere", ["https://evil.example/", "//evil.example/", "javascript:alert(1)", ""])
def test_no_form_leads_to_another_site(admin_client, elsewhere):
    fill_pair()
    promote = reverse("admin:embeddings_embeddingspace_promote", args=[space("next").pk])
    assert admin_client.post(promote, {"next": elsewhere}).context["way_back"] == ""
    answer = admin_client.post(promote, {"next": elsewhere, "confirmed": "yes"})
    assert answer.url == reverse("admin:embeddings_embeddingspace_changelist")


def test_what_cannot_be_promoted_says_why(admin_client):
    fill_pair()
    promote = reverse("admin:embeddings_embeddingspace_promote", args=[space("live").pk])
    page = admin_client.post(promote, {"next": PAGE, "confirmed": "yes"}, follow=True).content.decode()
    assert "Space live is live already." in page


def test_every_built_space_leads_to_the_comparison_and_the_blind_test(admin_client):
    fill_pair()
    EmbeddingSpace.objects.filter(pk=make_space(name="raw", live=False).pk).update(status="building")
    page = admin_client.get(reverse("admin:embeddings_embeddingspace_changelist")).content.decode()
    links = re.findall(r'href="(/admin/(?:compare-spaces|blind-test)/\?[^"]+)"', page)
    assert sorted(links) == sorted(
        f"/admin/{route}/?right={name}" for route in ("compare-spaces", "blind-test") for name in ("live", "next")
    )
