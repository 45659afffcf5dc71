"""The blocks of code on the pages: found by a parser of Markdown, so that none is overlooked."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

PROJECT = Path(__file__).resolve().parents[2]
TRANSLATED = {  # page -> the same in Chinese: its blocks are those of the page, and are run there
    "README.md": "README.zh-CN.md",
    "docs/desk.md": "docs/desk.zh-CN.md",
    "docs/storefront.md": "docs/storefront.zh-CN.md",
}
PAGES = sorted(
    str(path.relative_to(PROJECT))
    for path in [*PROJECT.glob("*.md"), *(PROJECT / "docs").rglob("*.md")]
    if path.name != "CHANGELOG.md" and not path.name.endswith(".zh-CN.md")
)
SHELL = ("", "sh", "bash")  # blocks that are only indented have no language: most are commands


@dataclass(frozen=True)
class Block:
    """One block of code. `language` is empty where it is only indented."""

    page: str
    line: int  # of the page, from 1
    language: str
    text: str

    @property
    def head(self) -> str:
        """Its first line, which names it in the list of those that are not run."""
        return self.text.splitlines()[0].strip()

    @property
    def is_shell(self) -> bool:
        return self.language in SHELL

    def __str__(self) -> str:
        return f"{self.page}:{self.line}"


def read_blocks(page: str) -> list[Block]:
    """Return every block of the page, in order, in lists and quotations too."""
    tokens = MarkdownIt("commonmark").parse((PROJECT / page).read_text(encoding="utf-8"))
    return [
        Block(page=page, line=token.map[0] + 1, language=token.info.strip(), text=token.content)
        for token in tokens
        if token.type in ("fence", "code_block") and token.map
    ]


def join_lines(text: str) -> list[str]:
    """Return the commands of a block of shell, those over several lines in one, without comments."""
    joined = text.replace("\\\n", " ")
    lines = [line.split("  #")[0].strip() for line in joined.splitlines()]
    return [line for line in lines if line and not line.startswith("#")]
