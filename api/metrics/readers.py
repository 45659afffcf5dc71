"""Who may read metrics, at the web server's door and at the workers' port alike."""

from __future__ import annotations

import ipaddress
import secrets

from django.conf import settings

REFUSAL = "Metrics are for the networks in KINDRED_METRICS_NETWORKS, and for who sends KINDRED_METRICS_TOKEN."


def may_read(address: str, authorization: str) -> bool:
    """Return whether a connection from `address` may, with what it says in the header Authorization."""
    return is_in_networks(address) or is_token(read_bearer(authorization))


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
