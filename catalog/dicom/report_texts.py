"""The text of a report without what its study's header gave away, and what looks like it.

What a header does not know, a name spelt otherwise or of somebody else, cannot be told from any other word. But reports
say where names stand ("Dr.", "Patient:"): where one of these is followed by a word that was not known, the report is
refused, and its case has its pictures alone.
"""

from __future__ import annotations

import re
import unicodedata

from catalog.dicom.identifiers import Identifiers, fold_long, split_words
from catalog.dicom.refusals import DicomRefused

REMOVED = "[removed]"
MAX_CHARACTERS = 20_000  # of a report
GLUED_FROM = 5  # characters of a number that is looked for inside of others
MONTH = (
    "(?:jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sept?(?:ember)?|oct(?:ober)?|"
    r"nov(?:ember)?|dec(?:ember)?|januar|februar|märz|maerz|mai|juni|juli|oktober|dezember)(?![^\W\d_])\.?"
)
IN_WORDS = (  # days of a month
    r"(?:(?:twenty|thirty)[- ])?"
    r"(?:fir|seco|thi|four|fif|six|seven|eigh|nin|ten|eleven|twelf|\w{3,5}teen|twentie|thirtie)"
    r"(?:st|nd|rd|th)"
)
OLD = r"(?:[89]\d|1[0-2]\d)"  # years
HAN = "[〇零一二三四五六七八九十\\d]"
PATTERNS = [re.compile(pattern, re.IGNORECASE) for pattern in (
    r"[\w.+-]{1,64}@[\w-]+(?:\.[\w-]+)+",  # addresses of mail
    r"\b(?:https?://|www\.)\S+",
    r"\b\d+(?:\.\d+){3,}\b",  # UIDs, addresses of computers
    r"\b\d{1,4}\s?[-/.]\s?\d{1,2}\s?[-/.]\s?\d{1,4}\b",  # dates in figures
    rf"{HAN}{{4}}\s?年(?:\s?{HAN}{{1,3}}\s?月)?(?:\s?{HAN}{{1,3}}\s?[日号])?|{HAN}{{1,3}}\s?月\s?{HAN}{{1,3}}\s?[日号]",
    rf"\b(?:\d{{1,2}}(?:st|nd|rd|th)?[-./\s]{{0,3}}(?:of\s+)?|{IN_WORDS}\s+of\s+){MONTH}(?:[-,./\s]{{0,3}}['’]?\d{{2,4}}\b)?",
    rf"\b{MONTH}[-./\s]{{0,3}}(?:['’]?\d{{1,2}}(?:st|nd|rd|th)?|the\s+{IN_WORDS})\b(?:,?\s+\d{{4}})?",
    r"\b(?:19|20)\d\d\b",  # years
    r"\b\d{1,2}:\d{2}(?::\d{2})?(?:\s?[ap]\.?m\b\.?)?",  # times
    r"\+?\(?\d[\d\s()/-]{6,}\d",  # telephones
    r"\b(?=\w{0,60}\d\w{0,60}\d\w{0,60}\d)(?:[A-Z]{1,6}[-_]?)?\d{5,}\w*\b",  # numbers of patients and orders
    r"\b(?=[A-Z0-9-]{0,30}\d[A-Z0-9-]{0,30}\d[A-Z0-9-]{0,30}\d)[A-Z]{1,6}[-_]?[A-Z0-9]{0,30}\d[A-Z0-9-]{2,}\b",
    rf"\b{OLD}[\s-]?(?:(?:year|yr)s?[\s-]old|y/?o?|[mf])\b|\b(?:aged?:?|age of)\s{OLD}\b",
    rf"(?:{OLD}|[八九]十[一二三四五六七八九]?|一百[零一二三四五六七八九十]*)\s?岁",  # ages from 80 on
)]  # fmt: skip
# Where names stand. What follows is one unless it was taken out, or is nothing.
NAME = r"(?!\[removed\])(?:[A-ZÀ-Þ][\w'’-]{1,40}|[A-Z]\.)"
SURNAMES = (
    "王李张刘陈杨赵黄周吴徐孙胡朱郭何罗宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴"
    "夏钟汪田任姜范方石姚谭廖邹熊陆郝孔崔康毛邱秦江史顾侯邵孟龙万段钱汤尹黎易武乔贺赖龚文欧"
)
CUES = [
    re.compile(rf"\b(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Doctor|Nurse|Sister|DR|MRS|PROF|DOCTOR)\b\.?\s*{NAME}"),
    re.compile(r"\b(?:dr|mrs|prof)\b\.?\s*(?!\[removed\])[^\W\d_]{2}"),
    re.compile(rf"\bpatient\s+{NAME}|/s/\s*\w|\b[Ss]igned,\s*{NAME}|\b{NAME},?\s+(?:MD|M\.D\.|FRCR|PhD)(?!\w)"),
    re.compile(
        rf"\b(?i:patient(?:'s)?(?: name)?|name|physician|radiologist|signed|reported|dictated|verified|transcribed|"
        rf"referred|referring physician|consultant|technologist|operator|address|hospital|clinic|mrn|dob|born)"
        rf"(?i:\s+by)?\s*:\s*{NAME}"
    ),
    re.compile(
        rf"\b(?i:signed|reported|dictated|verified|transcribed|referred)\s+(?i:electronically\s+)?(?i:by)\s+{NAME}"
    ),
    re.compile(r"\b(?i:(?:signed|reported|dictated|verified|transcribed|referred)\s+by)\s*:\s*(?!\[removed\])[^\W\d_]"),
    re.compile(
        rf"[{SURNAMES}](?:医生|医师|大夫|主任|教授|护士)|(?:姓名|签名|审核|报告者)\s+(?!\[removed\])[\u4e00-\u9fff]"
    ),
    re.compile(
        r"(?:姓名|患者|病人|医师|医生|签名|审核|报告者|住址|地址|医院|电话|住院号|门诊号)\s*[:：]\s*(?!\[removed\])[^\s，。；,;]"
    ),
]


