"""Tells Kindred where the pictures of a product are: it fetches them itself."""

from __future__ import annotations

from collections.abc import Sequence

import httpx

from kindred_django.api import Refused, ask, product_path
from kindred_django.counts import Counts
from kindred_django.turns import HeldTurn

UNDER_WAY = ("waiting", "fetching")  # states of a download


def send_pictures(sku: str, addresses: Sequence[str], *, turn: HeldTurn, counts: Counts) -> bool:
    """Register the addresses, best picture first, and take away pictures that came from others.

    Pictures that were uploaded to Kindred by hand stay. Returns whether that is all: not while a picture is fetched
    that is no longer wanted. Raises Unavailable; a picture that is refused is reported.
    """
    turn.renew()
    path = product_path(sku, "images/")
    there = ask("GET", path)
    wanted = {normalise(address) for address in addresses}
    have = {normalise(picture["source_url"]): picture for picture in there["results"] if picture["source_url"]}
    for address in have.keys() - wanted:
        turn.renew()
        ask("DELETE", f"{path}{have[address]['id']}/")
    for position, address in enumerate(addresses):
        if normalise(address) not in have:
            turn.renew()
            try:
                ask("POST", path, body={"url": address, "position": position})
                counts.pictures += 1
            except Refused as error:
                counts.refuse(sku, f"picture {address}: {error}")
    return not any(load["state"] in UNDER_WAY and normalise(load["url"]) not in wanted for load in there["downloads"])


def normalise(address: str) -> str:
    """Return an address as it is sent, whoever wrote it: with `%20` for a space."""
    try:
        return str(httpx.URL(address))
    except httpx.InvalidURL:
        return address
