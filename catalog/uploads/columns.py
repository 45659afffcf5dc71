"""What the columns of a table mean: guessed by their headings in English and Chinese, and then somebody's word."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import IO

from django.conf import settings
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from catalog.characters import clean_name
from catalog.importers.csv import KEPT, canonical_names
from catalog.importers.report import (
    EXPORT_COLUMN,
    LINE_COLUMN,
    REASON_COLUMN,
    ImportFileError,
    ImportReport,
    SourceRow,
)
from catalog.importers.rows import REQUIRED, is_known
from catalog.importers.table import open_table
from catalog.prices import DECIMALS

LEFT_OUT, ATTRIBUTE, OURS = "", "+", "*"  # what a column may be beside a field; the last are marks of files of ours
MARKS = frozenset({LINE_COLUMN, REASON_COLUMN, EXPORT_COLUMN})
FIELDS: dict[str, StrPromise] = {
    "sku": _("SKU"),
    "title": _("Title"),
    "description": _("Description"),
    "brand": _("Brand"),
    "category": _("Category"),
    "price": _("Price"),
    "list_price": _("Price before"),
    "currency": _("Currency"),
    "stock": _("Stock"),
    "images": _("Pictures"),
    "audio": _("Sounds"),
    "url": _("Page in the shop"),
    "variant_group": _("Variant group"),
    "collection": _("Collection"),
    "is_active": _("Shown in the shop"),
    "attributes": _("Attributes, as JSON"),
}
# Headings in small letters, words one space apart, without what stands in brackets.
SYNONYMS: dict[str, str] = {
    heading: field
    for field, headings in {
        "sku": "sku|article number|article no|article|item number|item no|item code|item id|product code|product id|"
        "product number|part number|style number|model number|code|货号|商品编号|商品编码|产品编号|产品编码|编号|编码|"
        "商品货号|款号|型号|商品id|产品id|条目编号|商家编码|貨號|商品編號|產品編號|編號",
        "title": "title|name|product name|product title|item name|product|标题|名称|商品名称|商品名|产品名称|产品名|"
        "品名|商品标题|产品标题|宝贝标题|標題|名稱|商品名稱|產品名稱",
        "description": "description|desc|details|long description|product description|text|body|描述|商品描述|产品描述|"
        "详情|商品详情|详细描述|说明|简介|介绍|描述文字|描述內容|說明",
        "brand": "brand|manufacturer|vendor|maker|supplier brand|品牌|品牌名|品牌名称|厂商|厂家|制造商|品牌名稱|製造商",
        "category": "category|categories|product category|category path|product type|department|分类|类目|商品分类|"
        "产品分类|类别|品类|所属分类|商品类目|分類|類別|類目",
        "price": "price|sale price|selling price|unit price|retail price|current price|our price|价格|售价|单价|销售价|"
        "现价|零售价|商品价格|优惠价|價格|售價|單價",
        "list_price": "list price|regular price|compare at price|old price|was price|rrp|msrp|original price|原价|"
        "市场价|划线价|吊牌价|建议零售价|標價|原價|市場價",
        "currency": "currency|currency code|币种|货币|货币代码|幣別|貨幣",
        "stock": "stock|quantity|qty|inventory|stock quantity|in stock|on hand|available|units|库存|库存数量|数量|"
        "可售库存|现货|存货|庫存|數量",
        "images": "images|image|picture|pictures|photo|photos|image url|image urls|image link|picture url|main image|"
        "图片|主图|商品图片|图片链接|图片地址|商品主图|产品图片|照片|圖片|主圖|圖片連結",
        "audio": "audio|sound|sounds|audio url|sound url|audio file|sound file|声音|音频|音频链接|试听|聲音|音訊",
        "url": "url|link|product url|product link|page|web address|permalink|链接|网址|商品链接|商品网址|产品链接|"
        "連結|網址",
        "variant_group": "variant group|group|group id|item group id|parent|parent sku|parent id|style|spu|model|"
        "变体组|商品组|款式|父商品|主商品编号|分组|商品分组|款式編號",
        "collection": "collection|series|line|range|系列|产品系列|商品系列|集合",
        "is_active": "is active|active|published|visible|enabled|status|shown|是否上架|上架|上架状态|状态|启用|"
        "是否显示|显示|狀態|是否啟用",
        "attributes": "attributes|properties|属性|商品属性|屬性",
        "title_zh": "中文标题|中文名称|中文名|中文品名|chinese title|chinese name|title chinese",
        "title_en": "英文标题|英文名称|英文名|英文品名|english title|english name|title english",
        "description_zh": "中文描述|中文说明|chinese description|description chinese",
        "description_en": "英文描述|英文说明|english description|description english",
    }.items()
    for heading in headings.split("|")
}
BRACKETS = re.compile(r"[(（\[【].*?[)）\]】]")
CODE = re.compile(r"\b[a-z]{3}\b")
PRICES = ("price", "list_price")


def guess_targets(columns: Sequence[str]) -> list[tuple[str, str]]:
    """Return what each column probably means. Our own names come first, then headings that people write."""
    ours = canonical_names(list(columns))
    named = [(column, name) for column, name in ours.items() if is_known(name)]
    taken = {name for _, name in named}
    found = dict(named)
    for column in columns:
        field = SYNONYMS.get(_fold_heading(column))
        if column and column not in found and field and field not in taken:
            found[column] = field
            taken.add(field)
    return [(column, _choose(column, found)) for column in columns]


def _choose(column: str, found: Mapping[str, str]) -> str:
    if column in MARKS:
        return OURS
    return found.get(column, ATTRIBUTE if column else LEFT_OUT)


def _fold_heading(column: str) -> str:
    return str(clean_name(re.sub(r"[\W_]+", " ", BRACKETS.sub(" ", column))).lower())


def guess_currency(columns: Iterable[str]) -> str:
    """Return the currency that a heading of a price names, such as `Price (EUR)`; nothing where none does."""
    priced = (column for column in columns if SYNONYMS.get(_fold_heading(CODE.sub(" ", column))) in PRICES)
    return next(filter(None, map(find_currency, priced)), "")


def find_currency(heading: str) -> str:
    """Return the currency that the heading of a price names; nothing where it names none."""
    return next((code.upper() for code in CODE.findall(heading) if code.upper() in DECIMALS), "")


def offer_targets(columns: Iterable[tuple[str, str]]) -> list[tuple[str, StrPromise | str]]:
    """Return what a column may be said to mean, for a list to choose from, with wordings in other languages."""
    languages = sorted({code.partition("-")[0] for code, _ in settings.LANGUAGES})
    wordings = [f"{field}_{language}" for field in ("title", "description") for language in languages]
    named = [target for _, target in columns if target.startswith(("title_", "description_"))]
    others = {name: _word_wording(name) for name in dict.fromkeys([*wordings, *named])}
    return [
        (ATTRIBUTE, _("Keep as an attribute")),
        (LEFT_OUT, _("Leave out")),
        *FIELDS.items(),
        *others.items(),
    ]


def _word_wording(name: str) -> str:
    field, _, language = name.partition("_")
    return f"{FIELDS[field]} ({language})"


def find_faults(columns: Iterable[tuple[str, str]]) -> tuple[list[str], list[str]]:
    """Return which required fields no column means, and which fields several do."""
    targets = [target for _, target in columns if target not in (LEFT_OUT, ATTRIBUTE, OURS)]
    twice = [target for target in dict.fromkeys(targets) if targets.count(target) > 1]
    return [name for name in REQUIRED if name not in targets], twice


def read_mapped(
    file: IO[bytes], *, report: ImportReport, encoding: str = "utf-8", targets: Mapping[str, str]
) -> Iterator[SourceRow]:
    """Yield the rows of a table whose columns mean what `targets` says. Raises ImportFileError.

    What is kept as an attribute keeps its heading as its name; where that is a field's name, it is not taken for it.
    """
    missing, _ = find_faults(targets.items())
    if missing:
        names = gettext(" and none the ").join(missing)
        raise ImportFileError(
            gettext("No column is chosen to be the %s: choose it under “How the file is read”.") % names
        )
    with open_table(file, encoding=encoding) as table:
        fields = {column: target for column, target in targets.items() if target not in (LEFT_OUT, ATTRIBUTE, OURS)}
        fields |= {column: column for column, target in targets.items() if target == OURS}
        kept = [column for column, target in targets.items() if target == ATTRIBUTE]
        fields |= {column: column for column in kept if not is_known(column)}
        apart = [column for column in kept if is_known(column)]
        emptied = frozenset(fields.values()) - KEPT
        for row in table.rows:
            yield replace(
                row,
                fields={fields[column]: text for column, text in row.fields.items() if column in fields},
                attributes={column: row.fields[column] for column in apart if row.fields.get(column)},
                emptied=emptied,
            )
