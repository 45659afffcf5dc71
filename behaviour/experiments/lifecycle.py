"""Starting an experiment, stopping it, and making what won the way that all such lists are."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import connection, transaction
from django.utils import timezone
from django.utils.translation import gettext

from api.declarations import parameters_of
from api.problems import RequestError
from behaviour.events.event import settled_id
from behaviour.experiments.experiment import INTERLEAVED, Arm, Experiment, Metric
from behaviour.experiments.results import read_results
from behaviour.experiments.running import keep_trials
from embeddings.models import EmbeddingSpace
from embeddings.spaces import lifecycle as spaces
from recommendations.requests import Options
from recommendations.strategies import find_strategy

STARTING = 7_310_013  # the advisory lock of whoever starts: of two at once the second sees the first
NOT_OF_AN_ARM = frozenset({"placement", "explain"})  # where a list is shown, and what else is told, is the app's
Status = Experiment.Status


class ExperimentError(ValueError):
    """What was asked for cannot be done; the message says what to do instead."""


def start(experiment: Experiment) -> Experiment:
    """Run a draft from now on. Raises ExperimentError where it is not ready, or another is about the same lists."""
    problems = find_problems(experiment)
    if problems:
        raise ExperimentError(" ".join(problems))
    counted_id = settled_id()  # before the transaction, which would keep out who writes events until its end
    with transaction.atomic():
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_advisory_xact_lock(%s)", [STARTING])
        locked = lock(experiment, Status.DRAFT, said=gettext("Only a draft can be started: copy this one."))
        for other in Experiment.objects.filter(status=Status.RUNNING):
            if other.overlaps(locked):
                said = gettext("%s runs for lists that this is about too: stop it first, or choose another placement.")
                raise ExperimentError(said % other.title)
        locked.status, locked.started_at, locked.counted_id = Status.RUNNING, timezone.now(), counted_id
        locked.save(update_fields=["status", "started_at", "counted_id"])
        transaction.on_commit(lambda: keep_trials(None))
    return locked


def stop(experiment: Experiment, *, reason: str = "") -> Experiment:
    """Show everyone the control again, and keep why. Raises ExperimentError where it does not run."""
    with transaction.atomic():
        locked = lock(experiment, Status.RUNNING, said=gettext("It is not running."))
        locked.status, locked.stopped_at, locked.stop_reason = Status.STOPPED, timezone.now(), reason[:300]
        locked.save(update_fields=["status", "stopped_at", "stop_reason"])
        transaction.on_commit(lambda: keep_trials(None))
    return locked


def promote(experiment: Experiment, arm: Arm) -> Experiment:
    """Make all lists that it was about as the arm makes them; its space becomes the live one.

    Raises ExperimentError where it was not stopped or shares were not as promised, or what
    embeddings.spaces.lifecycle.promote raises.
    """
    with transaction.atomic():
        locked = lock(experiment, Status.STOPPED, said=gettext("Stop it first."))
        if not may_promote(locked, arm):
            raise ExperimentError(
                gettext(
                    "Visitors were not shared out as promised, so that nothing shows what %s is worth: find out why, "
                    "and run a copy."
                )
                % arm.name
            )
        if arm.space:
            live = EmbeddingSpace.objects.live()
            if live is None or live.name != arm.space:
                spaces.promote(spaces.get_space(arm.space))
        locked.status, locked.promoted_at, locked.winner = Status.PROMOTED, timezone.now(), arm.name
        locked.save(update_fields=["status", "promoted_at", "winner"])
        transaction.on_commit(lambda: keep_trials(None))
    return locked


def may_promote(experiment: Experiment, arm: Arm) -> bool:
    """Whether what was found may be believed; going back to the control needs no finding."""
    results = read_results(experiment)
    return arm == results.arms[0] or not results.has_mismatch


def take_back(experiment: Experiment) -> Experiment:
    """Make the lists as they were before it was promoted; a space that went live with it is rolled back by itself."""
    with transaction.atomic():
        locked = lock(experiment, Status.PROMOTED, said=gettext("It was not promoted."))
        locked.status, locked.promoted_at, locked.winner = Status.STOPPED, None, ""
        locked.save(update_fields=["status", "promoted_at", "winner"])
        transaction.on_commit(lambda: keep_trials(None))
    return locked


def make_copy(experiment: Experiment) -> Experiment:
    """Return a draft like it, with a salt of its own: visitors are shared out anew, whatever shares it gets."""
    taken = set(Experiment.objects.values_list("name", flat=True))
    name = next(name for number in range(2, 10_000) if (name := f"{experiment.name[:44]}-{number}") not in taken)
    kept = ("title", "placement", "strategy", "method", "metric", "currency", "planned_units")
    with transaction.atomic():
        made = Experiment.objects.create(name=name, **{field: getattr(experiment, field) for field in kept})
        for arm in experiment.arms.all():
            made.arms.create(**{field: getattr(arm, field) for field in ARM_FIELDS})
        for rail in experiment.guard_rails.all():
            made.guard_rails.create(metric=rail.metric, worst_change=rail.worst_change)
    return made


ARM_FIELDS = ("name", "share", "strategy", "options", "space", "without_rules")


def lock(experiment: Experiment, status: str, *, said: str) -> Experiment:
    """Return the row as it is now, held until the transaction ends. Raises ExperimentError in another status."""
    locked = Experiment.objects.select_for_update().get(pk=experiment.pk)
    if locked.status != status:
        raise ExperimentError(said)
    return locked


def find_problems(experiment: Experiment) -> list[str]:
    """Return what has to be put right before it can start, as sentences."""
    arms = list(experiment.arms.all())
    problems = list(find_method_problems(experiment, arms))
    problems += find_arms_problems(experiment)
    if len({describe_changes(arm) for arm in arms}) < len(arms):
        problems.append(gettext("Two arms do the same: change one."))
    uses_revenue = experiment.metric == Metric.REVENUE or experiment.guard_rails.filter(metric=Metric.REVENUE).exists()
    if uses_revenue and not experiment.currency:
        problems.append(gettext("Say in which currency revenue is counted."))
    return problems


def find_arms_problems(experiment: Experiment) -> list[str]:
    """Return what its arms cannot be made of, or cannot any more: then everyone sees the control."""
    return [f"{arm.name}: {problem}" for arm in experiment.arms.all() for problem in find_arm_problems(arm)]


def find_method_problems(experiment: Experiment, arms: list[Arm]) -> Iterable[str]:
    if len(arms) < 2:
        yield gettext("It needs two arms at least: the first is the control.")
    if experiment.method == Experiment.Method.INTERLEAVING:
        if len(arms) > 2:
            yield gettext("Interleaving compares two arms.")
        if experiment.guard_rails.exists():
            yield gettext("Interleaving has no guard rails: every visitor sees both rankings.")


def find_arm_problems(arm: Arm) -> Iterable[str]:
    if arm.name == INTERLEAVED:
        yield gettext("Choose another name: this one is for lists that both rankings share.")
    try:
        if arm.strategy:
            find_strategy(arm.strategy)
        check_options(arm.options)
    except RequestError as error:
        yield str(error)
    if arm.space:
        try:
            spaces.check_built(spaces.get_space(arm.space))
        except spaces.SpaceError as error:
            yield str(error)


def check_options(options: Any) -> None:
    """Raise RequestError where these are not options that an arm may set."""
    if not isinstance(options, dict):
        raise RequestError("options", gettext('Has to be an object, such as {"diversity": 0.3}.'))
    known = parameters_of(Options).keys() - NOT_OF_AN_ARM
    if unknown := sorted(options.keys() - known):
        raise RequestError(unknown[0], gettext("There is no such option. There are: %s.") % ", ".join(sorted(known)))
    Options(**options)


def describe_changes(arm: Arm) -> str:
    """Return what an arm changes, in words of the API; empty where it changes nothing."""
    parts = [arm.strategy, *(f"{name}={value}" for name, value in sorted(arm.options.items()))]
    if arm.space:
        parts.append(f"space={arm.space}")
    if arm.without_rules:
        parts.append("without_rules")
    return ", ".join(filter(None, parts))
