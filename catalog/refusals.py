"""How a rule says that a value cannot be taken."""

from __future__ import annotations


class BadValue(ValueError):
    """A value that no product can have. The message goes on from the field's name: "is nested too deeply"."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code


class AmbiguousPrice(BadValue):
    """A price that can mean two things, as long as nothing says what the decimal separator is."""
