"""The rows that a trial asks about, and no others: what a trial costs grows with its questions, not with the shop."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.sparse as sp

from behaviour.learners.content import Content
from behaviour.learners.ease import Ease
from behaviour.learners.facts import Floats, Ints
from behaviour.learners.item_rows import BLOCK_ROWS, RowSettings, drop_alike, keep_best_rows, score_counts
from behaviour.learners.sparse_rows import make_rows, row_numbers
from behaviour.learners.together import Together


@dataclass(frozen=True)
class AskedRows:
    """What some items were counted with, ready to be scored with one setting after another."""

    together: Together
    blocks: list[tuple[Ints, sp.csr_array]]  # items, ascending, and their counts

    @classmethod
    def count(cls, together: Together, items: Ints) -> AskedRows:
        """Count the pairs of `items`, which are ascending."""
        parts = [items[start : start + BLOCK_ROWS] for start in range(0, len(items), BLOCK_ROWS)]
        return cls(together, [(part, together.count(part)) for part in parts])

    def score(
        self, *, settings: RowSettings, content: Content, ease: Ease | None = None, boosts: Floats | None = None
    ) -> sp.csr_array:
        """Return (items, items): the rows that `learn_rows` gives where content lends nothing, empty if not asked."""
        counts = np.zeros(self.together.item_count, dtype=np.int64)
        data, indices = [np.zeros(0, dtype=np.float32)], [np.zeros(0, dtype=np.int32)]
        for items, together in self.blocks:
            scored = score_counts(self.together, together, items, settings=settings, ease=ease)
            rows = keep_best_rows(scored, items, settings=settings, content=content, boosts=boosts)
            if settings.complements_only:
                rows = drop_alike(rows, items[row_numbers(rows)], content=content)
            counts[items] = np.diff(rows.indptr)
            data.append((rows.data**settings.sharpness).astype(np.float32))
            indices.append(rows.indices)
        return make_rows(np.concatenate(data), np.concatenate(indices), counts, width=len(counts))
