"""What may be done with an experiment as it stands, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from django.utils.translation import gettext

from behaviour.experiments import lifecycle, words
from behaviour.experiments.experiment import Arm, Experiment

Status = Experiment.Status


@dataclass(frozen=True, slots=True)
class Deed:
    """A button: what it says, what to tell before it is done, and what it does; the experiment that is shown then."""

    name: str
    label: str
    consequences: tuple[str, ...]
    do: Callable[[Experiment], Experiment]
    said: str
    is_main: bool = False


def offer_deeds(experiment: Experiment) -> Iterator[Deed]:
    """Return what may be done now."""
    if experiment.status == Status.DRAFT and not lifecycle.find_problems(experiment):
        yield start_deed(experiment)
    if experiment.status == Status.RUNNING:
        yield stop_deed()
    if experiment.status == Status.STOPPED:
        for arm in experiment.arms.all():
            if lifecycle.may_promote(experiment, arm):
                yield promote_deed(experiment, arm)
    if experiment.status == Status.PROMOTED:
        yield take_back_deed(experiment)
    if experiment.status != Status.DRAFT:
        yield Deed("copy", gettext("Copy as a draft"), (), lifecycle.make_copy, gettext("This is the copy."))


def start_deed(experiment: Experiment) -> Deed:
    said = gettext("Lists of “%(scope)s” differ from now on for visitors who are known.")
    return Deed(
        "start",
        gettext("Start"),
        (
            said % {"scope": words.say_scope(experiment)},
            gettext("Arms, shares, metric and guard rails cannot be changed any more."),
        ),
        lifecycle.start,
        gettext("It runs. The first figures are here in some minutes."),
        is_main=True,
    )


def stop_deed() -> Deed:
    def stop_by_hand(experiment: Experiment) -> Experiment:
        return lifecycle.stop(experiment, reason=gettext("Stopped by hand"))

    return Deed(
        "stop",
        gettext("Stop"),
        (gettext("Everyone sees lists as they are asked for again. A stopped experiment cannot go on: copy it."),),
        stop_by_hand,
        gettext("It is stopped."),
        is_main=True,
    )


def promote_deed(experiment: Experiment, arm: Arm) -> Deed:
    told = [
        gettext("Lists of “%(scope)s” are from now on made with: %(changes)s.")
        % {"scope": words.say_scope(experiment), "changes": words.say_changes(arm)}
    ]
    if arm.space:
        told.append(gettext("The space %s goes live for all lists and searches.") % arm.space)

    def promote_arm(promoted: Experiment) -> Experiment:
        return lifecycle.promote(promoted, arm)

    return Deed(
        f"promote-{arm.pk}",
        gettext("Promote %s") % arm.name,
        tuple(told),
        promote_arm,
        gettext("All lists that it was about are made like that now."),
    )


def take_back_deed(experiment: Experiment) -> Deed:
    told = [gettext("Lists of “%s” are made as they are asked for again.") % words.say_scope(experiment)]
    if any(arm.space for arm in experiment.arms.all() if arm.name == experiment.winner):
        told.append(gettext("The space stays live: roll it back in the list of spaces."))
    return Deed(
        "take-back",
        gettext("Take back"),
        tuple(told),
        lifecycle.take_back,
        gettext("Lists are as before it was promoted."),
    )
