"""The queue of golden pairs: what is asked, what an answer does, and what is asked about never again."""

from __future__ import annotations

from collections import Counter
from random import Random

import pytest
from django.contrib.auth.models import Permission
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from catalog.models import Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations.golden import services
from recommendations.golden.neighbours import find_nearest
from recommendations.golden.picking import AGREEMENT, PICKERS, SHARES, Draw, Picked, find_boundary, pick_pair
from recommendations.models import GoldenJudgement, GoldenPair
from tests.recommendations.golden_rows import judge, make_pair, make_user
from tests.recommendations.shelf import at_angle, embed, make_space, put

pytestmark = pytest.mark.django_db

QUEUE = "/admin/golden-pairs/"


def fill(count: int = 20, **fields):
    """A live space in which products lie at 5 degrees from one to the next."""
    live = make_space()
    for number in range(count):
        put(live, f"P{number:02}", at_angle(5 * number), modalities=(FUSED, TEXT, IMAGE), **fields)
    return live


def draw(live, *, user=None, seed="1") -> Draw:
    return Draw(user or make_user(), Random(seed), live)


def sku(product_id: int) -> str:
    return Product.objects.get(pk=product_id).sku


def similarity_of(picked: Picked) -> int:
    """How many degrees the two lie apart."""
    return abs(5 * (int(sku(picked.left_id)[1:]) - int(sku(picked.right_id)[1:])))


def test_neighbours_are_the_nearest_of_other_groups_that_are_shown():
    live = fill(8)
    Product.objects.filter(sku__in=["P00", "P01"]).update(variant_group="G")
    Product.objects.filter(sku="P02").update(is_active=False)
    anchor = Product.objects.get(sku="P00")
    found = find_nearest(anchor.pk, live, count=3)
    assert [sku(one.product_id) for one in found] == ["P03", "P04", "P05"]
    assert found[0].similarity == pytest.approx(0.966, abs=0.001)
    assert find_nearest(put(live, "LONE", None).pk, live) == []


def test_a_big_space_without_an_index_is_compared_in_part(monkeypatch):
    live = fill(12)
    anchor = Product.objects.get(sku="P00")
    monkeypatch.setattr("embeddings.spaces.indexes.INDEX_FROM_ROWS", 10)
    monkeypatch.setattr("recommendations.golden.neighbours.COMPARED", 3)
    assert [sku(one.product_id) for one in find_nearest(anchor.pk, live)] == ["P01", "P02", "P03"]


def test_where_spaces_disagree_one_has_it_among_its_first_ten_and_the_other_has_not():
    live = fill(30)
    other = make_space(name="other", live=False)
    for number, product in enumerate(Product.objects.order_by("sku")):
        embed(other, product, at_angle(5 * ((number * 11) % 30)))
    for seed in range(8):
        picked = PICKERS["disagreement"](draw(live, seed=str(seed)))
        assert picked.origin == "disagreement"
        lists = [{one.product_id for one in find_nearest(picked.left_id, space)} for space in (live, other)]
        assert picked.right_id in lists[0] ^ lists[1]


def test_with_one_space_its_text_and_picture_may_disagree():
    live = make_space()
    for number in range(30):
        product = put(live, f"P{number:02}", at_angle(5 * number), modalities=("fused", "text"))
        embed(live, product, at_angle(5 * ((number * 11) % 30)), modality="image")
    picked = PICKERS["disagreement"](draw(live))
    lists = [{one.product_id for one in find_nearest(picked.left_id, live, modality=one)} for one in ("text", "image")]
    assert picked.right_id in lists[0] ^ lists[1]


def test_spaces_that_agree_are_asked_about_nothing():
    assert PICKERS["disagreement"](draw(fill(8))) is None


def judge_round_the_boundary() -> None:
    """Pairs up to 30 degrees apart are related, the others are not."""
    for number in range(1, 13):
        judge("P00", f"P{number:02}", 1 if number <= 6 else 0)


