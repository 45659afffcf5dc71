"""Golden pairs: two products of which staff have said how similar they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Aggregate, Count, F, Q, QuerySet

from catalog.models import Product


class LowerMedian(Aggregate):
    """The middle value; of two in the middle the lower. NULLs do not count.

    Of grades, the one that counts: a pair is called similar only when most of those who judged it say so.
    `percentile_disc(0.5)` is the first value that at least half of all do not exceed.
    """

    function = "PERCENTILE_DISC"
    template = "%(function)s(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = models.SmallIntegerField()


class GoldenPairQuerySet(QuerySet["GoldenPair"]):
    """Pairs as the queue, the figures and the admin ask for them."""

    def with_grades(self) -> GoldenPairQuerySet:
        """With `grade`, the one that counts, and `grade_count`, how many have given one."""
        grades = {"grade": LowerMedian("judgements__grade"), "grade_count": Count("judgements__grade")}
        return self.annotate(**grades)

    def shown(self) -> GoldenPairQuerySet:
        """Those whose products shoppers may see."""
        return self.filter(first__is_active=True, second__is_active=True)

    def judged(self) -> GoldenPairQuerySet:
        """Those of them that somebody has given a grade; a row for each grade, unless grades are put together."""
        return self.shown().filter(judgements__grade__isnull=False)


class GoldenPair(models.Model):
    """Two products, the one with the smaller id first: a pair is the same whichever way round it is shown."""

    class Origin(models.TextChoices):
        """Why it was picked, in the order in which the queue would rather ask."""

        DISAGREEMENT = "disagreement", "Two spaces disagree about it"
        BOUNDARY = "boundary", "It is about as similar as pairs of which some are and some are not"
        CATEGORY = "category", "Nothing of its category was judged"
        CHANCE = "chance", "By chance"
        IMPORTED = "imported", "It came with a file"

    first = models.ForeignKey(Product, related_name="+", on_delete=models.CASCADE)
    second = models.ForeignKey(Product, related_name="+", on_delete=models.CASCADE)
    origin = models.CharField(max_length=12, choices=Origin, verbose_name="why", help_text="Why it was picked")
    created_at = models.DateTimeField(auto_now_add=True)

    if TYPE_CHECKING:  # of `with_grades`
        grade: int | None
        grade_count: int

    objects: ClassVar[GoldenPairQuerySet] = GoldenPairQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(first__lt=F("second")), name="golden_pair_in_order"),
            models.UniqueConstraint(fields=["first", "second"], name="golden_pair_once"),
        ]

    def __str__(self) -> str:
        return f"{self.first.sku} · {self.second.sku}"

    @property
    def sides(self) -> tuple[Product, Product]:
        return self.first, self.second


class GoldenJudgement(models.Model):
    """What one of the staff said of a pair; without a grade they passed it over, and are not asked again."""

    class Grade(models.IntegerChoices):
        NOT_SIMILAR = 0, "Not similar"
        SOMEWHAT = 1, "Somewhat similar"
        SIMILAR = 2, "Similar"

    pair = models.ForeignKey(GoldenPair, related_name="judgements", on_delete=models.CASCADE)
    # What was said outlasts whoever said it.
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, related_name="+", on_delete=models.SET_NULL)
    grade = models.PositiveSmallIntegerField(null=True, choices=Grade, help_text="Empty: passed over")
    judged_at = models.DateTimeField()

    class Meta:
        ordering = ["-judged_at", "-id"]
        indexes = [models.Index(fields=["user", "judged_at"], name="judgements_of_user")]
        constraints = [
            models.UniqueConstraint(fields=["user", "pair"], name="golden_judgement_once"),
            models.CheckConstraint(condition=Q(grade=None) | Q(grade__lte=2), name="golden_grade_is_known"),
        ]

    def __str__(self) -> str:
        return f"{self.pair}: {self.get_grade_display() or '–'}"
