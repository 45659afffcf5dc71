"""A table of this app, in a file of its own: what a name of the catalogue is called in another language."""

from __future__ import annotations

from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.utils.translation import gettext_lazy as _

from catalog.wordings.lexicon import forget_wordings

LANGUAGE = "[a-z]{2,3}(?:-[a-z0-9]{2,8})?"
BAD_LANGUAGE = _("Name a language as in zh or pt-br.")
KINDS = [("category", _("Category")), ("attribute", _("Attribute")), ("value", _("Value of an attribute"))]


class Wording(models.Model):
    """How one name is called in one language. Products carry the names alone: each is worded once for all of them."""

    kind = models.CharField(_("kind"), max_length=10, choices=KINDS)
    name = models.CharField(
        _("name"),
        max_length=300,
        help_text=_(
            "As products have it: a category's name or path, an attribute, or a value; a value of one attribute alone "
            "as attribute:value"
        ),
    )
    language = models.CharField(
        _("language"),
        max_length=12,
        validators=[RegexValidator(rf"\A{LANGUAGE}\Z", BAD_LANGUAGE)],
        help_text=_("Such as zh"),
    )
    text = models.CharField(_("text"), max_length=300, help_text=_("What visitors read"))

    class Meta:
        verbose_name = _("wording")
        verbose_name_plural = _("wordings")
        ordering = ["kind", "name", "language"]
        constraints = [models.UniqueConstraint(fields=["language", "kind", "name"], name="one_wording_of_a_name")]

    def __str__(self) -> str:
        return f"{self.name}: {self.text} ({self.language})"

    def save(self, **kwargs: Any) -> None:
        """Save; this process words it so from now on, others within a minute."""
        super().save(**kwargs)
        forget_wordings()

    def delete(self, *args: Any, **kwargs: Any) -> tuple[int, dict[str, int]]:
        deleted = super().delete(*args, **kwargs)
        forget_wordings()
        return deleted
