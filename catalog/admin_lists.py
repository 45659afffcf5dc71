"""Lists of the admin that stay quick: bounded counts and pages, orders that have an index, search by indexes."""

from __future__ import annotations

from typing import Any, ClassVar

from django.apps import apps
from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils.text import smart_split, unescape_string_literal

from api.counts import BoundedPaginator
from catalog.conditions import Condition
from catalog.models import NAMES, Product

MAX_WORDS = 10  # of a search; further ones are passed over
SHORT = 3  # letters: an index of trigrams finds shorter parts only where words begin
CONTAINS = "{table}.search_title LIKE '%%' || kindred_search_text({1}) || '%%'"
HAS_WORD_THAT_BEGINS = (
    "{table}.search_title LIKE kindred_search_text({1}) || '%%' "
    "OR {table}.search_title LIKE '%% ' || kindred_search_text({2}) || '%%'"
)


class BoundedChangeList(ChangeList):
    """Says about how many rows there are where they are many, and orders as indexes do."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        if isinstance(self.paginator, BoundedPaginator):
            self.result_count = self.paginator.counted.number
            if self.paginator.is_cut:
                self.full_result_count = self.result_count  # or Django says it beside the search, without "about"

    def get_ordering(self, request: HttpRequest, queryset: QuerySet[Any]) -> list[Any]:
        """A chosen column, and ties the same way round, as its index has them: Django would add the default order."""
        ordering: list[Any] = super().get_ordering(request, queryset)
        first = str(ordering[0])
        if first in self._get_default_ordering():  # type: ignore[attr-defined]  # of Django, unknown to its stubs
            return ordering
        return [first, "-pk" if first.startswith("-") else "pk"]

    def get_ordering_field(self, field_name: Any) -> Any:
        """Also where an address asks for an order that no heading offers."""
        return super().get_ordering_field(field_name) if field_name in (self.sortable_by or ()) else None


class BoundedAdmin(admin.ModelAdmin[Any]):
    """A list of rows of which there may be millions. `sortable_by` names the columns that have an index."""

    paginator = BoundedPaginator
    show_full_result_count = False
    list_per_page = 50
    show_facets = admin.ShowFacets.NEVER  # how many rows each filter would keep: all are read for each
    sortable_by: ClassVar[Any] = ()

    def get_deleted_objects(self, objs: Any, request: HttpRequest) -> Any:
        """What a worker made of a row goes with it: it needs no right of its own, which nobody has."""
        shown, counts, needed, kept = super().get_deleted_objects(objs, request)
        site = self.admin_site
        seen = [site.get_model_admin(model) for model in apps.get_models() if site.is_registered(model)]
        made = {one.opts.verbose_name for one in seen if isinstance(one, ReadOnlyAdmin)}
        return shown, counts, set(needed) - made, kept

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return BoundedChangeList


class ReadOnlyAdmin(BoundedAdmin):
    """Rows that nobody edits: a worker writes them, or shoppers do."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class OfProductsAdmin(BoundedAdmin):
    """Rows that belong to products are searched for by their products."""

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        if search_term.strip():
            queryset = queryset.filter(product__in=Product.objects.filter(find_words(search_term)))
        return queryset, False


def find_words(text: str) -> Q:
    """Return the condition that a product has every word in its title or its names, "in quotes" several as one."""
    found = Q()
    for word in list(smart_split(text))[:MAX_WORDS]:
        quoted = word[0] in "\"'" and word[0] == word[-1]
        found &= find_word(unescape_string_literal(word) if quoted else word)
    return found


def find_word(word: str) -> Q:
    """Every alternative has an index of trigrams, so that none has Postgres read all products."""
    is_short = len(word) < SHORT and word.isascii()
    lookup = "istartswith" if is_short else "icontains"
    escaped = word.replace("\\", r"\\").replace("%", r"\%").replace("_", r"\_")
    title = (HAS_WORD_THAT_BEGINS, (escaped, escaped)) if is_short else (CONTAINS, (escaped,))
    found = Q(Condition("title", *title).as_expression())
    for name in NAMES:
        found |= Q(**{f"{name}__{lookup}": word})
    return found
