"""Forms of the admin: an experiment and its arms, how many visitors it needs, and which arm somebody gets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from api.problems import RequestError
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.assignment import choose_arm
from behaviour.experiments.experiment import Arm, Experiment
from behaviour.experiments.lifecycle import check_options
from behaviour.experiments.power import count_days, count_units, count_units_always_valid, find_rate_variance
from embeddings.models import EmbeddingSpace
from recommendations.strategies import name_strategies


def list_strategies() -> list[tuple[str, Any]]:
    return [("", "–"), *name_strategies()]


class ExperimentForm(forms.ModelForm[Experiment]):
    """Strategies are chosen among those that there are."""

    strategy = forms.ChoiceField(
        choices=list_strategies,
        required=False,
        label=capfirst(_("strategy")),
        help_text=_(str(Experiment._meta.get_field("strategy").help_text)),
    )

    def clean_currency(self) -> str:
        return str(self.cleaned_data["currency"]).upper()


class ArmForm(forms.ModelForm[Arm]):
    """Strategies and spaces are chosen among those that there are; options are checked as the API checks them."""

    strategy = forms.ChoiceField(choices=list_strategies, required=False, label=capfirst(_("strategy")))
    space = forms.ChoiceField(
        choices=lambda: [("", "–"), *((name, name) for name in EmbeddingSpace.objects.values_list("name", flat=True))],
        required=False,
        label=capfirst(_("space")),
    )

    class Meta:
        widgets = {"options": forms.Textarea(attrs={"rows": 2, "cols": 26})}

    def clean_options(self) -> dict[str, Any]:
        options = self.cleaned_data["options"] or {}
        try:
            check_options(options)
        except RequestError as error:
            raise ValidationError(str(error)) from error
        return dict(options)


class VisitorForm(forms.Form):
    """Whose arm is asked for. Nothing of it is kept."""

    user_id = forms.CharField(required=False, max_length=100, label=_("User"))
    session_id = forms.CharField(required=False, max_length=100, label=_("Session"))

    def find_arm(self, experiment: Experiment) -> Arm | None:
        """Return the arm of this user, or else of this session."""
        user_id, session_id = (self.cleaned_data.get(name) for name in ("user_id", "session_id"))
        arms = list(experiment.arms.all())
        if not arms or not (user_id or session_id):
            return None
        key = make_key("user", user_id) if user_id else make_key("session", str(session_id))
        chosen: Arm = choose_arm(arms, salt=experiment.salt, key=key)
        return chosen


@dataclass(frozen=True, slots=True)
class Plan:
    """How many visitors two equal arms need together, and in how many days they come."""

    fixed: int
    always_valid: int
    fixed_days: int | None
    always_valid_days: int | None


class PlanForm(forms.Form):
    """What there is now, and the smallest change that is worth knowing of."""

    rate = forms.FloatField(min_value=0.01, max_value=99, label=_("Now, of 100 visitors"), initial=4)
    change = forms.FloatField(min_value=0.1, max_value=500, label=_("Worth knowing: a change by, in %"), initial=10)
    per_day = forms.FloatField(min_value=1, required=False, label=_("Visitors a day"))

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        rate, change = values.get("rate"), values.get("change")
        if rate and change and rate * (1 + change / 100) >= 100:
            raise ValidationError(gettext("More than all visitors cannot do it: ask for a smaller change."))
        return values

    def make_plan(self) -> Plan:
        rate = self.cleaned_data["rate"] / 100
        effect = rate * self.cleaned_data["change"] / 100
        variance = find_rate_variance(rate, effect=effect)
        fixed, always = (count(variance=variance, effect=effect) for count in (count_units, count_units_always_valid))
        per_day = self.cleaned_data["per_day"] or 0
        return Plan(fixed, always, count_days(fixed, units_per_day=per_day), count_days(always, units_per_day=per_day))
