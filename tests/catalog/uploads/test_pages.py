"""What staff meet on the pages of imports and exports, and who may do what there."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from catalog.models import Export, Product, Upload
from catalog.uploads import export_pages, previewing
from catalog.uploads.needs import name_broken_imports
from catalog.uploads.running import run_export, run_upload
from catalog.uploads.storage import find_folder
from tests.catalog.uploads.upload_desk import counts, pack
from tests.factories import ProductFactory, picture_bytes
from tests.full_disk import no_room_for_more_than

pytestmark = pytest.mark.django_db
MUGS = b"sku,title,price,colour\nA,Mug,12.50,red\n,Nothing,1,\n"


def log_in(*codenames: str, name: str = "somebody") -> Client:
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def staff() -> Client:
    return log_in("view_product", "add_product", "change_product")


def send(client: Client, content: bytes = MUGS, *, name: str = "mugs.csv", **more):
    return client.post(reverse("imports"), {"file": SimpleUploadedFile(name, content), **more}, follow=True)


def text_of(response) -> str:
    return " ".join(response.content.decode().split())


def test_a_file_that_cannot_be_read_is_not_offered_to_be_imported_until_its_columns_are_named(staff):
    send(staff, b"artikel,title,prix (eur)\nA,Mug,12.50\n")
    upload = Upload.objects.get()
    address = reverse("import_file", args=[upload.pk])
    run_upload(upload.pk)
    html = text_of(staff.get(address))
    assert "Cannot be read" in html
    assert "do-load" not in html
    assert "import-counts" not in html
    form = {"format": "csv", "encoding": "utf-8", "source": "csv", "column-0": "sku", "column-2": "price"}
    staff.post(address, form)
    run_upload(upload.pk)
    page = staff.get(address)
    assert "do-load" in text_of(page)
    assert page.context["rows"][0].price == "12.50 EUR"


def test_a_file_is_sent_checked_imported_and_undone(staff):
    page = send(staff)
    upload = Upload.objects.get()
    assert page.redirect_chain[-1][0] == reverse("import_file", args=[upload.pk])
    assert (upload.name, upload.asked_by.username, upload.size) == ("mugs.csv", "somebody", len(MUGS))
    rows = page.context["rows"]
    assert [(row.line, row.sku, row.price, row.details, row.problem) for row in rows] == [
        (2, "A", "12.50", ("colour: red",), ""),
        (3, "", "", (), "sku is missing"),
    ]
    assert [(one["name"], one["target"], one["values"]) for one in page.context["columns"]] == [
        ("sku", "sku", ["A"]),
        ("title", "title", ["Mug", "Nothing"]),
        ("price", "price", ["12.50", "1"]),
        ("colour", "+", ["red"]),
    ]

    run_upload(upload.pk)
    page = staff.get(page.redirect_chain[-1][0])
    assert (page.context["state"], page.context["said"]) == ("Checked, nothing is written yet", ["1 new, 1 rejected"])
    assert Product.objects.count() == 0

    staff.post(reverse("import_do", args=[upload.pk, "load"]))
    run_upload(upload.pk)
    page = staff.get(reverse("imports"))
    assert page.context["uploads"][0]["said"] == ["1 created, 1 rejected"]
    rejected = staff.get(reverse("import_rejected", args=[upload.pk]))
    assert b"".join(rejected).decode().splitlines()[1] == ",Nothing,1,,3,sku is missing"

    staff.post(reverse("import_do", args=[upload.pk, "undo"]))
    run_upload(upload.pk)
    page = staff.get(reverse("import_file", args=[upload.pk]))
    assert (page.context["state"], page.context["undone"]) == ("Undone", ["1 new product was deleted."])
    assert Product.objects.count() == 0


def test_what_is_said_of_the_file_is_kept_and_checked_again(staff):
    page = send(staff)
    upload = Upload.objects.get()
    run_upload(upload.pk)
    form = page.context["form"]
    said = {name: form.initial[name] for name in form.fields} | {"currency": "eur", "column-3": "brand"}
    answer = staff.post(reverse("import_file", args=[upload.pk]), said)
    assert (answer.status_code, answer["Location"]) == (302, reverse("import_file", args=[upload.pk]))
    upload.refresh_from_db()
    assert (upload.state, upload.currency, upload.columns[3]) == ("waiting", "EUR", ["colour", "brand"])


@pytest.mark.parametrize(
    ("said", "fault"),
    [
        ({"currency": "EU"}, "It is not a code of three letters such as EUR."),
        ({"encoding": "utf-9"}, "Select a valid choice."),
        ({"column-3": "title"}, "Several columns are said to be the same: Title."),
        ({"column-3": "nonsense"}, "A column is said to be something that there is not."),
        ({"shop_url": "no address"}, "It "),
        ({"source": ""}, "This field is required."),
    ],
)
def test_what_cannot_be_is_said_beside_the_field_and_nothing_is_kept(staff, said, fault):
    page = send(staff)
    upload = Upload.objects.get()
    form = page.context["form"]
    answer = staff.post(
        reverse("import_file", args=[upload.pk]), {name: form.initial[name] for name in form.fields} | said
    )
    assert answer.status_code == 200
    faults = [str(one) for faults in answer.context["form"].errors.values() for one in faults]
    assert len(faults) == 1
    assert faults[0].startswith(fault)
    again = Upload.objects.get()
    assert (again.currency, again.columns, again.source) == (upload.currency, upload.columns, upload.source)


def test_another_encoding_or_format_has_the_columns_guessed_anew(staff):
    page = send(staff, "sku,title,цена\nA,Кружка,5\n".encode("cp1251"))
    upload = Upload.objects.get()
    assert (upload.encoding, upload.columns[2]) == ("cp1251", ["цена", "+"])
    form = page.context["form"]
    said = {name: form.initial[name] for name in form.fields}
    staff.post(reverse("import_file", args=[upload.pk]), said | {"encoding": "koi8-r"})
    upload.refresh_from_db()
    assert (upload.encoding, upload.columns[2][0] != "цена", upload.columns[2][1]) == ("koi8-r", True, "+")
    staff.post(reverse("import_file", args=[upload.pk]), said | {"format": "jsonl"})
    upload.refresh_from_db()
    assert (upload.format, upload.columns) == ("jsonl", [])


@pytest.mark.parametrize(
    ("name", "content", "format"),
    [
        ("p.tsv", b"sku\ttitle\nA\tMug\n", "csv"),
        ("feed.xml", b'<?xml version="1.0"?><rss version="2.0"><channel></channel></rss>', "google"),
        ("s.csv", b"Handle,Title,Variant SKU,Variant Price\nmug,Mug,A,5\n", "shopify"),
        ("w.csv", b"Type,SKU,Name,In stock?,Regular price\nsimple,A,Mug,1,5\n", "woocommerce"),
        ("m.csv", b"sku,store_view_code,name,product_type,categories\nA,,Mug,simple,\n", "magento"),
        ("p.jsonl", b'{"sku": "A", "title": "Mug"}\n', "jsonl"),
        ("s.json", b'{"products": [{"handle": "mug", "body_html": "", "variants": []}]}', "shopify-json"),
        ("core.json", b'{"version": 1, "key": "core.device_registry", "data": {"devices": []}}', "homeassistant"),
        ("g.csv", b"id,title,link,image_link\nA,Mug,https://s.example/a,https://s.example/a.png\n", "google"),
    ],
)  # fmt: skip
def test_what_wrote_a_file_is_told_from_what_is_in_it(staff, name, content, format):
    send(staff, content, name=name)
    upload = Upload.objects.get()
    assert (upload.format, upload.source) == (format, format)


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("empty.csv", b" ", "The file is empty"),
        (
            "sheet.xlsx",
            pack({"xl/workbook.xml": b"x", "[Content_Types].xml": b"x"}),
            "save it as &quot;CSV UTF-8&quot;",
        ),
        ("page.csv", b"%PDF-1.4 whatever", "This is a PDF"),
        ("two.zip", pack({"a.csv": MUGS, "b.csv": MUGS}), "The zip holds 2 tables"),
        ("pictures.zip", pack({"a.png": picture_bytes()}), "The zip holds pictures and no table"),
        # Named, since what it is made of has the time in it, and every process of a run has to find the same tests.
        pytest.param("cut.zip", pack({"a.csv": MUGS})[:60], "The archive is damaged", id="cut.zip"),
        ("twice.csv", b"sku,sku,title\nA,B,C\n", "Columns appear more than once: sku."),
    ],
)
def test_a_file_that_is_none_is_refused_with_what_to_do_and_forgotten(staff, import_folder, name, content, said):
    page = send(staff, content, name=name)
    assert said in text_of(page)
    assert (Upload.objects.count(), list(import_folder.iterdir())) == (0, [])


def test_a_form_without_a_file_says_so(staff):
    assert "Choose a file first." in text_of(staff.post(reverse("imports"), follow=True))


def test_a_file_comes_in_pieces_and_one_that_was_lost_is_sent_again(staff):
    address = staff.post(reverse("import_begin"), {"name": "C:\\files\\mugs.csv"}).json()["address"]

    def send_piece(at: int, content: bytes, **more):
        piece = SimpleUploadedFile("blob", content)
        return staff.post(address, {"part": "file", "at": at, "piece": piece, **more})

    assert send_piece(0, MUGS[:10]).status_code == 200
    missing = send_piece(20, MUGS[20:])
    assert (missing.status_code, missing.json()["error"][:24]) == (409, "A piece of the file is m")
    send_piece(10, b"broken off")
    assert send_piece(10, MUGS[10:]).status_code == 200
    done = staff.post(address, {"part": "file", "at": len(MUGS), "is_last": "yes"}).json()
    upload = Upload.objects.get()
    assert done == {"address": reverse("import_file", args=[upload.pk])}
    assert (upload.name, upload.state, upload.size) == ("mugs.csv", "waiting", len(MUGS))
    assert send_piece(0, b"x").status_code == 404


def test_pieces_are_those_of_whoever_began(staff):
    address = staff.post(reverse("import_begin"), {"name": "a.csv"}).json()["address"]
    other = log_in("view_product", "add_product", "change_product", name="other")
    assert other.post(address, {"part": "file", "at": 0}).status_code == 404
    for part, at in (("passwd", "0"), ("file", "-1"), ("file", "x")):
        assert staff.post(address, {"part": part, "at": at}).status_code == 404


def test_a_file_that_is_larger_than_it_may_be_is_refused(staff, settings):
    settings.KINDRED_IMPORT_MAX_BYTES = 1024**2
    page = send(staff, MUGS + b"x" * 1024**2)
    assert "The file is larger than 1 MiB: split it." in text_of(page)
    page = send(staff, pack({"a.csv": MUGS + b"y" * 1024**2}), name="small.zip")
    assert "It unpacks to more than 1 MiB: split it." in text_of(page)


def test_a_full_disk_is_said_to_be_full(staff):
    with no_room_for_more_than(1000):
        page = send(staff, MUGS + b"B,Mug,1,\n" * 1000)
        address = staff.post(reverse("import_begin"), {"name": "a.csv"}).json()["address"]
        piece = SimpleUploadedFile("blob", b"x" * 2000)
        answer = staff.post(address, {"part": "file", "at": 0, "piece": piece})
    assert "the disk of the server is full" in text_of(page)
    assert (answer.status_code, "disk" in answer.json()["error"]) == (507, True)
    assert Product.objects.count() == 0


def test_a_file_is_forgotten_before_it_is_imported_and_not_after(staff):
    send(staff)
    upload = Upload.objects.get()
    folder = find_folder(upload)
    page = staff.post(reverse("import_do", args=[upload.pk, "discard"]), follow=True)
    assert "“mugs.csv” is forgotten. Nothing was imported." in text_of(page)
    assert (Upload.objects.count(), folder.exists()) == (0, False)
    send(staff)
    upload = Upload.objects.get()
    staff.post(reverse("import_do", args=[upload.pk, "load"]))
    run_upload(upload.pk)
    assert staff.post(reverse("import_do", args=[upload.pk, "discard"])).status_code == 404
    page = staff.post(reverse("import_do", args=[upload.pk, "load"]), follow=True)
    assert "That is not possible now." in text_of(page)
    assert counts(Upload.objects.get()) == (1, 0, 0, 1)


def test_whoever_may_only_look_sees_what_was_imported_and_loads_nothing(staff):
    send(staff)
    upload = Upload.objects.get()
    before = Upload.objects.values().get()
    for client in (log_in("view_product", name="viewer"), log_in("view_product", "change_product", name="half")):
        page = client.get(reverse("imports"))
        assert (page.status_code, "import-drop" in text_of(page), "mugs.csv" in text_of(page)) == (200, False, True)
        page = client.get(reverse("import_file", args=[upload.pk]))
        assert (page.status_code, page.context["form"], "do-load" in text_of(page)) == (200, None, False)
        sent = [
            client.post(reverse("imports"), {"file": SimpleUploadedFile("a.csv", MUGS)}),
            client.post(reverse("import_begin"), {"name": "a.csv"}),
            client.post(reverse("import_file", args=[upload.pk]), {"currency": "EUR"}),
            client.post(reverse("import_piece", args=[upload.pk]), {"part": "file", "at": 0}),
            *(
                client.post(reverse("import_do", args=[upload.pk, deed]))
                for deed in ("load", "undo", "stop", "discard")
            ),
        ]
        assert {answer.status_code for answer in sent} == {403}
    clerk = log_in(name="clerk")
    pages = ["imports", ("import_file", upload.pk), ("import_rejected", upload.pk), ("export_file", 1)]
    names = [(page, ()) if isinstance(page, str) else (page[0], page[1:]) for page in pages]
    assert {clerk.get(reverse(name, args=args)).status_code for name, args in names} == {403}
    assert clerk.post(reverse("export_products")).status_code == 403
    assert Upload.objects.values().get() == before


def test_looking_writes_nothing_and_costs_no_more_for_more_uploads(staff, django_assert_num_queries):
    send(staff)
    staff.get(reverse("imports"))
    with CaptureQueriesContext(connection) as asked:
        staff.get(reverse("imports"))
    count = len(asked)
    assert [query["sql"] for query in asked if not query["sql"].startswith(("SELECT", "SAVEPOINT", "RELEASE"))] == []
    send(staff)
    send(staff)
    before = list(Upload.objects.values())
    with django_assert_num_queries(count):
        staff.get(reverse("imports"))
    staff.get(reverse("import_file", args=[before[0]["id"]]))
    assert list(Upload.objects.values()) == before


def test_a_few_products_are_exported_at_once_and_many_by_a_worker(staff, monkeypatch):
    for sku in "ABC":
        ProductFactory(sku=sku, is_active=sku != "B")
    answer = staff.post(reverse("export_products"))
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert [line.split(",")[0] for line in answer.content.decode().splitlines()] == ["\ufeffsku", "A", "B", "C"]
    assert Export.objects.count() == 0

    monkeypatch.setattr(export_pages, "AT_ONCE", 1)
    page = staff.post(
        reverse("admin:catalog_product_changelist") + "?is_active__exact=1",
        {"action": "export_listed", "select_across": "1", "_selected_action": Product.objects.first().pk},
        follow=True,
    )
    assert "A worker writes the file." in text_of(page)
    export = Export.objects.get()
    assert (export.query, export.asked_by.username) == ("is_active__exact=1", "somebody")
    assert staff.get(reverse("export_file", args=[export.pk])).status_code == 404
    run_export(export.pk)
    lines = b"".join(staff.get(reverse("export_file", args=[export.pk]))).decode().splitlines()
    assert [line.split(",")[0] for line in lines] == ["\ufeffsku", "A", "C"]


def test_what_is_ticked_is_exported(staff):
    chosen, _other = ProductFactory(sku="A"), ProductFactory(sku="B")
    answer = staff.post(
        reverse("admin:catalog_product_changelist"), {"action": "export_listed", "_selected_action": chosen.pk}
    )
    assert [line.split(",")[0] for line in answer.content.decode().splitlines()] == ["\ufeffsku", "A"]


def test_only_the_beginning_of_a_long_file_is_read_for_the_page(staff, monkeypatch):
    rows = b"".join(b"%d,Mug %d\n" % (number, number) for number in range(5000))
    page = send(staff, b"sku,title\n" + rows)
    monkeypatch.setattr(previewing, "SAMPLE_BYTES", 60)
    page = staff.get(page.redirect_chain[-1][0])
    read = [row.sku for row in page.context["rows"]]
    assert read == ["0", "1", "2", "3", "4", "5"]


def test_a_text_that_no_column_can_hold_is_named_among_the_rows(staff):
    page = send(staff, b"sku,title\nN\0UL,Mug\nA,Mug\n")
    assert [(row.sku, bool(row.problem)) for row in page.context["rows"]] == [("N\0UL", True), ("A", False)]


def test_reasons_of_ours_are_said_in_the_readers_language(staff):
    send(staff, b"sku,title\n,Mug\n")
    upload = Upload.objects.get()
    staff.post(reverse("import_do", args=[upload.pk, "load"]))
    run_upload(upload.pk)
    staff.cookies["django_language"] = "en"
    page = staff.get(reverse("import_file", args=[upload.pk]))
    assert page.context["error"].startswith("No product could be loaded.")
    assert json.loads(json.dumps(upload.reasons)) == []


def test_the_front_of_the_admin_names_an_import_that_broke_off_lately(staff):
    send(staff, b"sku,title\n,Mug\n")
    upload = Upload.objects.get()
    run_upload(upload.pk)
    Upload.objects.update(state="failed")
    assert list(name_broken_imports()) == []  # a check that failed waits for nobody
    Upload.objects.update(task="load")
    assert [(need.text, need.url) for need in name_broken_imports()] == [
        ("The import of mugs.csv broke off.", reverse("import_file", args=[upload.pk]))
    ]
    Upload.objects.update(asked_at=timezone.now() - timedelta(days=8))
    assert list(name_broken_imports()) == []


def test_later_edits_that_were_kept_are_named_with_a_link_to_their_product(staff):
    product = ProductFactory(sku="A", title="Old")
    send(staff, b"sku,title,brand\nA,New,New\n")
    upload = Upload.objects.get()
    for deed in ("load", "undo"):
        staff.post(reverse("import_do", args=[upload.pk, deed]))
        run_upload(upload.pk)
        Product.objects.update(brand="Mine")
    page = staff.get(reverse("import_file", args=[upload.pk]))
    assert [(one["id"], one["names"]) for one in page.context["edits"]] == [(product.pk, ["Brand"])]
    assert reverse("admin:catalog_product_change", args=[product.pk]) in text_of(page)
    assert page.context["undone"] == [
        "1 product is what it was.",
        "1 product was changed since: that was kept.",
    ]


def test_what_nobody_begins_is_said_to_be_slow(staff):
    send(staff)
    address = reverse("import_file", args=[Upload.objects.get().pk])
    assert "No worker has begun it" not in text_of(staff.get(address))
    Upload.objects.update(asked_at=timezone.now() - timedelta(minutes=3))
    assert "No worker has begun it for minutes" in text_of(staff.get(address))


def test_of_very_many_rejected_rows_the_first_are_named_and_all_can_be_downloaded(staff):
    send(staff, b"sku,title\n" + b",Mug\n" * 500)
    upload = Upload.objects.get()
    run_upload(upload.pk)
    upload.refresh_from_db()
    assert (len(upload.problems), upload.problems[-1]["line"], upload.rejected) == (200, 201, 500)
    assert [(one["count"], len(one["examples"])) for one in upload.reasons] == [(500, 5)]
    lines = b"".join(staff.get(reverse("import_rejected", args=[upload.pk]))).splitlines()
    assert len(lines) == 501
