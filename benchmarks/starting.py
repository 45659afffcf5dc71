"""What a shop of fewer than 50 products is like with the parameters that are shipped: with reach and scale, or without.

    python benchmarks/starting.py  # luma/ and grocery/ where KINDRED_DATA has them
    python benchmarks/starting.py --vectors var/fusion  # keep what the encoders said, and start from it next time

45 products of each catalogue, drawn forty times: all of them whole, and three in ten without a picture, or a text. By
the shipped file, and by the plain recipe fitted on the demo now: nDCG@10, how often those that lack something are
recommended relative to their share, and what the similarity of any two is shown as, and that of nearest ones.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.fusion import DATA, Catalogue, fit_concat, hide, measure_ndcg, read_catalogue  # noqa: E402
from embeddings.fusion import VectorPipeline  # noqa: E402
from embeddings.fusion.imputation import measure_exposure  # noqa: E402

SHIPPED = PROJECT / "embeddings" / "spaces" / "default_parameters.safetensors"
PRODUCTS, DRAWS = 45, 40


def measure(pipeline: VectorPipeline, catalogue: Catalogue, lost: str | None, *, seed: int) -> tuple[float, ...]:
    rows = np.random.default_rng(seed).permutation(len(catalogue.gains))[:PRODUCTS]
    raw = {name: tuple(part[rows] for part in parts) for name, parts in catalogue.raw.items()}
    raw = hide(raw, lost, seed=seed) if lost else raw
    vectors = pipeline.transform(raw)
    cosines = vectors.fused @ vectors.fused.T
    lacking = ~vectors.modalities[lost].any(axis=1) if lost else np.zeros(len(rows), dtype=bool)
    exposure = measure_exposure(cosines, lacking) if lost else 1.0
    shown = pipeline.scale_of("fused").show(cosines)
    np.fill_diagonal(shown, np.nan)
    near = float(np.median(np.nanmax(shown, axis=1)))
    ndcg = float(np.nanmean(measure_ndcg(vectors.fused, catalogue.gains[np.ix_(rows, rows)])))
    return ndcg, exposure, float(np.nanmedian(shown)), near


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, help="a folder to keep what the encoders said")
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ and grocery/ are")
    options = parser.parse_args()
    demo = read_catalogue("homeware", PROJECT / "demo" / "homeware", vectors=options.vectors)
    fitted = fit_concat(demo.raw).with_scales(demo.raw)
    pipelines = {
        "shipped": VectorPipeline.from_bytes(SHIPPED.read_bytes()),
        "fitted now": replace(fitted, reach=None, scales={}),
        "with reach and scale": fitted,
    }
    print("| catalogue | lost | parameters | nDCG@10 | exposure | any two | nearest |\n" + "| --- " * 7 + "|")
    for name in ("luma", "grocery"):
        if (options.data / name / "products.csv").exists():
            catalogue = read_catalogue(name, options.data / name, vectors=options.vectors)
            for lost in (None, "image", "text"):
                for label, pipeline in pipelines.items():
                    figures = [measure(pipeline, catalogue, lost, seed=seed) for seed in range(DRAWS)]
                    ndcg, *others = np.mean(figures, axis=0)
                    said = [f"{ndcg:.3f}", *(f"{value:.2f}" for value in others)]
                    print(f"| {name} | {lost or ''} | {label} | {' | '.join(said)} |", flush=True)


if __name__ == "__main__":
    main()
