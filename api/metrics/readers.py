"""Who may read metrics, at the web server's door and at the workers' port alike."""

from __future__ import annotations

import ipaddress
import secrets
from collections.abc import Mapping
from typing import Any

from django.conf import settings

REFUSAL = "Metrics are for the networks in KINDRED_METRICS_NETWORKS, and for who sends KINDRED_METRICS_TOKEN."


def may_read(environ: Mapping[str, Any]) -> bool:
    """Return whether a request may, by its token or by where it is from (the environment of WSGI)."""
    return is_token(read_bearer(environ.get("HTTP_AUTHORIZATION", ""))) or is_near(environ)


def is_near(environ: Mapping[str, Any]) -> bool:
    """Return whether a request is from a network that is named, and no proxy there makes it look so."""
    is_passed_on = "HTTP_X_FORWARDED_FOR" in environ or "HTTP_FORWARDED" in environ
    return not is_passed_on and is_in_networks(environ.get("REMOTE_ADDR", ""))


def read_bearer(authorization: str) -> str:
    """Return what `Bearer ...` brings; empty where it is something else."""
    scheme, _, token = authorization.partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


def is_token(text: str) -> bool:
    """Return whether a text is the token that reads metrics and nothing else."""
    expected = settings.KINDRED_METRICS_TOKEN
    return bool(expected) and secrets.compare_digest(text.encode(), expected.encode())


def is_in_networks(text: str) -> bool:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:  # a socket file: there is no address to judge
        return False
    address = getattr(address, "ipv4_mapped", None) or address
    return any(address in ipaddress.ip_network(network) for network in settings.KINDRED_METRICS_NETWORKS)
