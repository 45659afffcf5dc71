"""Events as they are sent become events that can be recorded, or the reasons why they cannot.

Declarations check and explain (`bodies.EventSerializer`), which takes 67 us for an event. What is plainly in order, as
nearly every event is, is read here in 3 us, to the same values.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext
from rest_framework import serializers
from rest_framework.exceptions import ErrorDetail, ValidationError

from api.problems import flatten_errors
from behaviour.events.bodies import SEARCH, EventSerializer, is_in_time
from behaviour.events.event import Consent
from behaviour.events.ingestion import NewEvent
from catalog.models import Product
from catalog.prices import DECIMALS, is_plain_price, trim_price

Refused = dict[int, dict[str, Any]]  # by place in the request


def read_events(
    items: list[dict[str, Any]], *, busy: set[str], tells_unknown: bool, without_consent: bool
) -> tuple[list[NewEvent], list[dict[str, Any]]]:
    """Return the events that can be recorded, and what is wrong with the others, such as being of a `busy` session.

    Whoever may not see all is not told which SKUs there are, hidden products among them: such events are recorded too.
    `without_consent`: the browser says that its user does not agree to be followed, whatever the events say.
    """
    checked, rejected = check_items(items, busy=busy)
    if tells_unknown:
        known = find_known({values["sku"] for values in checked.values() if values.get("sku")})
        for index in [index for index, values in checked.items() if values.get("sku", "") not in known]:
            unknown = ErrorDetail(gettext("There is no such product."), code="unknown_sku")
            rejected[index] = describe_rejected(index, items[index], ValidationError({"sku": [unknown]}))
            del checked[index]
    if without_consent:
        for values in checked.values():
            values["consent"] = Consent.NONE.value
    events = [NewEvent(**values) for values in checked.values()]
    return events, [rejected[index] for index in sorted(rejected)]


def check_items(items: list[dict[str, Any]], *, busy: set[str]) -> tuple[dict[int, dict[str, Any]], Refused]:
    """Return what the events say, and what is wrong with the others, by their places."""
    serializer, now = EventSerializer(), timezone.now()
    checked: dict[int, dict[str, Any]] = {}
    rejected: Refused = {}
    for index, item in enumerate(items):
        try:
            plain = read_plain(item, now=now)
            if plain is None:
                refuse_halves(item)
            session = item.get("session_id")
            if isinstance(session, str) and session in busy:
                too_many = ErrorDetail(gettext("Too many events in a minute."), code="throttled")
                raise ValidationError({"session_id": [too_many]})
            checked[index] = plain or serializer.run_validation(item)
        except ValidationError as error:
            rejected[index] = describe_rejected(index, item, error)
    return checked, rejected


def find_known(skus: set[str]) -> set[str]:
    """Return those of which there is a product, and the empty one, which needs none."""
    return {"", *Product.objects.filter(sku__in=skus).values_list("sku", flat=True)}


def refuse_halves(item: dict[str, Any]) -> None:
    """Raise ValidationError for half of a surrogate pair, which nothing could store or answer, name by name."""
    for name, said in item.items():
        if not is_whole({name: said}):
            half = ErrorDetail(gettext("It holds half of a surrogate pair."), code="invalid")
            raise ValidationError({name if is_whole(name) else "non_field_errors": [half]})


def is_whole(said: Any) -> bool:
    """Return whether it consists of whole characters."""
    try:
        json.dumps(said, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def describe_rejected(index: int, item: dict[str, Any], error: ValidationError) -> dict[str, Any]:
    event_id = item.get("event_id")
    return {
        "index": index,
        "event_id": event_id if isinstance(event_id, str) and is_whole(event_id) else None,
        "errors": list(flatten_errors(error.detail)),
    }


def read_plain(item: dict[str, Any], *, now: datetime) -> dict[str, Any] | None:
    """Return what an event says if that is plain to see, None if the declarations have to look at it."""
    values = {}
    for name, said in item.items():
        read = PLAIN.get(name)
        value = None if read is None else read(said)
        if value is None:
            return None
        values[name] = value
    moment = values.get("occurred_at", now)
    is_search = values.get("type") == SEARCH
    is_whole = "event_id" in values and "type" in values and ("sku" in values) != is_search
    return values if is_whole and ("query" not in values or is_search) and is_in_time(moment, now=now) else None


def make_reader(field: Any) -> Callable[[Any], Any]:
    """Return what reads a plain value as the declared field would, and None of any other."""
    if isinstance(field, serializers.ChoiceField):
        choices = set(field.choices)
        return lambda said: said if type(said) is str and said in choices else None
    if isinstance(field, serializers.IntegerField):
        low, high = field.min_value or 0, field.max_value or 0
        return lambda said: said if type(said) is int and low <= said <= high else None
    most = field.max_length or 0
    return lambda said: said if is_plain_text(said, most=most) else None


def is_plain_text(said: Any, *, most: int) -> bool:
    """Return whether a text is one of printable characters with nothing to be trimmed."""
    return type(said) is str and 0 < len(said) <= most and said.isprintable() and said[0] != " " != said[-1]


def read_plain_price(said: Any) -> Decimal | None:
    text = repr(said) if type(said) in (int, float) else said
    return trim_price(Decimal(text)) if type(text) is str and is_plain_price(text) else None


def read_plain_moment(said: Any) -> datetime | None:
    """Return a moment that names its zone."""
    try:
        moment = datetime.fromisoformat(said)
    except (ValueError, TypeError):
        return None
    return moment if moment.tzinfo is not None else None


SPECIAL: dict[str, Callable[[Any], Any]] = {
    "price": read_plain_price,
    "currency": lambda said: said if type(said) is str and said in DECIMALS else None,
    "occurred_at": read_plain_moment,
}
PLAIN = {
    name: SPECIAL[name] if name in SPECIAL else make_reader(field) for name, field in EventSerializer().fields.items()
}


def describe_erased(items: list[dict[str, Any]], refused: set[str]) -> list[dict[str, Any]]:
    """Say of the events with these ids that they are of somebody who was erased."""
    detail = gettext("Of somebody who was erased. Who comes back is known by another id, or by none.")
    error = ValidationError({"user_id": [ErrorDetail(detail, code="user_erased")]})
    return [
        describe_rejected(index, item, error)
        for index, item in enumerate(items)
        if isinstance(item.get("event_id"), str) and item["event_id"].strip() in refused
    ]
