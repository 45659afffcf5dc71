"""What workers wrote down in English is read in the language of who looks at it."""

from __future__ import annotations

import ast

import pytest
from django.utils.translation import gettext, override

from catalog.retelling import retell
from catalog.sources.advice import word_for_sources
from catalog.uploads.advice import word_for_pages
from config.services.paths import BASE_DIR


@pytest.mark.parametrize(
    ("stored", "told"),
    [
        ("Somebody stopped it. What was done by then is kept.", "已被人工停止。此前完成的内容已保留。"),
        ("longer than 1,000 characters", "超过 1,000 个字符"),
        ("price '12,5 kg' is not a number: write it as 12.50, the currency in its own column",
         "price '12,5 kg' 不是数字：请写成 12.50，货币另写一栏"),
        ("The feed cannot be fetched: it redirects more than 5 times.", "无法下载 feed：跳转超过 5 次。"),
        ("Line 3 (MUG-1): picture 'a.png' cannot be read: it is not a URL. The row is loaded without it.",
         "第 3 行（MUG-1）：图片 'a.png' 无法读取：这不是网址。该行已导入，但不含此图片。"),
        ("20 of the 90 products are not in the feed, more than 9%: nothing was taken away. Say whether they are to go.",
         "90 件商品中有 20 件不在 feed 里，超过 9%：没有移除任何商品。请决定是否移除。"),
        ("The file has no column title. It has: list price, name.", "文件没有 title 列，只有：list price, name。"),
        ("Connection reset by peer", "Connection reset by peer"),
        ("", ""),
    ],
)  # fmt: skip
def test_a_stored_sentence_is_retold_with_its_values(stored, told):
    with override("zh-hans"):
        assert retell(stored) == told
    with override("en"):
        assert retell(stored) == stored


def read_advice() -> list[str]:
    """Return each message of the importers that names an option of a command."""
    calls = [
        node
        for path in sorted((BASE_DIR / "catalog" / "importers").rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", "").startswith("gettext")
    ]
    texts = [call.args[0].value for call in calls if isinstance(call.args[0], ast.Constant)]
    return [text for text in texts if "--" in text]


@pytest.mark.parametrize("text", read_advice())
def test_advice_in_chinese_names_no_option_of_a_command_either(text):
    with override("zh-hans"):
        said = gettext(text).replace("%(format)s", "csv").replace("%(found)s", "gbk").replace("%(name)s-%(order)s", "u")
        said = said.replace("%(encoding)s", "gbk")
        assert "--" not in word_for_pages(f"使用 {said}" if said.startswith("--encoding") else said)
        assert "--format" not in word_for_sources(said)
        assert "--images" not in word_for_sources(said)
