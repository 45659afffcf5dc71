"""Sources in the admin: from the address of a feed to products that are kept true, and who may do what of it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from celery import current_app
from django.contrib.auth.models import Permission, User
from django.core.signals import got_request_exception
from django.test import Client
from django.urls import reverse
from django.utils import timezone
from django.views.debug import ExceptionReporter

from catalog.models import Product, Source, SourceRun
from catalog.sources.feed import Credentials
from catalog.sources.running import run_source
from tests.catalog.sources.feed_site import FeedSite, open_site
from tests.factories import ProductFactory

pytestmark = pytest.mark.django_db

SECRET = "s3cret-0f-the-sh0p"


def make_feed(*skus: str, bad: str = "") -> bytes:
    items = "".join(
        f"<item><g:id>{sku}</g:id><g:title>Cup {sku}</g:title>"
        f"<g:price>{'twelve' if sku == bad else '12.50 EUR'}</g:price></item>"
        for sku in skus
    )
    return f'<rss version="2.0" xmlns:g="http://base.google.com/ns/1.0"><channel>{items}</channel></rss>'.encode()


@pytest.fixture
def site(settings) -> Iterator[FeedSite]:
    settings.KINDRED_FETCH_NETWORKS = ["127.0.0.0/8"]
    with open_site() as found:
        found.give("/feed.xml", make_feed("a", "b", "c", "d", "e", "f", bad="f"))
        yield found


@pytest.fixture(autouse=True)
def sent(monkeypatch) -> list[Any]:
    """What was sent to a worker."""
    tasks: list[Any] = []
    monkeypatch.setattr(current_app, "send_task", lambda name, args=(), **_: tasks.append((name, *args)))
    return tasks


def add_source(client: Client, address: str, **more: str) -> Any:
    data = {
        "name": "cups", "kind": "google", "address": address, "encoding": "utf-8", "pictures": "all",
        "vanished": "deactivate", "guard": "0.2",
    }  # fmt: skip
    return client.post(reverse("admin:catalog_source_add"), data | more, follow=True)


def change_source(client: Client, source: Source, **more: str) -> Any:
    form = client.get(page_of(source)).context["adminform"].form
    data = {name: form[name].value() for name in form.fields if form[name].value() not in (None, False)}
    return client.post(page_of(source), data | more, follow=True)


def page_of(source: Source) -> str:
    return reverse("admin:catalog_source_change", args=[source.pk])


def do(client: Client, source: Source, deed: str, **data: str) -> Any:
    return client.post(reverse("admin:catalog_source_do", args=[source.pk, deed]), data, follow=True)


def deeds_of(page: Any) -> list[str]:
    return re.findall(r'id="do-([a-z_]+)"', page.content.decode())


def read(page: Any) -> str:
    """Return the words of a page, without its marks."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", page.content.decode())).split())


def test_from_an_address_to_products_by_way_of_what_would_be_done(admin_client, site):
    page = add_source(admin_client, f"{site.url}/feed.xml")
    source = Source.objects.get()
    assert page.redirect_chain == [(page_of(source), 302)]
    assert deeds_of(page) == ["stop"]
    assert "Waits for a worker" in read(page)
    assert "data-at-work" in page.content.decode()

    run_source(source.pk)
    page = admin_client.get(page_of(source))
    assert "Would create 5, reject 1" in read(page)
    assert "price 'twelve' is not a number" in read(page)
    assert "line 1 (f)" in read(page)
    assert deeds_of(page) == ["load", "try"]
    assert "data-at-work" not in page.content.decode()
    assert Product.objects.count() == 0

    page = do(admin_client, source, "load")
    assert "ups is loaded now" in read(page)  # Django gives messages a capital
    assert "Waits for a worker" in read(page)
    assert "data-at-work" in page.content.decode()
    run_source(source.pk)
    assert sorted(Product.objects.values_list("sku", "source")) == [(sku, "cups") for sku in "abcde"]
    page = admin_client.get(page_of(source))
    assert "Kept true" in read(page)
    assert "Created 5, changed 0, 0 unchanged, rejected 1" in read(page)
    assert deeds_of(page) == ["run", "try", "disable"]


@pytest.fixture
def asking(admin_client, site) -> Source:
    """A source whose feed has lost most of its products."""
    add_source(admin_client, f"{site.url}/feed.xml")
    source = Source.objects.get()
    run_source(source.pk)
    do(admin_client, source, "load")
    run_source(source.pk)
    site.give("/feed.xml", make_feed("a"))
    do(admin_client, source, "run")
    run_source(source.pk)
    return source


