"""The blind test: nobody can tell which list is whose, every vote counts once, and the result may be looked at."""

from __future__ import annotations

import base64
import re

import pytest
from django.contrib.auth.models import User
from django.core import signing
from django.urls import reverse

from catalog.models import Product
from embeddings.models import EmbeddingSpace
from recommendations.models import BlindVote
from recommendations.spaces_desk import blind_test
from recommendations.spaces_desk.blind_test import (
    StaleQuestion,
    ask_question,
    count_votes,
    is_first_left,
    keep_vote,
    mix_categories,
    read_result,
    sign_question,
)
from recommendations.spaces_desk.conclusions import conclude
from recommendations.spaces_desk.services import Pair, compare_lists
from tests.recommendations.shelf import make_space, put, skus
from tests.recommendations.space_rows import fill_pair

pytestmark = pytest.mark.django_db
PAGE = "/admin/blind-test/"


@pytest.fixture
def staff() -> User:
    return User.objects.create_user("ann")


def vote(pair: Pair, answer: str, *, user: User, token: str = "") -> BlindVote:
    if not token:
        question = ask_question(pair, user=user)
        assert question is not None
        token = question.token
    return keep_vote(pair, token=token, answer=answer, user=user)


def prefer(pair: Pair, name: str, *, user: User) -> None:
    """Vote for the list of a space, wherever it is."""
    question = ask_question(pair, user=user)
    assert question is not None
    first_left = is_first_left(pair, question.product.pk, user=user)
    wants_first = name == min(pair.names)
    vote(pair, "left" if first_left == wants_first else "right", user=user, token=question.token)


def test_a_question_shows_the_lists_of_both_on_the_sides_that_the_lot_gave(staff):
    pair = fill_pair()
    question = ask_question(pair, user=staff)
    first, second = pair.left, pair.right  # live, next: by the alphabet
    plain = compare_lists(Pair(first, second), question.product)
    shown = [skus(question.row.left.items), skus(question.row.right.items)]
    expected = [skus(plain.left.items), skus(plain.right.items)]
    assert shown == (expected if is_first_left(pair, question.product.pk, user=staff) else expected[::-1])


def test_sides_are_a_fair_coin_for_each_product_and_person(staff):
    pair, other = fill_pair(), User.objects.create_user("bob")
    tosses = [is_first_left(pair, number, user=staff) for number in range(2000)]
    assert tosses == [is_first_left(pair, number, user=staff) for number in range(2000)]
    assert tosses == [is_first_left(Pair(pair.right, pair.left), number, user=staff) for number in range(2000)]
    assert abs(sum(tosses) - 1000) < 100
    others = [is_first_left(pair, number, user=other) for number in range(2000)]
    assert abs(sum(ours == theirs for ours, theirs in zip(tosses, others, strict=True)) - 1000) < 100


def test_without_the_shop_s_secret_nobody_can_toss_the_coin_again(staff, settings):
    pair = fill_pair()
    tosses = [is_first_left(pair, number, user=staff) for number in range(64)]
    settings.SECRET_KEY = "another"
    assert tosses != [is_first_left(pair, number, user=staff) for number in range(64)]


def test_page_and_token_are_the_same_whichever_way_the_coin_falls(admin_client, admin_user, monkeypatch):
    """But for the lists themselves, and the secrets against forgery that every page has."""
    fill_pair()
    pages = []
    for falls in (True, False):
        monkeypatch.setattr(blind_test, "is_first_left", lambda *_, falls=falls, **__: falls)
        page = admin_client.get(f"{PAGE}?left=live&right=next").content.decode()
        page = re.sub(r'name="csrfmiddlewaretoken" value="[^"]+"|data-nonce="[^"]+"|nonce="[^"]+"', "", page)
        token = re.search(r'name="question" value="([^"]+)"', page).group(1)
        assert signing.loads(token, salt=blind_test.SALT)[:2] == ["live", "next"]
        pages.append(re.sub(r'name="question" value="[^"]+"', "", page))
    lists = [re.findall(r'<ol class="space-list">.*?</ol>', page, re.S) for page in pages]
    assert lists[0] == lists[1][::-1]
    assert lists[0][0] != lists[0][1]
    frames = [re.sub(r'<ol class="space-list">.*?</ol>', "", page, flags=re.S) for page in pages]
    assert frames[0] == frames[1]
    for found in lists[0]:
        assert not re.search("live|next|similar", found)
    payload = token.split(":")[0].lstrip(".")
    said = base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4))
    assert set(re.findall(rb"[a-z]+", said)) == {b"live", b"next"}


