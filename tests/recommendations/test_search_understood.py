"""A search from its words to the answer: what was read filters, relaxes and explains; nonsense finds nothing."""

from __future__ import annotations

import json
from functools import cache

import numpy as np
import pytest
from django.core.management import CommandError, call_command

from catalog.models import Category, Product
from embeddings.modalities.registry import FUSED, IMAGE, TEXT
from recommendations import tasks, worker
from recommendations.models import SearchLearning, SearchRule, SearchTerm
from recommendations.recommendation_list import Candidate
from recommendations.requests import Filters
from recommendations.search import floors
from recommendations.search.encoding import write_vectors
from recommendations.search.learned import Learned
from recommendations.search.picture_ranks import learn_picture_weight
from recommendations.search.relevance import is_relevant
from recommendations.search.services import search_text
from recommendations.search.spelling import correct_words
from recommendations.search.suggesting import suggest
from recommendations.search.understanding import Understanding
from recommendations.search.vocabulary.dictionary import translate
from recommendations.search.vocabulary.learning import learn_if_due, learn_vocabulary
from recommendations.search.vocabulary.looking_up import look_up
from tests.recommendations.shelf import at_angle, make_space, put, skus

pytestmark = pytest.mark.django_db
BOTH = [TEXT, IMAGE, FUSED]
# SKU, angle, category, title, Chinese title, colour, material, price
SHELF = [
    ("MUG-1", 0, "Tableware/Mugs", "Halla Mug, sky", "哈拉马克杯 天蓝色", "sky", "stoneware", 12),
    ("MUG-2", 5, "Tableware/Mugs", "Halla Mug, white", "哈拉马克杯 白色", "white", "stoneware", 18),
    ("MUG-3", 10, "Tableware/Mugs", "Duo Mug, navy", "双色马克杯 藏蓝色", "navy", "glazed stoneware", 24),
    ("VAS-1", 40, "Decor/Vases", "Ripple Vase", "涟漪花瓶", "clear", "blown glass", 40),
    ("VAS-2", 45, "Decor/Vases", "Torsion Vase", "扭纹花瓶", "white", "stoneware", 60),
    ("RUG-1", 80, "Textiles/Rugs", "Pond Rug", "池塘地毯", "forest", "pure wool", 150),
]  # fmt: skip


@cache
def translate_once(keys: frozenset[str]) -> list[tuple[str, str, float]]:
    return list(translate(keys))


@pytest.fixture
def shop(db, monkeypatch):
    """Six products, their words learned, and a worker that finds every text to be like the first mug."""
    # The dictionary is read once for all tests of the same words: that takes as long as all else together.
    monkeypatch.setattr(
        "recommendations.search.vocabulary.learning.translate", lambda keys: translate_once(frozenset(keys))
    )
    space = make_space()
    for sku, angle, category, title, chinese, colour, material, price in SHELF:
        attributes = {"colour": colour, "material": material, "dimensions_cm": {"height": price / 2}}
        put(space, sku, at_angle(angle), modalities=BOTH, category=category, price=price, attributes=attributes)
        basic = {"sky": "blue", "navy": "blue", "forest": "green"}.get(colour, colour)
        Product.objects.filter(sku=sku).update(
            title=title, translations={"zh": {"title": chinese}}, brand="Nordlyn", colours=[basic]
        )
    learn_vocabulary()

    def send(args, **_):
        worker.store_answer(
            args[0], json.dumps({"vectors": write_vectors({"text": np.array(at_angle(0), dtype="f4")})}).encode()
        )

    monkeypatch.setattr(tasks.answer_query, "apply_async", send)
    return space


def find(text: str, **options) -> list[str]:
    return skus(search_text(text, **options).shown)


MUGS = ["MUG-1", "MUG-2", "MUG-3"]


FOUND = {
    "mugs": MUGS, "马克杯": MUGS, "我想买一个马克杯": MUGS, "coffee cup": MUGS,
    "blue mug": ["MUG-1", "MUG-3"], "蓝色马克杯": ["MUG-1", "MUG-3"], "navy mug": ["MUG-3"],
    "mug under 20 euro": ["MUG-1", "MUG-2"], "mug over 20": ["MUG-3"], "20元以内的马克杯": ["MUG-1", "MUG-2"],
    "mug not white": ["MUG-1", "MUG-3"], "不要白色的马克杯": ["MUG-1", "MUG-3"],
    "mug without duo": ["MUG-1", "MUG-2"], "glass vase": ["VAS-1"], "vase not glass": ["VAS-2"],
    "stoneware mug": MUGS, "vase 20 cm": ["VAS-1"], "carpet": ["RUG-1"], "毯子": ["RUG-1"],
    "mgu": MUGS, "mug withe": ["MUG-2"], "MUG-2": ["MUG-2"], "mug2": ["MUG-2"], "编号 mug-2": ["MUG-2"],
    "asdfgh": [], "washing machine": [], "洗衣机": [], "blue washing machine": [],
}  # fmt: skip


