"""Tells Kindred where the pictures of a product are: it fetches them itself."""

from __future__ import annotations

from collections.abc import Sequence

from kindred_django.api import Refused, ask, product_path
from kindred_django.counts import Counts
from kindred_django.turns import HeldTurn


def send_pictures(sku: str, addresses: Sequence[str], *, turn: HeldTurn, counts: Counts) -> None:
    """Register the addresses, best picture first, and take away pictures that came from others.

    Pictures that were uploaded to Kindred by hand stay. Raises Unavailable; a picture that is refused is reported.
    """
    turn.renew()
    path = product_path(sku, "images/")
    there = ask("GET", path)["results"]
    for picture in there:
        if picture["source_url"] and picture["source_url"] not in addresses:
            turn.renew()
            ask("DELETE", f"{path}{picture['id']}/")
    have = {picture["source_url"] for picture in there}
    for position, address in enumerate(addresses):
        if address in have:
            continue
        turn.renew()
        try:
            ask("POST", path, body={"url": address, "position": position})
            counts.pictures += 1
        except Refused as error:
            counts.refuse(sku, f"picture {address}: {error}")
