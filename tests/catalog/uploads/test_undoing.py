"""An import is taken back where nobody has changed since what it wrote; later edits stay, and are named."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.management import call_command
from django.db.models.fields.reverse_related import ForeignObjectRel
from django.utils import timezone

from catalog.importers.load import Loader
from catalog.models import Category, ImportedProduct, LeftFile, PictureDownload, Product, Upload
from catalog.pictures.writes import add_picture
from catalog.pruning import prune
from catalog.uploads import claiming, undoing
from catalog.uploads.running import run_upload
from catalog.uploads.steering import NotPossible, request_undo
from catalog.uploads.storage import find_folder
from catalog.writing import ProductWrite, upsert_products
from recommendations.models import GoldenPair, Rule
from tests.catalog.uploads.upload_desk import counts, pack
from tests.factories import ProductFactory, picture_bytes

pytestmark = pytest.mark.django_db
FIELDS = [
    field.name
    for field in Product._meta.concrete_fields
    if field.name not in ("id", "updated_at", "content_hash") and not field.generated
]
FULL = (
    "sku,title,description,brand,category,price,list_price,currency,stock,collection,url,is_active,title_zh,"
    "attributes,Size\n"
    'A,New mug,New words,Brand,New/Place,1.5,2,USD,3,Fjord,https://shop.example/a,no,新,"{""a"": 1.50}",XL\n'
)


def snapshot() -> list[tuple]:
    return list(Product.objects.order_by("pk").values_list(*FIELDS))


def edits(upload: Upload) -> list[tuple]:
    return [(edit["sku"], edit["fields"]) for edit in upload.undone["edits"]]


def test_changed_products_become_what_they_were_in_every_field(desk):
    ProductFactory(
        sku="A",
        category=Category.objects.get_or_create_path("Old/Place"),
        price=Decimal("9.125"),
        stock=7,
        attributes={"n": [1, 2.50, None], "text": "ü"},
        translations={"zh": {"title": "旧"}},
        left_source_at=timezone.now(),
        source="other",
    )
    before = snapshot()
    upload = desk.import_text(FULL)
    assert (counts(upload), snapshot() != before) == ((0, 1, 0, 0), True)

    undone = desk.undo(upload)

    assert (undone.task, undone.state, undone.error) == ("undo", "done", "")
    assert snapshot() == before
    assert undone.undone == {"restored": 1, "gone": 0, "hidden": 0, "deleted": 0, "edits": []}
    assert ImportedProduct.objects.count() == 0


def test_products_that_the_import_made_are_deleted(desk):
    upload = desk.import_text(FULL)
    assert Product.objects.count() == 1
    assert desk.undo(upload).undone["deleted"] == 1
    assert Product.objects.count() == 0


def test_one_that_somebody_made_a_rule_for_is_hidden_instead(desk):
    upload = desk.import_text("sku,title\nA,Mug\nB,Cup\n")
    Rule.objects.create(kind="exclude", target=Product.objects.get(sku="A"))
    undone = desk.undo(upload)
    assert list(Product.objects.values_list("sku", "is_active")) == [("A", False)]
    assert (undone.undone["hidden"], undone.undone["deleted"]) == (1, 1)


def test_one_that_staff_judged_beside_another_is_hidden_too(desk):
    upload = desk.import_text("sku,title\nA,Mug\nB,Cup\nC,Pot\n")
    first, second = Product.objects.filter(sku__in="AB").order_by("pk")
    GoldenPair.objects.create(first=first, second=second)
    desk.undo(upload)
    assert list(Product.objects.values_list("sku", "is_active")) == [("A", False), ("B", False)]


def test_whatever_points_to_products_is_a_workers_or_somebodys_decision():
    """A new table with a product in it is sorted here: what workers make goes with a product that is undone."""
    relations = [one for one in Product._meta.get_fields(include_hidden=True) if isinstance(one, ForeignObjectRel)]
    labels = {relation.related_model._meta.label for relation in relations}
    decisions = {
        "catalog.DistinctPair", "catalog.DoctorDeed", "recommendations.BlindVote", "recommendations.GoldenPair",
        "recommendations.Rule", "recommendations.SearchRule",
    }  # fmt: skip
    assert labels == undoing.DERIVED | decisions


def test_later_edits_stay_and_are_named_field_by_field(desk):
    for sku in "AB":
        ProductFactory(sku=sku, title="Old", brand="Old", price=Decimal(1))
    upload = desk.import_text("sku,title,brand,price\nA,New,New,2\nB,New,New,2\nC,New,New,2\n")
    Product.objects.filter(sku="A").update(brand="Mine")
    Product.objects.filter(sku="C").update(price=Decimal(3))

    undone = desk.undo(upload)

    assert list(Product.objects.order_by("sku").values_list("sku", "title", "brand", "price")) == [
        ("A", "Old", "Mine", Decimal("1.00")),
        ("B", "Old", "Old", Decimal("1.00")),
        ("C", "New", "New", Decimal("3.00")),
    ]
    assert edits(undone) == [("A", ["brand"]), ("C", [])]
    assert (undone.undone["restored"], undone.undone["kept"], undone.undone["deleted"]) == (2, 2, 0)


def test_what_a_worker_notes_of_a_product_is_no_edit(desk):
    upload = desk.import_text("sku,title\nA,Mug\n")
    Product.objects.update(noted="x", colours=["red"], picture_colours={"red": 1.0})
    assert desk.undo(upload).undone["deleted"] == 1


def test_a_product_that_is_gone_by_now_is_counted(desk):
    upload = desk.import_text("sku,title\nA,Mug\n")
    Product.objects.all().delete()
    ProductFactory(sku="A")  # another one
    assert desk.undo(upload).undone["gone"] == 1
    assert Product.objects.count() == 1


def test_what_a_complete_file_hid_is_shown_again(desk):
    desk.import_text("sku,title\n" + "".join(f"{sku},Mug\n" for sku in "ABCDE"))
    before = snapshot()
    upload = desk.import_text("sku,title\n" + "".join(f"{sku},Mug\n" for sku in "ABCD"), completeness="whole")
    assert upload.deactivated == 1
    assert desk.undo(upload).undone["restored"] == 1
    assert snapshot() == before


def test_a_later_import_stays_and_undone_first_it_lets_the_earlier_one_be_undone(desk):
    ProductFactory(sku="A", title="First")
    second = desk.import_text("sku,title\nA,Second\n")
    third = desk.import_text("sku,title\nA,Third\n")
    assert edits(desk.undo(third)) == []
    assert Product.objects.get().title == "Second"
    desk.undo(second)
    assert Product.objects.get().title == "First"


def test_pictures_become_what_they_were(desk):
    product = ProductFactory(sku="A")
    old = add_picture(product, source=picture_bytes("red"), source_url="https://s.example/old.png")[0]
    table = "sku,title,images\nA,Mug,b.png\n"
    upload = desk.load(desk.receive(table, pictures=pack({"b.png": picture_bytes("blue")})))
    assert list(product.images.values_list("sha256", flat=True)) != [old.sha256]
    desk.undo(upload)
    assert list(product.images.values_list("file", "sha256", "width", "height", "source_url")) == [
        (old.file.name, old.sha256, 40, 30, "https://s.example/old.png")
    ]


def test_a_picture_that_somebody_deleted_since_is_not_put_back_once_its_file_is_gone(desk):
    product = ProductFactory(sku="A")
    red, green = (add_picture(product, source=picture_bytes(colour))[0] for colour in ("red", "green"))
    files = {"r.png": picture_bytes("red"), "g.png": picture_bytes("green"), "b.png": picture_bytes("blue")}
    upload = desk.load(desk.receive("sku,title,images\nA,Mug,r.png|g.png|b.png\n", pictures=pack(files)))
    red.delete()
    LeftFile.objects.update(due_at=timezone.now())
    assert prune("files") == 1

    desk.undo(upload)

    (left,) = product.images.all()
    assert (left.sha256, left.file.storage.exists(left.file.name)) == (green.sha256, True)


def test_pictures_that_are_still_to_come_come_no_more(desk):
    product = ProductFactory(sku="A")
    upload = desk.import_text("sku,title,images\nA,Mug,https://s.example/new.png\n")
    assert PictureDownload.objects.count() == 1
    desk.undo(upload)
    assert (PictureDownload.objects.count(), product.images.count()) == (0, 0)


def test_a_picture_that_was_fetched_since_goes_and_one_that_somebody_added_stays(desk):
    fetched, edited = ProductFactory(sku="A"), ProductFactory(sku="B")
    url = "https://s.example/new.png"
    upload = desk.import_text(f"sku,title,images\nA,Mug,{url}\nB,Mug,{url}\n")
    for product in (fetched, edited):
        add_picture(product, source=picture_bytes("red"), source_url=url)
    add_picture(edited, source=picture_bytes("blue"))
    undone = desk.undo(upload)
    assert (fetched.images.count(), edited.images.count()) == (0, 2)
    assert edits(undone) == [("B", ["pictures"])]


def test_what_is_kept_is_written_with_the_products_or_not_at_all(desk, monkeypatch):
    upload = desk.receive("sku,title\nA,Mug\n")
    monkeypatch.setattr(loading_keeper(), "keep", fail)
    assert desk.load(upload).state == "failed"
    assert Product.objects.count() == 0


def loading_keeper():
    from catalog.uploads.keeping import Keeper

    return Keeper


def fail(*_, **__):
    raise ZeroDivisionError


def test_a_row_that_spoils_its_batch_is_kept_apart_from_the_others(desk, monkeypatch):
    """The batch is written again in halves: what is kept of the others is kept once."""
    monkeypatch.setattr(Loader, "_note_source", lambda loader, values, stored: {**values, "brand": "x" * 201})
    upload = desk.import_text("sku,title\nA,Mug\n")
    assert (counts(upload), ImportedProduct.objects.count()) == ((0, 0, 0, 1), 0)


def test_a_load_that_was_begun_twice_keeps_what_was_former_the_first_time(desk):
    ProductFactory(sku="A", title="First", brand="First")
    upload = desk.receive("sku,title,brand\nA,Mug,New\n")
    from catalog.uploads.keeping import Keeper

    keeper = Keeper(upload.pk)
    upsert_products([ProductWrite(values={"sku": "A", "title": "Half"})], witness=keeper)
    desk.load(upload)
    desk.undo(upload)
    assert list(Product.objects.values_list("title", "brand")) == [("First", "First")]


def test_an_undo_goes_on_where_a_worker_died(desk, monkeypatch):
    upload = desk.import_text("sku,title\n" + "".join(f"{number},Mug\n" for number in range(5)))
    monkeypatch.setattr(undoing, "CHUNK", 2)
    request_undo(upload)
    monkeypatch.setattr(claiming.WorkProgress, "note", die)
    with pytest.raises(KeyboardInterrupt):
        run_upload(upload.pk)
    monkeypatch.undo()
    assert (Product.objects.count(), ImportedProduct.objects.count()) == (3, 3)
    Upload.objects.update(leased_until=timezone.now() - timedelta(seconds=1))
    done = desk.work(upload)
    assert (done.state, done.undone["deleted"], Product.objects.count()) == ("done", 5, 0)


def die(*_, **__):
    raise KeyboardInterrupt


def test_nothing_is_undone_twice_and_nothing_that_was_only_checked(desk):
    checked = desk.work(desk.receive("sku,title\nA,Mug\n"))
    upload = desk.import_text("sku,title\nA,Mug\n")
    desk.undo(upload)
    for one in (checked, upload):
        with pytest.raises(NotPossible):
            request_undo(one)


def test_after_the_days_that_it_is_kept_an_import_cannot_be_undone_and_its_outcome_stays(desk, settings):
    old, new = desk.import_text("sku,title\nA,Mug\n"), desk.import_text("sku,title\nB,Mug\n")
    left, waiting = desk.receive("sku,title\nC,Mug\n"), desk.receive("sku,title\nD,Mug\n")
    Upload.objects.filter(pk=left.pk).update(state="receiving", created_at=timezone.now() - timedelta(days=2))
    long_ago = timezone.now() - timedelta(days=settings.KINDRED_IMPORT_KEPT_DAYS + 1)
    Upload.objects.filter(pk__in=[old.pk, waiting.pk]).update(asked_at=long_ago)

    assert prune("uploads", dry_run=True) == 2
    assert Upload.objects.count() == 4
    assert prune("uploads") == 2

    assert (desk.look(old).is_pruned, counts(old), find_folder(old).exists()) == (True, (1, 0, 0, 0), False)
    assert (desk.look(new).is_pruned, find_folder(new).exists(), ImportedProduct.objects.count()) == (False, True, 1)
    assert (Upload.objects.filter(pk=left.pk).exists(), desk.look(waiting).is_pruned) == (False, False)
    with pytest.raises(NotPossible):
        request_undo(old)
    assert prune("uploads") == 0


def test_the_command_says_what_would_go_and_what_went(desk, capsys):
    upload = desk.import_text("sku,title\nA,Mug\n")
    Upload.objects.update(asked_at=timezone.now() - timedelta(days=400))
    said = (
        "files (Files of pictures and sounds that are gone): 0 {0}\n"
        "uploads (Imports and exports): 1 {0}\nviews (Views of cases): 0 {0}\n"
    )
    call_command("prune", "files", "uploads", "views", "--dry-run")
    assert (capsys.readouterr().out, desk.look(upload).is_pruned) == (said.format("would go"), False)
    call_command("prune", "views", "files", "uploads")
    assert (capsys.readouterr().out, desk.look(upload).is_pruned) == (said.format("forgotten"), True)
