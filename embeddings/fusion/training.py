"""Training the attention fusion on one catalogue. The only file of the fusion that needs torch.

Two steps. A shared space and a memory are fitted in closed form (learning.py). Then the projections and the gate are
tuned with a symmetric InfoNCE loss (van den Oord et al. 2018; Radford et al. 2021) on positive pairs: the same product
under picture views, text views, modality and input dropout, its variants, pairs that are given. The tuning is kept only
if held-back products say so.
"""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, replace
from typing import Any

import numpy as np
import torch
from torch.nn import functional

from embeddings.fusion.attention import GATE, PROJECTION, AttentionFusion, start_attention
from embeddings.fusion.base import Array, present_modalities
from embeddings.fusion.batches import Batches, Examples, View, find_partners
from embeddings.fusion.concat import ConcatFusion
from embeddings.fusion.learning import fit_attention
from embeddings.fusion.pipeline import Parts, RawVectors, VectorPipeline, count_products
from embeddings.fusion.selection import Fold, Scores, Settings
from embeddings.fusion.views import Views, join_views
from embeddings.unit_rows import unit_rows

OnProgress = Callable[[str, int, int], None]  # stage, done, total; whatever it raises stops the training

TEMPERATURE = 0.1
LEARNING_RATE = 2e-3
INPUT_DROPOUT = 0.2
WEIGHT_DECAY = 0.5  # towards where the tuning started (L2-SP: Li et al. 2018)
STEPS = 200
STEPS_BETWEEN_CHECKS = 10
PATIENCE = 4  # checks without improvement
HELD_BACK = 0.2
MIN_PRODUCTS = 100  # fewer held back than twenty cannot tell progress from luck
MIN_GAIN = 0.005  # of the held-back score; less is noise


def train(
    raw: RawVectors,
    *,
    plain: VectorPipeline | None = None,
    groups: Sequence[int] | None = None,
    pairs: Sequence[tuple[int, int]] | None = None,
    views: Mapping[str, Sequence[Parts]] | None = None,
    seed: int = 0,
    progress: OnProgress | None = None,
) -> tuple[VectorPipeline, dict[str, Any]]:
    """Return a pipeline with the attention fusion, trained on `raw` alone, and a report on what was learned and why.

    plain: the concat pipeline to start from, with its parts, weights and dim; by default that of `VectorPipeline.fit`.
    groups: a variant group for each product, -1 for none. pairs: rows that belong together (bought together, chosen by
    hand). views: by modality, more tuples like those of `raw`, such as of changed pictures.
    All may be left out. On a catalogue too small to learn from, the result ranks like calibrated concat.
    """
    started = time.monotonic()
    notify = progress or (lambda stage, done, total: None)
    plain = plain or VectorPipeline.fit(raw, fusion="concat", seed=seed)
    vectors = plain.encode_modalities(raw)
    pipeline, settings, report = fit_attention(plain, raw, seed=seed, progress=lambda *done: notify("select", *done))
    count = count_products(raw)
    examples = Examples(
        views={
            name: (own, *(plain.modalities[name].transform(view) for view in (views or {}).get(name, ())))
            for name, own in vectors.items()
        },
        partners=find_partners(count, groups, pairs),
        weights=plain.weights,
    )
    steps, tuning = _choose_steps(examples, settings, views=plain.views, seed=seed, notify=notify)
    if steps and isinstance(pipeline.joiner, AttentionFusion):
        joiner = _tune(pipeline.joiner, examples, np.arange(count), steps=steps, seed=seed)
        pipeline = plain.with_joiner(joiner, raw, memory_strength=settings.memory, seed=seed)
    summary = {
        "settings": asdict(settings),
        "validation": report,
        "tuning": {"steps": steps, **tuning},
        "products": count,
        "products_with_partners": sum(bool(partners) for partners in examples.partners),
        "seconds": round(time.monotonic() - started, 1),
        "seed": seed,
    }
    return pipeline, summary


def _choose_steps(
    examples: Examples, settings: Settings, *, views: Views, seed: int, notify: OnProgress
) -> tuple[int, dict[str, float]]:
    """Return how many steps of tuning are good for products that were held back, and their score before and after."""
    count = len(examples.partners)
    if not settings.strength or count < MIN_PRODUCTS:
        return 0, {}
    held = _hold_back(examples.partners, seed=seed)
    kept = np.flatnonzero(~held)
    own = examples.own(kept)
    joiner = start_attention(own, settings=settings, plain=ConcatFusion(), views=views, seed=seed)
    scores: list[float] = []

    def check(step: int, tuned: AttentionFusion) -> bool:
        scores.append(_score_held_back(tuned, examples, np.flatnonzero(held), views))
        notify("tune", step, STEPS)
        return len(scores) - 1 - int(np.argmax(scores)) < PATIENCE

    _tune(joiner, examples, kept, steps=STEPS, seed=seed, check=check)
    best = int(np.argmax(scores))
    outcome = {"held_back_before": scores[0], "held_back_after": scores[best]}
    return (best * STEPS_BETWEEN_CHECKS if scores[best] > scores[0] + MIN_GAIN else 0), outcome


