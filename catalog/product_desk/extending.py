"""What other apps add to the admin of products, which stands below them and knows none of them.

An app calls these as its `admin.py` is imported: a box on the page of a product, what the list says of a product's
state, a filter of the list, an action on what is selected.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar, cast

from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_stubs_ext import StrPromise

from api.field import current_field
from catalog.admin_lists import BoundedAdmin, BoundedChangeList
from catalog.models import Product

Panel = Callable[[Product], str]
PanelFor = Callable[[HttpRequest, Product], str]
StateReader = Callable[[Sequence[int]], Mapping[int, str]]  # the products of one page of the list, by id
Action = Callable[[ModelAdmin[Any], HttpRequest, QuerySet[Product]], Any]


class ProductChangeList(BoundedChangeList):
    """Asks for the states of a page's products at once, however many readers of states there are."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        products = list(self.result_list)
        numbers = [product.pk for product in products]
        readers = cast(ExtensibleAdmin, self.model_admin).state_readers if numbers else []
        for read in readers:
            found = read(numbers)
            for product in products:
                product.shown_states = [*getattr(product, "shown_states", ()), *filter(None, [found.get(product.pk)])]


class ExtensibleAdmin(BoundedAdmin):
    """The doors by which apps above the catalogue add to what staff see of products."""

    panels: ClassVar[dict[StrPromise | str, PanelFor]] = {}
    state_readers: ClassVar[list[StateReader]] = []
    permissions_of_actions: ClassVar[dict[str, str]] = {}  # of those that other apps have added, by name

    @classmethod
    def add_panel(cls, title: StrPromise | str, render: Panel, *, part: str = "") -> None:
        """Show what `render(product)` returns in a box of its own on the page of every stored product.

        `part`: of a field (`hidden` in api/field.py), without which there is no such box.

        A button in it acts by its own `formaction`: the boxes are within one form that posts.
        """
        cls.panels[title] = lambda _request, product: "" if part in current_field().hidden else render(product)

    @classmethod
    def add_panel_for(cls, title: StrPromise | str, render: PanelFor) -> None:
        """The same, of what depends on who asks: `render(request, product)`."""
        cls.panels[title] = render

    @classmethod
    def add_state(cls, read: StateReader) -> None:
        """Say in the list what `read(product_ids)` returns of each product; it is asked once for each page."""
        cls.state_readers.append(read)

    @classmethod
    def add_filter(cls, found: type[admin.ListFilter]) -> None:
        """Offer one more filter beside the list. It has to be answered by an index, or of a bounded sample."""
        cls.list_filter = (*cls.list_filter, found)

    @classmethod
    def add_action(cls, act: Action, *, permission: str) -> None:
        """Offer `act(model_admin, request, products)` for what is selected, to those who have `permission`."""
        cls.actions = (*(cls.actions or ()), act)
        cls.permissions_of_actions[act.__name__] = permission

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[BoundedChangeList]:
        return ProductChangeList

    def get_actions(self, request: HttpRequest) -> Any:
        """Those that this user may do: what other apps have added has permissions of their own tables."""
        actions = super().get_actions(request)
        refused = (name for name, needed in self.permissions_of_actions.items() if not request.user.has_perm(needed))
        for name in refused:
            actions.pop(name, None)
        return actions

    def render_change_form(self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any) -> Any:
        product: Product | None = kwargs.get("obj")
        if product is not None:
            panels = ((title, render(request, product)) for title, render in self.panels.items())
            context["panels"] = [(title, content) for title, content in panels if content]
        return super().render_change_form(request, context, *args, **kwargs)

    @admin.display(description=_("State"))
    def state(self, product: Product) -> SafeString:
        """Hidden or not, and what each reader of states has said."""
        hidden = [] if product.is_active else [format_html('<span class="desk-tag">{}</span>', gettext("hidden"))]
        return format_html_join(" ", "{}", ((said,) for said in (*hidden, *getattr(product, "shown_states", ()))))