@pytest.mark.parametrize("asked_for", [("live", "next"), ("next", "live")])
def test_which_space_is_named_first_in_the_address_changes_nothing(staff, asked_for):
    pair = fill_pair()
    again = pair if asked_for[0] == "live" else Pair(pair.right, pair.left)
    ours, theirs = ask_question(pair, user=staff), ask_question(again, user=staff)
    assert (ours.product, skus(ours.row.left.items)) == (theirs.product, skus(theirs.row.left.items))


def test_the_same_question_comes_until_it_is_answered_and_no_product_twice(staff):
    pair, asked = fill_pair(), []
    while question := ask_question(pair, user=staff):
        assert ask_question(pair, user=staff).product == question.product
        asked.append(question.product.sku)
        vote(pair, "tie", user=staff)
    assert len(asked) == len(set(asked)) >= 8
    assert count_votes(pair, user=staff) == len(asked)


def test_nothing_is_asked_about_lists_that_are_the_same(staff):
    assert ask_question(fill_pair(reverse=False), user=staff) is None


def test_categories_that_were_asked_about_least_come_first():
    live = make_space()
    products = [put(live, sku, None, category=path) for sku, path in (("A", "X"), ("B", "X"), ("C", "Y"), ("D", "Z"))]
    mixed = mix_categories(products[1:], asked=[products[0].pk])
    assert [one.sku for one in mixed] == ["C", "D", "B"]


@pytest.mark.parametrize(("answer", "chosen"), [("left", "left"), ("right", "right"), ("tie", "tie"), ("skip", "skip")])
def test_what_is_kept_is_the_space_and_the_side(staff, answer, chosen):
    pair = fill_pair()
    kept = vote(pair, answer, user=staff)
    left = "first" if is_first_left(pair, kept.product_id, user=staff) else "second"
    right = "second" if left == "first" else "first"
    assert (kept.first, kept.second, kept.user, kept.left) == ("live", "next", staff, left)
    assert kept.choice == {"left": left, "right": right}.get(chosen, chosen)


def test_a_question_is_answered_once(staff):
    pair = fill_pair()
    token = ask_question(pair, user=staff).token
    first = vote(pair, "left", user=staff, token=token)
    again = vote(pair, "tie", user=staff, token=token)
    assert (again.pk, again.choice) == (first.pk, first.choice)
    assert BlindVote.objects.count() == 1


def test_a_question_of_somebody_else_of_other_spaces_or_made_up_is_refused(staff):
    pair, other = fill_pair(), User.objects.create_user("bob")
    token = ask_question(pair, user=staff).token
    third = make_space(name="third", live=False)
    gone = sign_question(pair, Product(pk=987_654), user=staff)
    for attempt in (
        lambda: keep_vote(pair, token=token, answer="left", user=other),
        lambda: keep_vote(Pair(pair.left, third), token=token, answer="left", user=staff),
        lambda: keep_vote(pair, token=token + "x", answer="left", user=staff),
        lambda: keep_vote(pair, token="", answer="left", user=staff),
        lambda: keep_vote(pair, token=token, answer="both", user=staff),
        lambda: keep_vote(pair, token=gone, answer="left", user=staff),
    ):
        with pytest.raises(StaleQuestion):
            attempt()
    assert not BlindVote.objects.exists()


def test_votes_on_a_dropped_space_do_not_count_for_another_of_its_name(staff):
    pair = fill_pair()
    prefer(pair, "next", user=staff)
    asked = BlindVote.objects.get().product
    EmbeddingSpace.objects.filter(name="next").delete()
    namesake = Pair(pair.left, make_space(name="next", live=False))
    assert read_result(namesake).votes == 0
    vote(namesake, "tie", user=staff, token=sign_question(namesake, asked, user=staff))
    assert [one.choice for one in BlindVote.objects.all()] == ["tie"]
    assert read_result(namesake).ties == 1


