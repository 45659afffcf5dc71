"""The report: figures as JSON that anyone can read back, and one HTML file that needs nothing beside it."""

import base64
import io
import json
import re
from datetime import UTC, datetime
from html.parser import HTMLParser

import numpy as np
import pytest
from PIL import Image

from recommendations.evaluation.comparison import evaluate
from recommendations.evaluation.contenders import Contender, EvaluationOptions
from recommendations.evaluation.gallery import make_gallery
from recommendations.evaluation.index_recall import IndexRecall
from recommendations.evaluation.intervals import Estimate
from recommendations.evaluation.photos import PhotoResult
from recommendations.evaluation.report import Report, render_html, to_json, write_report
from recommendations.evaluation.truth import Judgements, RejectedLine, Truth, derive_truth
from tests.factories import ProductImageFactory, picture_bytes
from tests.recommendations.evaluation_shop import make_products, make_space, on_circle, store_vectors

pytestmark = pytest.mark.django_db

MADE_AT = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
ANGLES = {"M1": 0, "M2": 5, "M3": 95, "B1": 90, "B2": 101, "B3": 3}  # M3 is among the bowls and B3 among the mugs
TIDY_ANGLES = {"M1": 0, "M2": 5, "M3": 12, "B1": 90, "B2": 97, "B3": 106}


@pytest.fixture
def shop():
    products = make_products(["M1", "M2", "M3"], category="Tableware/Mugs")
    products |= make_products(["B1", "B2", "B3"], category="Tableware/Bowls & <b>Co</b>")
    for sku, colour in (("M1", "red"), ("M2", "lime"), ("B1", "blue")):
        ProductImageFactory(product=products[sku], colour=colour)
    mixed, tidy = make_space("mixed"), make_space("tidy")
    store_vectors(mixed, {sku: on_circle(angle) for sku, angle in ANGLES.items()})
    store_vectors(tidy, {sku: on_circle(angle) for sku, angle in TIDY_ANGLES.items()})
    return products, mixed, tidy


@pytest.fixture
def evaluation(shop):
    _, mixed, tidy = shop
    contenders = [Contender(mixed), Contender(tidy)]
    return evaluate(contenders, truth=derive_truth("category"), options=EvaluationOptions(k=2, curve_k=4))


class Links(HTMLParser):
    """Collects what a page would fetch, and its headings."""

    def __init__(self):
        super().__init__()
        self.fetched, self.images, self.ids, self.targets = [], [], set(), set()

    def handle_starttag(self, tag, attrs):
        values = dict(attrs)
        if tag in {"script", "link", "iframe", "object"}:
            self.fetched.append(tag)
        if tag == "img":
            self.images.append(values["src"])
        if "id" in values:
            self.ids.add(values["id"])
        if tag == "a":
            self.targets.add(values["href"])


def parse(html):
    links = Links()
    links.feed(html)
    return links


def test_figures_are_written_as_json_and_read_back(evaluation, tmp_path):
    index = IndexRecall("mixed", "fused", 2, 100, Estimate(0.99, 0.98, 1.0, 6))
    report = Report(evaluation=evaluation, index_recalls=(index,), made_at=MADE_AT)
    paths = write_report(report, tmp_path / "new" / "folder")
    assert [path.name for path in paths] == ["evaluation.json", "evaluation.html"]
    figures = json.loads(paths[0].read_text())
    assert (figures["format"], figures["anchors"], figures["products"]) == ("kindred-evaluation-1", 6, 6)
    assert figures["made_at"] == "2026-03-01T12:00:00+00:00"
    mixed, tidy = figures["contenders"]
    assert (mixed["label"], mixed["vectors"], mixed["answered_anchors"]) == ("mixed · fused", 6, 6)
    assert mixed["metrics"]["precision@2"]["mean"] == pytest.approx(1 / 3)
    assert tidy["difference_from_first"]["precision@2"]["mean"] == pytest.approx(2 / 3)
    assert tidy["recall_curve"] == [0.5, 1.0, 1.0, 1.0]
    assert tidy["pairs"]["roc_auc"] == 1.0
    assert set(tidy["nDCG@2 by anchor"]) == set(ANGLES)
    assert tidy["by_category"]["Tableware/Mugs"]["count"] == 3
    assert figures["index_recall"][0]["recall"]["mean"] == 0.99


def test_what_has_no_figure_is_null_and_not_nan(shop):
    products, mixed, _ = shop
    nothing = Truth("nothing", {products["M1"].pk: Judgements(np.zeros(0, dtype=np.int64), np.zeros(0))})
    figures = to_json(Report(evaluation=evaluate([Contender(mixed)], truth=nothing)))
    assert figures["contenders"][0]["metrics"]["MAP"] == {"mean": None, "low": None, "high": None, "count": 0}
    assert figures["contenders"][0]["pairs"] is None
    assert "NaN" not in json.dumps(figures)


def test_the_page_fetches_nothing_and_its_links_lead_somewhere(evaluation):
    html = render_html(Report(evaluation=evaluation, made_at=MADE_AT))
    links = parse(html)
    assert links.fetched == []
    assert all(source.startswith("data:image/") for source in links.images)
    assert not re.search(r"https?://", html)
    assert links.targets == {f"#{name}" for name in links.ids} != set()
    assert "default-src 'none'" in html


