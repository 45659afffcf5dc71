"""docs/widget.md, the types and the widget say the same: each name in the sources is on the page, and no other."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

import pytest

from recommendations.widget_examples import EXAMPLES
from tests.docs.blocks import PROJECT, read_blocks
from tests.docs.test_blocks import Tags

PAGE = (PROJECT / "docs" / "widget.md").read_text(encoding="utf-8")
SOURCES = {path.name: path.read_text(encoding="utf-8") for path in sorted((PROJECT / "clients/widget/src").iterdir())}
SCRIPTS = "\n".join(text for name, text in SOURCES.items() if name.endswith(".js"))
TYPES = (PROJECT / "clients/widget/kindred.d.ts").read_text(encoding="utf-8")
EXAMPLE_FILES = PROJECT / "templates" / "recommendations" / "widget_examples"
OF_HTML = {"class", "id", "slot", "style", "dir", "lang"}  # that any element may have


def read_table(heading: str) -> set[str]:
    """Return the names in the first column of the table with this first heading, without what is called with them."""
    [rows] = re.findall(rf"^\| {re.escape(heading)} \|.*\n\|[ |:-]+\n((?:\|.*\n)+)", PAGE, re.MULTILINE)
    return set(re.findall(r"^\| `([\w-]+)", rows, re.MULTILINE))


def find_names(pattern: str, text: str) -> set[str]:
    found = set(re.findall(pattern, text, re.MULTILINE))
    assert found, pattern
    return found


def find_part(pattern: str, file: str) -> str:
    [part] = re.findall(pattern, SOURCES[file], re.DOTALL)
    return part


def read_attributes() -> set[str]:
    return find_names(r'"([\w-]+)"', find_part(r"observedAttributes = \[(.*?)\]", "element.js"))


def read_events() -> set[str]:
    return find_names(r'#tell\("([\w-]+)"', SCRIPTS)


def read_methods() -> set[str]:
    named = find_names(r"^  (?:async |get )?([a-z]\w*)\(", SOURCES["element.js"])
    return named - {"connectedCallback", "disconnectedCallback", "attributeChangedCallback"}


def read_template_keys() -> set[str]:
    texts = find_names(r'"([\w-]+)"', find_part(r"TEXTS = \[(.*?)\]", "template.js"))
    return texts | find_names(r'name === "([\w-]+)"', SOURCES["template.js"])


def read_interface() -> set[str]:
    """What a page finds in `window.kindred`: what the script puts there, and what it reads there."""
    given = find_names(r"^    (?:[gs]et )?(\w+)", find_part(r"const own = \{(.*?)\n  \};", "index.js"))
    return given | find_names(r"window\.kindred\.(\w+)", SOURCES["index.js"])


NAMES: dict[str, Callable[[], set[str]]] = {
    "attribute": read_attributes,
    "of the element": read_methods,
    "event": read_events,
    "slot": lambda: find_names(r'make\("slot", \{ name: "(\w+)"', SCRIPTS) | {"kindred-N"},
    "`data-kindred`": read_template_keys,
    "`::part()`": lambda: find_names(r'part: "([\w-]+)"', SCRIPTS),
    "variable": lambda: find_names(r"var\((--kindred-[\w-]+)", SOURCES["styles.css"]),
    "`window.kindred`": read_interface,
}
TYPED = {"attribute": "KindredAttributes", "of the element": "KindredSimilarElement", "event": "KindredEventMap",
         "`window.kindred`": "Kindred"}  # fmt: skip


@pytest.mark.parametrize("heading", NAMES)
def test_each_name_of_the_widget_is_on_its_page_and_no_other(heading):
    assert read_table(heading) == NAMES[heading]()


@pytest.mark.parametrize("heading", TYPED)
def test_each_name_of_the_widget_has_a_type_and_no_other(heading):
    [body] = re.findall(
        rf"^export interface {TYPED[heading]}(?: extends \w+)? \{{\n(.*?)^\}}", TYPES, re.DOTALL | re.MULTILINE
    )
    typed = find_names(r'^  (?:readonly )?"?([\w-]+)"?(?:\?|<|\(|:)', body) - {"addEventListener"}
    assert typed == NAMES[heading]()


MESSAGES = [
    "could be read. If the shop is up, allow this page: CORS_ALLOWED_ORIGINS=", " within ", "The shop answered ",
    "no sku.", "finds no SKU on this page", "is not a selector", "anchors names no product",
    "is neither a list with commas nor JSON", "is not known", "is another script's element on this page",
    "kindred.consent failed, which counts as no", " are similar: ", "everybody can read the secret key on this page",
    "what answers there is no Kindred server", " names no SKU or event",
]  # fmt: skip


@pytest.mark.parametrize("message", MESSAGES)
def test_what_the_console_may_say_is_explained(message):
    assert message in SCRIPTS
    [table] = re.findall(r"^## When something is amiss\n(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    assert message in table


def test_no_message_was_added_without_its_line_in_the_table():
    """Everything that is thrown or said in the console by itself."""
    said = re.findall(r"(?:new Error|console\.\w+|console\[level\])\(", SCRIPTS)
    assert len(said) == 13, "Add the new message to the table of docs/widget.md and to MESSAGES, then count again"


def check_elements(html: str, where: str) -> int:
    """Return how many widgets the code has; each has attributes that there are, and templates names that there are."""
    tags = Tags(html).seen
    widgets = [attributes for tag, attributes in tags if tag == "kindred-similar"]
    known = read_attributes() | OF_HTML
    assert {name for one in widgets for name in one if name[0] not in ":@"} <= known, where
    named = {name for _tag, one in tags for name in (one.get("data-kindred") or "").split()}
    assert named <= read_template_keys(), where
    return len(widgets)


def test_code_on_the_page_names_what_there_is():
    blocks = [block for block in read_blocks("docs/widget.md") if block.language in ("html", "liquid", "php", "vue")]
    assert sum(check_elements(block.text, str(block)) for block in blocks) == 7


def test_each_example_is_a_file_with_a_widget_and_each_file_is_an_example():
    assert {path.stem for path in EXAMPLE_FILES.glob("*.html")} == {example.name for example in EXAMPLES}
    for path in EXAMPLE_FILES.glob("*.html"):
        assert check_elements(unescape(path.read_text(encoding="utf-8")), path.name) == 1 + (path.stem == "slots")


def test_the_examples_show_every_layout_slot_and_most_names():
    code = "\n".join(path.read_text(encoding="utf-8") for path in EXAMPLE_FILES.glob("*.html"))
    assert {"carousel", "compact"} <= find_names(r'layout="(\w+)"', code)
    assert {"heading", "empty"} <= find_names(r'slot="(\w+)"', code)
    assert {"anchors", "sku-from", "why", "theme", "placement"} <= find_names(r"\s([a-z-]+)(?==|\s|>)", code)