def test_votes_stay_when_product_and_person_go(staff):
    pair = fill_pair()
    prefer(pair, "next", user=staff)
    Product.objects.all().delete()
    staff.delete()
    found = read_result(pair)
    assert (found.evidence.second, [one.name for one in found.by_staff]) == (1, ["–"])


def test_the_result_counts_by_space_and_by_member_of_staff(staff):
    pair, other = fill_pair(), User.objects.create_user("bob")
    for name in ("next", "next", "live"):
        prefer(pair, name, user=staff)
    vote(pair, "tie", user=staff)
    vote(pair, "skip", user=other)
    found = read_result(pair)
    assert (found.first, found.second, found.ties, found.skips, found.votes) == ("live", "next", 1, 1, 4)
    assert (found.evidence.first, found.evidence.second) == (1, 2)
    assert [(one.name, one.first, one.second, one.ties, one.skips) for one in found.by_staff] == [
        ("ann", 1, 2, 1, 0),
        ("bob", 0, 0, 0, 1),
    ]


def say(first: int, second: int, pair: Pair) -> str:
    BlindVote.objects.all().delete()
    BlindVote.objects.bulk_create(
        BlindVote(first="live", second="next", choice=choice, left="first")
        for choice, count in (("first", first), ("second", second))
        for _ in range(count)
    )
    return conclude(read_result(pair))


def test_what_may_be_concluded_is_said_in_words():
    pair = fill_pair()
    assert say(0, 0, pair) == "Nobody has preferred either list yet: nothing may be concluded."
    assert say(3, 5, pair).startswith("Too early to say: the share that prefers next may be anything from ")
    assert say(0, 8, pair).startswith(
        "next is preferred to live, and not by chance: of those who see a difference, between 52 and 100 per cent"
    )
    assert say(9, 0, pair).startswith("live is preferred to next, and not by chance")
    assert say(500, 510, pair).startswith("The two are practically as good: the share that prefers next lies between ")


def test_without_a_script_an_answer_leads_to_the_next_question(admin_client, admin_user):
    pair = fill_pair()
    page = admin_client.get(f"{PAGE}?left=next&right=live")
    question = page.context["question"]
    form = {"left": "live", "right": "next", "question": question.token, "answer": "left"}
    answer = admin_client.post(reverse("blind_vote"), form)
    assert answer.url == f"{PAGE}?left=live&right=next"
    following = admin_client.get(answer.url).context["question"]
    assert following.product != question.product
    assert BlindVote.objects.get().user == admin_user
    assert count_votes(pair, user=admin_user) == 1


def test_a_script_gets_the_next_question_alone(admin_client):
    pair = fill_pair()
    question = admin_client.get(PAGE).context["question"]
    form = {"left": "live", "right": "next", "question": question.token, "answer": "tie"}
    answer = admin_client.post(reverse("blind_vote"), form, headers={"X-Requested-With": "XMLHttpRequest"})
    page = answer.content.decode()
    assert "<html" not in page
    assert "data-blind" in page
    assert "You have answered 1 question about live and next" in page
    stale = admin_client.post(
        reverse("blind_vote"), form | {"question": "made up"}, headers={"X-Requested-With": "XMLHttpRequest"}
    )
    assert "That was no question of yours" in stale.content.decode()
    assert count_votes(pair) == 1


def test_the_page_of_questions_says_nothing_of_how_it_stands(admin_client, staff):
    pair = fill_pair()
    for _ in range(4):
        prefer(pair, "next", user=staff)
    page = admin_client.get(PAGE).content.decode()
    assert "all together 4." in page
    assert "prefer" not in page
    result = admin_client.get(reverse("blind_result")).content.decode()
    assert "Too early to say" in result


def test_asking_writes_nothing(admin_client):
    fill_pair()
    for route in ("", "result/"):
        admin_client.get(f"{PAGE}{route}")
    assert not BlindVote.objects.exists()
