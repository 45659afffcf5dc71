"""What becomes of a visitor's events once they take their consent back: only their browser knew which they are."""

from __future__ import annotations

from django.db import transaction

from behaviour.events.event import Event
from behaviour.events.pseudonyms import make_key
from behaviour.experiments.erasing import erase_units


@transaction.atomic
def forget_session(session_id: str) -> None:
    """Erase the events of a session, and its part in experiments. Sums that they were counted in stay."""
    key = make_key("session", session_id)
    Event.objects.filter(session_key=key).delete()
    erase_units([key])
