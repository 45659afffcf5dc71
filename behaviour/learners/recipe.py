"""The door of the learners: settings that suit the shop, and everything that is learned with them."""

from __future__ import annotations

import numpy as np

from behaviour.learners.content import Content
from behaviour.learners.content_prior import find_lenders
from behaviour.learners.facts import Facts
from behaviour.learners.item_rows import Row as Row
from behaviour.learners.kinds import learn_bundle, learn_cart, learn_personal, learn_viewed
from behaviour.learners.learned import Kind as Kind
from behaviour.learners.learned import Learned as Learned
from behaviour.learners.settings import Settings as Settings
from behaviour.learners.validation import Report as Report
from behaviour.learners.validation import choose_settings as choose_settings


def learn(facts: Facts, views: Facts, *, settings: Settings, content: Content, report: Report | None = None) -> Learned:
    """Learn from orders (`facts`) and page views (`views`), whose items have the same numbers (`Facts.number_by`).

    Memory: 8 bytes * length * items for each of four kinds, 4 bytes * 10,000^2 while EASE is solved, and the facts.
    """
    if facts.skus != views.skus:
        raise ValueError("Orders and views number their products differently: give both to Facts.number_by first.")
    tell = report or (lambda text: None)
    lines = np.concatenate((facts.items, views.items))
    tell("Looking for the nearest products")
    lenders = find_lenders(content, np.bincount(lines, minlength=facts.item_count).astype(np.float32))
    tell("Learning what is bought together")
    bundle = learn_bundle(facts, settings=settings, content=content, lenders=lenders)
    cart = learn_cart(facts, settings=settings, content=content, lenders=lenders)
    tell("Learning what is looked at together")
    viewed = learn_viewed(views, settings=settings, content=content, lenders=lenders)
    tell("Learning what is for whom")
    personal = learn_personal(facts, views, settings=settings, content=content, lenders=lenders)
    return Learned(facts, settings, bundle=bundle, cart=cart, viewed=viewed, personal=personal)
