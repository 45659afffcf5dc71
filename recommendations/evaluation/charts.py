"""The report's charts as SVG, drawn by matplotlib without a display. Figures only: words are the template's."""

import base64
import io
import logging
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from recommendations.evaluation.intervals import Estimate
from recommendations.evaluation.metrics import Floats
from recommendations.evaluation.pairs import Flags, precision_recall_curve

logging.getLogger("matplotlib").setLevel(logging.WARNING)  # it tells of every list of fonts it makes

# Differ in lightness too, for readers who do not tell red from green.
COLOURS = ("#a4532f", "#23717a", "#d6a23c", "#53578f", "#7fa650", "#7a2f4b", "#7d8a91", "#b58fc0")
INK, FAINT = "#2a2521", "#e2d8ca"
FAINT_BARS = "#b9ada0"
MAX_CATEGORIES = 30  # bars that can still be read; the table has them all
ROW_HEIGHT = 0.34  # inches for one bar

STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",  # words stay words, in whatever sans-serif the reader has
    "svg.hashsalt": "kindred",  # the same figures give the same file
    "font.family": "sans-serif",
    "font.size": 10,
    "text.color": INK,
    "axes.labelcolor": INK,
    "axes.edgecolor": FAINT,
    "xtick.color": INK,
    "ytick.color": INK,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": FAINT,
    "grid.linewidth": 0.8,
    "xtick.major.size": 0,
    "ytick.major.size": 0,
    "legend.frameon": False,
}


def draw_estimates(estimates: Mapping[str, Estimate], *, title: str) -> str:
    """Return a data URI: one bar for each label, with its confidence interval and figure."""
    with rc_context(STYLE):
        figure, axes = _make_figure(7.4, 0.8 + ROW_HEIGHT * 1.15 * len(estimates))
        for row, (colour, estimate) in enumerate(zip(_colours(len(estimates)), estimates.values(), strict=True)):
            if not np.isfinite(estimate.mean):
                continue
            axes.barh(row, estimate.mean, height=0.62, color=colour, alpha=0.88)
            axes.plot([estimate.low, estimate.high], [row, row], color=INK, linewidth=1.6, solid_capstyle="butt")
            axes.text(min(estimate.high, 1) + 0.012, row, f"{estimate.mean:.3f}", va="center", fontweight="bold")
        _label_rows(axes, list(estimates))
        axes.set_xlim(0, 1.09)
        axes.set_xticks(np.linspace(0, 1, 6))
        axes.set_xlabel(title)
        return _to_uri(figure)


def draw_recall_curves(curves: Mapping[str, Floats]) -> str:
    """Return a data URI: mean recall@k (k,) of each label, against k."""
    with rc_context(STYLE):
        figure, axes = _make_figure(7.4, 3.9)
        for colour, style, (label, curve) in zip(
            _colours(len(curves)), _dashes(len(curves)), curves.items(), strict=True
        ):
            axes.plot(np.arange(1, len(curve) + 1), curve, color=colour, linestyle=style, linewidth=2, label=label)
        axes.set_ylim(0, 1.02)
        axes.set_xlim(1, max((len(curve) for curve in curves.values()), default=2))
        axes.set_xlabel("products shown (k)")
        axes.set_ylabel("share of the related ones among them")
        axes.legend(loc="lower right", ncols=1 + (len(curves) > 6))
        return _to_uri(figure)