def test_products_that_vanish_by_many_wait_for_a_person_who_lets_them_go(admin_client, asking):
    page = admin_client.get(page_of(asking))
    assert "Waits for you" in read(page)
    assert "4 products are not in the feed any more: Cup b (b) Cup c (c) Cup d (d) Cup e (e)" in read(page)
    assert deeds_of(page)[:2] == ["let_go", "keep"]

    page = do(admin_client, asking, "let_go")
    assert page.context["title"] == "cups: Let them go?"
    assert "4 products are hidden from the shop." in read(page)
    assert Source.objects.get().decision == ""

    page = do(admin_client, asking, "let_go", confirmed="yes")
    assert "let_go" not in deeds_of(page)
    run_source(asking.pk)
    assert list(Product.objects.filter(is_active=True).values_list("sku", flat=True)) == ["a"]
    assert "Kept true" in read(admin_client.get(page_of(asking)))


def test_products_that_vanish_by_many_are_kept_by_a_person(admin_client, asking):
    assert do(admin_client, asking, "keep").context["title"] == "cups: Keep them?"
    do(admin_client, asking, "keep", confirmed="yes")
    run_source(asking.pk)
    assert Product.objects.filter(is_active=True).count() == 5
    assert Source.objects.get().asking_run is None


def test_a_source_is_stopped_and_left_alone(admin_client, asking):
    do(admin_client, asking, "run")
    assert deeds_of(do(admin_client, asking, "stop"))[:3] == ["let_go", "keep", "run"]
    assert next(run.state for run in asking.runs.all()) == "stopped"
    assert "is left alone" in read(do(admin_client, asking, "disable"))
    assert Source.objects.get().is_enabled is False


def test_what_is_not_offered_any_more_is_said_and_an_unknown_deed_does_nothing(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml")
    source = Source.objects.get()
    assert "See first what cups would do" in read(do(admin_client, source, "run"))
    assert "Nothing of cups waits for a decision." in read(do(admin_client, source, "keep", confirmed="yes"))
    do(admin_client, source, "destroy")
    assert [run.start for run in source.runs.all()] == ["dry_run"]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/etc/passwd", "outside of the folder of feeds"),
        ("../secret_key", "outside of the folder of feeds"),
        ("missing.xml", "is no file"),
        ("ftp://shop.example/feed.xml", ""),
        ("javascript:alert(1)", ""),
        ("https://anna:pass@shop.example/feed.xml", "user name or password"),
        ("", "required"),
    ],
)
def test_addresses_that_whoever_uses_the_admin_may_not_name(admin_client, settings, tmp_path, address, said):
    settings.KINDRED_FEED_FOLDER = tmp_path / "feeds"
    settings.KINDRED_FEED_FOLDER.mkdir()
    (tmp_path / "secret_key").write_text("x")
    page = add_source(admin_client, address)
    assert page.context["adminform"].form.errors.keys() == {"address"}
    assert said in str(page.context["adminform"].form.errors["address"])
    assert Source.objects.count() == 0


def test_a_file_of_the_folder_of_feeds_is_named_by_its_name_and_an_operators_file_stays(
    admin_client, settings, tmp_path
):
    settings.KINDRED_FEED_FOLDER = tmp_path / "feeds"
    settings.KINDRED_FEED_FOLDER.mkdir()
    (settings.KINDRED_FEED_FOLDER / "feed.xml").write_bytes(make_feed("a"))
    add_source(admin_client, "feed.xml")
    source = Source.objects.get()
    assert source.address == str(settings.KINDRED_FEED_FOLDER.resolve() / "feed.xml")
    (tmp_path / "elsewhere.xml").write_bytes(make_feed("a"))
    Source.objects.update(address=str(tmp_path / "elsewhere.xml"))  # as the command may
    page = change_source(admin_client, source, currency="EUR")
    assert page.redirect_chain != []
    assert (Source.objects.get().currency, Source.objects.get().address) == ("EUR", str(tmp_path / "elsewhere.xml"))


