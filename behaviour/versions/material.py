"""What a version is learned from."""

from __future__ import annotations

from dataclasses import dataclass

from behaviour.events.event import Event
from behaviour.facts import read_facts
from behaviour.learners.content import Content
from behaviour.learners.facts import Facts
from behaviour.versions.catalogue import Catalogue, read_catalogue, read_content
from behaviour.versions.progress import BuildProgress
from behaviour.versions.version import Version

VIEWS = (Event.Kind.CLICK, Event.Kind.VIEW, Event.Kind.CART, Event.Kind.WISHLIST)  # that somebody looked at a product


@dataclass(frozen=True)
class Material:
    """Facts and content of all products, which have their numbers in `catalogue` everywhere."""

    catalogue: Catalogue
    orders: Facts
    views: Facts
    content: Content


def read_material(version: Version, progress: BuildProgress) -> Material:
    """Read all events up to the last one of a version, and the catalogue as it is now."""
    progress.start("read", 3)
    catalogue = read_catalogue()
    content = read_content(catalogue, space_id=version.space_id)
    progress.advance()
    orders = read_facts(types=(Event.Kind.PURCHASE,), last_id=version.last_event_id).number_by(catalogue.skus)
    progress.advance()
    views = read_facts(types=VIEWS, last_id=version.last_event_id).number_by(catalogue.skus)
    progress.advance()
    return Material(catalogue, orders, views, content)
