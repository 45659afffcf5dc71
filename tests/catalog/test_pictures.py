"""What is a good picture, where it is stored, and the sizes in which it is served."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from catalog.models import ProductImage
from catalog.pictures import checks
from catalog.pictures.checks import PictureError, check_picture, store_picture
from catalog.pictures.sizes import make_sized
from tests.factories import ProductFactory, ProductImageFactory, picture_bytes, picture_file


def noise(format: str) -> bytes:
    buffer = BytesIO()
    Image.effect_noise((300, 200), 90).convert("RGB").save(buffer, format)
    return buffer.getvalue()


@pytest.mark.parametrize(("format", "extension"), [("JPEG", "jpg"), ("PNG", "png"), ("WEBP", "webp"), ("GIF", "gif")])
def test_good_pictures_are_known_by_content(format, extension):
    content = picture_bytes(size=(31, 17), format=format)
    picture = check_picture(BytesIO(content))
    sha256 = hashlib.sha256(content).hexdigest()

    assert (picture.width, picture.height, picture.sha256) == (31, 17, sha256)
    assert picture.name == f"products/{sha256[:2]}/{sha256}.{extension}"


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF"])
@pytest.mark.parametrize("kept", [0.99, 0.5, 0.05])
def test_a_truncated_picture_is_refused(format, kept):
    content = noise(format)

    with pytest.raises(PictureError, match="truncated or damaged"):
        check_picture(content[: int(len(content) * kept)])


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "not a JPEG, PNG, WebP or GIF"),
        (b"%PDF-1.7", "not a JPEG, PNG, WebP or GIF"),
        (b"RIFF\x00\x00\x00\x00WAVE", "truncated or damaged"),
    ],
)
def test_what_is_no_picture_is_refused(content, message):
    with pytest.raises(PictureError, match=message):
        check_picture(content)


@pytest.mark.parametrize("format", ["BMP", "TIFF", "ICO", "PPM"])
def test_other_formats_are_refused_even_though_they_could_be_decoded(format):
    with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or GIF"):
        check_picture(picture_bytes(format=format))


@pytest.mark.parametrize("side", [7100, 10_000, 14_000])
def test_a_decompression_bomb_is_refused_by_its_header(side):
    buffer = BytesIO()
    Image.new("1", (side, side)).save(buffer, "PNG")

    assert len(buffer.getvalue()) < 100_000
    with pytest.raises(PictureError, match="more than 50 million pixels"):
        check_picture(buffer.getvalue())


def test_a_file_over_the_byte_limit_is_refused_without_reading_on(monkeypatch):
    monkeypatch.setattr(checks, "MAX_PICTURE_BYTES", 1024 * 1024)
    file = BytesIO(b"\xff\xd8\xff" * 10**6)
    reads = []
    real_read = file.read
    file.read = lambda size: reads.append(size) or real_read(size)

    with pytest.raises(PictureError, match="larger than 1 MiB"):
        check_picture(file)
    assert reads == [1024 * 1024 + 1]


def test_width_and_height_are_as_shown():
    buffer = BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    Image.new("RGB", (40, 30)).save(buffer, "JPEG", exif=exif)

    picture = check_picture(buffer.getvalue())

    assert (picture.width, picture.height) == (30, 40)
    assert Image.open(BytesIO(make_sized(buffer.getvalue(), width=160))).size == (30, 40)


def test_storing_a_picture_again_writes_nothing(media_directory):
    first = store_picture(picture_bytes("red"))
    written = (media_directory / first.name).stat().st_mtime_ns

    assert store_picture(picture_bytes("red")).name == first.name
    assert (media_directory / first.name).stat().st_mtime_ns == written
    assert len([path for path in media_directory.rglob("*") if path.is_file()]) == 1


def test_a_write_that_was_cut_short_is_made_good(media_directory):
    picture = check_picture(picture_bytes("red"))
    default_storage.save(picture.name, ContentFile(picture.content[:10]))

    store_picture(picture.content)

    assert (media_directory / picture.name).read_bytes() == picture.content


@pytest.mark.django_db
class TestProductImage:
    def test_saving_fills_what_the_content_says_and_the_name_that_came_is_not_used(self):
        image = ProductImage(product=ProductFactory(), file=picture_file("red", name="../../evil.html", size=(50, 20)))
        image.save()
        image.refresh_from_db()

        assert (image.width, image.height) == (50, 20)
        assert image.sha256 == hashlib.sha256(picture_bytes("red", size=(50, 20))).hexdigest()
        assert image.file.name == f"products/{image.sha256[:2]}/{image.sha256}.png"

    def test_a_new_file_replaces_all_three_also_when_only_the_file_is_saved(self):
        image = ProductImageFactory(colour="red")
        old = image.sha256
        image.file = picture_file("blue", size=(9, 8))
        image.save(update_fields=["file"])
        image.refresh_from_db()

        assert image.sha256 != old
        assert (image.width, image.height) == (9, 8)

    def test_saving_without_a_new_file_reads_no_file(self, media_directory):
        image = ProductImageFactory()
        (media_directory / image.file.name).unlink()
        image.position = 3
        image.save()

        assert ProductImage.objects.get().position == 3

    def test_a_bad_picture_is_refused_by_validation_and_by_save(self):
        image = ProductImage(product=ProductFactory(), file=ContentFile(b"no picture", name="a.png"))

        with pytest.raises(ValidationError, match="not a JPEG, PNG, WebP or GIF"):
            image.full_clean()
        with pytest.raises(PictureError, match="not a JPEG, PNG, WebP or GIF"):
            image.save()
        assert not ProductImage.objects.exists()


@pytest.mark.parametrize(
    ("size", "width", "expected"),
    [
        ((800, 600), 320, (320, 240)),
        ((100, 50), 320, (100, 50)),
        ((3, 3000), 160, (1, 640)),
        ((3000, 2), 160, (160, 1)),
    ],
)
def test_sized_pictures_keep_their_shape_and_are_never_enlarged(size, width, expected):
    with Image.open(BytesIO(make_sized(picture_bytes(size=size), width=width))) as sized:
        assert (sized.format, sized.size) == ("WEBP", expected)


@pytest.mark.parametrize("mode", ["RGBA", "P", "L", "LA", "CMYK", "1", "I;16"])
def test_pictures_of_every_mode_can_be_sized(mode):
    buffer = BytesIO()
    Image.new(mode, (400, 300)).save(buffer, "JPEG" if mode == "CMYK" else "PNG")

    with Image.open(BytesIO(make_sized(buffer.getvalue(), width=160))) as sized:
        assert sized.size == (160, 120)


@pytest.mark.django_db
class TestSizedPictureUrl:
    def test_the_url_with_the_content_is_cached_for_good(self, client, media_directory):
        image = ProductImageFactory(file=picture_file(size=(640, 480)))
        url = image.sized_url(320)
        response = client.get(url)
        content = response.content

        assert url == f"/images/{image.pk}/320.webp?v={image.sha256[:8]}"
        assert response.headers["Content-Type"] == "image/webp"
        assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        with Image.open(BytesIO(content)) as sized:
            assert sized.size == (320, 240)
        kept = media_directory / "sized" / "320" / image.sha256[:2] / f"{image.sha256}.webp"
        assert kept.read_bytes() == content

    def test_it_is_made_once(self, client, monkeypatch):
        image = ProductImageFactory()
        client.get(image.sized_url(160))
        monkeypatch.setattr("catalog.pictures.sizes.make_sized", None)

        assert client.get(image.sized_url(160)).status_code == 200

    def test_the_url_without_the_content_is_cached_for_minutes(self, client):
        image = ProductImageFactory()
        response = client.get(f"/images/{image.pk}/160.webp")

        assert response.headers["Cache-Control"] == "public, max-age=300"

    @pytest.mark.parametrize("path", ["/images/1/161.webp", "/images/1/99999.webp", "/images/999999/160.webp"])
    def test_other_sizes_and_other_pictures_are_not_found(self, client, path):
        assert client.get(path).status_code == 404

    def test_a_picture_whose_original_is_gone_is_not_found(self, client):
        image = ProductImageFactory()
        default_storage.delete(image.file.name)

        assert client.get(image.sized_url(160)).status_code == 404
