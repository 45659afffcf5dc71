"""What load.py makes of its steps: the knee, what gave first, a line for each step, and two runs side by side."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

FULL = 0.9  # of what there is to be had


@dataclass(frozen=True)
class Step:
    """One rate for some seconds. `cores`: CPU seconds a second by program; `sender` is load.py itself."""

    rate: float  # requests/s that were asked for
    asked: int
    answered: int
    dropped: int
    errors: dict[str, int]
    seconds: float
    late_ms: float  # that the sender was behind at most
    ms: dict[str, list[float]]  # p50, p95, p99 and count by kind, and of "all"
    cores: dict[str, float]

    def is_fine(self, bound_ms: float) -> bool:
        p95 = self.ms["all"][1]
        return not self.errors and not self.dropped and self.answered == self.asked > 0 and p95 <= bound_ms

    @property
    def cpu_ms(self) -> float:
        """Return what a request costs the shop's programs: it hardly changes with what else runs. 0: not known."""
        return find_cpu_ms(self.cores, answered=self.answered, seconds=self.seconds)


def find_cpu_ms(cores: dict[str, float], *, answered: int, seconds: float) -> float:
    ours = sum(used for name, used in cores.items() if name not in ("machine", "sender"))
    return round(1000 * ours * seconds / answered, 1) if answered else 0.0


def find_knee(steps: Sequence[Step], *, bound_ms: float) -> float:
    """Return the highest rate that was fine, 0 where none was."""
    return max((step.rate for step in steps if step.is_fine(bound_ms)), default=0.0)


def find_bottleneck(steps: Sequence[Step], bound_ms: float) -> str:
    """Say what gave first, by the step of the lowest rate that was too much."""
    too_much = [step for step in steps if not step.is_fine(bound_ms)]
    if not too_much:
        return "Nothing gave: begin at a higher --rate, or give it more --minutes."
    step = min(too_much, key=lambda step: step.rate)
    said = [f"At {step.rate:g} requests/s:"]
    if step.errors:
        said.append("errors (" + ", ".join(f"{what} {count}" for what, count in step.errors.items()) + ");")
    if not step.cores:
        return " ".join([*said, "the shop runs elsewhere, look at its processors;", say_slowest(step)])
    said.append(say_processor(dict(step.cores)))
    return " ".join([*said, say_slowest(step)])


def say_processor(cores: dict[str, float]) -> str:
    """Say who has the processor: the shop's programs, load.py itself, and what else runs on this machine."""
    total, sender = cores.pop("machine"), cores.pop("sender")
    shares = ", ".join(f"{name} {used:g}" for name, used in sorted(cores.items(), key=lambda item: -item[1]))
    others = max(0.0, total - sender - sum(cores.values()))
    there = os.cpu_count() or 1
    shares = f"{shares}, load.py {sender:g}, others {others:.2f} of {there} cores"
    if total < FULL * there:
        return f"the processor is not full ({shares}), so something waits;"
    if others > sum(cores.values()):
        return f"others have the processor ({shares}): measure again when they are done;"
    return f"the processor is full ({shares});"


def say_slowest(step: Step) -> str:
    kinds = {kind: figures for kind, figures in step.ms.items() if kind != "all" and figures[3]}
    if not kinds:
        return "nothing was answered."
    slowest = max(kinds, key=lambda kind: kinds[kind][1])
    return f"slowest is {slowest}, p95 {kinds[slowest][1]:g} ms."


def print_step(step: Step, *, bound_ms: float) -> None:
    verdict = "" if step.is_fine(bound_ms) else "  too much"
    achieved = step.answered / step.seconds if step.seconds else 0.0
    print(f"\n{step.rate:g} requests/s: {step.asked} asked, {achieved:.1f}/s answered, {step.dropped} dropped{verdict}")
    print(f"  {'ms':<9}{'p50':>8}{'p95':>8}{'p99':>8}{'n':>7}")
    for kind, (p50, p95, p99, count) in step.ms.items():
        print(f"  {kind:<9}{p50:>8.0f}{p95:>8.0f}{p99:>8.0f}{count:>7.0f}")
    if step.errors:
        print("  errors: " + ", ".join(f"{what} {count}" for what, count in step.errors.items()))
    if step.cores:
        shares = ", ".join(f"{name} {used:.2f}" for name, used in step.cores.items())
        print(f"  cores: {shares}; {step.cpu_ms:g} ms of them a request")


def print_comparison(earlier: dict[str, Any], now: dict[str, Any]) -> None:
    """Print ratios, now to before: of the knee, and at each rate that both have, of p95 by kind and of CPU time."""
    for name in ("shares", "seed", "bound_ms", "products", "cores", "machine"):
        if earlier[name] != now[name]:
            print(f"Not the same {name}: {earlier[name]} before, {now[name]} now.")
    print(f"\nnow to before: knee {ratio(now['knee'], earlier['knee'])} ({earlier['knee']:g} -> {now['knee']:g})")
    before = {step["rate"]: step for step in earlier["steps"]}
    for step in now["steps"]:
        if old := before.get(step["rate"]):
            kinds = {kind: figures for kind, figures in old["ms"].items() if kind in step["ms"]}
            p95 = ", ".join(f"{kind} {ratio(step['ms'][kind][1], figures[1])}" for kind, figures in kinds.items())
            costs = [find_cpu_ms(one["cores"], answered=one["answered"], seconds=one["seconds"]) for one in (step, old)]
            print(f"  at {step['rate']:g} requests/s: CPU of a request {ratio(*costs)}; p95: {p95}")


def ratio(now: float, before: float) -> str:
    return f"{now / before:.2f}" if before else "-"