def test_a_pair_near_the_boundary_is_about_as_similar_as_where_grades_change():
    live = fill()
    assert find_boundary(live) is None
    assert PICKERS["boundary"](draw(live)) is None
    judge_round_the_boundary()
    assert find_boundary(live) == pytest.approx(0.866, abs=0.001)  # the cosine of 30 degrees
    picked = [PICKERS["boundary"](draw(live, seed=str(seed))) for seed in range(6)]
    assert {one.origin for one in picked} == {"boundary"}
    asked = [similarity_of(one) for one in picked if sku(one.left_id) != "P00"]
    assert asked
    assert set(asked) <= {25, 30, 35}


def test_a_category_of_which_nothing_was_judged_gets_a_pair():
    live = fill(4, category="Decor/Vases")
    for number in range(4):
        put(live, f"M{number:02}", at_angle(5 * number), category="Tableware/Mugs")
    judge("P00", "P01", 2)
    for seed in range(5):
        picked = PICKERS["category"](draw(live, seed=str(seed)))
        assert (picked.origin, sku(picked.left_id)[0]) == ("category", "M")
    judge("M00", "M01", 2)
    assert PICKERS["category"](draw(live)) is None


def test_a_pair_for_agreement_was_judged_by_others_alone_and_by_few():
    live = fill()
    judge("P00", "P01", 2, 1)
    once = judge("P02", "P03", 0, by="ben")
    judge("P04", "P05", 1, by="anna")
    judge("P06", "P07", None, by="ben")
    picked = PICKERS[AGREEMENT](draw(live, user=make_user("cleo")))
    assert picked.origin == AGREEMENT
    picked = {PICKERS[AGREEMENT](draw(live, user=make_user("anna"), seed=str(seed))) for seed in range(5)}
    assert picked == {Picked(once.first_id, once.second_id, AGREEMENT)}
    GoldenPair.objects.exclude(pk=once.pk).delete()
    assert PICKERS[AGREEMENT](draw(live, user=make_user("ben"))) is None


def test_nobody_is_asked_what_was_graded_before_or_what_they_passed_over():
    live = fill(3)
    judge("P00", "P01", 2, by="ben")
    judge("P00", "P02", None, by="anna")
    anchor = Product.objects.get(sku="P00")
    near = find_nearest(anchor.pk, live)
    left = draw(live, user=make_user("anna")).leave_out_known(anchor.pk, near)
    assert left == []
    passed_on = draw(live, user=make_user("cleo")).leave_out_known(anchor.pk, near)
    assert [sku(one.product_id) for one in passed_on] == ["P02"]


def test_kinds_come_as_often_as_their_shares_say(monkeypatch):
    make_space()
    for kind in SHARES:
        monkeypatch.setitem(PICKERS, kind, lambda draw, kind=kind: Picked(1, 2, str(kind)))
    user = make_user()
    drawn = Counter(pick_pair(user, seed=str(seed)).origin for seed in range(800))
    assert {kind: round(100 * count / 800) for kind, count in drawn.items()} == pytest.approx(SHARES, abs=4)


def test_a_kind_that_finds_nothing_leaves_its_turn_to_the_next(monkeypatch):
    live = fill()
    user = make_user()
    for kind in SHARES:
        if kind != "chance":
            monkeypatch.setitem(PICKERS, kind, lambda draw: None)
    assert {pick_pair(user, seed=str(seed)).origin for seed in range(4)} == {"chance"}
    Product.objects.update(is_active=False)
    assert pick_pair(user, seed="1") is None
    live.delete()
    assert pick_pair(user, seed="1") is None


def test_a_pair_that_came_with_a_file_is_asked_about_first_until_somebody_judges_it():
    fill()
    wanted = make_pair("P00", "P19", origin="imported")
    anna, ben = make_user("anna"), make_user("ben")
    asked = Picked(wanted.first_id, wanted.second_id, "imported")
    assert pick_pair(anna, seed="1") == asked
    judge("P00", "P19", None, by="anna")
    assert pick_pair(anna, seed="1") != asked
    assert pick_pair(ben, seed="1") == asked
    judge("P00", "P19", 0, by="ben")
    assert pick_pair(make_user("cleo"), seed="1") != asked