def clean_report(text: str, known: Identifiers) -> str:
    """Return `text` with [removed] for what identifies. Raises DicomRefused where something may be left."""
    if len(text) > MAX_CHARACTERS:
        raise DicomRefused(f"its report is longer than {MAX_CHARACTERS} characters")
    if not known.is_complete:
        raise DicomRefused("its report cannot be cleaned: a header of its study has values that cannot be read")
    text = "".join(sign for sign in unicodedata.normalize("NFC", text) if unicodedata.category(sign) != "Cf")
    text = remove_known(text, known)
    for pattern in PATTERNS:
        text = pattern.sub(REMOVED, text)
    refuse_left(text, known)
    text = re.sub(rf"(?:{re.escape(REMOVED)}[\s,.^:;-]*)+(?={re.escape(REMOVED)})", "", text)
    return "\n".join(line for line in (re.sub(r"[ \t]+", " ", line).strip() for line in text.splitlines()) if line)


def remove_known(text: str, known: Identifiers) -> str:
    """Return `text` without what the headers give away, longest first."""
    for name in sorted(known.ideographs, key=len, reverse=True):
        text = text.replace(name, REMOVED)
    phrases = known.phrases | {(name,) for name in known.names}
    by_first: dict[str, list[tuple[str, ...]]] = {}
    for phrase in sorted(phrases, key=len, reverse=True):
        by_first.setdefault(phrase[0], []).append(phrase)
    words = split_words(text)
    parts, done, place = [], 0, 0
    while place < len(words):
        start, end, word = words[place]
        folded = (word, *(one for *_, one in words[place + 1 : place + 40]))
        match = next((one for one in by_first.get(word, ()) if folded[: len(one)] == one), None)
        if match is None and (long := fold_long(text[start:end])) in known.names:
            match = (long,)
        if match:
            parts += [text[done:start], REMOVED]
            place += len(match)
            done = words[place - 1][1]
        else:
            place += 1
    return "".join([*parts, text[done:]])


def refuse_left(text: str, known: Identifiers) -> None:
    """Raise DicomRefused where a name may be left: run together with another, spelt out, or where names stand."""
    words = [word for *_, word in split_words(text.replace(REMOVED, "\n"))]
    names = sorted((re.escape(name) for name in known.names), key=len, reverse=True)
    if names:
        run_together = re.compile(f"(?:{'|'.join(names)}){{2,}}")
        spelt_out = "".join(word if len(word) == 1 else " " for word in words)
        hyphenated = [word for *_, word in split_words(re.sub(r"(?<=\w)-\s*\n\s*(?=\w)", "", text))]
        if (
            any(map(run_together.fullmatch, words))
            or re.search("|".join(names), spelt_out)
            or known.names.intersection(hyphenated)
        ):
            raise DicomRefused("its report has a name of the header, run together or spelt out")
    for phrase in known.phrases:
        glued = "".join(phrase)
        if len(glued) >= GLUED_FROM and any(map(str.isdigit, glued)) and glued in "".join(words):
            raise DicomRefused("its report has a number of the header within another word")
    for cue in CUES:
        if cue.search(text):
            raise DicomRefused("its report has a name, or something like it, that the header does not know")
