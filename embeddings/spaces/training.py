"""Train the attention fusion on this catalogue: what it learns from, and the space it ends up in."""

from __future__ import annotations

import csv
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from catalog.models import Product
from embeddings.composition import parse_composition
from embeddings.encoding import load_encoders
from embeddings.inputs import load_inputs
from embeddings.modalities.registry import DECLARED, find_modality
from embeddings.models import EmbeddingSpace
from embeddings.spaces.building import OnProgress
from embeddings.spaces.lifecycle import MIN_FIT_PRODUCTS, SpaceError, create_space
from embeddings.spaces.sampling import Sample, draw_product_ids, fit_plain, read_sample

Array = npt.NDArray[np.float32]

TRAINING_PRODUCTS = 5_000  # minutes on two cores; more products teach little more
CHUNK = 64


@dataclass(frozen=True)
class TrainingOptions:
    """What a training may learn from beside the products themselves."""

    pairs: Sequence[tuple[str, str]] = ()  # SKUs that belong together
    picture_views: int = 0  # augmented pictures encoded for each product; none was worth its time so far
    seed: int = 0


class InvalidPairs(ValueError):
    """A file of pairs cannot be read. The message names the line."""


def train_space(
    name: str, *, like: EmbeddingSpace, options: TrainingOptions, on_progress: OnProgress
) -> EmbeddingSpace:
    """Return a new space, still to be built, with the attention fusion trained on the catalogue, and its report.

    Raises SpaceError where the name is taken or there are too few products, EncoderError.
    """
    from embeddings.fusion.training import train  # heavy: needs torch, which nothing but a training loads

    if EmbeddingSpace.objects.filter(name=name).exists():
        raise SpaceError(
            f"There is a space {name} already, and a training makes a new space NAME: choose another one, or drop it "
            f"first (manage.py spaces drop {name})."
        )
    ids = draw_product_ids(limit=TRAINING_PRODUCTS)
    if len(ids) < MIN_FIT_PRODUCTS:
        raise SpaceError(f"{len(ids)} products are too few to learn from: import {MIN_FIT_PRODUCTS} or more first.")
    encoders = load_encoders(like)
    sample = read_sample(like, ids, encoders=encoders, progress=_count(on_progress, "encode", len(ids)))
    views = {
        name: [
            (_encode_view(like, sample, name, seed=options.seed + view, on_progress=on_progress),)
            for view in range(options.picture_views)
        ]
        for name, modality in DECLARED.items()
        if name in encoders and modality.is_augmented
    }
    pipeline, report = train(
        sample.raw,
        plain=fit_plain(like, sample.raw, seed=options.seed),
        groups=_read_groups(sample.product_ids),
        pairs=_find_rows(options.pairs, sample.product_ids),
        views={name: [*_drop_parts(sample, name), *views.get(name, ())] for name in encoders},
        seed=options.seed,
        progress=on_progress,
    )
    space = create_space(name, like=like, trained=pipeline.with_scales(sample.raw))
    for modality, encoder in encoders.items():
        space.set_modality(modality, identity=encoder.info.identity)
    space.fitted_on, space.report = len(sample.product_ids), {"training": report}
    space.save(update_fields=[*EmbeddingSpace.FITTED_FIELDS, "fitted_on", "report"])
    return space


def describe_outcome(report: dict[str, Any]) -> str:
    """Return what a training came to, in a sentence, from the report that `train` gave."""
    tuning, strength = report["tuning"], report["settings"]["strength"]
    if not strength:
        return (
            f"Nothing was learned from {report['products']} products that held-back ones confirm: the new space ranks "
            "as calibrated concatenation does."
        )
    if "held_back_before" not in tuning:
        return f"{report['products']} products are too few to tune on: the shared space is kept as it was fitted."
    before, after = tuning["held_back_before"], tuning["held_back_after"]
    if not tuning["steps"]:
        return f"Nothing gained on held-back products ({before:.3f} before, {after:.3f} at best): kept as it was."
    return f"Held-back products gained from {before:.3f} to {after:.3f} in {tuning['steps']} steps, which are kept."


def read_pairs(path: Path) -> list[tuple[str, str]]:
    """Return the pairs of a CSV file with the columns source_sku and target_sku; with `grade`, those above 0.

    Raises InvalidPairs, OSError.
    """
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = csv.DictReader(file)
        if not {"source_sku", "target_sku"} <= set(rows.fieldnames or ()):
            raise InvalidPairs(f"{path} needs the columns source_sku and target_sku; it has {rows.fieldnames}.")
        try:
            return [(row["source_sku"], row["target_sku"]) for row in rows if float(row.get("grade") or 1) > 0]
        except (ValueError, csv.Error) as error:
            raise InvalidPairs(f"{path}, line {rows.line_num}: {error}.") from error


def _count(on_progress: OnProgress, stage: str, total: int) -> Callable[[int], None]:
    """Return a function that takes how many more are done, and tells how many that makes."""
    done = 0

    def advance(count: int) -> None:
        nonlocal done
        done += count
        on_progress(stage, done, total)

    return advance


def _read_groups(product_ids: Sequence[int]) -> list[int]:
    """Return a number for each product's variant group, -1 for none."""
    rows = Product.objects.filter(pk__in=product_ids).exclude(variant_group="").values_list("pk", "variant_group")
    groups = dict(rows)
    numbers = {group: number for number, group in enumerate(sorted(set(groups.values())))}
    return [numbers[groups[pk]] if pk in groups else -1 for pk in product_ids]


def _find_rows(pairs: Sequence[tuple[str, str]], product_ids: Sequence[int]) -> list[tuple[int, int]]:
    """Return the pairs as rows of the sample; pairs with a product outside it are left out."""
    skus = dict(Product.objects.filter(pk__in=product_ids).values_list("pk", "sku"))
    row_of = {skus[pk]: row for row, pk in enumerate(product_ids) if pk in skus}
    return [(row_of[left], row_of[right]) for left, right in pairs if left in row_of and right in row_of]


def _drop_parts(sample: Sample, modality: str) -> list[tuple[Array, ...]]:
    """Return a modality with all but one part left out, for each part: the shortest and the longest way to say it."""
    parts = sample.raw[modality]
    if len(parts) < 2:
        return []
    return [
        tuple(part if position == kept else np.zeros_like(part) for position, part in enumerate(parts))
        for kept in range(len(parts))
    ]


def _encode_view(space: EmbeddingSpace, sample: Sample, name: str, *, seed: int, on_progress: OnProgress) -> Array:
    """Return (n, d) vectors of an augmented copy of each product's first picture or sound; zero where it has none."""
    modality = find_modality(name)
    encoder = modality.load_encoder(space.list_modalities()[name].encoder)
    view = np.zeros_like(sample.raw[name][0])
    parts = parse_composition(space.text_composition)
    advance = _count(on_progress, str(modality.noun), len(view))
    for start in range(0, len(view), CHUNK):
        ids = sample.product_ids[start : start + CHUNK]
        first = {
            product.product_id: found[0]
            for product in load_inputs(ids, parts=parts, modalities=[name])
            if (found := product.list_inputs())
        }
        rows = [start + row for row, pk in enumerate(ids) if pk in first]
        copies = [modality.augment(first[sample.product_ids[row]], seed=seed * len(view) + row) for row in rows]
        if copies:
            view[rows] = modality.encode(encoder, copies).vectors
        advance(len(ids))
    return view