def _score_held_back(joiner: AttentionFusion, examples: Examples, held: np.ndarray, views: Views) -> float:
    """Return how well one view finds the others' neighbours, plus how well partners are found (0 where none)."""
    vectors = examples.own(held)
    seen = join_views(vectors, views)
    several = present_modalities(seen).sum(axis=1) > 1
    known = {name: rows[several] for name, rows in seen.items()}
    marks = Scores()
    for name, _, own, target in Fold(fitted=known, held=known).directions():
        learned = unit_rows(own @ np.concatenate([joiner.projections[modality] for modality in views[name]]))
        marks.add((1 - joiner.strength) * (own @ own.T) + joiner.strength * (learned @ learned.T), target)
    fused = joiner.fuse(vectors, examples.spread_weights(len(held)))
    return float(marks.totals.mean()) + _find_rank(fused @ fused.T, held, examples.partners)


def _find_rank(similarity: Array, held: np.ndarray, partners: tuple[tuple[int, ...], ...]) -> float:
    """Return the mean reciprocal rank of the nearest partner among the held-back products; 0 where none has one."""
    positions = {int(product): position for position, product in enumerate(held)}
    ranks = []
    for position, product in enumerate(held):
        wanted = [positions[partner] for partner in partners[product] if partner in positions]
        if wanted:
            nearer = similarity[position] > similarity[position, wanted].max()
            nearer[position] = False
            ranks.append(1 / (1 + int(nearer.sum())))
    return float(np.mean(ranks)) if ranks else 0.0


def _tune(
    joiner: AttentionFusion,
    examples: Examples,
    rows: np.ndarray,
    *,
    steps: int,
    seed: int,
    check: Callable[[int, AttentionFusion], bool] | None = None,
) -> AttentionFusion:
    """Return `joiner` after `steps` on the products `rows`; `check` sees it every few steps and may end it."""
    torch.manual_seed(seed)
    generator = np.random.default_rng(seed)
    learned = {f"{name}{PROJECTION}": projection for name, projection in joiner.projections.items()}
    learned |= {name: getattr(joiner, name) for name in GATE}
    weights = {name: torch.nn.Parameter(torch.tensor(array)) for name, array in learned.items()}
    origin = {name: parameter.detach().clone() for name, parameter in weights.items()}
    optimiser = torch.optim.Adam(weights.values(), lr=LEARNING_RATE)
    batches = Batches(examples, rows, generator)
    tuned = joiner
    for step in range(steps + 1):
        if check is not None and step % STEPS_BETWEEN_CHECKS == 0:
            tuned = _collect(joiner, weights)
            if not check(step, tuned):
                return tuned
        if step == steps:
            break
        first, second, ignored = batches.draw()
        loss = _contrast(_embed(weights, first), _embed(weights, second), torch.from_numpy(ignored))
        drift = sum(((weights[name] - origin[name]) ** 2).sum() for name in weights)
        optimiser.zero_grad()
        torch.autograd.backward(loss + WEIGHT_DECAY * drift / len(weights))
        optimiser.step()
    return _collect(joiner, weights)


def _collect(joiner: AttentionFusion, weights: dict[str, torch.nn.Parameter]) -> AttentionFusion:
    """Return `joiner` with what the weights hold now."""
    now = {name: parameter.detach().numpy().copy() for name, parameter in weights.items()}
    projections = {name: now[f"{name}{PROJECTION}"] for name in joiner.projections}
    gate: dict[str, Any] = {name: now[name] for name in GATE}
    return replace(joiner, projections=projections, **gate)


def _embed(weights: dict[str, torch.nn.Parameter], view: View) -> torch.Tensor:
    """Return (b, shared_dim) unit rows: AttentionFusion.project in torch, with input dropout."""
    vectors = {name: torch.from_numpy(rows) for name, rows in view.vectors.items()}
    present = torch.stack([(rows != 0).any(dim=1) for rows in vectors.values()], dim=1).float()
    units = torch.tanh(torch.cat([*vectors.values(), present], dim=1) @ weights["hidden"] + weights["hidden_bias"])
    prior = torch.log(torch.from_numpy(view.prior) + 1e-12)
    gate = torch.softmax(units @ weights["output"] + weights["output_bias"] + prior, dim=1)
    joined = torch.zeros(())
    for position, (name, rows) in enumerate(vectors.items()):
        shared = functional.dropout(rows, INPUT_DROPOUT) @ weights[f"{name}{PROJECTION}"]
        joined = joined + gate[:, [position]] * functional.normalize(shared, dim=1)
    return functional.normalize(joined, dim=1)


def _contrast(first: torch.Tensor, second: torch.Tensor, ignored: torch.Tensor) -> torch.Tensor:
    """Return the symmetric InfoNCE loss of (b, d) pairs of rows; `ignored` (b, b) are no negatives."""
    logits = (first @ second.T / TEMPERATURE).masked_fill(ignored, -1e9)
    wanted = torch.arange(len(logits))
    return (functional.cross_entropy(logits, wanted) + functional.cross_entropy(logits.T, wanted)) / 2


def _hold_back(partners: tuple[tuple[int, ...], ...], *, seed: int) -> np.ndarray:
    """Return (n,) booleans: about a fifth of the products, partners together, so that no pair is in both parts."""
    family = np.arange(len(partners))
    for product, friends in enumerate(partners):
        for friend in friends:
            family[family == family[friend]] = family[product]
    names = np.unique(family)
    chosen = np.random.default_rng(seed).permutation(names)[: max(1, round(HELD_BACK * len(names)))]
    held: np.ndarray = np.isin(family, chosen)
    return held
