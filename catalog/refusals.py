"""How a rule says that a value or a file cannot be taken."""

from __future__ import annotations

from django.utils.translation import gettext

from catalog.bad_file import BadFile


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


def say_fault(error: BadFile) -> str:
    """Return what is wrong with a file as a sentence, in the language of who reads it."""
    values = {name: gettext(value) if isinstance(value, str) else value for name, value in error.values.items()}
    text = gettext(error.form) % values
    return gettext("%s.") % f"{text[0].upper()}{text[1:]}"
