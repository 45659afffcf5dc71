"""Progress bars of what happens in stages."""

from __future__ import annotations

from typing import NoReturn

from tqdm import tqdm


class StageBars:
    """One bar after the other, with rate and time left; silent where nobody watches."""

    def __init__(self) -> None:
        self.bar: tqdm[NoReturn] | None = None
        self.stage = ("", 0)

    def __enter__(self) -> StageBars:
        return self

    def __exit__(self, *_: object) -> None:
        if self.bar is not None:
            self.bar.close()

    def show(self, stage: str, done: int, total: int) -> None:
        """Move to `done` of `total` in `stage`; a stage seen for the first time gets a bar of its own."""
        if self.bar is None or self.stage != (stage, total):
            if self.bar is not None:
                self.bar.close()
            self.bar, self.stage = tqdm(total=total, desc=stage, unit="product", disable=None), (stage, total)
        self.bar.update(done - self.bar.n)
