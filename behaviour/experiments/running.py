"""Which experiments there are for lists, kept by each process for some seconds: no request asks the database for it."""

from __future__ import annotations

from dataclasses import dataclass
from time import monotonic

from behaviour.experiments.experiment import Arm, Experiment
from embeddings.models import EmbeddingSpace

KEPT_FOR_S = 10.0  # as long as another process goes on after an experiment was started or stopped


@dataclass(frozen=True, slots=True)
class Trial:
    """An experiment with its arms, the control first."""

    experiment: Experiment
    arms: tuple[Arm, ...]

    def find_arm(self, name: str) -> Arm | None:
        return next((arm for arm in self.arms if arm.name == name), None)


@dataclass(frozen=True, slots=True)
class Trials:
    """What runs, and what was promoted, the latest first."""

    running: tuple[Trial, ...] = ()
    promoted: tuple[Trial, ...] = ()
    gone_spaces: frozenset[str] = frozenset()  # that arms name and that are not there any more: they would be empty

    def find_running(self, placement: str, strategy: str) -> Trial | None:
        return next((trial for trial in self.running if trial.experiment.is_about(placement, strategy)), None)

    def find_standing(self, placement: str, strategy: str) -> Arm | None:
        """Return the arm that won for such lists last, None where none did."""
        for trial in self.promoted:
            if trial.experiment.is_about(placement, strategy):
                return trial.find_arm(trial.experiment.winner)
        return None


_kept: tuple[float, Trials] | None = None


def read_trials() -> Trials:
    """Return what is known, read again after some seconds: one query, and one for the arms where there are any."""
    global _kept
    kept = _kept
    if kept is None or monotonic() - kept[0] > KEPT_FOR_S:
        kept = _kept = (monotonic(), fetch_trials())
    return kept[1]


def keep_trials(trials: Trials | None) -> None:
    """Go on with these; None: read them at the next request, as after a change by this process."""
    global _kept
    _kept = None if trials is None else (monotonic(), trials)


def find_built(names: set[str]) -> set[str]:
    """Return which of these spaces can be served; where none is named, without a query."""
    unbuilt = (EmbeddingSpace.Status.BUILDING, EmbeddingSpace.Status.FAILED)
    spaces = EmbeddingSpace.objects.filter(name__in=names).exclude(status__in=unbuilt)
    return set(spaces.values_list("name", flat=True))


def fetch_trials() -> Trials:
    status = Experiment.Status
    rows = Experiment.objects.filter(status__in=[status.RUNNING, status.PROMOTED]).prefetch_related("arms")
    trials = [Trial(row, tuple(row.arms.all())) for row in rows.order_by("-promoted_at", "id")]
    named = {arm.space for trial in trials for arm in trial.arms if arm.space}
    return Trials(
        gone_spaces=frozenset(named - find_built(named)),
        running=tuple(trial for trial in trials if trial.experiment.status == status.RUNNING),
        promoted=tuple(trial for trial in trials if trial.experiment.status == status.PROMOTED),
    )
