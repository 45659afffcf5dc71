"""How good the recommendations are on three catalogues: the results tables of docs/evaluation.md, made by one command.

    python benchmarks/quality.py                  # homeware, and luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/quality.py --reports DIR    # keeps the full HTML reports too
    python benchmarks/quality.py --families       # encoders of every family, every fusion, every metric; no database
    python benchmarks/quality.py --families --vectors DIR --image-encoder torchvision:resnet50@/PATH/weights.pth

Each catalogue gets a KINDRED_HOME of its own in a temporary folder, with its own database: it is imported, embedded
with the default encoders, given a space for each fusion, and judged by `manage.py evaluate`, as anyone could by hand.
Fusions never see the answer key, nor variant groups. Takes a few minutes on two cores; nothing is left behind.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.families import PICTURES, TEXTS, available, judge_families, make_table, read_shop  # noqa: E402
from embeddings.encoders.registry import get_image_encoder, get_text_encoder  # noqa: E402

DATA = Path(os.environ.get("KINDRED_DATA") or PROJECT / "data")
DOC = PROJECT / "docs" / "evaluation.md"
COLUMNS = [
    "sku",
    "title",
    "description",
    "brand",
    "category",
    "price",
    "currency",
    "attributes",
    "images",
    "variant_group",
]
SERVERS = {"DATABASE_URL", "CELERY_BROKER_URL", "CACHE_URL"}  # never a shop that is really there
MAIN = "default"  # the space that `embed_products` makes; here of calibrated concat, what the others are compared with
FUSIONS = ("weighted", "attention")


@dataclass(frozen=True)
class Catalogue:
    """Files that the importer takes, and what the recommendations are judged by."""

    name: str
    products: Path
    images: Path
    answer_key: tuple[str, ...]  # arguments of `evaluate`
    queries: Path | None = None
    query_images: Path | None = None


@dataclass
class Outcome:
    """What `evaluate` found."""

    catalogue: Catalogue
    figures: dict[str, Any]


def homeware(data: Path, folder: Path) -> Catalogue:
    demo = PROJECT / "demo" / "homeware"
    return Catalogue(
        "homeware",
        products=demo / "products.csv",
        images=demo,
        answer_key=("--truth", str(demo / "truth.csv")),
        queries=demo / "queries.csv",
        query_images=demo,
    )


def luma(data: Path, folder: Path) -> Catalogue:
    products = convert(data / "luma" / "products.csv", folder / "luma.csv", columns=product_columns)
    return Catalogue("Luma", products=products, images=data / "luma", answer_key=("--by", "category"))


def grocery(data: Path, folder: Path) -> Catalogue:
    source = data / "grocery"
    return Catalogue(
        "grocery",
        products=convert(source / "products.csv", folder / "grocery.csv", columns=product_columns),
        images=source,
        answer_key=("--by", "category"),
        queries=convert(source / "queries.csv", folder / "queries.csv", columns=query_columns),
        query_images=source,
    )


CATALOGUES: dict[str, Callable[[Path, Path], Catalogue]] = {
    "homeware": homeware,
    "luma": luma,
    "grocery": grocery,
}


def product_columns(row: Mapping[str, str]) -> dict[str, str]:
    """Name the columns of Luma and grocery as the importer does."""
    named = {**row, "sku": row["id"], "variant_group": row["group_id"]}
    return {column: named[column] for column in COLUMNS}


def query_columns(row: Mapping[str, str]) -> dict[str, str]:
    return {"file": row["image"], "sku": row["product_id"]}


def convert(source: Path, target: Path, *, columns: Callable[[Mapping[str, str]], dict[str, str]]) -> Path:
    with source.open(encoding="utf-8", newline="") as file:
        rows = [columns(row) for row in csv.DictReader(file)]
    with target.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return target


def manage(home: Path, *arguments: str | Path) -> None:
    """Run `manage.py` in a home of its own. A failure ends it all."""
    environment = {name: value for name, value in os.environ.items() if name not in SERVERS}
    environment |= {"KINDRED_HOME": str(home), "KINDRED_FUSION": "concat"}
    print("$ manage.py", *arguments, flush=True)
    command = [sys.executable, "manage.py", *map(str, arguments)]
    if subprocess.run(command, cwd=PROJECT, env=environment, check=False).returncode:
        sys.exit(f"manage.py {arguments[0]} failed: see above.")


def evaluate(catalogue: Catalogue, home: Path, *, report: Path) -> None:
    """Import, embed, build a space for each fusion, evaluate."""
    manage(home, "migrate", "--verbosity", "0")
    manage(home, "import_products", catalogue.products, "--images", catalogue.images)
    manage(home, "embed_products")
    for fusion in FUSIONS:
        manage(home, "spaces", "create", fusion, "--fusion", fusion, "--build")
    names = [part for name in (MAIN, *FUSIONS) for part in ("--space", name)]
    photos = ["--queries", catalogue.queries, "--images", catalogue.query_images] if catalogue.queries else []
    manage(home, "evaluate", *catalogue.answer_key, *names, *photos, "--out", report)


def make_tables(outcomes: list[Outcome]) -> str:
    """Return the section between the markers, as Markdown."""
    lines = [
        "| catalogue | products | answer key | vectors | nDCG@10 | recall@10 | MAP | nDCG@10 against concat |",
        "| --- | ---: | --- | --- | --- | --- | --- | --- |",
        *(row for outcome in outcomes for row in similar_rows(outcome)),
        "",
        "Search by photo:",
        "",
        "| catalogue | photos | products | searched in | recall@1 | recall@5 |",
        "| --- | ---: | ---: | --- | --- | --- |",
        *(row for outcome in outcomes for row in photo_rows(outcome)),
        "",
        "In brackets: 95 % bootstrap intervals; **bold**: the interval of the difference does not hold 0. Made on "
        f"{max(outcome.figures['made_at'] for outcome in outcomes)[:10]} by `python benchmarks/quality.py`, seed 0.",
    ]
    return "\n".join(lines)


def similar_rows(outcome: Outcome) -> list[str]:
    figures = outcome.figures
    key = "truth.csv, grades 1 to 3" if "--truth" in outcome.catalogue.answer_key else "same leaf category"
    rows = []
    for contender in figures["contenders"]:
        metrics = contender["metrics"]
        is_first = contender is figures["contenders"][0]
        gain = "" if is_first else format_difference(contender["difference_from_first"]["nDCG@10"])
        cells = [format_estimate(metrics[name]) for name in ("nDCG@10", "recall@10", "MAP")]
        label = describe(contender["space"], contender["modality"])
        head = f"| {outcome.catalogue.name} | {figures['products']} | {key} " if is_first else "| | | "
        rows.append(f"{head}| {label} | {' | '.join(cells)} | {gain} |")
    return rows


def photo_rows(outcome: Outcome) -> list[str]:
    return [
        f"| {outcome.catalogue.name} | {photos['count']} | {outcome.figures['products']} "
        f"| {describe(photos['space'], photos['modality'])} "
        f"| {format_estimate(photos['metrics']['recall@1'])} | {format_estimate(photos['metrics']['recall@5'])} |"
        for photos in outcome.figures["photos"]
        if photos["modality"] == "fused" or photos["space"] == MAIN  # spaces share the vectors of pictures
    ]


def describe(space: str, modality: str) -> str:
    name = "calibrated concat" if space == MAIN else space
    return f"fused, {name}" if modality == "fused" else f"{modality} alone".replace("image", "picture")


def format_estimate(estimate: Mapping[str, float]) -> str:
    return f"{estimate['mean']:.3f} ({estimate['low']:.3f}-{estimate['high']:.3f})"


def format_difference(estimate: Mapping[str, float]) -> str:
    text = f"{estimate['mean']:+.3f} ({estimate['low']:+.3f} to {estimate['high']:+.3f})"
    return f"**{text}**" if estimate["low"] > 0 or estimate["high"] < 0 else text


def compare_families(options: argparse.Namespace) -> str:
    """Return the table of encoders, fusions and metrics."""
    home = PROJECT / "demo" / "homeware"
    folders = {"homeware": home, "Luma": options.data / "luma", "grocery": options.data / "grocery"}
    wanted = [name.lower() for name in options.only or CATALOGUES]
    shops = [
        read_shop(name, folder)
        for name, folder in folders.items()
        if name.lower() in wanted and (folder / "products.csv").exists()
    ]
    if not shops:
        sys.exit(f"No catalogue is where it should be: {', '.join(map(str, folders.values()))}.")
    texts = available({**TEXTS, **{spec: spec for spec in options.text_encoder}}, get_text_encoder)
    pictures = available({**PICTURES, **{spec: spec for spec in options.image_encoder}}, get_image_encoder)
    return make_table(list(judge_families(shops, texts=texts, pictures=pictures, kept=options.vectors)))


def write_section(doc: Path, section: str, *, name: str) -> None:
    """Put the section between the markers of that name on the page."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    page = doc.read_text(encoding="utf-8")
    before, found, rest = page.partition(begin)
    _, found_end, after = rest.partition(end)
    if not found or not found_end:
        sys.exit(f"{doc} lacks the markers {begin} and {end}: put them where the table belongs.")
    doc.write_text(f"{before}{begin}\n{section}\n{end}{after}", encoding="utf-8")


