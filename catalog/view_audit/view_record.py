"""A table of this app, in a file of its own: which products one answer showed, to whom, and from where."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.utils.translation import gettext_lazy as _

MAX_TEXT = 500  # characters of an address, which is cut


class ViewRecord(models.Model):
    """Rows are only ever added: a trigger of Postgres refuses whoever would change one, or delete one before its time.

    There are no keys to users and products: what was seen stays known when either is gone.
    """

    seen_at = models.DateTimeField(_("seen at"), auto_now_add=True)
    username = models.CharField(_("user"), max_length=150, blank=True, help_text=_("Empty: nobody who was signed in"))
    user_number = models.BigIntegerField(_("number of the user"), null=True)
    api_key = models.CharField(_("API key"), max_length=200, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True)
    page = models.CharField(_("page"), max_length=100)  # the name of its route
    path = models.CharField(_("path"), max_length=MAX_TEXT)
    opened = models.CharField(_("opened"), max_length=100, blank=True, help_text=_("What the address itself names"))
    shown = ArrayField(models.CharField(max_length=100), verbose_name=_("shown"))
    opened_from = models.CharField(_("opened from"), max_length=MAX_TEXT, blank=True)

    class Meta:
        verbose_name = _("view of a case")
        verbose_name_plural = _("views of cases")
        ordering = ["-seen_at", "-id"]
        indexes = [
            models.Index(fields=["seen_at", "id"], name="view_by_time"),
            models.Index(fields=["username", "seen_at", "id"], name="view_by_user"),
            GinIndex(fields=["shown"], name="view_by_product"),
        ]

    def __str__(self) -> str:
        return f"{self.seen_at:%Y-%m-%d %H:%M:%S} {self.username or self.api_key or self.address}: {self.path}"
