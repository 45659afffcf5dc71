"""`manage.py similar SKU`: the list of a product as a table in the terminal."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.search import TrigramSimilarity
from django.core.management.base import BaseCommand, CommandError, CommandParser
from rich.console import Console
from rich.table import Table

from api.problems import RequestError
from catalog.models import Product
from catalog.prices import trim_price
from recommendations.recommendation_list import EMBEDDING_PENDING, RecommendationList
from recommendations.requests import Options
from recommendations.rerank import VARIANTS
from recommendations.services import UnknownAnchor, recommend

ALIKE = 0.4  # of the trigrams of two SKUs: MH-01 and MH01 share more, MH01 and MH02 as well, MH01 and WB04 none


class Command(BaseCommand):
    help = "Show the products most similar to one product"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("sku")
        parser.add_argument("--limit", type=int, default=10, help="how many, 1 to 100 (default: 10)")
        parser.add_argument("--strategy", default="similar", help="similar, substitutes, visual, textual, ...")
        parser.add_argument("--variants", choices=VARIANTS, default="collapse")
        parser.add_argument("--exact", action="store_true", help="compare every product, never use the index")

    def handle(self, *args: Any, **options: Any) -> None:
        how = Options(variants=options["variants"], exact=options["exact"])
        try:
            shown = recommend(options["strategy"], anchors=[options["sku"]], limit=options["limit"], options=how)
        except UnknownAnchor as error:
            raise CommandError(f"{error}{suggest_sku(options['sku'])}") from error
        except RequestError as error:
            raise CommandError(str(error)) from error
        if shown.status == EMBEDDING_PENDING:
            self.stdout.write(
                f"{options['sku']} has no vector to compare yet. Run `manage.py embed_products`, or start a worker."
            )
            return
        console = Console(file=self.stdout, highlight=False)  # type: ignore[arg-type]  # has write() and isatty()
        console.print(build_table(shown))
        console.print(f"{shown.search} search in space {shown.space}")


def suggest_sku(sku: str) -> str:
    """Return the question whether another SKU was meant, that in another case or the nearest one; empty if none is."""
    products = Product.objects.annotate(likeness=TrigramSimilarity("sku", sku))
    found = (
        products.filter(sku__iexact=sku).first()
        or products.filter(likeness__gte=ALIKE).order_by("-likeness", "sku").first()
    )
    return f" Did you mean {found.sku}?" if found else ""


def build_table(shown: RecommendationList) -> Table:
    table = Table(title=f"{shown.strategy}: {', '.join(shown.anchors)}", title_justify="left", expand=True)
    for name in ("#", "similar", "score", "price"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("sku", overflow="fold")
    table.add_column("title", overflow="ellipsis", no_wrap=True, ratio=1)
    table.add_column("stock", justify="right", no_wrap=True)
    table.add_column("by", no_wrap=True)
    for item in shown:
        candidate = item.candidate
        table.add_row(
            str(item.position),
            "" if item.similarity is None else f"{item.similarity:.4f}",
            f"{item.score:.4f}",
            "" if candidate.price is None else f"{trim_price(candidate.price)} {candidate.currency}",
            candidate.sku,
            candidate.title,
            "" if candidate.stock is None else str(candidate.stock),
            ", ".join(reason.code for reason in item.reasons),
        )
    return table
