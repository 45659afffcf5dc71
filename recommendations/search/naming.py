"""A search that is a SKU: as it stands, in letters of any case, without its marks."""

from __future__ import annotations

import re

from api.postgres.rows import fetch_rows
from catalog.conditions import Condition

# As the index has it (catalog 0013); what is written like a SKU and is the SKU of several is none of them more.
NAMED = """SELECT id FROM catalog_product
WHERE lower(regexp_replace(sku, '[^[:alnum:]]', '', 'g')) = lower(regexp_replace(%(text)s, '[^[:alnum:]]', '', 'g'))
LIMIT 20"""
BESIDE = re.compile(r"^(?:sku|no|nr|art|item|编号|货号|型号|款号)[\s.:：#]*", re.IGNORECASE)
LONGEST = 100  # characters of a SKU


def find_named(text: str) -> Condition | None:
    """Return the condition that a product has this SKU, None where none has."""
    said = BESIDE.sub("", text.strip())
    if not any(letter.isdigit() for letter in said) or len(said) > LONGEST or not re.search(r"\w", said):
        return None
    ids = [row["id"] for row in fetch_rows(NAMED, {"text": said})]
    return Condition("id", "{0} = ANY({1})", (ids,)) if ids else None