def draw_pair_scores(scores: Floats, related: Flags, *, threshold: float) -> str:
    """Return a data URI: how often each similarity (m,) occurs among related and among unrelated pairs."""
    with rc_context(STYLE):
        figure, axes = _make_figure(4.9, 3.3)
        bins = np.linspace(min(float(scores.min()), 0.0), max(float(scores.max()), 1.0), 41)
        groups = ((~related, FAINT_BARS, "unrelated"), (related, COLOURS[0], "related"))
        for chosen, colour, label in groups:
            axes.hist(scores[chosen], bins=bins.tolist(), color=colour, alpha=0.62, label=f"{label} pairs")
        axes.axvline(threshold, color=INK, linewidth=1.4, linestyle=(0, (4, 3)))
        axes.annotate(
            f"threshold {threshold:.2f}",
            (threshold, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(0, 3),
            textcoords="offset points",
            ha="center",
        )
        axes.grid(visible=False, axis="x")
        axes.set_xlabel("similarity")
        axes.set_ylabel("pairs")
        axes.legend(loc="upper right")
        return _to_uri(figure)


def draw_precision_recall(scores: Mapping[str, tuple[Floats, Flags]]) -> str:
    """Return a data URI: precision against recall of the pairs of each label, for every threshold."""
    with rc_context(STYLE):
        figure, axes = _make_figure(4.9, 3.3)
        for colour, style, (label, pairs) in zip(
            _colours(len(scores)), _dashes(len(scores)), scores.items(), strict=True
        ):
            precision, recall = precision_recall_curve(*pairs)
            axes.plot(recall, precision, color=colour, linestyle=style, linewidth=1.8, label=label)
        axes.set_xlim(0, 1.01)
        axes.set_ylim(0, 1.02)
        axes.set_xlabel("recall: share of related pairs found")
        axes.set_ylabel("precision: share that is right")
        axes.legend(loc="lower left", fontsize=8.5)
        return _to_uri(figure)


def draw_categories(tables: Mapping[str, Mapping[str, Estimate]], *, title: str) -> str:
    """Return a data URI: for each category the first label's bar with its interval, and the others as dots beside it.

    Categories are those of the first label in its order, at most MAX_CATEGORIES.
    """
    labels = list(tables)
    paths = list(tables[labels[0]])[:MAX_CATEGORIES]
    with rc_context(STYLE):
        figure, axes = _make_figure(7.4, 1.1 + ROW_HEIGHT * len(paths))
        first = [tables[labels[0]][path] for path in paths]
        rows = np.arange(len(paths))
        axes.barh(rows, _means(first), height=0.6, color=COLOURS[0], alpha=0.85, label=labels[0])
        for row, estimate in enumerate(first):
            axes.plot([estimate.low, estimate.high], [row, row], color=INK, linewidth=1.2)
        for colour, label in zip(_colours(len(labels))[1:], labels[1:], strict=True):
            dots = [tables[label][path] for path in paths]
            axes.plot(_means(dots), rows, "o", color=colour, markeredgecolor="white", markersize=7, label=label)
        _label_rows(axes, paths)
        axes.set_xlim(0, 1.03)
        axes.set_xlabel(title)
        if len(labels) > 1:
            axes.legend(loc="lower left", bbox_to_anchor=(0, 1.0), ncols=3, borderaxespad=0.2)
        return _to_uri(figure)


def _make_figure(width: float, height: float) -> tuple[Figure, Axes]:
    """Return a figure in inches. Not by pyplot, which would keep every figure in memory."""
    figure = Figure(figsize=(width, height), layout="constrained")
    return figure, figure.subplots()


def _label_rows(axes: Axes, labels: Sequence[str]) -> None:
    axes.set_yticks(np.arange(len(labels)), [_shorten(label) for label in labels])
    axes.set_ylim(len(labels) - 0.5, -0.5)  # the first on top
    axes.grid(visible=False, axis="y")
    axes.spines["left"].set_visible(False)


def _shorten(label: str, *, length: int = 44) -> str:
    """Return the end of a long path, where categories differ. A dollar sign is money here, no formula."""
    shown = label if len(label) <= length else "…" + label[-length + 1 :]
    return shown.replace("$", r"\$")


def _means(estimates: Sequence[Estimate]) -> list[float]:
    return [estimate.mean for estimate in estimates]


def _colours(count: int) -> list[str]:
    return [COLOURS[place % len(COLOURS)] for place in range(count)]


def _dashes(count: int) -> list[str]:
    return ["-" if place < len(COLOURS) else "--" for place in range(count)]


def _to_uri(figure: Figure) -> str:
    buffer = io.BytesIO()
    with warnings.catch_warnings():
        # Characters that matplotlib's own font lacks (Chinese) are drawn by the reader's.
        warnings.filterwarnings("ignore", message=".*missing from font.*", category=UserWarning)
        figure.savefig(buffer, format="svg", transparent=True, metadata={"Date": None, "Creator": None})
    return "data:image/svg+xml;base64," + base64.b64encode(buffer.getvalue()).decode()
