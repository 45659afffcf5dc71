"""Which characters of a foreign text are kept: what nobody can see goes, and what remains is spelled in one way.

Joiners, variation selectors and tags are invisible as well, but stay where a script or an emoji is another one without
them: Persian and Malayalam words, a family of emoji, the variant of a Han character, the flag of Scotland.
"""

from __future__ import annotations

import re
import unicodedata

# Unicode's Default_Ignorable_Code_Point (DerivedCoreProperties.txt, Unicode 16), and what else shows nothing: the
# annotations and the object sign U+FFF9-FFFC, and a byte order mark read from its wrong end.
INVISIBLE = (
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f"
    "\ufeff\uffa0\ufff0-\ufffc\ufffe\uffff\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
)
# Scripts that join: Arabic and its kin, Indic, of South-East Asia, Mongolian. Their own invisible ones are left out.
JOINING = (
    "\u0600-\u061b\u061d-\u109f\u1700-\u17b3\u17b6-\u180a\u1810-\u1cff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc"
    "\U00010a00-\U00011fff"
)
PICTURED = "\u00a9\u00ae\u203c-\u205e\u2070-\u2fff\u3001-\u3163\u3165-\u3299\U0001f000-\U0001fbff"  # emoji
IDEOGRAPHS = "\u2e80-\u2fff\u3001-\u3163\u3165-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
FLAG = "\U0001f3f4[\U000e0020-\U000e007e]{1,8}\U000e007f"
KEPT = (
    rf"{FLAG}|(?<=[{JOINING}{PICTURED}])[\u200c\u200d]|(?<=[{PICTURED}]\ufe0f)\u200d|(?<=[{PICTURED}])[\ufe0e\ufe0f]"
    rf"|(?<=[#*0-9])\ufe0f(?=\u20e3)|(?<=[{IDEOGRAPHS}])[\ufe00-\ufe0d\U000e0100-\U000e01ef]"
    rf"|(?<=[\u1820-\u18aa])[\u180b-\u180d\u180f]"
)
UNSEEN = re.compile(rf"({KEPT})|[{INVISIBLE}]")
# Canonical order takes time with the square of a run of marks (40,000: 1 s). Unicode's Stream-Safe Text Format (UAX 15)
# says that no language needs more than thirty.
MARKS = "".join(char for char in map(chr, range(0x110000)) if unicodedata.combining(char))
TOO_MANY_MARKS = re.compile(f"([{MARKS}]{{30}})[{MARKS}]+")
CONTROLS: dict[int, str | None] = (
    dict.fromkeys([*range(0x20), 0x7F])
    | {code: bytes([code]).decode("cp1252", "ignore") for code in range(0x80, 0xA0)}  # what they mean, as in HTML
    | {code: chr(code) for code in (0, 9, 10, 13)}  # NUL is for others to refuse
    | dict.fromkeys((0x0B, 0x0C, 0x2028, 0x2029), "\n")  # line and page breaks of spreadsheets and word processors
    | {0x1E: "\n", 0x2800: " "}  # a separator of records; the empty cell of Braille
)


def drop_unseen(text: str) -> str:
    """Return the text without what nobody sees, composed (NFC). Control characters are left as they are."""
    if text.isascii():
        return text
    text = UNSEEN.sub(lambda match: match[1] or "", text)
    return unicodedata.normalize("NFC", TOO_MANY_MARKS.sub(r"\1", text))


def clean_characters(text: str) -> str:
    """Return the text as `drop_unseen` does, without control characters. Line ends and spaces are left as they are."""
    if text.isascii() and text.isprintable():
        return text
    return drop_unseen(text.translate(CONTROLS))


def clean_name(text: str) -> str:
    """Return a name as it is kept: in one line, without spaces around it, its words one space apart."""
    return " ".join(clean_characters(text).split())