def test_the_page_says_in_words_what_the_best_contender_does(evaluation):
    html = re.sub(r"<[^>]+>|\s+", " ", render_html(Report(evaluation=evaluation, made_at=MADE_AT)))
    words = re.sub(r" +", " ", html)
    assert "The best of 2 contenders is tidy · fused : of 2 products shown beside a product, 2.0 belong there" in words
    assert "100&nbsp;% of products are shown at least one that does" in words


def test_names_from_the_catalogue_are_escaped(evaluation):
    html = render_html(Report(evaluation=evaluation, made_at=MADE_AT))
    assert "Bowls &amp; &lt;b&gt;Co&lt;/b&gt;" in html
    assert "<b>Co</b>" not in html


def test_lines_that_did_not_count_are_listed(evaluation):
    truth = evaluation.questions.truth
    object.__setattr__(truth, "rejected", (RejectedLine(7, "no active product has the sku 'X'"),))
    html = render_html(Report(evaluation=evaluation, rejected_photos=("photos, line 3: there is no photo 'q'",)))
    assert "Did not count: 2 lines or photos" in html
    assert "line 7: no active product has the sku &#x27;X&#x27;" in html
    assert "photos, line 3: there is no photo" in html


def test_an_evaluation_without_figures_still_makes_a_page(shop):
    products, mixed, _ = shop
    nothing = Truth("nothing", {products["M1"].pk: Judgements(np.zeros(0, dtype=np.int64), np.zeros(0))})
    html = render_html(Report(evaluation=evaluate([Contender(mixed)], truth=nothing), made_at=MADE_AT))
    assert "The answer key names nothing to find" in html


def test_the_same_figures_make_the_same_page(evaluation):
    report = Report(evaluation=evaluation, made_at=MADE_AT)
    assert render_html(report) == render_html(report)


def test_the_gallery_tells_best_worst_and_what_changed(evaluation):
    best, worst, changed = make_gallery(evaluation)
    assert [story.rows[0].value for story in best.stories] == sorted(
        (story.rows[0].value for story in best.stories), reverse=True
    )
    first = worst.stories[0]
    assert (first.anchor.sku, first.rows[0].value) == ("M3", 0.0)
    assert [(card.sku, card.grade) for card in first.rows[0].cards] == [("B1", 0.0), ("B2", 0.0)]
    assert [(card.sku, card.grade) for card in first.missed] == [("M1", 1.0), ("M2", 1.0)]
    assert changed.title == "What changes from mixed · fused to tidy · fused"
    before, after = changed.stories[0].rows
    assert (before.value, after.value) == (0.0, 1.0)
    assert [card.is_new for card in before.cards] == [False, False]
    assert {card.sku for card in after.cards if card.is_new} == {card.sku for card in after.cards} - {
        card.sku for card in before.cards
    }


def test_no_category_fills_a_chapter(evaluation):
    for chapter in make_gallery(evaluation)[:2]:
        categories = [story.category for story in chapter.stories]
        assert max(categories.count(category) for category in categories) == 2


def test_pictures_are_small_and_square_and_a_missing_one_is_said_so(evaluation, shop):
    products, _, _ = shop
    products["M2"].images.get().file.delete(save=False)  # the row is there, its file is gone
    anchors = {story.anchor.sku: story.anchor.picture for story in make_gallery(evaluation)[0].stories}
    cards = {
        card.sku: card.picture
        for chapter in make_gallery(evaluation)
        for story in chapter.stories
        for row in story.rows
        for card in row.cards
    }
    assert cards["M3"] == cards["M2"] == ""
    data = (anchors | cards)["M1"].removeprefix("data:image/webp;base64,")
    picture = Image.open(io.BytesIO(base64.b64decode(data)))
    assert (picture.format, picture.size) == ("WEBP", (168, 168))
    red = picture.convert("RGB").getpixel((84, 84))
    assert red[0] > 240
    assert red[1] < 20


def test_photos_whose_product_came_late_are_shown_worst_first(evaluation, shop, tmp_path):
    ids = {sku: product.pk for sku, product in shop[0].items()}
    for name in ("good.png", "late.png", "lost.png"):
        (tmp_path / name).write_bytes(picture_bytes("red"))
    photos = PhotoResult(
        space="mixed",
        modality="image",
        paths=tuple(tmp_path / name for name in ("good.png", "late.png", "lost.png")),
        product_ids=np.array([ids["M1"], ids["M2"], ids["B1"]]),
        ranks=np.array([1.0, 2.0, np.inf]),
        found_ids=np.array([[ids["M1"], -1], [ids["M1"], ids["M2"]], [ids["M1"], ids["M2"]]]),
        estimates={"recall@1": Estimate(1 / 3, 0.0, 1.0, 3)},
        rejected=(),
    )
    chapter = make_gallery(evaluation, photos=[photos])[-1]
    assert [story.anchor.title for story in chapter.stories] == ["lost.png", "late.png"]
    assert [card.sku for card in chapter.stories[0].missed] == ["B1"]
    assert [card.is_right for card in chapter.stories[1].rows[0].cards] == [False, True]
    html = render_html(Report(evaluation=evaluation, photos=(photos,), made_at=MADE_AT))
    assert "Photos that were not recognised at once" in html
