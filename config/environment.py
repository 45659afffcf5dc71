"""Environment variables, read so that one that makes no sense is named before anything starts."""

from __future__ import annotations

from typing import Any

import environ
from django.core.exceptions import ImproperlyConfigured

from api.rates import parse_rate


class Environment(environ.Env):  # type: ignore[misc]  # it has no types
    """Raises ImproperlyConfigured with the variable's name, where the library says only what the value is not."""

    def get_value(self, var: str, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().get_value(var, *args, **kwargs)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var} cannot be read: {error}. Mend it, or unset it.") from None

    def rate(self, var: str, *, default: str) -> str:
        """Return a budget such as `6000/min` as it is written."""
        text: str = self.str(var, default=default)
        try:
            parse_rate(text)
        except ValueError as error:
            raise ImproperlyConfigured(f"{var}: {error}") from None
        return text