def judge_spaces(options: argparse.Namespace) -> str:
    """Return the tables of what a shop of each catalogue shows."""
    outcomes = []
    with tempfile.TemporaryDirectory(prefix="kindred-quality-") as name:
        folder = Path(name)
        reports = options.reports.resolve() if options.reports else folder / "reports"
        for catalogue, make in CATALOGUES.items():
            if catalogue in (options.only or CATALOGUES):
                if catalogue in ("luma", "grocery") and not (options.data / catalogue).is_dir():
                    print(f"{options.data / catalogue} is not there: {catalogue} is left out.")
                    continue
                made = make(options.data, folder)
                figures = reports / made.name / "evaluation.json"
                if not (options.reuse and figures.exists()):
                    evaluate(made, folder / "home" / made.name, report=figures.parent)
                outcomes.append(Outcome(made, json.loads(figures.read_text())))
        return make_tables(outcomes)


def read_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ and grocery/ are")
    parser.add_argument("--only", choices=list(CATALOGUES), action="append", help="default: all that are there")
    parser.add_argument("--reports", type=Path, metavar="DIR", help="keep the reports here")
    parser.add_argument("--reuse", action="store_true", help="measure only what --reports does not have yet")
    parser.add_argument("--no-doc", action="store_true", help="print the table, leave docs/evaluation.md alone")
    parser.add_argument("--families", action="store_true", help="the table of encoders, fusions and metrics instead")
    parser.add_argument("--vectors", type=Path, metavar="DIR", help="with --families: keep what the encoders said here")
    for modality in ("text", "image"):
        told = f"with --families: one more {modality} encoder; may be repeated"
        parser.add_argument(f"--{modality}-encoder", metavar="SPEC", action="append", default=[], help=told)
    return parser.parse_args()


def main() -> None:
    options = read_options()
    name, make = ("families", compare_families) if options.families else ("quality", judge_spaces)
    section = make(options)
    print(section)
    if not options.no_doc:
        write_section(DOC, section, name=name)


if __name__ == "__main__":
    main()
