"""What users and orders are called outside: whoever has the file they came from can make their pseudonyms again."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import chain
from pathlib import Path

from behaviour.events.history.columns import find_columns
from behaviour.events.history.files import open_events
from behaviour.events.pseudonyms import Role, make_key

KEY_LENGTH = 36  # characters of a pseudonym; a basket without an order has its day behind that of its user
ROLES: tuple[tuple[str, Role], ...] = (("user_id", "user"), ("order_id", "order"))


def read_names(path: Path, *, said: Mapping[str, str]) -> dict[str, str]:
    """Return pseudonym -> id for the users and orders of a file of events; `said` names columns that go by other names.

    Nothing of it is kept. Raises ImportFileError, OSError.
    """
    ids: dict[Role, set[str]] = {role: set() for _, role in ROLES}
    with open_events(path) as file:
        first = next(file.rows, None)
        columns = find_columns(said, file.columns or list(first.fields if first else {}))
        for row in chain([first] if first else [], file.rows):
            for field, role in ROLES:
                if field in columns:
                    ids[role].add(row.fields.get(columns[field], "").strip())
    return {str(make_key(role, text)): text for role, texts in ids.items() for text in texts if text}


def name_key(key: str, names: Mapping[str, str]) -> str:
    """Return the id of a user, an order, or a user's day, and the pseudonym where it is not known."""
    return names.get(key[:KEY_LENGTH], key[:KEY_LENGTH]) + key[KEY_LENGTH:]