def test_the_work_for_a_question_does_not_grow_with_the_catalogue():
    user = make_user()
    live = fill(20, category="Decor")
    judge_round_the_boundary()
    counts = []
    for first in (20, 60):
        for number in range(first, first + 40):
            put(live, f"P{number:02}", at_angle(number), modalities=(FUSED, TEXT, IMAGE), category=f"C{number}")
        counts.append([])
        for seed in range(10):
            with CaptureQueriesContext(connection) as queries:
                pick_pair(user, seed=str(seed))
            counts[-1].append(len(queries))
    assert max(counts[1]) <= 40
    assert max(counts[1]) <= max(counts[0]) + 10


# What an answer does.


def answer_first(user, grade: int | None) -> GoldenJudgement:
    return services.answer(user, token=services.next_question(user).token, grade=grade)


def test_the_same_pair_is_asked_about_until_it_is_answered_and_then_no_more():
    fill()
    anna = make_user()
    seen = []
    for _ in range(12):
        question = services.next_question(anna)
        assert services.next_question(anna).token.split(":")[0] == question.token.split(":")[0]
        seen.append(tuple(sorted((question.left.pk, question.right.pk))))
        services.answer(anna, token=question.token, grade=len(seen) % 3)
    assert len(set(seen)) == 12
    assert GoldenJudgement.objects.filter(user=anna).count() == 12


def test_an_answer_makes_the_pair_in_order_with_why_it_was_picked():
    fill()
    first, second = Product.objects.order_by("pk")[:2]
    token = services.ask_again(GoldenPair(first=second, second=first, origin="boundary"))
    judgement = services.answer(make_user(), token=token, grade=2)
    pair = GoldenPair.objects.get()
    assert (pair.first, pair.second, pair.origin) == (first, second, "boundary")
    assert (judgement.pair, judgement.grade, judgement.user.username) == (pair, 2, "anna")


def test_a_second_answer_of_the_same_person_takes_the_place_of_the_first():
    fill()
    anna = make_user()
    token = services.next_question(anna).token
    services.answer(anna, token=token, grade=0)
    services.answer(anna, token=token, grade=2)
    assert [one.grade for one in GoldenJudgement.objects.all()] == [2]
    services.answer(make_user("ben"), token=token, grade=1)
    assert GoldenPair.objects.with_grades().get().grade_count == 2


@pytest.mark.parametrize("token", ["", "nonsense", "WzEsMl0:1abc:xyz"])
def test_a_token_that_is_none_of_ours_writes_nothing(token):
    fill()
    with pytest.raises(services.UnknownPair, match="here is the next one"):
        services.answer(make_user(), token=token, grade=2)
    assert not GoldenPair.objects.exists()


def test_a_product_that_is_gone_meanwhile_is_said_and_writes_nothing():
    fill()
    anna = make_user()
    question = services.next_question(anna)
    Product.objects.filter(pk=question.left.pk).delete()
    with pytest.raises(services.UnknownPair, match="One of the two products is gone"):
        services.answer(anna, token=question.token, grade=2)
    with pytest.raises(services.UnknownPair, match="One of the two products is gone"):
        services.find_question(question.token)
    assert not GoldenPair.objects.exists()


def test_undo_forgets_the_last_answer_and_asks_again_and_goes_further_back():
    fill()
    anna = make_user()
    pairs = [answer_first(anna, grade).pair for grade in (2, None)]
    for pair in reversed(pairs):
        question = services.find_question(services.undo_last(anna))
        assert {question.left.pk, question.right.pk} == {pair.first_id, pair.second_id}
    assert services.undo_last(anna) is None
    assert not GoldenPair.objects.exists()


def test_undo_leaves_what_others_said_and_what_came_with_a_file():
    fill()
    anna = make_user()
    shared = judge("P00", "P01", 2, 1)
    services.undo_last(anna)
    assert [one.user.username for one in shared.judgements.all()] == ["ben"]
    imported = make_pair("P02", "P03", origin="imported")
    answer_first(anna, 2)
    services.undo_last(anna)
    assert GoldenPair.objects.filter(pk=imported.pk).exists()


def test_who_leaves_takes_no_judgement_along():
    fill()
    pair = judge("P00", "P01", 2, 0)
    make_user("ben").delete()
    assert sorted(one.grade for one in pair.judgements.all()) == [0, 2]


