"""What staff decide about recommendations: merchandising rules. And what the worker answered to a waiting visitor."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext

from api.declarations import describe_choices
from catalog.conditions import attribute_condition
from catalog.models import Category, Product
from recommendations.curation.names import find_brands
from recommendations.curation.rule_change import RuleChange as RuleChange  # tables of this app, in files of their own
from recommendations.doctor.listed import ListedProduct as ListedProduct  # a table of this app, in a file of its own
from recommendations.golden.pair import GoldenJudgement as GoldenJudgement  # likewise
from recommendations.golden.pair import GoldenPair as GoldenPair
from recommendations.in_force import STARTS_BEFORE_IT_ENDS, InForce
from recommendations.rules import IN_SEARCHES, MAX_PLACEMENT_LENGTH, SEARCH, WIDGET
from recommendations.search.rule import SearchRule as SearchRule
from recommendations.search.term import SearchLearning as SearchLearning
from recommendations.search.term import SearchTerm as SearchTerm
from recommendations.spaces_desk.blind_vote import BlindVote as BlindVote
from recommendations.strategies import STRATEGIES
from recommendations.vitals.vital import Vital as Vital


def default_strategies() -> list[str]:
    return ["similar"]


def default_placements() -> list[str]:
    return [WIDGET]


class Rule(InForce):
    """One decision of a merchandiser: what to do, in which lists, to which products, and when."""

    class Kind(models.TextChoices):
        PIN = "pin", "Pin at a position"
        BOOST = "boost", "Boost by a factor"
        BURY = "bury", "Bury by a factor"
        EXCLUDE = "exclude", "Exclude"
        LINK = "link", "Always with"

    kind = models.CharField(max_length=7, choices=Kind)
    anchor = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        related_name="rules",
        on_delete=models.CASCADE,
        help_text="Only in the lists of this product",
    )
    anchor_category = models.ForeignKey(
        Category,
        null=True,
        blank=True,
        related_name="rules",
        on_delete=models.CASCADE,
        help_text="In the lists of every product of this category and below. Both empty: everywhere",
    )
    strategies = ArrayField(
        models.CharField(max_length=20),
        blank=True,
        default=default_strategies,
        help_text="In the lists of these strategies, wherever they are shown; search: in what shoppers search for",
    )
    placements = ArrayField(
        models.CharField(max_length=MAX_PLACEMENT_LENGTH),
        blank=True,
        default=default_placements,
        help_text="And in these placements, whatever their strategy, separated by commas. "
        "widget: the web component and the template tag",
    )
    target = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        related_name="targeted_by_rules",
        on_delete=models.CASCADE,
        verbose_name="target product",
    )
    target_brand = models.CharField(max_length=200, blank=True)
    target_category = models.ForeignKey(
        Category, null=True, blank=True, related_name="targeted_by_rules", on_delete=models.CASCADE
    )
    target_attribute = models.CharField(max_length=100, blank=True, help_text="Name of an attribute, such as colour")
    target_value = models.CharField(max_length=200, blank=True, help_text="Its value, such as sage")
    position = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="For pins: 1 is first",
    )
    factor = models.FloatField(
        default=1.5,
        validators=[MinValueValidator(1.0), MaxValueValidator(100.0)],
        help_text="For boost and bury: the score is multiplied or divided by it",
    )

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [models.Index(fields=["kind", "position", "-id"], name="rule_by_kind")]  # pins of one place
        constraints = [
            models.CheckConstraint(
                condition=Q(anchor__isnull=True) | Q(anchor_category__isnull=True), name="rule_has_one_scope"
            ),
            models.CheckConstraint(condition=STARTS_BEFORE_IT_ENDS, name="rule_starts_before_it_ends"),
            models.CheckConstraint(
                condition=~Q(kind="pin") | Q(position__gte=1, position__isnull=False), name="pin_has_a_position"
            ),
            models.CheckConstraint(
                condition=~Q(kind__in=["pin", "link"]) | Q(target__isnull=False), name="pin_and_link_target_a_product"
            ),
            models.CheckConstraint(condition=Q(factor__gte=1), name="rule_factor_at_least_one"),
            models.CheckConstraint(
                condition=~Q(strategies__len=0) | ~Q(placements__len=0), name="rule_acts_in_some_list"
            ),
        ]

    def __str__(self) -> str:
        return self.note or f"{self.get_kind_display()}: {self.target_text()}"

    def target_text(self) -> str:
        """Return what the rule acts on, in words."""
        if self.target_id is not None:
            return str(self.target)
        if self.target_brand:
            return gettext("brand %s") % self.target_brand
        if self.target_category_id is not None:
            return gettext("category %s") % self.target_category
        return f"{self.target_attribute} = {self.target_value}"

    def find_missing(self) -> str:
        """Return what the rule names and no product has, or no longer, as a sentence; empty where all is there.

        Products and categories that a rule names go with it when they are deleted: only texts can be left behind.
        """
        if self.target_brand and not Product.objects.filter(brand=self.target_brand).exists():
            wanted = self.target_brand.casefold()
            if alike := next((brand for brand in find_brands(self.target_brand) if brand.casefold() == wanted), ""):
                said = gettext("No product has the brand %(brand)s. Did you mean %(alike)s?")
                return said % {"brand": self.target_brand, "alike": alike}
            return gettext("No product has the brand %s.") % self.target_brand
        if self.target_attribute and self.target_value:
            condition = attribute_condition(self.target_attribute, [self.target_value])
            if not Product.objects.meeting(condition).exists():
                said = gettext("No product has %(name)s = %(value)s.")
                return said % {"name": self.target_attribute, "value": self.target_value}
        return ""

    def check_names(self) -> dict[str, str]:
        """Return what is wrong with the names in the rule, by field."""
        errors = {}
        if not self.strategies and not self.placements:
            errors["strategies"] = gettext("Choose a strategy or name a placement in whose lists the rule acts.")
        known = [*STRATEGIES, SEARCH]
        if unknown := sorted(set(self.strategies) - set(known)):
            errors["strategies"] = describe_choices(", ".join(unknown), known=known)
        elif self.strategies == [SEARCH] and not self.placements and self.kind and self.kind not in IN_SEARCHES:
            errors["kind"] = gettext("Searches leave out, boost and bury; to pin a product make a search rule.")
        if self.is_active and self.target_brand and (missing := self.find_missing()):
            errors["target_brand"] = missing
        return errors

    def clean(self) -> None:
        """Say in words what the constraints would refuse, beside the field that has to change."""
        errors = self.check_names()
        if self.anchor_id is not None and self.anchor_category_id is not None:
            errors["anchor_category"] = gettext("Choose a product or a category for the rule to apply to, not both.")
        targets = [self.target_id, self.target_brand, self.target_category_id, self.target_attribute]
        if sum(bool(target) for target in targets) != 1:
            errors["target"] = gettext("Choose one target: a product, a brand, a category or an attribute.")
        elif self.kind in {self.Kind.PIN, self.Kind.LINK} and self.target_id is None:
            errors["target"] = gettext("Pins and links need a product as their target.")
        if bool(self.target_attribute) != bool(self.target_value):
            errors["target_value"] = gettext("An attribute needs a name and a value.")
        if self.kind == self.Kind.PIN and self.position is None:
            errors["position"] = gettext("Say at which position to pin it; 1 is first.")
        errors |= self.check_window()
        if self.anchor_id is not None and self.anchor_id == self.target_id:
            errors["target"] = gettext("A product is never recommended beside itself; choose another target.")
        if errors:
            raise ValidationError(errors)


class WorkerAnswer(models.Model):
    """What the worker answered to a question that a visitor waited for. The question is known by its hash alone."""

    key = models.CharField(max_length=64, primary_key=True, help_text="sha256 of the question")
    content = models.BinaryField()
    created_at = models.DateTimeField(auto_now_add=True, db_index=True)

    def __str__(self) -> str:
        return self.key[:12]
