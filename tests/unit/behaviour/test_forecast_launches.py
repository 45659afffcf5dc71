"""New products: what is known of them at their launch, what is forecast, and that nothing later leaks into it."""

from datetime import date, timedelta

import numpy as np
import pytest

from behaviour.forecast import content_regression, new_products
from behaviour.forecast.backtest import run_backtest
from behaviour.forecast.baselines import expect_simply
from behaviour.forecast.content_regression import ContentRegression
from behaviour.forecast.launches import Known
from behaviour.forecast.new_products import Launches, NewProducts, describe_launches
from behaviour.forecast.outlook import Outlook
from behaviour.forecast.past import EPOCH, Past
from behaviour.forecast.sales import Counts, DailySales
from behaviour.learners.content import Content

DAYS = 300


def make_past(*, weeks=8, days=DAYS, later=1.0, since=DAYS):
    """A shop with two kinds of product, of which one sells 0.5 a day and the other 3, and a launch of each every week.

    What is sold from the day `since` on is multiplied by `later`.
    """
    random = np.random.default_rng(7)
    kinds = [0, 0, 0, 1, 1, 1] + [0, 1] * ((days - 40) // 7)
    starts = [0] * 6 + [day for day in range(40, days - 6, 7) for _ in range(2)][: len(kinds) - 6]
    directions = np.array([[1, 0, 0], [0, 1, 0]], dtype=np.float32)[kinds]
    vectors = directions + 0.2 * random.normal(size=(len(kinds), 3)).astype(np.float32)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    lines = []
    for item, (kind, start) in enumerate(zip(kinds, starts, strict=True)):
        sold = random.poisson((0.5, 3)[kind], size=days - start)
        sold[0] = max(sold[0], 1)
        lines += [
            (start + day, item, count * (later if start + day >= since else 1))
            for day, count in enumerate(sold)
            if count
        ]
    day, item, count = np.array(lines).T
    sales = DailySales(
        day.astype(np.int32), item.astype(np.int32), count, count, tuple(f"P{n}" for n in range(len(kinds)))
    )
    content = Content(vectors, np.full(len(kinds), -1, np.int32), np.full(len(kinds), 5, np.float32))
    return Past(Counts.of(sales), content, np.array(kinds, dtype=np.int32), weeks), np.array(kinds), np.array(starts)


def test_a_launch_is_described_by_what_its_neighbours_sold_before():
    content = Content(np.array([[1, 0], [1, 0], [0, 1]], np.float32), np.full(3, -1, np.int32), np.ones(3, np.float32))
    lines = [(day, 0, 2) for day in range(60)] + [(40 + day, 2, 4) for day in range(20)]
    day, item, count = np.array(lines, dtype=np.float32).T
    sales = DailySales(day.astype(np.int32), item.astype(np.int32), count, count, ("A", "B", "C"))
    known = Known.at(60, counts=Counts.of(sales), content=content, period=56)
    assert (known.sold.tolist(), known.launched.tolist()) == ([0, 2], [2])
    items = np.arange(3)
    assert known.rates(items).tolist() == [112, 0, 224]  # C for as long as it was there
    assert known.peaks(items).tolist() == [112, 0, 160]  # 28 days: 56 pieces and 80
    assert known.launches(items)[2] == 224
    ((rates, peaks, usual_peaks, launches, usual_launches, _, price),) = known.describe(np.array([1], np.int32))
    own, other = 1 / (1 + np.exp(-2.5)), np.exp(-2.5) / (1 + np.exp(-2.5))
    assert rates == pytest.approx(np.log1p(112) * own + np.log1p(224) * other, abs=1e-5)
    assert peaks == pytest.approx(np.log1p(112 * own + 160 * other), abs=1e-5)
    assert usual_peaks == pytest.approx(np.log1p(112) * own + np.log1p(160) * other, abs=1e-5)
    assert launches == usual_launches == pytest.approx(np.log1p(224))
    assert price == 0


def test_neighbours_tell_what_sells_much_from_what_sells_little():
    past, kinds, _ = make_past()
    launches = describe_launches(past.counts, past.content, origin=231, weeks=8)
    known = Known.at(231, counts=past.counts, content=past.content, period=56)
    items = launches.items[launches.first == 236]
    total = NewProducts.learn(launches, known, weeks=8).forecast(items).total
    few, many = total[kinds[items] == 0], total[kinds[items] == 1]
    assert few == pytest.approx([28], rel=0.35)  # half a piece a day for 56 days
    assert many == pytest.approx([168], rel=0.35)


def test_the_weeks_of_a_forecast_lie_in_their_bands_and_add_up():
    past, _, _ = make_past()
    launches = describe_launches(past.counts, past.content, origin=231, weeks=8)
    known = Known.at(231, counts=past.counts, content=past.content, period=56)
    found = NewProducts.learn(launches, known, weeks=8).forecast(np.array([0, 5], np.int32))
    assert found.expected.shape == (2, 8)
    assert found.total.tolist() == found.expected.sum(axis=1).tolist()
    assert (found.low <= found.expected).all()
    assert (found.expected <= found.high).all()
    assert (found.total_low < found.total).all()
    assert (found.total < found.total_high).all()


def test_nothing_that_was_sold_after_the_origin_is_in_a_forecast():
    """The same past with another future gives the same forecasts, of new and of existing products."""
    cut = 200
    forecasts = []
    for later in (1.0, 5.0):
        past, _, starts = make_past(later=later, since=cut)
        outlook = Outlook.learn(past, added=starts, origin=cut)
        found, basis, near = outlook.forecast(np.arange(len(starts), dtype=np.int32))
        forecasts.append((found.expected.tolist(), found.total_high.tolist(), basis.tolist(), near.tolist()))
    assert forecasts[0][:3] == forecasts[1][:3]
    np.testing.assert_array_equal(forecasts[0][3], forecasts[1][3])


def test_launches_are_described_by_what_was_known_when_their_day_began():
    described = []
    for later in (1.0, 5.0):
        past, _, _ = make_past(later=later, since=201)
        launches = describe_launches(past.counts, past.content, origin=201, weeks=8)
        described.append(launches.keep(np.flatnonzero(launches.first == 201)))
    assert described[0].items.tolist() == described[1].items.tolist() != []
    np.testing.assert_array_equal(described[0].features, described[1].features)


def test_what_sold_in_the_days_before_a_launch_is_known_at_it():
    """Two of a kind, the second three days after the first: what those days sold is in its description."""
    content = Content(np.array([[0, 1], [1, 0], [1, 0]], np.float32), np.full(3, -1, np.int32), np.ones(3, np.float32))
    lines = [(day, 0, 1) for day in range(70)] + [(57 + day, 1, 5) for day in range(13)] + [(60, 2, 1)]
    day, item, count = np.array(lines, dtype=np.float32).T
    counts = Counts.of(DailySales(day.astype(np.int32), item.astype(np.int32), count, count, ("A", "B", "C")))
    launches = describe_launches(counts, content, origin=70, weeks=8)
    assert (launches.items.tolist(), launches.first.tolist()) == ([1, 2], [57, 60])
    own, other = 1 / (1 + np.exp(-2.5)), np.exp(-2.5) / (1 + np.exp(-2.5))
    assert launches.features[1, 0] == pytest.approx(np.log1p(5 * 56) * own + np.log1p(56) * other, abs=1e-5)


def test_launches_that_no_longer_teach_are_not_described(monkeypatch):
    past, _, starts = make_past()
    monkeypatch.setattr(new_products, "MAX_LAUNCHES", 4)
    described = describe_launches(past.counts, past.content, origin=231, weeks=8)
    began = np.sort(starts[starts >= 40])
    assert described.first.tolist() == began[began >= began[began <= 231 - 28][-4]].tolist()
    assert len(described.seen(231, days=28).items) == 4


def test_vectors_are_learned_from_once_a_week_and_from_no_more_products_than_needed(monkeypatch):
    past, _, _ = make_past()
    monkeypatch.setattr(content_regression, "MAX_TAUGHT", 20)
    regression, designs = ContentRegression(past.counts, past.content), []
    design = ContentRegression._design
    monkeypatch.setattr(
        ContentRegression, "_design", lambda self, items: designs.append(len(items)) or design(self, items)
    )
    said = [regression.expect(np.array([0, 3], np.int32), origin=origin) for origin in (203, 204, 209, 210)]
    assert designs == [20, 2, 2, 2, 20, 2]
    assert said[0].tolist() == said[1].tolist() == said[2].tolist() != said[3].tolist()
    assert said[0][0] < said[0][1]


def test_what_vectors_teach_in_a_week_is_what_was_known_when_it_began():
    said = []
    for later in (1.0, 5.0):
        past, _, _ = make_past(later=later, since=203)
        said.append(ContentRegression(past.counts, past.content).expect(np.array([0], np.int32), origin=209).tolist())
    assert said[0] == said[1]


def test_too_few_launches_leave_what_the_neighbours_sell():
    past, _, _ = make_past(days=60)
    launches = describe_launches(past.counts, past.content, origin=60, weeks=8)
    known = Known.at(60, counts=past.counts, content=past.content, period=56)
    learned = NewProducts.learn(launches, known, weeks=8)
    assert learned.model is None
    item = np.array([0], np.int32)
    near = known.near(item)
    assert learned.forecast(item).total == pytest.approx(near.average(known.rates(near.items)), rel=0.35)


def test_what_was_never_sold_is_new_only_while_it_is_new_to_the_catalogue():
    past, _, starts = make_past()
    origin = 200
    added = np.zeros(len(starts), dtype=np.int32)
    unsold = np.flatnonzero(starts >= origin)[:2].astype(np.int32)
    added[unsold[0]] = origin - 10
    outlook = Outlook.learn(past, added=added, origin=origin)
    found, basis, _ = outlook.forecast(np.array([*unsold, np.flatnonzero(starts > origin - 20)[0], 0], np.int32))
    assert basis.tolist() == ["new", "own", "young", "own"]
    assert found.total[0] > 5 > 0.1 > found.total[1]


def test_baselines_by_hand():
    content = Content(np.eye(4, dtype=np.float32), np.full(4, -1, np.int32), np.array([1, 2, 50, 1.1], np.float32))
    lines = [(0, 3, 1)] + [(day, 0, 1) for day in range(31, 88)] + [(day, 1, 3) for day in range(32, 88)]
    day, item, count = np.array(lines, dtype=np.float32).T
    counts = Counts.of(DailySales(day.astype(np.int32), item.astype(np.int32), count, count, ("A", "B", "C", "D")))
    known = Known.at(88, counts=counts, content=content, period=56)
    through = Launches(np.array([0, 1]), np.array([31, 32]), np.zeros((2, 5)))
    said = expect_simply(np.array([2, 3]), known, launches=through, categories=np.array([4, -1, 4, -1], np.int32))
    assert said["mean of earlier launches"].tolist() == [112, 112]
    assert said["similar price"].tolist() == [112, 112]
    assert said["mean of their category"][0] == 56
    assert np.isnan(said["mean of their category"][1])


def test_a_back_test_judges_new_and_existing_products_by_their_first_weeks():
    past, _, starts = make_past()
    cut = 180
    found = run_backtest(past, measure="orders", cut=EPOCH + timedelta(days=cut)).to_json()
    assert list(found) == ["measure", "cut", "weeks", "new", "existing", "baselines"]
    assert found["new"]["launches"] == int(((starts >= cut) & (starts + 56 <= DAYS)).sum())
    assert found["new"]["wape"] < 0.3 < found["baselines"]["mean of earlier launches"]["wape"]
    assert found["baselines"]["mean of their category"]["wape"] < 0.3
    assert found["existing"]["products"] == int((starts < 180).sum() + (starts < 236).sum())
    assert found["existing"]["wape"] < 0.3
    assert list(found["new"]) == ["launches", "wape", "coverage80", "bias", "spearman"]


def test_a_cut_that_leaves_no_weeks_to_judge_says_which_cuts_do():
    past, _, _ = make_past()
    with pytest.raises(ValueError, match="Choose a cut from 1970-01-15 to 1970-09-02, or fewer weeks"):
        run_backtest(past, measure="orders", cut=date(1971, 1, 1))
