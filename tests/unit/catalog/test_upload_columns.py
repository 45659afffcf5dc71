"""What columns mean is guessed by their headings, ours first and each field once."""

from __future__ import annotations

import pytest

from catalog.uploads.columns import guess_currency, guess_targets


@pytest.mark.parametrize(
    ("columns", "targets"),
    [
        (["sku", "title", "price"], ["sku", "title", "price"]),
        (["id", "name", "link"], ["sku", "title", "url"]),
        (["title_de", "description pt-br"], ["title_de", "description_pt-br"]),
        (["item number", "product name", "qty", "price (eur)"], ["sku", "title", "stock", "price"]),
        (["商品编码", "商品名称", "售价（元）", "库存数量", "主图"], ["sku", "title", "price", "stock", "images"]),
        (["英文标题", "中文描述"], ["title_en", "description_zh"]),
        (["colour", ""], ["+", ""]),
        (["price", "sale price"], ["price", "+"]),  # ours first
        (["标题", "名称"], ["title", "+"]),  # a field once
        (["sku", "rejected_line", "rejected_reason", "kindred_export"], ["sku", "*", "*", "*"]),
    ],
)
def test_headings_say_what_columns_are(columns, targets):
    assert guess_targets(columns) == list(zip(columns, targets, strict=True))


@pytest.mark.parametrize(
    ("columns", "currency"),
    [(["price (eur)"], "EUR"), (["usd price"], "USD"), (["price"], ""), (["price per pcs"], ""), (["eur"], "")],
)
def test_a_heading_of_a_price_may_name_its_currency(columns, currency):
    assert guess_currency(columns) == currency
