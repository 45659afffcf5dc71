"""What the front of the admin says of imports: those that broke off lately, until somebody goes on or undoes them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext

from catalog.desk.front import Need, register_needs
from catalog.models import Upload

NAMED = 5
LATELY = timedelta(days=7)  # after which nobody waits for it any more


@register_needs("imports", permission="catalog.add_product")
def name_broken_imports() -> Iterator[Need]:
    """Imports, and undoings, that failed."""
    failed = Upload.objects.filter(state=Upload.State.FAILED, asked_at__gt=timezone.now() - LATELY)
    for pk, name in failed.exclude(task=Upload.Task.CHECK).values_list("pk", "name")[:NAMED]:
        yield Need(text=gettext("The import of %s broke off.") % name, url=reverse("import_file", args=[pk]))