def test_a_search_finds_what_it_says_and_nothing_else(shop):
    assert {text: find(text) for text in FOUND} == FOUND


def test_nonsense_says_so_and_shows_what_is_near_apart(shop, client):
    body = client.get("/api/v1/search/", {"q": "asdfgh"}).json()
    assert body["results"] == []
    assert [one["sku"] for one in body["near"]][:2] == ["MUG-1", "MUG-2"]
    page = client.get("/search/", {"q": "asdfgh"}).content.decode()
    assert page.index("Nothing here matches") < page.index("Near what you asked for")


def test_the_answer_says_how_it_was_understood_and_each_result_why_it_is_there(shop, client):
    body = client.get("/api/v1/search/", {"q": "blue mug under 20 euro"}).json()
    assert [(one["key"], one["label"], one["applied"]) for one in body["understood"]["readings"]] == [
        ("price:under 20 euro", "up to 20", "filter"),
        ("colour:blue", "Blue", "filter"),
        ("category:Tableware/Mugs", "Mugs", "filter"),
    ]
    (result,) = body["results"]
    assert [one["text"] for one in result["reasons"]][:3] == ["up to 20", "Blue", "Mugs"]


def test_what_nothing_meets_is_given_up_and_that_is_said(shop):
    answer = search_text("green mug")
    assert skus(answer.shown) == MUGS
    assert [(one.key, answer.how_applied(one)) for one in answer.understood.readings] == [
        ("colour:green", "relaxed"), ("category:Tableware/Mugs", "filter"),
    ]  # fmt: skip


def test_what_is_not_wanted_is_never_given_up(shop):
    answer = search_text("vase not white not glass")
    assert (skus(answer.shown), answer.relaxed) == ([], frozenset())
    assert [one.candidate.sku for one in answer.near] == ["MUG-1", "MUG-3", "RUG-1"]


def test_a_reading_can_be_taken_away(shop, client):
    body = client.get("/api/v1/search/", {"q": "blue mug", "without": "colour:blue"}).json()
    assert [one["sku"] for one in body["results"]] == MUGS
    page = client.get("/search/", {"q": "blue mug"}).content.decode()
    assert "without=colour%3Ablue" in page


def test_a_correction_is_said_and_can_be_refused(shop, client):
    assert client.get("/api/v1/search/", {"q": "mug withe"}).json()["understood"]["corrected"] == "mug white"
    insisted = client.get("/api/v1/search/", {"q": "mug withe", "without": "spelling"}).json()
    assert insisted["understood"]["corrected"] is None


@pytest.mark.parametrize(
    ("word", "meant"),
    [("withe", "white"), ("miug", "mug"), ("stonewares", None), ("rippel", "ripple"), ("mug", None),
     ("asdfgh", None), ("iphone", None), ("12345", None), ("sofa", None)],
)  # fmt: skip
def test_a_word_is_corrected_only_to_one_of_the_catalogue_that_is_a_slip_away(shop, word, meant):
    assert correct_words([word]).get(word) == meant


@pytest.mark.parametrize(
    ("sort", "found"),
    [("price", MUGS), ("-price", MUGS[::-1]), ("title", ["MUG-3", "MUG-1", "MUG-2"]), ("newest", MUGS[::-1])],
)
def test_results_are_sorted_as_asked_for(shop, sort, found):
    assert find("mug", sort=sort) == found
    assert find("cheap mug") == MUGS


def test_pages_of_a_sorted_search_go_on(shop, client):
    first = client.get("/api/v1/search/", {"q": "mug", "sort": "-price", "limit": 2}).json()
    second = client.get("/api/v1/search/", {"q": "mug", "sort": "-price", "limit": 2, "cursor": first["next"]}).json()
    assert [one["sku"] for one in first["results"] + second["results"]] == MUGS[::-1]


def test_a_rule_for_what_was_typed_holds_though_it_is_read_as_another_word(shop):
    SearchRule(kind="redirect", query="withe", url="/wreaths/").save()
    answer = search_text("withe")
    assert (answer.corrected, answer.redirect) == ("white", "/wreaths/")


