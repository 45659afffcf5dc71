"""Pictures whose cost is far from their size, sent at once: what the site takes, and whether anybody else waits.

    python benchmarks/hostile_pictures.py [--port 8991] [--uploads 16] [--url http://127.0.0.1:8000]

Starts `manage.py up` on the shop under KINDRED_HOME, unless --url names one that runs on this machine. For each kind of
file it sends so many at once to the search by photo, and asks for a page of products all the while. Prints a line for
each: its size, the answers by status, the longest wait for one, the longest wait of a normal request, how many of these
failed, and the most memory that all processes took together (RSS; what they share is counted once for each, and PSS,
where it is counted once). Loopback only.
"""

from __future__ import annotations

import argparse
import io
import os
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from zlib import compress, crc32

import numpy as np
import psutil
from PIL import Image

PROJECT = Path(__file__).resolve().parent.parent
NORMAL_THREADS = 2
START_TIMEOUT_S = 600
REST_S = 3.0  # between two kinds


def save(picture: Image.Image, format: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, format, **options)
    return buffer.getvalue()


def photo(width: int, height: int) -> Image.Image:
    """Something with edges and noise, as a camera takes it."""
    rng = np.random.default_rng(7)
    rough = Image.fromarray(rng.integers(0, 255, (height // 40, width // 40, 3), dtype=np.uint8))
    return rough.resize((width, height), Image.Resampling.BICUBIC)


def deep_png(side: int) -> bytes:
    """16 bits of grey, all the same: the smallest of files."""
    return save(Image.fromarray(np.zeros((side, side), np.uint16)), "PNG")


def interlaced_png(side: int) -> bytes:
    """16 bits of each colour and of transparency, drawn in seven passes."""
    rows = b""
    for x, y, right, down in [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2),
                              (0, 1, 1, 2)]:  # fmt: skip
        rows += (b"\x00" + bytes(8 * -(-(side - x) // right))) * -(-(side - y) // down)
    header = side.to_bytes(4, "big") * 2 + bytes([16, 6, 0, 0, 1])
    parts = [(b"IHDR", header), (b"IDAT", compress(rows, 9)), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        len(body).to_bytes(4, "big") + name + body + crc32(name + body).to_bytes(4, "big") for name, body in parts
    )


def text_png(side: int) -> bytes:
    """Texts that unpack to 64 megabytes."""
    content = deep_png(side)
    body = b"Comment\x00\x00" + compress(bytes(1_000_000), 9)
    chunk = len(body).to_bytes(4, "big") + b"zTXt" + body + crc32(b"zTXt" + body).to_bytes(4, "big")
    return content[:33] + chunk * 64 + content[33:]


def many_scans(side: int, *, times: int) -> bytes:
    content = save(Image.new("RGB", (side, side), "teal"), "JPEG", progressive=True, subsampling=0)
    last = content[content.rfind(b"\xff\xda") : -2]
    return content[:-2] + last * times + content[-2:]


def animated(format: str, side: int) -> bytes:
    frames = [Image.new("RGB", (side, side), (value, 0, 0)) for value in range(0, 250, 25)]
    return save(frames[0], format, save_all=True, append_images=frames[1:])


KINDS: dict[str, Callable[[], bytes]] = {
    "photo of 12 megapixels": lambda: save(photo(4000, 3000), "JPEG", quality=88),
    "16-bit PNG, 49 megapixels": lambda: deep_png(7000),
    "16-bit PNG, 12 megapixels": lambda: deep_png(3460),
    "16-bit RGBA PNG, interlaced, 12": lambda: interlaced_png(3460),
    "PNG with 64 MB of packed texts": lambda: text_png(500),
    "progressive JPEG, 200 more scans": lambda: many_scans(3460, times=200),
    "progressive JPEG, 18 more scans": lambda: many_scans(3460, times=18),
    "lossless WebP, 12 megapixels": lambda: save(Image.new("RGBA", (3460, 3460), (9, 9, 9, 9)), "WEBP", lossless=True),
    "animated GIF, 12 megapixels": lambda: animated("GIF", 3460),
    "animated WebP, 12 megapixels": lambda: animated("WEBP", 3460),
}


def ask(url: str, content: bytes | None = None) -> tuple[int, float]:
    """Return the status and how long the answer took; status 0 where there was none."""
    body, headers = None, {}
    if content is not None:
        edge = "hostile-pictures"
        body = f'--{edge}\r\nContent-Disposition: form-data; name="image"; filename="a"\r\n\r\n'.encode()
        body += content + f"\r\n--{edge}--\r\n".encode()
        headers = {"Content-Type": f"multipart/form-data; boundary={edge}"}
    started = time.monotonic()
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=60) as answer:
            answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        status = error.code
    except OSError:
        status = 0
    return status, time.monotonic() - started


def measure_memory(homes: list[psutil.Process]) -> tuple[float, float]:
    """Return RSS and PSS of these processes and all below them, in MB."""
    rss = pss = 0
    for home in homes:
        with suppress(psutil.Error):
            for process in [home, *home.children(recursive=True)]:
                with suppress(psutil.Error):
                    rss += process.memory_info().rss
                    pss += process.memory_full_info().pss
    return rss / 1e6, pss / 1e6


class Watch:
    """Asks for a page of products and looks at the memory until it is stopped."""

    def __init__(self, url: str, homes: list[psutil.Process]) -> None:
        self.url, self.homes = url, homes
        self.stop = threading.Event()
        self.waits: list[float] = []
        self.failed = 0
        self.peak = (0.0, 0.0)
        self.threads = [threading.Thread(target=self.ask) for _ in range(NORMAL_THREADS)]
        self.threads.append(threading.Thread(target=self.look))

    def ask(self) -> None:
        while not self.stop.wait(0.02):
            status, seconds = ask(f"{self.url}/api/v1/products/?page_size=10")
            self.waits.append(seconds)
            self.failed += status != 200

    def look(self) -> None:
        while not self.stop.wait(0.02):
            now = measure_memory(self.homes)
            self.peak = max(self.peak[0], now[0]), max(self.peak[1], now[1])

    def __enter__(self) -> Watch:
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        for thread in self.threads:
            thread.join()


def send_at_once(url: str, content: bytes, *, count: int) -> list[tuple[int, float]]:
    answers: list[tuple[int, float]] = []
    target = f"{url}/api/v1/search/image/"
    threads = [threading.Thread(target=lambda: answers.append(ask(target, content))) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def find_processes(port: int) -> list[psutil.Process]:
    """Return `up`, and the embedded servers, which are no children of it."""
    home = os.environ.get("KINDRED_HOME", str(PROJECT / "var"))
    found = []
    for process in psutil.process_iter(["cmdline"]):
        line = process.info["cmdline"] or []
        is_up = "up" in line and str(port) in line
        if is_up or (any(home in word for word in line) and process.ppid() == 1):
            found.append(process)
    return found


def wait_until_ready(url: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    example = save(Image.new("RGB", (64, 64), "teal"), "PNG")
    while time.monotonic() < deadline:
        if ask(f"{url}/healthz")[0] and ask(f"{url}/api/v1/search/image/", example)[0] == 200:
            return
        time.sleep(2)
    raise SystemExit("The site did not start, or has no space to search in.")


def wait_until_embedded(port: int) -> list[psutil.Process]:
    """Return the site's processes once the one is gone that embeds the catalogue when it is new."""
    found = find_processes(port)
    while any("embed_products" in child.cmdline() for process in found for child in process.children(recursive=True)):
        time.sleep(2)
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--port", type=int, default=8991, help="default: %(default)s")
    parser.add_argument("--uploads", type=int, default=16, help="of each kind at once, default: %(default)s")
    parser.add_argument("--url", help="of a site that runs already on this machine, on --port")
    options = parser.parse_args()
    url = options.url or f"http://127.0.0.1:{options.port}"
    command = [sys.executable, "manage.py", "up", "--demo", "--port", str(options.port)]
    site = None if options.url else subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.DEVNULL)
    try:
        wait_until_ready(url)
        homes = wait_until_embedded(options.port)
        rss, pss = measure_memory(homes)
        print(f"{options.uploads} at once; at rest RSS {rss:.0f} MB, PSS {pss:.0f} MB")
        print(f"{'kind':33} {'kB':>6} {'answers':18} {'wait s':>7} {'normal s':>8} {'failed':>7} {'RSS':>6} {'PSS':>6}")
        for name, make in KINDS.items():
            content = make()
            with Watch(url, homes) as watch:
                answers = send_at_once(url, content, count=options.uploads)
            statuses = ", ".join(f"{count}x{status}" for status, count in Counter(one for one, _ in answers).items())
            longest = max(seconds for _, seconds in answers)
            print(f"{name:33} {len(content) / 1e3:6.0f} {statuses:18} {longest:7.2f} {max(watch.waits):8.2f} "
                  f"{watch.failed:3}/{len(watch.waits):<3} {watch.peak[0]:6.0f} {watch.peak[1]:6.0f}")  # fmt: skip
            time.sleep(REST_S)
    finally:
        if site is not None:
            site.terminate()
            site.wait(timeout=90)


if __name__ == "__main__":
    main()
