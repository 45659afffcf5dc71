"""Which system a table was exported by, told from its columns."""

from __future__ import annotations

from collections.abc import Iterable

from django.utils.translation import gettext

from catalog.importers.report import ImportFileError

# Sets of columns, each of which only that system's exports have. As in the table: in lower case.
SIGNS: dict[str, tuple[str, list[set[str]]]] = {
    "shopify": (
        "Shopify",
        [
            {"handle", "variant sku"},
            {"handle", "variant price"},
            {"handle", "variant inventory qty"},
            {"handle", "body (html)"},
            {"url handle", "title"},
        ],
    ),
    "woocommerce": (
        "WooCommerce",
        [
            {"name", "regular price"},
            {"name", "sku", "sale price"},
            {"type", "sku", "in stock?"},
            {"name", "visibility in catalog"},
        ],
    ),
    "google": (
        "Google Merchant or Meta",
        [{"id", "title", "link", name} for name in ("image_link", "image link", "availability")],
    ),
    "magento": (
        "Magento",
        [
            {"sku", "store_view_code"},
            {"sku", "product_type", "categories"},
            {"sku", "attribute_set_code"},
            {"sku", "product_online"},
            {"sku", "additional_attributes"},
            {"sku", "configurable_variations"},
        ],
    ),
}


# WooCommerce writes its headings in the language of whoever exports.
REGULAR_PRICE = frozenset(
    {"regulärer preis", "normaler preis", "tarif régulier", "prix régulier", "precio normal", "precio regular",
     "prezzo di listino", "prezzo regolare", "reguliere prijs", "normale prijs", "preço", "preço normal",
     "cena regularna", "cena podstawowa", "ordinarie pris", "normal pris", "normalpris", "ordinær pris", "vanlig pris",
     "normaali hinta", "běžná cena", "bežná cena", "normál ár", "preț obișnuit", "обычная цена", "базовая цена",
     "звичайна ціна", "normal fiyat", "κανονική τιμή", "通常価格", "常规价格", "常规售价", "定價", "原價",
     "정상가", "정상 가격"}
)  # fmt: skip
PUBLISHED = frozenset(
    {"veröffentlicht", "publié", "publicado", "publicada", "pubblicato", "gepubliceerd", "opublikowano",
     "opublikowany", "publicerad", "udgivet", "publisert", "julkaistu", "publikováno", "zveřejněno", "publikované",
     "közzétéve", "publicat", "опубликован", "опубликовано", "опубліковано", "yayımlanmış", "yayınlandı",
     "δημοσιευμένο", "公開済み", "公開", "已发布", "已發佈", "공개됨", "발행됨"}
)  # fmt: skip


def refuse_translated_exports(columns: Iterable[str]) -> None:
    """Raise ImportFileError where the columns are WooCommerce's in another language than English."""
    there = set(columns)
    has_price, has_state = bool(there & REGULAR_PRICE), bool(there & PUBLISHED)
    if (has_price and has_state) or ((has_price or has_state) and "id" in there and "title" not in there):
        raise ImportFileError(
            gettext(
                "This is an export of WooCommerce in another language: set the language of your profile to English, "
                "export again, and pass --format woocommerce."
            )
        )


def refuse_repeated_columns(columns: list[str]) -> None:
    """Raise ImportFileError where two columns have one name: nobody can say which of them counts."""
    twice = sorted({column for column in columns if column and columns.count(column) > 1})
    if twice:
        raise ImportFileError(gettext("Columns appear more than once: %(columns)s.") % {"columns": ", ".join(twice)})


def refuse_other_exports(columns: Iterable[str], *, format: str) -> None:
    """Raise ImportFileError where the columns are those of another system's export, with what to pass."""
    there = set(columns)
    refuse_translated_exports(there)
    signed = [name for name, (_, signs) in SIGNS.items() if any(sign <= there for sign in signs)]
    if signed and format not in signed:
        raise ImportFileError(
            gettext("This is an export of %(system)s: pass --format %(format)s.")
            % {"system": SIGNS[signed[0]][0], "format": signed[0]}
        )


def check_export(columns: list[str], *, format: str, required: Iterable[str]) -> None:
    """Raise ImportFileError where columns are another system's, are there twice, or one of `required` is missing."""
    refuse_other_exports(columns, format=format)
    refuse_repeated_columns(columns)
    require_columns(columns, format=format, required=required)


def name_missing(columns: Iterable[str]) -> str:
    """Return the names as they stand behind "it has no column"."""
    return gettext(" and no column ").join(columns)


def require_columns(columns: Iterable[str], *, format: str, required: Iterable[str]) -> None:
    """Raise ImportFileError where a column is missing that every export of the system has."""
    missing = sorted(set(required) - set(columns))
    if missing:
        raise ImportFileError(
            gettext("This is no %(system)s export: it has no column %(missing)s.")
            % {"system": SIGNS[format][0], "missing": name_missing(missing)}
        )
