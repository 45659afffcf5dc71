"""What somebody changed about a rule: as it was and as it became, so that it can be undone."""

from __future__ import annotations

import uuid
from typing import Any

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.utils.translation import gettext_lazy as _


class RuleChange(models.Model):
    """One change of one rule. Rules come and go, their changes stay: no foreign key holds the two together."""

    model = models.CharField(
        max_length=50, editable=False, help_text="recommendations.rule or recommendations.searchrule"
    )
    rule_id = models.BigIntegerField(editable=False)
    label = models.CharField(max_length=300, editable=False, help_text="What the rule was called")
    before = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="Its columns; null: it was made")
    after = models.JSONField(null=True, encoder=DjangoJSONEncoder, help_text="Its columns; null: it was deleted")
    deed = models.UUIDField(default=uuid.uuid4, db_index=True, help_text="What was done at once has one")
    by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+")
    undoes = models.UUIDField(null=True, db_index=True, help_text="The deed that this one took back")
    made_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["model", "rule_id", "-id"], name="rule_change_of_rule")]
        verbose_name = _("rule change")
        verbose_name_plural = _("rule changes")

    def __str__(self) -> str:
        return self.label

    @property
    def changed(self) -> dict[str, tuple[Any, Any]]:
        """Return what differs, by column: (before, after)."""
        before, after = self.before or {}, self.after or {}
        return {
            name: (before.get(name), after.get(name))
            for name in {**before, **after}
            if before.get(name) != after.get(name)
        }
