"""How often a row has come before in a file of any length, in 32 MB."""

from __future__ import annotations

from collections import Counter

BITS = 1 << 28
PLACES = 5  # bits of each row


class Repeats:
    """Counts rows by their digests, those alone that may have come before.

    A Bloom filter (Bloom 1970) says which have not. Among ten million rows it errs once in 100,000: such a row counts
    as a second one without a first, the same in each run, and no row is ever taken for another.
    """

    def __init__(self) -> None:
        self.bits = bytearray(BITS // 8)
        self.counts: Counter[bytes] = Counter()

    def count(self, digest: bytes) -> int:
        """Return how often this one, 20 bytes or more, came before."""
        is_known = True
        for start in range(0, 4 * PLACES, 4):
            place = int.from_bytes(digest[start : start + 4], "big") % BITS
            bit = 1 << (place & 7)
            if not self.bits[place >> 3] & bit:
                is_known = False
                self.bits[place >> 3] |= bit
        if is_known:
            self.counts[digest] += 1
        return self.counts[digest] if is_known else 0
