"""Catalogues of our own making, whose truth is known by construction: what settings of the fusion are judged on.

    python benchmarks/simulated.py                 # thirty catalogues: gain of attention over concat in nDCG@10
    python benchmarks/simulated.py --missing       # also how often those without a picture, or a text, are recommended

Each is drawn from its number: kinds of unequal size, designs, styles, brands, colours, slogans and backgrounds.
Text and picture tell each of these with strengths that differ from catalogue to catalogue, among noise that lies in few
directions as that of encoders does. In some of them what both say best is the colour or the brand, which is not what is
asked for: there a shared space does harm, and no mark that knows no truth can tell.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.fusion import SEEDS, hide, measure_ndcg  # noqa: E402
from embeddings.fusion import RawVectors, VectorPipeline  # noqa: E402
from embeddings.fusion.base import present_rows  # noqa: E402
from embeddings.fusion.imputation import measure_exposure  # noqa: E402
from embeddings.fusion.learning import fit_attention  # noqa: E402
from embeddings.unit_rows import unit_rows  # noqa: E402

SIZES = (80, 120, 160, 200, 250, 300, 400)
CATALOGUES = 30
TEXT_DIM, IMAGE_DIM = 192, 224


class Simulation:
    """One catalogue of `count` products; what is drawn depends on `seed` alone."""

    def __init__(self, seed: int, count: int) -> None:
        self.draw, self.count = np.random.default_rng(10_000 + seed), count
        kinds = int(np.clip(self.draw.integers(4, 14) * np.sqrt(count / 100), 4, count // 6))
        designs = max(kinds, count // int(self.draw.choice([1, 2, 4])))
        share = 1 / np.arange(1, kinds + 1) ** self.draw.uniform(0.2, 0.9)
        kind_of = self.draw.choice(kinds, size=designs, p=share / share.sum())
        self.design = np.concatenate([np.arange(designs)[:count], self.draw.integers(designs, size=count - designs)])
        self.kind = kind_of[self.design]
        self.style = self.draw.integers(5, size=designs)[self.design]
        brand = self.draw.integers(12, size=designs)[self.design]
        groups = self.draw.standard_normal((max(2, kinds // 4), 40))
        centres = 0.7 * groups[self.draw.integers(len(groups), size=kinds)] + self.draw.standard_normal((kinds, 40))
        self.facts = {
            "kind": centres[self.kind],
            "design": self.draw.standard_normal((designs, 40))[self.design],
            "style": self.draw.standard_normal((5, 16))[self.style],
            "brand": self.draw.standard_normal((12, 16))[brand],
        }
        for name, values in (("colour", 8), ("slogan", 9), ("background", 5)):
            self.facts[name] = self.draw.standard_normal((values, 16))[self.draw.integers(values, size=count)]

    def make(self) -> tuple[RawVectors, np.ndarray]:
        """Return what encoders would say, and (n, n) gains: 7 the same design, 3 kind and style, 1 kind, 0 else."""
        common = {"brand": self.draw.uniform(0, 0.8), "colour": self.draw.uniform(0, 0.9)}
        told = {name: self.draw.uniform(*between) for name, between in TOLD.items()} | common
        shown = {name: self.draw.uniform(*between) for name, between in SHOWN.items()} | common
        title, text = (self._encode(told, TEXT_DIM) for _ in range(2))
        raw = {"text": (title, text), "image": (self._encode(shown, IMAGE_DIM),)}
        same = {name: rows[:, None] == rows[None, :] for name, rows in vars(self).items() if name in LABELS}
        grades = np.where(same["design"], 3, np.where(same["kind"], 1 + same["style"], 0))
        np.fill_diagonal(grades, 0)
        return raw, 2.0**grades - 1

    def _encode(self, strengths: dict[str, float], dim: int) -> np.ndarray:
        """Return (n, dim) unit rows: a mean that all share, facts by their strengths, and noise in few directions."""
        rows = np.zeros((self.count, dim))
        for name, strength in strengths.items():
            fact = self.facts[name] - self.facts[name].mean(axis=0)
            fact /= np.sqrt(np.mean(np.sum(fact**2, axis=1)) + 1e-9)
            seen = fact @ self.draw.standard_normal((fact.shape[1], dim)) / np.sqrt(dim)
            bent = np.tanh(2 * seen @ self.draw.standard_normal((dim, dim)) * np.sqrt(3 / dim)) / np.sqrt(dim)
            rows += strength * (seen + 0.6 * bent)
        noise = self.draw.standard_normal((self.count, dim)) * np.exp(-np.arange(dim) / 65)
        noise /= np.sqrt(np.mean(np.sum(noise**2, axis=1)))
        turned = noise @ np.linalg.qr(self.draw.standard_normal((dim, dim)))[0]
        mean = self.draw.standard_normal(dim) / np.sqrt(dim) * self.draw.uniform(1, 4)
        return unit_rows(mean + rows + self.draw.uniform(0.9, 1.9) * turned)


LABELS = ("design", "kind", "style")
TOLD = {"kind": (0.4, 1.3), "design": (0.2, 1.1), "style": (0.1, 0.7), "slogan": (0.2, 1.0)}
SHOWN = {"kind": (0.4, 1.3), "design": (0.2, 1.1), "style": (0.1, 0.7), "background": (0.2, 1.0)}


def draw_catalogues(count: int = CATALOGUES) -> Iterator[tuple[int, RawVectors, np.ndarray]]:
    for seed in range(count):
        yield seed, *Simulation(seed, SIZES[seed % len(SIZES)]).make()


def report_gain(raw: RawVectors, gains: np.ndarray) -> tuple[float, str]:
    """Return the gain of attention over concat in nDCG@10, and what to print."""
    plain = VectorPipeline.fit(raw)
    pipeline, settings, _ = fit_attention(plain, raw)
    before, after = (float(np.nanmean(measure_ndcg(p.transform(raw).fused, gains))) for p in (plain, pipeline))
    return after - before, f"{before:.4f} -> {after:.4f}   strength {settings.strength}, memory {settings.memory}"


def report_exposure(raw: RawVectors, lost: str) -> float:
    """Return how often products without a modality are recommended, relative to their share."""
    shares = []
    for seed in SEEDS:
        hidden = hide(raw, lost, seed=seed)
        vectors = fit_attention(VectorPipeline.fit(hidden), hidden)[0].transform(hidden)
        shares.append(measure_exposure(vectors.fused @ vectors.fused.T, ~present_rows(vectors.modalities[lost])))
    return float(np.mean(shares))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--missing", action="store_true", help="also with pictures or texts taken away")
    parser.add_argument("--catalogues", type=int, default=CATALOGUES, help="how many")
    options = parser.parse_args()
    found, exposures = [], []
    for seed, raw, gains in draw_catalogues(options.catalogues):
        gain, line = report_gain(raw, gains)
        found.append(gain)
        print(f"{seed:3} {len(gains):4} products   {line}   gain {gain:+.4f}")
        if options.missing:
            exposures.append([report_exposure(raw, lost) for lost in ("image", "text")])
            print("    exposure without picture {:.2f}, without text {:.2f}".format(*exposures[-1]))
    print(f"gain {np.mean(found):+.4f}, least {np.min(found):+.4f}")
    if exposures:
        low, high = np.quantile(exposures, [0.1, 0.9])
        print(f"exposure {np.mean(exposures):.2f}, of eight in ten between {low:.2f} and {high:.2f}")


if __name__ == "__main__":
    main()
