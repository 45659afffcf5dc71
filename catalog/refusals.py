"""How a rule says that a value cannot be taken."""

from __future__ import annotations

from django.utils.translation import gettext


class BadValue(ValueError):
    """A value that no product can have. The message goes on from the field's name: "is nested too deeply"."""

    def __init__(self, message: str, *, code: str) -> None:
        super().__init__(message)
        self.code = code

    @property
    def sentence(self) -> str:
        """The same about a field that stands beside it: "It is nested too deeply."."""
        return gettext("It %s.") % self


class AmbiguousPrice(BadValue):
    """A price that can mean two things, as long as nothing says what the decimal separator is."""
