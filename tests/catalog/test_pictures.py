"""A product's picture in the database, and the URLs of its sizes."""

from __future__ import annotations

import hashlib
from io import BytesIO

import pytest
from django.core.exceptions import ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage
from PIL import Image

from catalog.models import ProductImage
from catalog.pictures.checks import PictureError
from tests.factories import ProductFactory, ProductImageFactory, picture_bytes, picture_file
from tests.full_disk import no_room_for_more_than


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


@pytest.mark.django_db
class TestSizedPictureUrl:
    def test_the_url_with_the_content_is_cached_for_good(self, client, media_directory):
        image = ProductImageFactory(file=picture_file(size=(640, 480)))
        url = image.sized_url(320)
        response = client.get(url)
        content = response.content

        assert url == f"/images/{image.sha256}/320.webp"
        assert response.headers["ETag"] == f'"{image.sha256}-320"'
        assert client.get(url, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304
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

    def test_the_url_of_an_earlier_version_leads_on_and_its_numbers_cannot_be_counted_through(self, client):
        image = ProductImageFactory()

        assert client.get(f"/images/{image.pk}/160.webp?v={image.sha256[:8]}").url == image.sized_url(160)
        assert client.get(f"/images/{image.pk}/160.webp?v=00000000").status_code == 404
        assert client.get(f"/images/{image.pk}/160.webp").status_code == 404

    @pytest.mark.parametrize(
        "path", [f"/images/{'0' * 64}/160.webp", "/images/none/160.webp", "/images/999999/160.webp"]
    )
    def test_other_sizes_and_other_pictures_are_not_found(self, client, path):
        assert client.get(path).status_code == 404

    @pytest.mark.parametrize("width", [1, 161, 641])
    def test_only_the_sizes_that_pages_need_are_made(self, client, media_directory, width):
        image = ProductImageFactory()

        assert client.get(f"/images/{image.sha256}/{width}.webp").status_code == 404
        assert not (media_directory / "sized").exists()

    def test_a_web_server_of_another_user_can_read_it(self, client, media_directory):
        client.get(ProductImageFactory().sized_url(160))
        (kept,) = (media_directory / "sized").rglob("*.webp")

        assert oct(kept.stat().st_mode & 0o777) == "0o644"

    def test_what_a_full_disk_cut_short_is_made_again(self, client):
        image = ProductImageFactory(file=picture_file(size=(640, 480)))
        with no_room_for_more_than(10):
            refused = client.get(image.sized_url(320))
        assert (refused.status_code, refused.has_header("Retry-After")) == (503, True)

        with Image.open(BytesIO(client.get(image.sized_url(320)).content)) as sized:
            assert sized.size == (320, 240)

    def test_a_picture_whose_original_is_gone_is_not_found(self, client):
        image = ProductImageFactory()
        default_storage.delete(image.file.name)

        assert client.get(image.sized_url(160)).status_code == 404