def test_facets_count_what_was_found(shop, client):
    facets = client.get("/api/v1/search/", {"q": "mug", "facets": "true"}).json()["facets"]
    assert facets["is_exact"]
    assert facets["category"] == [{"value": "Tableware/Mugs", "label": "Mugs", "count": 3}]
    assert [(one["value"], one["count"]) for one in facets["colour"]] == [("blue", 2), ("white", 1)]
    assert [(one["value"], one["count"]) for one in facets["attributes"]["material"]] == [
        ("stoneware", 2), ("glazed stoneware", 1),
    ]  # fmt: skip
    assert client.get("/api/v1/search/", {"q": "mug"}).json()["facets"] is None


@pytest.mark.parametrize("name", ["blue", "Navy", "蓝色"])
def test_a_colour_filter_takes_any_name_of_it(shop, client, name):
    found = client.get("/api/v1/products/", {"colour": name, "fields": "sku"}).json()["results"]
    assert [one["sku"] for one in found] == ["MUG-1", "MUG-3"]


def test_an_unknown_colour_is_refused_with_those_that_are_known(shop, client):
    answer = client.get("/api/v1/products/", {"colour": "heavy"})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["field"] == "colour"
    assert "black, white, grey" in answer.content.decode()


class TestVocabulary:
    def test_both_languages_mean_the_catalogues_categories_and_values(self, shop):
        assert [(term.kind, term.value) for term in look_up("mug")["mug"]] == [("category", "Tableware/Mugs")]
        assert next((one.kind, one.value, one.weight) for one in look_up("马克杯")["马克杯"]) == (
            "category", "Tableware/Mugs", 0.95,
        )  # fmt: skip
        assert ("attribute", "blown glass") in [(one.kind, one.value) for one in look_up("glass")["glass"]]

    def test_what_is_gone_is_forgotten_and_what_staff_said_stays(self, shop):
        SearchRule(kind="synonym", query="becher", meant="mug").save()
        Category.objects.filter(name="Vases").delete()
        Product.objects.filter(sku__startswith="VAS").delete()
        learn_vocabulary()
        assert "vase" not in look_up("vase")
        assert "becher" in look_up("becher")

    def test_it_is_learned_again_only_when_the_catalogue_has_changed(self, shop, monkeypatch):
        monkeypatch.setattr("recommendations.search.vocabulary.learning.learn_floors", lambda space: {"other": 0.4})
        assert learn_if_due(wait=True)
        assert not learn_if_due(wait=True)
        Product.objects.get(sku="MUG-1").save()
        assert learn_if_due(wait=True)
        Product.objects.get(sku="MUG-1").save()
        assert not learn_if_due()  # no sooner than it has rested

    def test_learning_twice_changes_no_row(self, shop):
        before = set(SearchTerm.objects.values_list("pk", "weight"))
        learn_vocabulary()
        assert set(SearchTerm.objects.values_list("pk", "weight")) == before


class TestFloor:
    def test_the_meaning_alone_decides_from_the_floor_on(self, shop, monkeypatch):
        monkeypatch.setattr("recommendations.search.services.read_learned", lambda query, text: Learned(0.99))
        assert find("qwpoei")[0] == "MUG-1"  # the stand-in finds it quite like the first mug
        monkeypatch.setattr("recommendations.search.services.read_learned", lambda query, text: Learned(1.01))
        assert find("qwpoei") == []

    def test_the_floor_is_above_nearly_all_texts_of_other_trades(self):
        assert floors.find_floor([i / 100 for i in range(101)]) == pytest.approx(0.99 + floors.MARGIN)
        assert len(floors.unrelated_texts()) > 150

    def test_a_description_counts_where_it_says_the_words_in_order(self, shop):
        Product.objects.filter(sku="RUG-1").update(description="Machine washable. Fits a narrow hallway.")
        assert find("narrow hallway") == ["RUG-1"] or "RUG-1" in find("narrow hallway")
        assert find("washing machine") == []


@pytest.mark.parametrize(
    ("rest", "is_meant"), [("kitchen beaker", True), ("beaker brush", False), ("大烧杯", True), ("烧杯刷", False)]
)
def test_another_word_for_a_thing_names_it_where_it_comes_last(shop, rest, is_meant):
    others = {"beaker": ("mug",), "烧杯": ("mug",)}
    found = [Candidate(product_id=Product.objects.get(sku="MUG-1").pk, title="Halla Mug")]
    said = {word: meant for word, meant in others.items() if word in rest}
    understood = Understanding(text=rest, wanted=rest, rest=rest, alternatives=said)
    assert is_relevant(understood, found, floor=None) is is_meant


