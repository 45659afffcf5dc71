"""What picture servers of the world answer, byte by byte: one row of a table each."""

from __future__ import annotations

import gzip
import socket
import threading
import zlib
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from catalog.fetching.targets import FetchError, choose_target
from catalog.pictures.fetching import fetch_public
from tests.factories import picture_bytes

PICTURE = picture_bytes()
RAW = zlib.compressobj(wbits=-15)
DEFLATED = RAW.compress(PICTURE) + RAW.flush()


def answer(body: bytes, *headers: str, status: str = "200 OK") -> bytes:
    lines = [f"HTTP/1.1 {status}", *headers, "Connection: close", "", ""]
    return "\r\n".join(lines).encode() + body


@dataclass
class Server:
    """Gives every caller the same bytes, and remembers what was asked."""

    url: str
    reply: bytes = b""
    asked: bytes = b""


@pytest.fixture
def server(settings) -> Iterator[Server]:
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    listener = socket.create_server(("127.0.0.1", 0))
    found = Server(f"http://127.0.0.1:{listener.getsockname()[1]}")

    def serve() -> None:
        while True:
            try:
                caller, _ = listener.accept()
            except OSError:  # it is closed
                return
            with caller:
                found.asked = caller.recv(65536)
                caller.sendall(found.reply)

    thread = threading.Thread(target=serve)
    thread.start()
    yield found
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join()


@pytest.mark.parametrize(
    ("name", "reply"),
    [
        ("no type and no length", answer(PICTURE)),
        ("a type that is wrong", answer(PICTURE, "Content-Type: text/html", f"Content-Length: {len(PICTURE)}")),
        ("in chunks", answer(b"%x\r\n%s\r\n0\r\n\r\n" % (len(PICTURE), PICTURE), "Transfer-Encoding: chunked")),
        ("gzip that nobody asked for", answer(gzip.compress(PICTURE), "Content-Encoding: gzip")),
        ("deflate as zlib has it", answer(zlib.compress(PICTURE), "Content-Encoding: deflate")),
        ("deflate without a header", answer(DEFLATED, "Content-Encoding: Deflate")),
        ("gzip that it is not", answer(PICTURE, "Content-Encoding: gzip")),
        ("HTTP 1.0", b"HTTP/1.0 200 OK\r\n\r\n" + PICTURE),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_picture_is_had_however_it_is_sent(server, name, reply):
    server.reply = reply
    assert fetch_public(f"{server.url}/a.png", max_bytes=10_000, deadline_s=5) == PICTURE


@pytest.mark.parametrize(
    ("said", "reply"),
    [
        ("the server broke off before the picture was whole", answer(PICTURE[:-9], f"Content-Length: {len(PICTURE)}")),
        ("packs it as br, which was not asked for", answer(b"x", "Content-Encoding: br")),
        ("it is larger than", answer(gzip.compress(bytes(5_000_000)), "Content-Encoding: gzip")),
        ("the server answered 403", answer(b"", status="403 Forbidden")),
        ("the server answered 302", answer(b"", status="302 Found")),
        ("the server answered 204", answer(b"", status="204 No Content")),
        ("10.0.0.9 is not on the public internet", answer(b"", "Location: //10.0.0.9/a.png", status="301 Moved")),
        ("only http and https", answer(b"", "Location: ftp://10.0.0.9/a.png", status="301 Moved")),
        ("user name or password", answer(b"", "Location: http://a:b@10.0.0.9/", status="307 Moved")),
        ("could not be reached", b"SSH-2.0-OpenSSH\r\n"),
        ("could not be reached", b""),
    ],
)  # fmt: skip
def test_an_answer_that_is_no_picture_says_why(server, said, reply):
    server.reply = reply
    with pytest.raises(FetchError, match=said):
        fetch_public(f"{server.url}/a.png", max_bytes=10_000, deadline_s=5)


def test_servers_that_let_only_browsers_in_are_told_who_asks(server):
    server.reply = answer(PICTURE)
    fetch_public(f"{server.url}/a.png", max_bytes=10_000, deadline_s=5)
    assert b"\r\nUser-Agent: Mozilla/5.0 (compatible; Kindred)\r\n" in server.asked


def test_a_host_whose_first_address_leads_nowhere_is_asked_at_its_next_one(server, monkeypatch):
    server.reply = answer(PICTURE)
    port = int(server.url.rpartition(":")[2])
    found = [(socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]
    real = socket.getaddrinfo
    monkeypatch.setattr(
        socket, "getaddrinfo", lambda host, *a, **k: found if host == "two.example" else real(host, *a, **k)
    )
    assert fetch_public(f"http://two.example:{port}/a.png", max_bytes=10_000, deadline_s=5) == PICTURE
    assert choose_target(f"http://two.example:{port}/").addresses == ("127.0.0.2", "127.0.0.1")
