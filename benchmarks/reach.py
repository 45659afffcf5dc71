"""What becomes of products that come after a space was fitted: of the same catalogue, and of another kind.

    python benchmarks/reach.py  # demo/homeware, and luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/reach.py --vectors var/fusion  # keep what the encoders said, and start from it next time

Four of five products are fitted and the fifth is added, ten times: nDCG@10 beside a fit on all, and how often the added
ones are recommended, relative to their share and to what they get when they were fitted on. Then 25 products of each
other catalogue are added, whole, without pictures and without texts: the share of their five nearest that are among
them, beside that by each modality alone, and with all that was learned counting for them as for the rest; how many of
them lie outside of the fit, and the first share once all are fitted together.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.fusion import DATA, Catalogue, measure_ndcg, read_catalogue  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.imputation import measure_exposure  # noqa: E402
from embeddings.fusion.learning import fit_attention  # noqa: E402

WIDTHS = (6, 7, 7, 11, 9, 10)  # of the columns
ADDED = 25
DRAWS = 10
NEAREST = 5
LOSSES = {"whole": None, "no pictures": "image", "no texts": "text"}


def fit(raw: RawVectors) -> VectorPipeline:
    return fit_attention(VectorPipeline.fit(raw), raw)[0]


def take(raw: RawVectors, rows: np.ndarray) -> RawVectors:
    return {name: tuple(part[rows] for part in parts) for name, parts in raw.items()}


def lose(raw: RawVectors, lost: str | None) -> RawVectors:
    return {name: tuple(part * (name != lost) for part in parts) for name, parts in raw.items()}


def join(known: RawVectors, new: RawVectors) -> RawVectors:
    return {
        name: tuple(np.concatenate(pair) for pair in zip(parts, new[name], strict=True))
        for name, parts in known.items()
    }


def share_of_own(vectors: np.ndarray, first: int) -> float:
    """Return the share of the five nearest of rows from `first` on that are among these rows; 0 without vectors."""
    similarity = vectors @ vectors.T
    np.fill_diagonal(similarity, -np.inf)
    own = np.argsort(-similarity[first:], axis=1)[:, :NEAREST] >= first
    return float(own[vectors[first:].any(axis=1)].mean()) if vectors[first:].any() else 0.0


def report_added(catalogue: Catalogue) -> None:
    """Print what fits on four fifths make of all, and of the fifth beside what it gets when it was fitted on too."""
    count = len(catalogue.gains)
    whole = fit(catalogue.raw).transform(catalogue.raw).fused
    best = np.nanmean(measure_ndcg(whole, catalogue.gains))
    print(f"\n{catalogue.name}: {count} products, nDCG@10 {best:.4f} fitted on all; on 80 %, {DRAWS} draws:")
    figures = []
    for seed in range(DRAWS):
        order = np.random.default_rng(seed).permutation(count)
        added, known = np.isin(np.arange(count), order[: count // 5]), np.sort(order[count // 5 :])
        fused = fit(take(catalogue.raw, known)).transform(catalogue.raw).fused
        exposures = [measure_exposure(rows @ rows.T, added) for rows in (fused, whole)]
        figures.append((np.nanmean(measure_ndcg(fused, catalogue.gains)), exposures[0], exposures[0] / exposures[1]))
    for name, values in zip(
        ("nDCG@10", "exposure", "  of that when fitted on"), zip(*figures, strict=True), strict=True
    ):
        error = np.std(values, ddof=1) / np.sqrt(DRAWS)
        low, high = np.mean(values) - 1.96 * error, np.mean(values) + 1.96 * error
        print(f"  {name:25} {np.mean(values):.3f} ({low:.3f} to {high:.3f}), {min(values):.3f} to {max(values):.3f}")


def measure_share(pipeline: VectorPipeline, raw: RawVectors) -> float:
    """Return the share of products outside of a fit, as embeddings/spaces/outside.py counts them in a shop."""
    return float(np.mean(np.asarray(pipeline.find_reach(pipeline.encode_modalities(raw))) <= 0))


def report_ranges(catalogue: Catalogue, others: list[Catalogue]) -> None:
    """Print where products of other catalogues land."""
    pipeline, count = fit(catalogue.raw), len(catalogue.gains)
    print(f"  {'added':24} {'fused':>6} {'text':>6} {'image':>6} {'unlimited':>10} {'outside':>8} {'refitted':>9}")
    for name, new in draw_ranges(others):
        raw = join(catalogue.raw, new)
        vectors = pipeline.transform(raw)
        unlimited = replace(pipeline, reach=None).transform(raw)
        shares = [share_of_own(rows, count) for rows in (vectors.fused, *vectors.modalities.values(), unlimited.fused)]
        shares += [measure_share(pipeline, new), share_of_own(fit(raw).transform(raw).fused, count)]
        print(f"  {name:24} {''.join(f'{share:{width}.2f}' for share, width in zip(shares, WIDTHS, strict=True))}")


def draw_ranges(others: list[Catalogue]) -> Iterator[tuple[str, RawVectors]]:
    for other in others:
        rows = np.random.default_rng(0).permutation(len(other.gains))[:ADDED]
        for name, lost in LOSSES.items():
            yield f"{other.name}, {name}", lose(take(other.raw, rows), lost)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="a folder to keep what the encoders said")
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ and grocery/ are")
    options = parser.parse_args()
    folders = {
        "homeware": PROJECT / "demo" / "homeware",
        "luma": options.data / "luma",
        "grocery": options.data / "grocery",
    }
    catalogues = [
        read_catalogue(name, folder, vectors=options.vectors)
        for name, folder in folders.items()
        if (folder / "products.csv").exists()
    ]
    for catalogue in catalogues:
        report_added(catalogue)
        report_ranges(catalogue, [other for other in catalogues if other is not catalogue])


if __name__ == "__main__":
    main()
