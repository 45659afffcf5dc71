"""What each augmentation and each regularisation of `train_fusion` is worth: switched off one by one, and all of them.

    python benchmarks/ablation.py --vectors DIR            # demo/, and luma/ where KINDRED_DATA has it
    python benchmarks/ablation.py --vectors DIR --only homeware --seeds 5

Trains as `train_fusion --views 1` does, with variants as pairs that belong together, one changed picture and two
shortened texts of each product, and prints Markdown: what held-back products gain at the best moment, which is what a
training goes by; and nDCG@10 against the answer key, less that of no tuning, at that moment and after 100 steps
whatever they say. Means over seeds, and how far the seeds are apart (standard deviation). Changed pictures are encoded
once for each seed, and kept in DIR.
"""

from __future__ import annotations

import argparse
import io
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest import mock

import numpy as np

PROJECT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(PROJECT))

from benchmarks.catalogues import Rows, read_rows  # noqa: E402
from benchmarks.fusion import DATA, IMAGE_ENCODER, Catalogue, measure_ndcg, read_catalogue  # noqa: E402
from embeddings.encoders.pictures import load_picture  # noqa: E402
from embeddings.encoders.registry import get_image_encoder  # noqa: E402
from embeddings.fusion import VectorPipeline, augmentation, batches, training  # noqa: E402
from embeddings.fusion.learning import fit_attention  # noqa: E402
from embeddings.fusion.pipeline import Parts  # noqa: E402

SIDE_PX = 512  # as `train_fusion` has them
STEPS = 100
ALWAYS = -1.0  # of gain: take the best moment, better or not


@dataclass(frozen=True)
class Setting:
    """One line of the table: constants of the fusion's modules by what they are for it, and what is left out."""

    name: str
    pictures: Mapping[str, Any] = field(default_factory=dict)  # of augmentation.py
    training: Mapping[str, Any] = field(default_factory=dict)
    batches: Mapping[str, Any] = field(default_factory=dict)
    without: frozenset[str] = frozenset()  # of "pictures", "texts", "variants"


NO_ROTATION, NO_CROP = {"ROTATION_DEGREES": 0.0}, {"AREA": (1.0, 1.0), "ASPECT": (1.0, 1.0)}
SETTINGS = (
    Setting("all on"),
    Setting("no rotation", pictures=NO_ROTATION),
    Setting("no scale and crop", pictures=NO_CROP),
    Setting("no changed pictures", without=frozenset({"pictures"})),
    Setting("no shortened texts", without=frozenset({"texts"})),
    Setting("no variants as pairs", without=frozenset({"variants"})),
    Setting("no input dropout", training={"INPUT_DROPOUT": 0.0}),
    Setting("no weight decay", training={"WEIGHT_DECAY": 0.0}),
    Setting("no modality dropout", batches={"MODALITY_DROPOUT": 0.0}),
    Setting("batches of 128, half of them neighbours", batches={"BATCH_SIZE": 128}),
    Setting("batches of 128, drawn", batches={"BATCH_SIZE": 128, "HARD_NEGATIVES": 0}),
    Setting(
        "all off",
        training={"INPUT_DROPOUT": 0.0, "WEIGHT_DECAY": 0.0},
        batches={"MODALITY_DROPOUT": 0.0},
        without=frozenset({"pictures", "texts", "variants"}),
    ),
)


@contextmanager
def changed(module: ModuleType, constants: Mapping[str, Any]) -> Iterator[None]:
    with ExitStack() as stack:
        for name, value in constants.items():
            stack.enter_context(mock.patch.object(module, name, value))
        yield


