"""What somebody said of two unlabelled lists."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.models import Product


class BlindVote(models.Model):
    """One person's choice between the lists of one product in two spaces.

    Spaces are named, not referred to: a dropped one leaves its votes. `first` comes before `second` in the alphabet, so
    that it does not matter which of the two was asked for first.
    """

    class Choice(models.TextChoices):
        FIRST = "first", _("first space")
        SECOND = "second", _("second space")
        TIE = "tie", _("as good")
        SKIP = "skip", _("skipped")

    first = models.CharField(max_length=100, help_text="Name of a space")
    second = models.CharField(max_length=100, help_text="Name of a space")
    product = models.ForeignKey(Product, null=True, on_delete=models.SET_NULL, related_name="+")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    choice = models.CharField(max_length=6, choices=Choice)
    left = models.CharField(
        max_length=6, choices=Choice.choices[:2], help_text="Whose list was on the left, which nobody saw"
    )
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["first", "second", "user", "product"], name="one_blind_vote_each")
        ]
        indexes = [models.Index(fields=["first", "second", "made_at"], name="blind_votes_of_pair")]
        verbose_name = _("blind vote")
        verbose_name_plural = _("blind votes")

    def __str__(self) -> str:
        return f"{self.first} / {self.second}: {self.get_choice_display()}"
