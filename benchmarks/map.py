"""What the map of a catalogue costs: to make, to look at, and to list a box of.

    python benchmarks/map.py --home DIR [--products 100000]

Made anew on a synthetic catalogue by the worker's own code, minute by minute, with the most memory that it took. Then
the lists that boxes become, as the admin asks for them, and frames in a headless Chromium without a graphics card: the
time that drawing takes, and the time from one frame to the next, while the map is moved and zoomed.
"""

from __future__ import annotations

import argparse
import gzip
import resource
import shutil
import statistics
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from benchmarks.synthetic import prepare, use_home

PROJECT = Path(__file__).resolve().parent.parent
SCRIPTS = PROJECT / "embeddings" / "static" / "embeddings" / "map"
SITE = "http://map.test/"
STAGE = (1280, 800)
BOXES = {
    "a hundredth of the side": "32000,32000,32655,32655",
    "a tenth": "30000,30000,36553,36553",
    "all": "0,0,65535,65535",
}
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
FRAMES = """async () => {
  const { Drawing } = await import("./drawing.js");
  const { Grid, unpack } = await import("./points.js");
  const { View } = await import("./view.js");
  const points = unpack(await (await fetch("./points")).arrayBuffer());
  const grids = performance.now();
  const grid = new Grid(points);
  const gridMs = performance.now() - grids;
  const canvas = document.querySelector("canvas");
  const view = new View();
  const drawing = new Drawing(canvas, points);
  view.resize(WIDTH, HEIGHT);
  view.showAll();
  drawing.resize(WIDTH, HEIGHT, RATIO);
  const shades = [..."1234567", "other"];
  const colours = shades.map((_, i) => `#${(i * 2000003 + 255).toString(16).padStart(6, "0")}`);
  drawing.colour(colours, points.codes[0], shades);
  const [drawn, between] = [[], []];
  let last = 0;
  for (let frame = 0; frame < 150; frame++) {
    const now = await new Promise(requestAnimationFrame);
    if (last) between.push(now - last);
    last = now;
    if (frame < 60) view.pan(3, 2);
    else view.zoom(frame < 105 ? 1.05 : 1 / 1.05);
    const start = performance.now();
    drawing.render(view);
    drawn.push(performance.now() - start);
  }
  const start = performance.now();
  for (let i = 0; i < 1000; i++) grid.nearest(i * 60, i * 60, 800, () => true);
  return { drawn, between, gridMs, nearestMs: (performance.now() - start) / 1000 };
}"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--home", type=Path, required=True, help="KINDRED_HOME of the catalogue; made where missing")
    parser.add_argument("--products", type=int, default=100_000, help="how many to make, default: %(default)s")
    arguments = parser.parse_args()
    with use_home(arguments.home):
        prepare(arguments.products, say=lambda line: print(line, file=sys.stderr))
        points = make()
        list_boxes()
        keep()
    draw(points)


def make() -> bytes:
    """Make the map anew, print what each minute of the worker took, and return what browsers get of it."""
    from embeddings.map import services
    from embeddings.models import CatalogueMap, EmbeddingSpace, PendingEmbedding

    PendingEmbedding.objects.all().delete()
    CatalogueMap.objects.all().delete()
    live = EmbeddingSpace.objects.live()
    minutes, shown = [], None
    while shown is None or shown.method != "umap":
        start = time.perf_counter()
        services.keep_map(seconds=45)
        minutes.append(time.perf_counter() - start)
        shown = services.find_shown(live)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    said = " + ".join(f"{seconds:.1f}" for seconds in minutes)
    print(f"made: {shown.placed:,} products placed, {shown.drawn:,} drawn, {said} s, {peak_mb:.0f} MB at most")
    points = bytes(shown.points)
    print(f"points: {len(points) / 1e6:.2f} MB to be sent, {len(gzip.decompress(points)) / 1e6:.2f} MB in the browser")
    return points


def list_boxes() -> None:
    """Print how long the first page and the count of a box's list take."""
    from api.counts import count_rows
    from catalog.models import Product
    from embeddings.map.box import narrow, read_box

    for name, written in BOXES.items():
        box = read_box(written)
        assert box is not None
        products = narrow(Product.objects.all(), box)
        times = []
        for _ in range(5):
            start = time.perf_counter()
            count, page = count_rows(products), list(products.order_by("sku")[:50])
            times.append(1000 * (time.perf_counter() - start))
        print(f"list of {name}: {count.number:,} products, {statistics.median(times):.0f} ms, page of {len(page)}")


def keep() -> None:
    """Print what the worker's minute costs once there is nothing to do."""
    from embeddings.map import services

    start = time.perf_counter()
    services.keep_map(seconds=45)
    print(f"kept: {1000 * (time.perf_counter() - start):.0f} ms with nothing new")


def draw(points: bytes) -> None:
    """Print how long frames take in a browser, on screens of one and two pixels a point."""
    from playwright.sync_api import sync_playwright

    path = next((found for name in BROWSERS if (found := shutil.which(name))), None)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--disable-gpu", "--no-sandbox"])
        for ratio in (1, 2):
            page = browser.new_page(viewport={"width": STAGE[0], "height": STAGE[1]})
            page.route("**/*", lambda route: route.fulfill(**answer(route.request.url, points)))
            page.goto(SITE)
            script = (
                FRAMES.replace("WIDTH", str(STAGE[0])).replace("HEIGHT", str(STAGE[1])).replace("RATIO", str(ratio))
            )
            found = page.evaluate(script)
            drawn, between = sorted(found["drawn"]), sorted(found["between"])
            print(
                f"frames at {STAGE[0]} x {STAGE[1]}, {ratio} pixels a point: in {statistics.median(drawn):.1f} ms, "
                f"95 % in {drawn[int(0.95 * len(drawn))]:.1f}; {statistics.median(between):.1f} ms apart, "
                f"95 % within {between[int(0.95 * len(between))]:.1f}; grid {found['gridMs']:.0f} ms, "
                f"nearest {found['nearestMs']:.3f} ms"
            )
        browser.close()


def answer(url: str, points: bytes) -> dict[str, object]:
    """Return what a site of nothing but the map's scripts answers."""
    name = url.removeprefix(SITE)
    if name == "points":
        return {"body": gzip.decompress(points), "content_type": "application/octet-stream"}
    if name.endswith(".js"):
        return {"body": (SCRIPTS / name).read_text(), "content_type": "text/javascript"}
    return {"body": "<!doctype html><canvas></canvas>", "content_type": "text/html"}


if __name__ == "__main__":
    main()