def test_credentials_go_in_and_never_come_out(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml", log_in_by="basic", log_in_name="anna", secret=SECRET)
    source = Source.objects.get()
    assert source.read_credentials() == Credentials("basic", "anna", SECRET)
    run_source(source.pk)
    pages = [
        page_of(source), reverse("admin:catalog_source_changelist"), reverse("admin:catalog_sourcerun_changelist"),
        reverse("admin:catalog_source_history", args=[source.pk]),
    ]  # fmt: skip
    shown = "".join(admin_client.get(url).content.decode() for url in pages)
    assert SECRET not in shown
    assert "anna" not in shown
    assert source.sealed_credentials not in shown
    assert "Set. Nobody is shown it again" in shown

    change_source(admin_client, source, currency="EUR")
    assert Source.objects.get().read_credentials() == Credentials("basic", "anna", SECRET)
    change_source(admin_client, source, log_in_by="bearer", secret="t0ken")
    assert Source.objects.get().read_credentials() == Credentials("bearer", "", "t0ken")
    change_source(admin_client, source, forget_credentials="on")
    assert Source.objects.get().read_credentials() is None


def test_another_server_wants_the_credentials_again(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml", log_in_by="basic", log_in_name="anna", secret=SECRET)
    source = Source.objects.get()
    other = site.url.replace("127.0.0.1", "127.0.0.2") + "/feed.xml"

    page = change_source(admin_client, source, address=other)

    assert page.context["adminform"].form.errors == {
        "address": [
            f"The credentials were given for {site.url[7:]}, and are shown to no other server: give them again."
        ]
    }
    assert Source.objects.get().address == source.address
    change_source(admin_client, source, address=other, log_in_by="bearer", secret="t0ken")
    assert Source.objects.get().read_credentials() == Credentials("bearer", "", "t0ken")


def test_a_report_of_a_fault_has_no_secret(admin_client, site, monkeypatch):
    from catalog.sources.admin import SourceAdmin

    def fail(*args):
        raise RuntimeError("a fault of ours")

    reports = []

    def report(sender, request, **_):
        reports.append(ExceptionReporter(request, *sys.exc_info()).get_traceback_html())

    monkeypatch.setattr(SourceAdmin, "save_model", fail)
    got_request_exception.connect(report)
    try:
        admin_client.raise_request_exception = False
        page = add_source(admin_client, f"{site.url}/feed.xml", log_in_by="bearer", secret=SECRET)
    finally:
        got_request_exception.disconnect(report)

    assert (page.status_code, len(reports), "a fault of ours" in reports[0]) == (500, 1, True)
    assert [text for text in (page.content.decode(), reports[0]) if SECRET in text] == []


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"secret": SECRET}, "log_in_by"),
        ({"log_in_by": "bearer"}, "secret"),
        ({"log_in_by": "basic", "secret": SECRET}, "log_in_name"),
        ({"log_in_by": "header", "log_in_name": "Host", "secret": SECRET}, "secret"),
        ({"log_in_by": "bearer", "secret": "two\nlines"}, "secret"),
    ],
)
def test_half_of_credentials_is_refused_and_not_shown(admin_client, site, typed, field):
    page = add_source(admin_client, f"{site.url}/feed.xml", **typed)
    assert page.context["adminform"].form.errors.keys() == {field}
    assert SECRET not in page.content.decode()
    assert Source.objects.count() == 0


def test_saving_the_form_writes_nothing_that_a_worker_has_written_meanwhile(admin_client, asking, monkeypatch):
    from catalog.sources.admin import SourceAdmin

    real = SourceAdmin.save_model

    def run_before(self, request, obj, form, change):
        Source.objects.update(failures=3, etag='"new"')
        real(self, request, obj, form, change)

    monkeypatch.setattr(SourceAdmin, "save_model", run_before)
    change_source(admin_client, asking, guard="0.5")
    assert Source.objects.values_list("guard", "failures", "etag").get() == (0.5, 3, '"new"')


def test_another_schedule_counts_from_now_on(admin_client, asking):
    change_source(admin_client, asking, schedule="every 10 minutes")
    assert Source.objects.get().next_run_at < timezone.now() + timedelta(minutes=12)


