"""How often experiments err when they are looked at every day, and how often they find what is there.

    python benchmarks/experiments.py [--runs 2000]

Seconds, no server. The figures of docs/experiments.md come from here; tests/unit/behaviour asserts the promises.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy.stats import norm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
from behaviour.experiments.confidence_sequences import ALPHA, breaks_guard, difference_bounds, standard_error
from behaviour.experiments.cuped import adjust, fit_adjustment
from behaviour.experiments.interleaving import draft_teams
from behaviour.experiments.moments import Moments
from behaviour.experiments.multinomial_evidence import log_evidence
from behaviour.experiments.sample_ratio import STRICT

RUNS, DAYS, VISITS = 2_000, 28, 400  # visits of a day and arm
Sums = tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]
# Of so many visits on each day, what they did: sums of y and of y^2, both (runs, days).
Draw = Callable[[np.random.Generator, tuple[int, int], int], Sums]


@dataclass(frozen=True)
class Looks:
    """Two arms as they stand at the end of each day: sums of shape (runs, days)."""

    control: Moments
    treated: Moments


def draw_clicks(rate: float) -> Draw:
    def draw(source: np.random.Generator, shape: tuple[int, int], visits: int) -> Sums:
        clicks = source.binomial(visits, rate, shape).astype(np.float64)
        return clicks, clicks

    return draw


def draw_revenue(rate: float, *, tail: float = 1.0, returned: float = 0.0) -> Draw:
    """Few buy, for sums with a long tail: log-normal, with a mean of about 40 and a standard deviation of 52.

    A `tail` of 1.5 is a mean of 75 and a deviation of 220; of what is `returned` the sum is below zero.
    """

    def draw(source: np.random.Generator, shape: tuple[int, int], visits: int) -> Sums:
        orders = source.binomial(visits, rate, shape).ravel()
        paid = source.lognormal(3.2, tail, orders.sum()) * np.where(source.random(orders.sum()) < returned, -1, 1)
        day = np.repeat(np.arange(orders.size), orders)
        y, yy = (np.bincount(day, weights, orders.size).reshape(shape) for weights in (paid, paid**2))
        return y, yy

    return draw


def simulate(
    draws: tuple[Draw, Draw], *, runs: int, seed: int, visits: tuple[int, int] = (VISITS, VISITS), days: int = DAYS
) -> Looks:
    """Draw new visitors each day, `visits` for the control and the other arm, and add up the days."""
    source = np.random.default_rng(seed)
    arms = zip(draws, visits, strict=True)
    return Looks(*(_add_days(draw, source, shape=(runs, days), visits=count) for draw, count in arms))


def _add_days(draw: Draw, source: np.random.Generator, *, shape: tuple[int, int], visits: int) -> Moments:
    y, yy = draw(source, shape, visits)
    return Moments(visits * np.arange(1, shape[1] + 1) * np.ones((shape[0], 1)), y.cumsum(axis=1), yy.cumsum(axis=1))


def simulate_family(
    *, runs: int, seed: int, visits: tuple[int, ...], worst_change: float = 0.0, days: int = DAYS
) -> npt.NDArray[np.bool_]:
    """Return for each run (runs,) whether anything was ever said of arms that are all alike.

    4 % click, which decides; two guard rails are on orders, of 2 %, and on their revenue; all share what may go wrong.
    """
    source, metrics = np.random.default_rng(seed), (draw_clicks(0.04), draw_clicks(0.02), draw_revenue(0.02, tail=1.5))
    alpha, said = ALPHA / (len(metrics) * (len(visits) - 1)), np.zeros(runs, dtype=bool)
    for number, draw in enumerate(metrics):
        control, *others = (_add_days(draw, source, shape=(runs, days), visits=count) for count in visits)
        for arm in others:
            looks = Looks(control, arm)
            told = find_stops(looks, worst_change, alpha=alpha) if number else find_alarms(looks, alpha=alpha)
            said |= told.any(axis=1)
    return said


def simulate_returning(rate: float, *, runs: int, seed: int, visitors: int = 2_000) -> Looks:
    """Visitors who come again and again, some often: what a visitor has done only grows, as counting by visitor has it.

    Each comes on a day with a chance of their own (beta), and clicks with `rate` on such a day; counts, not shares.
    """
    source = np.random.default_rng(seed)
    sums = [np.empty((3, runs, DAYS)) for _ in range(2)]
    for run in range(runs):
        zeal = source.beta(0.4, 3.0, (visitors, 1))
        comes = source.random((visitors, DAYS)) < zeal
        done = np.cumsum(comes & (source.random((visitors, DAYS)) < rate), axis=1).astype(np.float64)
        seen = np.cumsum(comes, axis=1) > 0
        arm = source.random((visitors, 1)) < 0.5
        for number, rows in enumerate((~arm, arm)):
            own = done * rows
            sums[number][:, run] = (seen & rows).sum(axis=0), own.sum(axis=0), (own**2).sum(axis=0)
    return Looks(*(Moments(*each) for each in sums))


def simulate_regulars(rate: float, *, runs: int, seed: int, effect: float = 0.0) -> Looks:
    """New visitors each day, a fifth of whom did the same before the start, and do it six times as often since.

    What history explains is taken out at each look, with the slope that is found by then.
    """
    source, shape = np.random.default_rng(seed), (DAYS, VISITS)
    arms = []
    for extra in (0.0, effect):
        sums = np.empty((5, runs, DAYS))
        for run in range(runs):
            x = source.random(shape) < 0.2
            y = source.random(shape) < rate / 2 * np.where(x, 6, 1) + extra
            sums[:, run] = [part.sum(axis=1) for part in (y, y, x, x, x & y)]
        counts = VISITS * np.arange(1, DAYS + 1) * np.ones((runs, 1))
        arms.append(Moments(counts, *sums.cumsum(axis=2)))
    adjustment = fit_adjustment(arms)
    return Looks(*(adjust(arm, adjustment) for arm in arms))


def find_alarms(looks: Looks, *, alpha: float = ALPHA) -> npt.NDArray[np.bool_]:
    """Return for each run and day (runs, days) whether the always-valid interval has left zero out by then."""
    _, low, high = difference_bounds(looks.treated, looks.control, planned=_plan(looks), alpha=alpha)
    return np.logical_or.accumulate((low > 0) | (high < 0), axis=1)


def find_stops(looks: Looks, worst_change: float, *, alpha: float = ALPHA) -> npt.NDArray[np.bool_]:
    """Return for each run and day (runs, days) whether a guard rail has stopped the experiment by then."""
    broken = breaks_guard(looks.treated, looks.control, worst_change=worst_change, planned=_plan(looks), alpha=alpha)
    stops: npt.NDArray[np.bool_] = np.logical_or.accumulate(np.asarray(broken), axis=1)
    return stops


def _plan(looks: Looks) -> float:
    return float(np.max(looks.control.count + looks.treated.count))


def find_z_alarms(looks: Looks) -> npt.NDArray[np.bool_]:
    """Return the same (runs, days) of the ordinary test, each day taken as if it were the only one."""
    error = standard_error(looks.treated, looks.control)
    return np.abs(looks.treated.mean - looks.control.mean) > norm.ppf(0.975) * np.maximum(error, 1e-12)


def find_mismatches(*, runs: int, share: float, seed: int) -> npt.NDArray[np.bool_]:
    """Return for each run whether the check of the shares ever gives an alarm, where `share` of units get into one."""
    counts = np.random.default_rng(seed).binomial(2 * VISITS, share, (runs, DAYS)).cumsum(axis=1)
    total = 2 * VISITS * np.arange(1, DAYS + 1)
    evidence = log_evidence((counts, total - counts), (0.5, 0.5))
    return np.asarray((evidence > -np.log(STRICT)).any(axis=1))


# --- Interleaving against an A/B test of the same two rankings --------------------------------------------------------
# A visitor in the mood looks down the list and opens the first product that appeals. So which one is opened depends on
# the ranking far more than whether one is: that is what interleaving counts, and an A/B test does not see.
SHOWN, LOOKED_AT = 10, 0.85  # products in a list; how many go on from one position to the next
MOOD = 0.15  # of visitors, how many look at all
LIKED = (0.16, 0.22)  # how often a product of the worse and of the better ranking appeals to who looks at it


def simulate_rankings(*, runs: int, seed: int, impressions: int = 5_000, liked: Sequence[float] = LIKED) -> Looks:
    """Each visitor sees one ranking, and counts as 1 if anything is clicked: one look, at the end."""
    source, looked = np.random.default_rng(seed), LOOKED_AT ** np.arange(SHOWN)
    sums = []
    for rate in liked:
        share = MOOD * (1 - np.prod(1 - rate * looked))
        clicks = source.binomial(impressions // 2, share, (runs, 1)).astype(np.float64)
        sums.append(Moments(np.full((runs, 1), impressions // 2), clicks, clicks))
    return Looks(*sums)


def simulate_interleaving(
    *, runs: int, seed: int, impressions: int = 5_000, liked: Sequence[float] = LIKED
) -> npt.NDArray[np.bool_]:
    """Return whether the sign test decides by the end (runs,): the two rankings share no product, as hard as it gets.

    A visitor sees one drafted list, and does as in `simulate_rankings`.
    """
    source, looked = np.random.default_rng(seed), LOOKED_AT ** np.arange(SHOWN)
    decided = np.empty(runs, dtype=bool)
    drafts = np.array(
        [
            [team for _, team in draft_teams(range(SHOWN), range(100, 100 + SHOWN), limit=SHOWN, toss=_tosses(source))]
            for _ in range(500)
        ]
    )
    rates = np.asarray(liked)
    for run in range(runs):
        teams = drafts[source.integers(len(drafts), size=impressions)]  # (impressions, shown)
        appeals = source.random(teams.shape) < rates[teams] * looked
        opens = appeals.any(axis=1) & (source.random(impressions) < MOOD)
        won = teams[np.arange(impressions), appeals.argmax(axis=1)][opens]
        wins, losses = won.sum(), (1 - won).sum()
        decided[run] = log_evidence((wins, losses), (0.5, 0.5)) > -np.log(0.05)
    return decided


def _tosses(source: np.random.Generator) -> Callable[[], int]:
    return lambda: int(source.integers(2))


# Who gets how many visits a day, and what they do there; nothing differs between the arms.
UNEQUAL: dict[str, tuple[Draw, tuple[int, int]]] = {
    "clicks, 4 %, 360 and 40 visits a day": (draw_clicks(0.04), (360, 40)),
    "clicks, 4 %, 5,000 and 100": (draw_clicks(0.04), (5_000, 100)),
    "orders, 0.5 %, 200 and 20": (draw_clicks(0.005), (200, 20)),
    "orders, 0.5 %, 990 and 10": (draw_clicks(0.005), (990, 10)),
    "revenue, 4 % buy, longer tail, 360 and 40": (draw_revenue(0.04, tail=1.5), (360, 40)),
    "the same, 40 and 360": (draw_revenue(0.04, tail=1.5), (40, 360)),
    "the same with returns, 360 and 40": (draw_revenue(0.04, tail=1.5, returned=0.15), (360, 40)),
}


def print_false_alarms(runs: int) -> None:
    nothing = {
        "clicks, 4 %": simulate((draw_clicks(0.04), draw_clicks(0.04)), runs=runs, seed=1),
        "orders, 1 %": simulate((draw_clicks(0.01), draw_clicks(0.01)), runs=runs, seed=2),
        "revenue, 2 % buy": simulate((draw_revenue(0.02), draw_revenue(0.02)), runs=runs, seed=3),
        "with history taken out": simulate_regulars(0.04, runs=runs, seed=11),
        "visitors who come again": simulate_returning(0.1, runs=runs, seed=4),
    }
    for name, (draw, visits) in UNEQUAL.items():
        nothing[name] = simulate((draw, draw), runs=runs, seed=12, visits=visits)
    for name, looks in nothing.items():
        z = find_z_alarms(looks)
        ours = find_alarms(looks)[:, -1].mean()
        print(f"  {name:44} always valid {ours:6.1%}   z-test, peeked {z.any(axis=1).mean():6.1%}")
    for counts in ((400, 400), (360, 40), (400, 400, 400), (300, 50, 50)):
        for worst, days in ((0.0, 60), (-0.05, 60)):
            told = simulate_family(runs=runs, seed=13, visits=counts, worst_change=worst, days=days).mean()
            shared = ", ".join(map(str, counts))
            print(f"  arms of {shared} a day, 2 guard rails at {worst:.0%}, {days} days: anything said {told:.1%}")


def print_power(runs: int) -> None:
    found = {
        "clicks, 4 % -> 5 %": (draw_clicks(0.04), draw_clicks(0.05), (400, 400)),
        "orders, 1 % -> 1.4 %": (draw_clicks(0.01), draw_clicks(0.014), (400, 400)),
        "revenue, 2 % -> 3 % buy": (draw_revenue(0.02), draw_revenue(0.03), (400, 400)),
        "clicks, 4 % -> 6 %, 720 and 80 a day": (draw_clicks(0.04), draw_clicks(0.06), (720, 80)),
    }
    for name, (control, treated, visits) in found.items():
        looks = simulate((control, treated), runs=runs, seed=5, visits=visits)
        alarms = find_alarms(looks)
        fixed = find_z_alarms(looks)[:, -1].mean()
        print(f"  {name:44} always valid {say_when(alarms)}   fixed horizon {fixed:.2f}")
    harm = {
        "4 % click, nobody in the arm": (draw_clicks(0.04), draw_clicks(0.0)),
        "2 % buy, nobody in the arm": (draw_revenue(0.02), draw_revenue(0.0)),
        "2 % buy, half as many in the arm": (draw_revenue(0.02), draw_revenue(0.01)),
    }
    for name, (control, treated) in harm.items():
        for visits in ((400, 400), (360, 40)):
            stops = find_stops(simulate((control, treated), runs=runs, seed=6, visits=visits), -0.05)
            print(f"  guard rail at -5 %: {name}, {visits[0]} and {visits[1]} a day: {say_when(stops)}")


def say_when(alarms: npt.NDArray[np.bool_]) -> str:
    """Say how many of the runs it was found in, and by which day in half of these."""
    days = alarms.argmax(axis=1)[alarms[:, -1]] + 1
    return f"{alarms[:, -1].mean():.2f}" + (f", half of them by day {np.median(days):.0f}" if len(days) else "")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=RUNS, help="simulated experiments of each kind (%(default)s)")
    runs = parser.parse_args().runs
    print(f"{runs:,} experiments, {VISITS} visits a day and arm, looked at on each of {DAYS} days\n")
    print("No difference: how many ever give an alarm")
    print_false_alarms(runs)
    print("\nA difference: how many find it")
    print_power(runs)
    print("\nVisitors shared out by halves, and 52 to 48: how many alarms")
    for share in (0.5, 0.52):
        print(f"  {share:.0%} {find_mismatches(runs=runs, share=share, seed=7).mean():.1%}")
    print("\nTwo rankings, 5,000 lists shown: how many find the better one")
    print(f"  A/B, always valid   {find_alarms(simulate_rankings(runs=runs, seed=8)).mean():.2f}")
    print(f"  A/B, fixed horizon  {find_z_alarms(simulate_rankings(runs=runs, seed=8)).mean():.2f}")
    print(f"  interleaving        {simulate_interleaving(runs=runs, seed=9).mean():.2f}")
    same = (LIKED[0], LIKED[0])
    print(f"  interleaving of two alike (false) {simulate_interleaving(runs=runs, seed=10, liked=same).mean():.1%}")


if __name__ == "__main__":
    main()
