"""What is done with the cart, recorded as events by the server itself: with consent alone, and without any script."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import uuid4

from django.http import HttpRequest

from behaviour.events.event import MAX_TOKEN_LENGTH, Consent
from behaviour.events.ingestion import NewEvent, record_events
from behaviour.storefront.consent import read_answer
from catalog.models import Product
from recommendations.tokens import read_token

is_position = re.compile(r"[1-9][0-9]{0,2}").fullmatch


@dataclass(frozen=True)
class Deed:
    """So many pieces of a product were put into the cart, taken out, or bought."""

    type: str
    product: Product
    quantity: int


def record_deeds(request: HttpRequest, deeds: Sequence[Deed], *, order_id: str = "") -> None:
    """Record them as of the visitor, and of the list that the form says the product was in. Nothing without consent.

    An order that is sent twice is the same events.
    """
    answer = read_answer(request)
    if not deeds or not answer.is_granted:
        return
    shown_in = request.POST.get("recommendation_id", "")[:MAX_TOKEN_LENGTH]
    is_ours = bool(shown_in) and read_token(shown_in) is not None  # what it says is read where events are written
    position = request.POST.get("position", "") if is_ours else ""
    record_events(
        NewEvent(
            event_id=f"{order_id}:{deed.product.sku}" if order_id else uuid4().hex,
            type=deed.type,
            sku=deed.product.sku,
            session_id=answer.session_id,
            order_id=order_id,
            quantity=deed.quantity,
            price=deed.product.price,
            currency=deed.product.currency,
            recommendation_id=shown_in if is_ours else "",
            position=int(position) if is_position(position) else None,
            consent=Consent.PERSONALISATION.value,
        )
        for deed in deeds
    )
