"""What the fetcher of pictures will not touch."""

from __future__ import annotations

import socket
from unittest import mock

import pytest

from catalog.fetching.targets import FetchError, choose_target
from catalog.pictures.fetching import fetch_public


@pytest.mark.parametrize(
    "address",
    [
        "127.0.0.1",
        "10.0.0.1",
        "172.16.3.4",
        "192.168.1.1",
        "169.254.169.254",
        "100.64.0.1",
        "0.0.0.0",
        "224.0.0.1",
        "255.255.255.255",
        "::1",
        "::",
        "fe80::1",
        "fc00::1",
        "fec0::1",
        "::ffff:127.0.0.1",
        "64:ff9b::7f00:1",
        "2002:7f00:1::",
        "2001:0:7f00:1::",
        "64:ff9b:1::7f00:1",
        "::127.0.0.1",
        "ff02::1",
    ],
)
def test_addresses_inside_the_network_are_not_fetched_from(monkeypatch, address):
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: [(family, socket.SOCK_STREAM, 6, "", (address, 80))])
    monkeypatch.setattr(socket, "create_connection", mock.Mock(side_effect=AssertionError("connected")))
    with pytest.raises(FetchError, match=r"host inside\.example is not on the public internet"):
        fetch_public("http://inside.example/", max_bytes=10, deadline_s=5)


def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch):
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("93.184.216.34", "10.0.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(FetchError, match="not on the public internet"):
        choose_target("http://both.example/")


def test_an_address_of_a_named_network_lets_no_other_private_one_in(monkeypatch, settings):
    settings.KINDRED_FETCH_NETWORKS = ["10.1.0.0/16"]
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (ip, 80)) for ip in ("192.168.1.1", "10.1.0.1")]
    monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(FetchError, match="not on the public internet"):
        choose_target("http://both.example/")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://user:pass@p.example/", "user name or password"),
        ("gopher://p.example/", "only http and https"),
        ("http://[::1/", "not a URL"),
        ("http://p.example:99999/", "not a URL"),
        ("http://p.example:22/", "only ports 80 and 443"),
        ("http://no-such-host.invalid/", "has no address"),
        ("http://2130706433/", "not on the public internet"),
        ("http://0x7f.1/", "not on the public internet"),
    ],
)
def test_urls_that_are_not_fetched(monkeypatch, url, said):
    if "p.example" in url:
        found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", ("93.184.216.34", 80))]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a, **k: found)
    with pytest.raises(FetchError, match=said):
        choose_target(url)
