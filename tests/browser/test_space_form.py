"""The recipe of a space is edited in rows, and sent as the JSON that it is."""

from __future__ import annotations

import json

from playwright.sync_api import Page, expect

from tests.browser.test_admin import log_in
from tests.recommendations.shelf import make_space


def test_a_part_of_the_text_is_added_as_a_row_and_the_others_stay(live_server, page: Page):
    space = make_space()
    space.text_composition = [{"name": "title", "weight": 0.5, "fields": ["title"], "separator": " | "}]
    space.save()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/embeddings/embeddingspace/add/")
    editor = page.locator("[data-json-parts]")
    editor.get_by_role("button", name="Add a part").click()
    row = editor.locator("[data-rows] > li").last
    row.get_by_label("Name").fill("in Chinese")
    row.get_by_label("Fields").fill("title, brand")
    row.get_by_label("Weight").fill("a lot")
    expect(row.get_by_label("Weight")).to_have_attribute("aria-invalid", "")
    row.get_by_label("Weight").fill("0.25")
    row.get_by_label("Languages").fill('zh, ""')

    assert json.loads(page.locator("#id_text_composition").input_value()) == [
        {"name": "title", "weight": 0.5, "fields": ["title"], "separator": " | "},
        {"name": "in Chinese", "weight": 0.25, "fields": ["title", "brand"], "languages": ["zh", ""]},
    ]


def test_the_weight_of_a_category_is_a_row_of_the_dial(live_server, page: Page):
    make_space()
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/embeddings/embeddingspace/add/")
    dial = page.locator("[data-field=id_category_text_weights]")
    dial.get_by_role("button", name="Add a row").click()
    row = dial.locator("[data-rows] > li").last
    row.get_by_label("Name").fill("Decor/Vases")
    row.get_by_label("Value", exact=True).fill("0.3")
    assert json.loads(page.locator("#id_category_text_weights").input_value()) == {"Decor/Vases": 0.3}