def test_other_options_of_a_source_that_was_never_loaded_are_tried_first(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml")
    source = Source.objects.get()
    run_source(source.pk)
    page = change_source(admin_client, source, currency="EUR")
    assert "A dry run shows what cups would do" in read(page)
    assert [run.state for run in source.runs.all()] == ["waiting", "done"]


def test_rejected_rows_are_had_as_csv(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml")
    run_source(Source.objects.get().pk)
    run = SourceRun.objects.get()
    page = admin_client.get(reverse("admin:catalog_sourcerun_change", args=[run.pk]))
    address = reverse("admin:catalog_sourcerun_rejected", args=[run.pk])
    assert address in page.content.decode()
    answer = admin_client.get(address)
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert answer["Content-Disposition"] == f'attachment; filename="rejected-{run.pk}.csv"'
    assert answer.content.decode("utf-8-sig").splitlines()[0].startswith("rejected_line,rejected_reason")
    assert "twelve" in answer.content.decode()


def test_what_a_worker_wrote_down_in_english_is_read_in_chinese(admin_client, asking, settings):
    feed = "The file has no column id: pass --format csv. It has: sku, title."
    lost = (
        "20 of the 90 products are not in the feed, more than 9%: nothing was taken away. Say whether they are to go."
    )
    reasons = [{"reason": "price 'x' is not a number: write it as 12.50, the currency in its own column", "count": 2,
                "examples": [{"line": 7, "sku": "MUG-1"}]}]  # fmt: skip
    SourceRun.objects.update(error=feed, warnings=[lost], reasons=reasons, state=SourceRun.State.FAILED)
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    page = read(admin_client.get(page_of(asking)))
    assert "文件没有 id 列：请把来源的类型设为 csv。文件中的列：sku, title。" in page
    assert "90 件商品中有 20 件不在 feed 里，超过 9%：没有移除任何商品。请决定是否移除。" in page
    assert "price 'x' 不是数字：请写成 12.50，货币另写一栏" in page
    assert "文件没有 id 列" in read(admin_client.get("/admin/catalog/source/"))


def test_a_run_that_no_worker_begins_says_what_to_look_at(admin_client, site):
    add_source(admin_client, f"{site.url}/feed.xml")
    assert "No worker has begun it" not in read(admin_client.get(page_of(Source.objects.get())))
    SourceRun.objects.update(created_at=timezone.now() - timedelta(minutes=3))
    assert "No worker has begun it" in read(admin_client.get(page_of(Source.objects.get())))


def test_a_source_is_deleted_with_its_runs_and_its_products_stay(admin_client, asking):
    page = admin_client.get(reverse("admin:catalog_source_delete", args=[asking.pk]))
    assert "Its products stay" in read(page)
    admin_client.post(reverse("admin:catalog_source_delete", args=[asking.pk]), {"post": "yes"})
    assert (Source.objects.count(), SourceRun.objects.count(), Product.objects.count()) == (0, 0, 5)


def test_the_list_says_how_each_source_stands_by_a_few_queries(admin_client, asking, django_assert_max_num_queries):
    for number in range(20):
        other = Source.objects.create(name=f"other-{number}", kind="csv", address="https://shop.example/a.csv")
        other.runs.create(start="dry_run", state="failed", error="There is nothing there.")
    with django_assert_max_num_queries(15):
        page = admin_client.get(reverse("admin:catalog_source_changelist"))
    assert "Waits for you" in read(page)
    assert read(page).count("There is nothing there.") == 20


def test_the_list_has_addresses_without_what_may_be_a_key(admin_client, asking):
    Source.objects.update(address="https://shop.example/feed.xml?token=s3cret")
    page = admin_client.get(reverse("admin:catalog_source_changelist")).content.decode()
    assert ("https://shop.example/feed.xml?…" in page, "s3cret" in page) == (True, False)


def test_a_product_says_which_source_keeps_it(admin_client, asking):
    product = Product.objects.get(sku="a")
    page = admin_client.get(reverse("admin:catalog_product_change", args=[product.pk]))
    assert page_of(asking) in page.content.decode()
    assert "written again at the feed's next change" in read(page)
    ProductFactory(sku="mine")
    products = admin_client.get(reverse("admin:catalog_product_changelist"), {"source": "cups"})
    assert [product.sku for product in products.context["cl"].result_list] == ["a", "b", "c", "d", "e"]
    assert "from cups" in read(products)
    own = admin_client.get(reverse("admin:catalog_product_change", args=[Product.objects.get(sku="mine").pk]))
    assert "Kept true by a source" not in read(own)


@pytest.fixture
def as_role():
    def log_in(*permissions: str) -> Client:
        client, user = Client(), User.objects.create_user(f"user-{User.objects.count()}", is_staff=True)
        user.user_permissions.add(*Permission.objects.filter(codename__in=permissions))
        client.force_login(user)
        return client

    return log_in


def test_whoever_may_only_look_sees_no_button_and_no_credentials(admin_client, asking, as_role):
    viewer = as_role("view_source")
    page = viewer.get(page_of(asking))
    assert page.status_code == 200
    assert deeds_of(page) == []
    assert "Password" not in read(page)
    assert viewer.get(reverse("admin:catalog_sourcerun_changelist")).status_code == 200


@pytest.mark.parametrize("deed", ["load", "let_go", "keep", "stop", "run", "try", "disable"])
def test_deeds_are_for_those_who_may_change_sources(admin_client, asking, as_role, deed):
    url = reverse("admin:catalog_source_do", args=[asking.pk, deed])
    before = (Source.objects.values_list().get(), list(SourceRun.objects.values_list()))
    for permissions in ([], ["view_source"]):
        assert as_role(*permissions).post(url, {"confirmed": "yes"}).status_code == 403
    assert (Source.objects.values_list().get(), list(SourceRun.objects.values_list())) == before
    editor = as_role("view_source", "change_source")
    assert editor.get(url).status_code == 405
    assert editor.post(url, {"confirmed": "yes"}).status_code == 302


def test_rejected_rows_and_runs_are_for_those_who_may_see_sources(admin_client, asking, as_role):
    run = asking.runs.last()
    urls = [
        reverse("admin:catalog_sourcerun_rejected", args=[run.pk]),
        reverse("admin:catalog_sourcerun_change", args=[run.pk]),
    ]
    assert [as_role("view_source").get(url).status_code for url in urls] == [200, 200]
    assert [as_role("view_product").get(url).status_code for url in urls] == [403, 403]
