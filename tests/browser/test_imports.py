"""A merchandiser imports a file: from the front of the admin to products in three clicks, and back."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from catalog.models import Product, Upload
from catalog.uploads.running import run_upload
from tests.browser.accessibility import find_violations
from tests.browser.clicks import MOST_CLICKS, Clicks
from tests.browser.test_admin import log_in

LOOKED_AT_AGAIN_MS = 4_000
MUGS = "Item number;Product name;Price (EUR);Colour\nA;Mug;12,50;red\nB;Cup;dear;blue\n"


@pytest.fixture(autouse=True)
def import_folder(settings, tmp_path: Path) -> Path:
    settings.KINDRED_IMPORT_FOLDER = tmp_path / "imports"
    return tmp_path


def work(page: Page) -> None:
    run_upload(Upload.objects.get().pk)
    page.clock.fast_forward(LOOKED_AT_AGAIN_MS)


def test_a_file_is_imported_in_three_clicks_and_undone(live_server, page: Page, tmp_path):
    (tmp_path / "mugs.csv").write_text(MUGS)
    page.clock.install()
    clicks = Clicks(page, live_server.url)
    clicks.menu("Import and export")
    with page.expect_file_chooser() as chooser:
        clicks.on(page.get_by_label("Choose a file"))
    chooser.value.set_files(tmp_path / "mugs.csv")
    expect(page.get_by_role("heading", name="mugs.csv")).to_be_visible()
    expect(page.get_by_label("item number")).to_have_value("sku")
    expect(page.get_by_text("price 'dear' is not a number").first).to_be_visible()
    work(page)
    expect(page.locator(".import-outcome").get_by_role("status")).to_have_text("Checked, nothing is written yet")
    clicks.on(page.get_by_role("button", name="Import", exact=True))
    work(page)
    expect(page.locator(".import-outcome").get_by_role("status")).to_have_text("Imported")
    assert clicks.count == MOST_CLICKS
    assert list(Product.objects.values_list("sku", "title", "currency", "attributes")) == [
        ("A", "Mug", "EUR", {"colour": "red"})
    ]

    with page.expect_download() as download:
        page.get_by_role("link", name="Rejected rows as CSV").click()
    rejected = Path(download.value.path()).read_text().splitlines()
    assert rejected[0] == "sku,title,price,colour,rejected_line,rejected_reason"
    assert rejected[1].startswith("B,Cup,dear,blue,3,\"price 'dear' is not a number")
    page.get_by_role("button", name="Undo this import").click()
    work(page)
    expect(page.locator(".import-outcome").get_by_role("status")).to_have_text("Undone")
    expect(page.get_by_text("1 new product was deleted.")).to_be_visible()
    assert Product.objects.count() == 0


def test_a_large_file_is_sent_in_pieces_over_a_connection_that_breaks(live_server, page: Page, tmp_path):
    (tmp_path / "large.csv").write_text("sku,title\n" + f"A,{'x' * 400}\n" * 25_000)
    log_in(page, live_server.url)
    sent: list[str] = []

    def lose_the_second(route) -> None:
        sent.append(route.request.url)
        if len(sent) == 2:
            route.abort()
        else:
            route.continue_()

    page.route("**/piece/", lose_the_second)
    page.goto(f"{live_server.url}/admin/import/")
    page.get_by_label("Choose a file").set_input_files(tmp_path / "large.csv")
    expect(page.get_by_role("heading", name="large.csv")).to_be_visible()
    assert (len(sent), Upload.objects.get().size) == (5, (tmp_path / "large.csv").stat().st_size)


def test_a_file_that_is_none_is_said_to_be_none_where_it_was_chosen(live_server, page: Page, tmp_path):
    (tmp_path / "scan.pdf").write_bytes(b"%PDF-1.4 scanned")
    log_in(page, live_server.url)
    page.goto(f"{live_server.url}/admin/import/")
    page.get_by_label("Choose a file").set_input_files(tmp_path / "scan.pdf")
    expect(page.get_by_role("alert")).to_contain_text("This is a PDF, not a CSV file: export the table itself.")
    assert Upload.objects.count() == 0


@pytest.mark.parametrize(
    ("screen", "scheme", "language"),
    [
        ((1280, 900), "light", "en"),
        ((390, 844), "dark", "zh-hans"),
    ],
)
def test_axe_finds_nothing_and_nothing_stands_out_of_a_phone(live_server, browser: Browser, screen, scheme, language):
    from tests.catalog.uploads.upload_desk import UploadDesk

    desk = UploadDesk()
    upload = desk.work(desk.receive(MUGS))
    done = desk.import_text("sku,title\nA,Mug\n,Cup\n")
    context = browser.new_context(viewport=dict(zip(("width", "height"), screen, strict=True)), color_scheme=scheme)
    page = context.new_page()
    log_in(page, live_server.url)
    context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
    for path in ("/admin/import/", f"/admin/import/{upload.pk}/", f"/admin/import/{done.pk}/"):
        page.goto(live_server.url + path)
        assert [(one["id"], [node["html"] for node in one["nodes"]][:3]) for one in find_violations(page)] == []
        assert page.evaluate("document.documentElement.scrollWidth") <= screen[0]
    context.close()