class Bench:
    """One catalogue with all that every training on it begins with."""

    def __init__(self, name: str, folder: Path, kept: Path) -> None:
        self.name, self.folder, self.kept = name, folder, kept
        self.rows: Rows = read_rows(folder)
        self.catalogue: Catalogue = read_catalogue(name, folder, vectors=kept)
        self.plain = VectorPipeline.fit(self.catalogue.raw)
        self.fitted = fit_attention(self.plain, self.catalogue.raw)
        self.before = self.score(self.fitted[0])

    def score(self, pipeline: VectorPipeline) -> float:
        fused = pipeline.transform(self.catalogue.raw).fused
        return float(np.nanmean(measure_ndcg(fused, self.catalogue.gains)))

    def groups(self) -> list[int]:
        """Return a number for each product's variant group, -1 for none."""
        names = [row.get("variant_group") or row.get("group_id") or "" for row in self.rows]
        numbers = {name: number for number, name in enumerate(sorted(set(names) - {""}))}
        return [numbers.get(name, -1) for name in names]

    def shortened_texts(self) -> list[Parts]:
        parts = self.catalogue.raw["text"]
        return [
            tuple(part if position == kept else np.zeros_like(part) for position, part in enumerate(parts))
            for kept in range(len(parts))
        ]

    def changed_pictures(self, setting: Setting, seed: int) -> list[Parts]:
        """Return the first picture of each product, changed as `setting` has it; encoded once."""
        changes = "-".join(sorted(setting.pictures)).lower() or "all"
        path = self.kept / f"{self.name}-changed-without-{changes}-{seed}.npy"
        if not path.exists():
            view = np.zeros_like(self.catalogue.raw["image"][0])
            owners = [(row, listed["images"].split("|")[0]) for row, listed in enumerate(self.rows) if listed["images"]]
            loaders = [lambda name=name, row=row: self._change(name, seed * len(view) + row) for row, name in owners]
            with changed(augmentation, setting.pictures):
                view[[row for row, _ in owners]] = get_image_encoder(IMAGE_ENCODER).encode_images(loaders).vectors
            np.save(path, view)
        return [(np.load(path),)]

    def _change(self, name: str, seed: int) -> bytes:
        picture = load_picture((self.folder / name).read_bytes, wanted_side=SIDE_PX)
        content = io.BytesIO()
        augmentation.augment_picture(picture, seed=seed).save(content, "JPEG", quality=90)
        return content.getvalue()

    def train(self, setting: Setting, seed: int, *, steps: int | None = None) -> tuple[float, float]:
        """Return what held-back products gained, 0 where `steps` are given, and by how much nDCG@10 changed."""
        views = {
            "text": [] if "texts" in setting.without else self.shortened_texts(),
            "image": [] if "pictures" in setting.without else self.changed_pictures(setting, seed),
        }
        constants = {"MIN_GAIN": ALWAYS, "fit_attention": lambda *_, **__: self.fitted, **setting.training}
        if steps is not None:
            constants["_choose_steps"] = lambda *_, **__: (steps, {})
        with changed(training, constants), changed(batches, setting.batches):
            groups = None if "variants" in setting.without else self.groups()
            pipeline, report = training.train(
                self.catalogue.raw, plain=self.plain, groups=groups, views=views, seed=seed
            )
        tuning = report["tuning"]
        gain = tuning.get("held_back_after", 0.0) - tuning.get("held_back_before", 0.0)
        return gain, self.score(pipeline) - self.before


def measure(bench: Bench, seeds: Sequence[int]) -> list[str]:
    """Return the lines of one catalogue's table."""
    lines = [
        f"| {bench.name}, nDCG@10 {bench.before:.3f} | held-back gain | nDCG@10 then | after {STEPS} steps |",
        "| --- | ---: | ---: | ---: |",
    ]
    for setting in SETTINGS:
        trained = [(*bench.train(setting, seed), bench.train(setting, seed, steps=STEPS)[1]) for seed in seeds]
        means, spreads = np.mean(trained, axis=0), np.std(trained, axis=0)
        cells = [f"{mean:+.4f} ± {spread:.4f}" for mean, spread in zip(means, spreads, strict=True)]
        lines.append(f"| {setting.name} | {' | '.join(cells)} |")
        print(lines[-1], flush=True)
    return lines


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--vectors", type=Path, required=True, metavar="DIR", help="keep what the encoders said here")
    parser.add_argument("--data", type=Path, default=DATA, help="where luma/ is")
    parser.add_argument("--only", choices=("homeware", "luma"), action="append", help="default: both, where they are")
    parser.add_argument("--seeds", type=int, default=3, metavar="N", help="trainings of each setting (default: 3)")
    options = parser.parse_args()
    options.vectors.mkdir(parents=True, exist_ok=True)
    folders = {"homeware": PROJECT / "demo" / "homeware", "luma": options.data / "luma"}
    for name, folder in folders.items():
        if name in (options.only or folders) and (folder / "products.csv").exists():
            print("\n".join(["", *measure(Bench(name, folder, options.vectors), range(options.seeds))]))


if __name__ == "__main__":
    main()
