"""How a decoder says that a file cannot be used. No Django here: `refusals.say_fault` says it to people."""

from __future__ import annotations


class BadFile(ValueError):
    """A picture or a sound that cannot be used. The message says why and what to do.

    `form` is the message with names for its `values`, as it is translated where people read it, values that are texts
    as well.
    """

    def __init__(self, form: str, **values: object) -> None:
        super().__init__(form % values)
        self.form, self.values = form, values
