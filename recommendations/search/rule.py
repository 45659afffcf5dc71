"""What staff decide about searches: what is pinned or left out, where they lead, and what words mean."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models, transaction
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext

from catalog.models import Category, Product
from recommendations.in_force import STARTS_BEFORE_IT_ENDS, InForce
from recommendations.search.folding import make_key
from recommendations.search.synonyms_by_staff import SynonymsByStaff, keep_staff_synonyms
from recommendations.search.understanding import list_phrases

MAX_PHRASES = 20  # of one rule
MAX_SYNONYMS = 5_000  # rules that are read; no staff keeps more by hand
MAX_TEXT, MAX_URL = 200, 500
BETWEEN_PHRASES = re.compile(r"[,，;；、\n]")
ADDRESS = re.compile(r"https?://[^\s/?#\\]+(?:[/?#][^\s\\]*)?|/(?![/\\])[^\s\\]*", re.IGNORECASE)


def split_phrases(text: str) -> list[str]:
    """Return the phrases of a text, which commas part, as they were written."""
    return [" ".join(phrase.split()) for phrase in BETWEEN_PHRASES.split(text) if make_key(phrase)]


class SearchRule(InForce):
    """One decision about the searches whose text is, or contains, one of some phrases."""

    class Kind(models.TextChoices):
        PIN = "pin", "Pin a product at a position"
        EXCLUDE = "exclude", "Leave out"
        SYNONYM = "synonym", "Words mean other words"
        REDIRECT = "redirect", "Go to another page"

    class Match(models.TextChoices):
        EXACT = "exact", "The search is these words"
        CONTAINS = "contains", "The search has these words in it"

    kind = models.CharField(max_length=8, choices=Kind)
    query = models.CharField(
        max_length=MAX_TEXT,
        verbose_name="words",
        help_text="What shoppers write, such as sofa, or several separated by commas: sofa, couch, 沙发. "
        "Capitals, accents and plurals make no difference",
    )
    match = models.CharField(
        max_length=8,
        choices=Match,
        default=Match.EXACT,
        help_text="Whether these words have to be all of the search. Of no concern to words that mean other words",
    )
    target = models.ForeignKey(
        Product,
        null=True,
        blank=True,
        related_name="search_rules",
        on_delete=models.CASCADE,
        verbose_name="target product",
    )
    target_brand = models.CharField(max_length=200, blank=True)
    target_category = models.ForeignKey(
        Category, null=True, blank=True, related_name="search_rules", on_delete=models.CASCADE
    )
    position = models.PositiveSmallIntegerField(
        null=True,
        blank=True,
        validators=[MinValueValidator(1), MaxValueValidator(100)],
        help_text="For pins: 1 is first",
    )
    meant = models.CharField(
        max_length=MAX_TEXT,
        blank=True,
        verbose_name="mean",
        help_text="Words of this catalogue, separated by commas: what the words above mean",
    )
    is_one_way = models.BooleanField(
        default=False,
        verbose_name="one way",
        help_text="Only the first words mean the second: who searches for couch finds sofas, and not the other way",
    )
    url = models.CharField(
        max_length=MAX_URL,
        blank=True,
        verbose_name="address",
        help_text="Where the search leads: an address that begins with https://, or a path of this shop such as /sale/",
    )
    phrases = ArrayField(models.CharField(max_length=MAX_TEXT), default=list, editable=False, help_text="Folded")

    class Meta:
        ordering = ["-created_at", "-id"]
        indexes = [GinIndex(fields=["phrases"], name="search_rule_by_phrase")]
        constraints = [
            models.CheckConstraint(condition=STARTS_BEFORE_IT_ENDS, name="search_rule_starts_before_it_ends"),
            models.CheckConstraint(
                condition=~Q(kind="pin") | Q(target__isnull=False, position__gte=1, position__isnull=False),
                name="search_pin_has_a_product_and_a_position",
            ),
            models.CheckConstraint(condition=~Q(kind="redirect") | ~Q(url=""), name="search_redirect_leads_somewhere"),
            models.CheckConstraint(condition=~Q(kind="synonym") | ~Q(meant=""), name="search_synonym_means_something"),
        ]

    def __str__(self) -> str:
        return self.note or f"{self.query} → {self.effect_text()}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Store it; what words mean is known to searches from then on."""
        self.phrases = list(dict.fromkeys(make_key(phrase) for phrase in split_phrases(self.query)))
        with transaction.atomic():
            super().save(*args, **kwargs)
            keep_synonyms()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        with transaction.atomic():
            deleted = super().delete(*args, **kwargs)
            keep_synonyms()
        return deleted

    def effect_text(self) -> str:
        """Return what it does, in words."""
        if self.kind == self.Kind.SYNONYM:
            return self.meant
        if self.kind == self.Kind.REDIRECT:
            return self.url
        if self.kind == self.Kind.PIN:
            return gettext("%(product)s at %(position)s") % {"product": self.target, "position": self.position}
        return gettext("without %s") % (self.target or self.target_brand or self.target_category)

    def clean(self) -> None:
        """Say in words what is wrong, beside the field that has to change."""
        errors = self.check_window() | self.check_words()
        match self.kind:
            case self.Kind.PIN:
                errors |= self.check_pin()
            case self.Kind.EXCLUDE:
                errors |= self.check_exclusion()
            case self.Kind.SYNONYM:
                errors |= self.check_synonym()
            case self.Kind.REDIRECT:
                errors |= self.check_redirect()
        if errors:
            raise ValidationError(errors)

    def check_words(self) -> dict[str, str]:
        phrases = split_phrases(self.query)
        if not phrases:
            return {"query": gettext("Write at least one word.")}
        if len(phrases) > MAX_PHRASES:
            return {"query": gettext("At most %d phrases in one rule; make another one.") % MAX_PHRASES}
        if self.match == self.Match.EXACT and self.kind != self.Kind.SYNONYM:
            return {}
        if long := [phrase for phrase in phrases if make_key(phrase) not in list_phrases(phrase)]:
            return {"query": gettext("%s: a part of a search has at most 5 words, or 8 Chinese characters.") % long[0]}
        return {}

    def check_pin(self) -> dict[str, str]:
        errors = {}
        if self.target_id is None or self.target_brand or self.target_category_id is not None:
            errors["target"] = gettext("A pin needs a product as its target, and nothing else.")
        if self.position is None:
            errors["position"] = gettext("Say at which position to pin it; 1 is first.")
        return errors

    def check_exclusion(self) -> dict[str, str]:
        if sum(map(bool, [self.target_id, self.target_brand, self.target_category_id])) != 1:
            return {"target": gettext("Choose one target: a product, a brand or a category.")}
        if self.is_active and self.target_brand and not Product.objects.filter(brand=self.target_brand).exists():
            return {"target_brand": gettext("No product has the brand %s.") % self.target_brand}
        return {}

    def check_synonym(self) -> dict[str, str]:
        words, meant = (dict.fromkeys(map(make_key, split_phrases(text))) for text in (self.query, self.meant))
        errors = {}
        if not meant:
            errors["meant"] = gettext("Say what the words mean.")
        elif len(meant) > MAX_PHRASES:
            errors["meant"] = gettext("At most %d phrases in one rule; make another one.") % MAX_PHRASES
        elif both := [word for word in words if word in meant]:
            errors["meant"] = gettext("%s would mean itself.") % both[0]
        if self.starts_at or self.ends_at:
            errors["starts_at"] = gettext("What words mean has no dates; switch the rule off instead.")
        return errors

    def check_redirect(self) -> dict[str, str]:
        if not self.url or not self.url.isprintable() or not ADDRESS.fullmatch(self.url):
            said = gettext("Give an address that begins with http:// or https://, or a path that begins with one /.")
            return {"url": said}
        try:
            address = urlsplit(self.url)
        except ValueError:
            return {"url": gettext("This is no address.")}
        searched = parse_qs(address.query).get("q", []) if address.path == reverse("search_page") else []
        keys = {make_key(phrase) for phrase in split_phrases(self.query)}
        own = self.match == self.Match.CONTAINS
        if any(make_key(text) in keys or (own and keys & set(list_phrases(text))) for text in searched):
            return {"url": gettext("The search would lead to itself.")}
        others = SearchRule.objects.filter(kind=self.Kind.REDIRECT, is_active=True).exclude(pk=self.pk)
        if searched and others.filter(meets(searched[0])).exists():
            return {"url": gettext("That search leads to another page by itself; name that page.")}
        return {}


def meets(text: str) -> Q:
    """Which rules a search concerns."""
    key = make_key(text)
    inside = Q(match=SearchRule.Match.CONTAINS, phrases__overlap=[*list_phrases(text), key])
    return Q(phrases__contains=[key]) | inside


def keep_synonyms() -> None:
    """Bring the terms that come from staff up to date with their rules."""
    rules = SearchRule.objects.filter(kind=SearchRule.Kind.SYNONYM, is_active=True).order_by("-pk")
    keep_staff_synonyms(
        [
            SynonymsByStaff(split_phrases(rule.query), split_phrases(rule.meant), is_one_way=rule.is_one_way)
            for rule in rules[:MAX_SYNONYMS]
        ]
    )