class TestPictures:
    """The stand-in for the worker says of each text that it looks like the last mug."""

    @pytest.fixture(autouse=True)
    def looks_like_the_last(self, shop, monkeypatch):
        vectors = {"text": np.array(at_angle(0), dtype="f4"), "fused": np.array(at_angle(12), dtype="f4")}

        def send(args, **_):
            worker.store_answer(args[0], json.dumps({"vectors": write_vectors(vectors)}).encode())

        monkeypatch.setattr(tasks.answer_query, "apply_async", send)
        self.space = shop

    def learn(self, weight: float) -> None:
        SearchLearning.objects.update_or_create(pk=1, defaults={"floors": {str(self.space.pk): {"picture": weight}}})

    def test_what_a_text_should_look_like_counts_where_it_was_learned_that_it_helps(self):
        self.learn(0.0)
        assert find("mug") == MUGS
        self.learn(1.0)
        assert find("mug")[0] == "MUG-1"
        assert [one.code for one in search_text("mug").shown.results[0].reasons] == ["reading", "picture", "meaning"]
        self.learn(20.0)
        assert find("mug") == MUGS[::-1]

    def test_a_small_catalogue_teaches_nothing_of_it(self):
        assert learn_picture_weight(self.space) == 0.0


class TestSuggestions:
    def test_completes_categories_brands_and_products_in_both_languages(self, shop):
        assert [(one.kind, one.label) for one in suggest("mu").found][:1] == [("category", "Mugs")]
        assert ("brand", "Nordlyn") in [(one.kind, one.label) for one in suggest("nor").found]
        assert [one.sku for one in suggest("halla m").found] == ["MUG-1", "MUG-2"]
        assert [(one.kind, one.label) for one in suggest("马克").found][:1] == [("category", "Mugs")]

    def test_completes_what_many_visitors_search_for(self, shop):
        SearchTerm.objects.create(
            text="mug for two", kind="query", value="mug for two", label="mug for two", source="visitors", products=9
        )
        assert [one.label for one in suggest("mug f").found] == ["mug for two"]

    def test_says_what_may_have_been_meant_where_nothing_begins_so(self, shop):
        found = suggest("halla mgu")
        assert (found.found, found.did_you_mean) == ((), "halla mug")

    @pytest.mark.parametrize("text", ["", "   ", "%", "_", "\\", "'; --", "a' | b", "!!!", "杯" * 200])
    def test_takes_anything(self, shop, client, text):
        answer = client.get("/api/v1/search/suggest/", {"q": text})
        assert answer.status_code == 200
        assert len(answer.json()["suggestions"]) <= 10

    def test_takes_two_queries(self, shop, django_assert_num_queries):
        with django_assert_num_queries(2):
            suggest("mu")


class TestEvaluation:
    def test_prints_figures_by_kind(self, shop, tmp_path, capsys, monkeypatch):
        monkeypatch.setattr("recommendations.management.commands.evaluate_search.learn_if_due", lambda wait: None)
        monkeypatch.setattr(
            "recommendations.search.queries.answer_query",
            lambda *_, **__: json.dumps(
                {"vectors": write_vectors({"text": np.array(at_angle(0), dtype="f4")})}
            ).encode(),
        )
        file = tmp_path / "searches.csv"
        file.write_text(
            "query,language,kind,skus\nmug,en,category,MUG-1|MUG-2|MUG-3\nblue mug,en,colour,MUG-3\nasdf,en,nonsense,\n"
            "vase,en,category,NONE-1\n"
        )
        call_command("evaluate_search", queries=file, json=True)
        told = capsys.readouterr()
        figures = json.loads(told.out)
        assert figures["category"] == {"queries": 1, "ndcg@10": 1.0, "mrr": 1.0, "zero_result_accuracy": 1.0}
        assert figures["colour"]["mrr"] == 0.5
        assert figures["colour"]["ndcg@10"] == 0.6309  # 1 / log2(3)
        assert figures["nonsense"] == {"queries": 1, "ndcg@10": 1.0, "mrr": None, "zero_result_accuracy": 1.0}
        assert figures["overall"]["queries"] == 3
        assert "Line 5 does not count: No product has the SKU NONE-1." in told.err

    @pytest.mark.parametrize(
        ("content", "said"),
        [("query\nmug\n", "has no column skus"), ("query,skus\n,\n", "has no query"), ("", "has no column")],
    )
    def test_says_what_is_wrong_with_the_file(self, shop, tmp_path, content, said):
        file = tmp_path / "searches.csv"
        file.write_text(content)
        with pytest.raises(CommandError, match=said):
            call_command("evaluate_search", queries=file)


def test_a_filter_narrows_what_was_understood(shop):
    assert find("mug", filters=Filters.read({"colour": "blue"})) == ["MUG-1", "MUG-3"]
