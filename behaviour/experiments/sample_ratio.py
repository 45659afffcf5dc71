"""Whether arms get the visitors that were promised to them. Where they do not, no other figure can be believed. Pure.

Fabijan et al., Diagnosing sample ratio mismatch in online controlled experiments, KDD 2019, say what is behind it: one
arm that answers slower, a cache, robots in one of them.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from behaviour.experiments.multinomial_evidence import log_evidence

STRICT = 0.001  # an alarm says that all of an experiment is void: it has to be right


def has_mismatch(counts: Sequence[int], shares: Sequence[float]) -> bool:
    """Say whether units are shared out otherwise than promised. Holds under peeking: once in 1,000 it errs, ever.

    Pearson's chi-squared test, which is usual, is for one look: asked every day it gives alarms for nothing.
    """
    return bool(log_evidence(counts, shares) > -np.log(STRICT))