def test_progress_counts_grades_and_not_what_was_passed_over(settings):
    settings.KINDRED_PROMOTION_PAIRS = 8
    fill()
    judge("P00", "P01", 2, 1)
    judge("P00", "P02", None)
    judge("P00", "P03", 0, by="ben")
    progress = services.read_progress(make_user())
    assert (progress.own, progress.today, progress.pairs, progress.needed) == (1, 1, 2, 8)
    assert progress.percent == 25


# The pages.


@pytest.fixture
def anna(client: Client) -> Client:
    """Signed in, with the rights to look and to judge."""
    user = make_user()
    user.user_permissions.add(*Permission.objects.filter(codename__in=["view_goldenpair", "add_goldenjudgement"]))
    client.force_login(user)
    return client


def test_the_page_shows_two_products_and_not_why(anna):
    fill(brand="Nordlyn", attributes={"colour": "sage"})
    page = anna.get(QUEUE)
    question = page.context["question"]
    content = page.content.decode()
    assert question.left.sku in content
    assert question.right.sku in content
    assert "sage" in content
    for _, words in GoldenPair.Origin.choices:
        assert words not in content
    assert not GoldenPair.objects.exists()  # looking writes nothing


def test_an_answer_by_a_form_leads_to_the_next_pair(anna):
    fill()
    token = anna.get(QUEUE).context["question"].token
    answered = anna.post(reverse("golden_pairs_answer"), {"pair": token, "grade": "2"})
    assert (answered.status_code, answered["Location"]) == (302, QUEUE)
    page = anna.get(QUEUE)
    assert page.context["question"].token != token
    assert "You said “Similar” of" in page.content.decode()
    assert GoldenJudgement.objects.get().grade == 2


def test_the_script_gets_the_next_pair_as_a_piece_of_the_page(anna):
    fill()
    token = anna.get(QUEUE).context["question"].token
    headers = {"X-Requested-With": "XMLHttpRequest"}
    piece = anna.post(reverse("golden_pairs_answer"), {"pair": token, "grade": "skip"}, headers=headers)
    content = piece.content.decode()
    assert piece.status_code == 200
    assert "<html" not in content
    assert "Passed over:" in content
    assert GoldenJudgement.objects.get().grade is None
    back = anna.post(reverse("golden_pairs_undo"), headers=headers)
    assert not GoldenJudgement.objects.exists()
    assert {back.context["question"].left.pk, back.context["question"].right.pk} == set(services._read_token(token)[:2])


def test_without_a_script_undo_asks_about_the_pair_again(anna):
    fill()
    token = anna.get(QUEUE).context["question"].token
    anna.post(reverse("golden_pairs_answer"), {"pair": token, "grade": "0"})
    page = anna.post(reverse("golden_pairs_undo"), follow=True)
    asked = page.context["question"]
    assert {asked.left.pk, asked.right.pk} == set(services._read_token(token)[:2])
    page = anna.post(reverse("golden_pairs_undo"), follow=True)
    assert [str(one) for one in page.context["messages"]] == ["There is no answer of yours to take back."]


def test_an_answer_that_is_none_is_refused_and_an_unknown_pair_is_said(anna):
    fill()
    token = anna.get(QUEUE).context["question"].token
    for grade in ("3", "", "-1"):
        assert anna.post(reverse("golden_pairs_answer"), {"pair": token, "grade": grade}).status_code == 400
    page = anna.post(reverse("golden_pairs_answer"), {"pair": "nonsense", "grade": "2"}, follow=True)
    assert [str(one) for one in page.context["messages"]] == [
        "That pair was asked about elsewhere: here is the next one."
    ]
    assert not GoldenPair.objects.exists()


def test_who_may_only_look_is_asked_nothing(client):
    fill()
    user = make_user("viewer")
    user.user_permissions.add(Permission.objects.get(codename="view_goldenpair"))
    client.force_login(user)
    page = client.get(QUEUE)
    assert page.context["question"] is None
    assert "You may look at what others have judged" in page.content.decode()
    assert client.post(reverse("golden_pairs_answer"), {"grade": "2"}).status_code == 403
    assert client.post(reverse("golden_pairs_undo")).status_code == 403


def test_an_empty_shop_says_that_there_is_nothing_to_ask(anna):
    assert "There is nothing to ask about now" in anna.get(QUEUE).content.decode()
