"""The menu of the admin: what a member of staff may open, by what they come for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.contrib.auth.models import AbstractBaseUser, AnonymousUser
from django.urls import reverse

from api.field import current_field
from catalog.desk.pages import PAGES, USUAL_ORDER, Group

User = AbstractBaseUser | AnonymousUser


@dataclass(frozen=True, slots=True)
class Entry:
    """One line of the menu."""

    title: str
    url: str
    order: int = USUAL_ORDER


def build_menu(apps: Iterable[Mapping[str, Any]], *, user: User) -> list[tuple[str, list[Entry]]]:
    """Return label and entries of each group that has any. `apps` is what the admin says is available to this user."""
    found: dict[Group, list[Entry]] = {group: [] for group in Group}
    for page in PAGES.values():
        if page.title and user.has_perm(page.permission):  # type: ignore[union-attr]
            found[page.group].append(Entry(str(page.title), reverse(page.name)))
    for model in (model for app in apps for model in app["models"]):
        of = admin.site.get_model_admin(model["model"])
        if model["admin_url"] and getattr(of, "desk_part", None) not in current_field().hidden:
            order = getattr(of, "desk_order", USUAL_ORDER)
            found[getattr(of, "desk_group", Group.MACHINE)].append(Entry(str(model["name"]), model["admin_url"], order))
    return [(str(group.label), sorted(entries, key=_place)) for group, entries in found.items() if entries]


def _place(entry: Entry) -> tuple[int, str]:
    return entry.order, entry.title


def find_current(menu: Iterable[tuple[str, list[Entry]]], *, path: str) -> str:
    """Return the address of the entry that a page belongs to: the longest that its own begins with."""
    urls = [entry.url for _, entries in menu for entry in entries if path.startswith(entry.url)]
    return max(urls, key=len, default="")
