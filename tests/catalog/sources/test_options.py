"""What a source may be told: pictures, languages, prices, addresses, and credentials that nobody sees again."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command

from catalog.models import PictureDownload, Product, Source, SourceRun
from catalog.refusals import BadValue
from catalog.sources.addresses import clean_address
from catalog.sources.describing import as_json
from catalog.sources.feed import Credentials, Validators
from catalog.sources.fetching import fetch_feed
from catalog.sources.options import clean_source
from tests.catalog.sources.small_feed import DRY, counts
from tests.factories import ProductFactory

State = SourceRun.State
pytestmark = pytest.mark.django_db
TOKEN = "very-secret-token"


@pytest.mark.parametrize(
    ("policy", "urls"),
    [
        ("all", ["https://c.example/1.jpg", "https://c.example/2.jpg"]),
        ("first", ["https://c.example/1.jpg"]),
        ("none", []),
    ],
)
def test_pictures_are_taken_as_agreed(feed, policy, urls):
    feed.write("A,Mug,https://c.example/1.jpg|https://c.example/2.jpg", columns="sku,title,images")
    run = feed.read(feed.add(pictures=policy))
    assert (run.state, run.pictures) == (State.DONE, len(urls))
    assert list(PictureDownload.objects.order_by("id").values_list("url", flat=True)) == urls


def test_a_feed_in_another_language_adds_its_texts_to_products_that_there_are(feed):
    feed.write("A,Mug,A mug,5,x", columns="sku,title,description,price,colour")
    english = feed.add()
    feed.read(english)
    german = feed.add(name="shop de", language="de")
    feed.write("A,Becher,Ein Becher,9,y", "B,Tasse,,9,y", columns="sku,title,description,price,colour")

    run = feed.read(german)

    assert (run.state, counts(run)) == (State.DONE, (0, 1, 0, 1))
    assert run.reasons[0]["reason"] == (
        "no product has this sku, and a feed in another language makes none: load the feed of the catalogue's own "
        "language first, and leave out the language where this is it"
    )
    product = Product.objects.get()
    assert (product.title, product.description, product.price, product.source) == ("Mug", "A mug", 5, "shop")
    assert product.attributes == {"colour": "x"}
    assert product.translations == {"de": {"title": "Becher", "description": "Ein Becher"}}
    feed.write("A,Becher,,,", columns="sku,title,description,price,colour")
    assert feed.read(german).vanished == 0


def test_a_feed_in_another_language_shows_no_product_that_is_hidden(feed):
    from django.utils import timezone

    ProductFactory(sku="A", title="Mug", is_active=False, left_source_at=timezone.now())
    feed.write("A,Becher")
    feed.read(feed.add(language="de"))
    assert Product.objects.get().is_active is False


def test_prices_are_read_as_the_source_says(feed):
    feed.write('A,Mug,"1.250"', columns="sku,title,price")
    feed.read(feed.add(currency="EUR", decimal="comma"))
    product = Product.objects.get()
    assert (product.price, product.currency) == (1250, "EUR")


def test_an_encoding_is_the_sources(feed):
    feed.path.write_bytes("sku,title\nA,Café\n".encode("cp1252"))
    feed.read(feed.add(encoding="cp1252"))
    assert Product.objects.get().title == "Café"


def test_credentials_are_read_by_the_fetcher_alone_and_shown_nowhere(feed, caplog):
    feed.write("A,Mug")
    source = feed.add()
    source.set_credentials(Credentials("bearer", "", TOKEN))
    source.save()
    asked = []

    def fetch(request, **options):
        asked.append(request)
        return fetch_feed(request, **options)

    run = feed.read(source, fetch=fetch)

    assert (run.state, asked[0].credentials) == (State.DONE, Credentials("bearer", "", TOKEN))
    dumped, listed = StringIO(), StringIO()
    call_command("dumpdata", "catalog", stdout=dumped)
    call_command("sources", "list", "--json", stdout=listed)
    said = [
        repr(asked),
        str(source.__dict__),
        dumped.getvalue(),
        listed.getvalue(),
        str(as_json(source, run)),
        caplog.text,
    ]
    assert [text for text in said if TOKEN in text] == []
    assert '"has_credentials": true' in listed.getvalue()


def test_credentials_outlive_a_change_of_the_secret_key_as_long_as_the_old_one_is_known(feed, settings):
    feed.write("A,Mug")
    source = feed.add()
    source.set_credentials(Credentials("basic", "me", TOKEN))
    source.save()
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "another" * 8, [settings.SECRET_KEY]
    assert source.read_credentials() == Credentials("basic", "me", TOKEN)
    assert feed.read(source).state == State.DONE

    settings.SECRET_KEY_FALLBACKS = []
    run = feed.read(source)
    assert (run.state, run.error) == (
        State.FAILED,
        "The credentials cannot be read: SECRET_KEY is another one than when they were saved. Give them again, or put "
        "the old key into SECRET_KEY_FALLBACKS.",
    )


def test_other_credentials_have_the_feed_asked_for_whole(feed):
    feed.write("A,Mug")
    source = feed.add()
    feed.read(source)
    assert source.validators != Validators()
    source.set_credentials(Credentials("bearer", "", TOKEN))
    assert source.validators == Validators()


def test_who_uses_the_admin_names_files_in_the_folder_of_feeds_alone(tmp_path, settings):
    settings.KINDRED_FEED_FOLDER = tmp_path / "feeds"
    settings.KINDRED_FEED_FOLDER.mkdir()
    inside, outside = settings.KINDRED_FEED_FOLDER / "a.csv", tmp_path / "b.csv"
    inside.touch(), outside.touch()
    (settings.KINDRED_FEED_FOLDER / "link.csv").symlink_to(outside)

    assert clean_address("a.csv", is_operator=False) == clean_address(str(inside), is_operator=False) == str(inside)
    assert clean_address(str(outside), is_operator=True) == str(outside)
    for text in (str(outside), "../b.csv", "link.csv", "/etc/passwd"):
        with pytest.raises(BadValue, match="outside of the folder of feeds"):
            clean_address(text, is_operator=False)
    (tmp_path / "also").symlink_to(settings.KINDRED_FEED_FOLDER)
    settings.KINDRED_FEED_FOLDER = tmp_path / "also"
    for text in (str(inside), str(tmp_path / "also" / "a.csv")):
        assert clean_address(text, is_operator=False) == text


def test_a_link_in_the_folder_of_feeds_is_not_followed_out_of_it_whoever_made_it_when(feed, tmp_path, settings):
    settings.KINDRED_FEED_FOLDER = tmp_path / "feeds"
    settings.KINDRED_FEED_FOLDER.mkdir()
    inside = settings.KINDRED_FEED_FOLDER / "a.csv"
    feed.write("A,Nobody's business")
    inside.symlink_to(feed.path)

    run = feed.read(feed.add(address=str(inside)))

    said = f"{inside} is a link to a file outside of the folder of feeds: put the file itself there."
    assert (run.state, run.error, Product.objects.count()) == (State.FAILED, said, 0)


def test_a_link_is_followed_to_the_file_that_it_leads_to_at_the_time(feed, tmp_path):
    link = tmp_path / "newest.csv"
    (tmp_path / "monday.csv").write_text("sku,title\nA,Mug\n")
    (tmp_path / "tuesday.csv").write_text("sku,title\nA,Cup\n")
    link.symlink_to(tmp_path / "monday.csv")
    address = clean_address(str(link), is_operator=True)
    source = feed.add(address=address)
    assert (address, feed.read(source).created) == (str(link), 1)

    link.unlink()
    link.symlink_to(tmp_path / "tuesday.csv")

    assert feed.read(source).changed == 1


def test_credentials_are_for_the_server_that_they_were_given_for_and_for_no_other_one(feed):
    source = feed.add(kind="google", address="https://shop.example/feed.xml")
    source.set_credentials(Credentials("basic", "me", TOKEN))
    for address in ("https://shop.example/other.xml", "HTTP://SHOP.example:80/feed.xml", "https://shop.example:443/"):
        source.address = address
        assert source.read_credentials() == Credentials("basic", "me", TOKEN)
    asked = []
    for address in ("https://evil.example/feed.xml", "https://shop.example:8443/feed.xml", "https://shop.example.evil"):
        source.address = address
        source.save()
        run = feed.read(source, start=DRY, fetch=lambda request, **_: asked.append(request))
        assert (run.state, run.error, asked) == (
            State.FAILED,
            "The credentials were given for shop.example, and are shown to no other server: give them again.",
            [],
        )


@pytest.mark.parametrize(
    ("address", "reason"),
    [
        ("https://me:secret@shop.example/feed", "holds a user name or password"),
        ("ftp://shop.example/feed", "begins with http"),
        ("file:///etc/passwd", "begins with http"),
        ("", "is missing"),
        ("missing.csv", "is no file"),
    ],
)
def test_an_address_that_is_none_is_refused(address, reason):
    with pytest.raises(BadValue, match=reason):
        clean_address(address, is_operator=True)


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"currency": "eur"}, "currency"),
        ({"currency": "EUROS"}, "currency"),
        ({"language": "german"}, "language"),
        ({"schedule": "now and then"}, "schedule"),
        ({"schedule": "every 4 minutes"}, "schedule"),
        ({"encoding": "utf-99"}, "encoding"),
        ({"shop_url": "shop"}, "shop_url"),
        ({"shop_url": "https://shop.example/?a=1"}, "shop_url"),
        ({"guard": 1.5}, "guard"),
        ({"name": "a/b"}, "name"),
        ({"kind": "xml"}, "kind"),
    ],
)
def test_an_option_that_cannot_be_is_refused_by_its_name(feed, options, field):
    feed.write("A,Mug")
    said = {"name": "shop", "kind": "csv", "address": str(feed.path)} | options
    with pytest.raises(ValidationError) as error:
        clean_source(Source(**said), is_operator=True)
    assert list(error.value.message_dict) == [field]


def test_options_are_kept_in_one_form(feed):
    feed.write("A,Mug")
    source = Source(name="shop", kind="csv", address=str(feed.path), language="pt_BR", shop_url="https://s.example/")
    clean_source(source, is_operator=True)
    assert (source.language, source.shop_url) == ("pt-br", "https://s.example")


def test_a_shorter_schedule_does_not_wait_for_the_end_of_a_longer_one(feed):
    from datetime import timedelta

    from django.utils import timezone

    feed.write("A,Mug")
    source = feed.add(schedule="every 10 hours", is_enabled=True, next_run_at=timezone.now() + timedelta(hours=10))
    source.schedule = "every 30 minutes"
    clean_source(source, is_operator=True)
    assert source.next_run_at - timezone.now() < timedelta(minutes=34)
