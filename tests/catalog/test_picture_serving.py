"""Who sees which picture: everybody those of products in the shop, the staff all; and files of earlier versions."""

from __future__ import annotations

import hashlib
from io import StringIO
from pathlib import Path

import pytest
from django.contrib.auth.models import Permission, User
from django.core.management import call_command
from PIL import Image

from catalog.models import Product, ProductImage
from catalog.pictures import stored
from tests.factories import ProductImageFactory
from tests.unit.catalog.test_picture_cleaning import SECRET, dirty

pytestmark = pytest.mark.django_db


@pytest.fixture
def image() -> ProductImage:
    return ProductImageFactory()


def urls_of(image: ProductImage) -> list[str]:
    return [image.file.url, image.sized_url(160)]


def content_of(response) -> bytes:
    return b"".join(response.streaming_content) if response.streaming else response.content


def statuses_of(client, image: ProductImage) -> list[int]:
    statuses = []
    for url in urls_of(image):
        response = client.get(url)
        content_of(response)
        statuses.append(response.status_code)
    return statuses


def test_the_original_is_kept_for_good_and_asked_for_once(client, image):
    response = client.get(image.file.url)

    assert hashlib.sha256(content_of(response)).hexdigest() == image.sha256
    assert response.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get(image.file.url, headers={"If-None-Match": response.headers["ETag"]}).status_code == 304


def test_pictures_of_a_product_that_is_not_shown_are_not_there_for_the_public(client, image):
    client.get(image.sized_url(160))  # the file is made
    Product.objects.update(is_active=False)

    assert statuses_of(client, image) == [404, 404]


def test_the_staff_sees_them_and_nobody_in_between_keeps_them(client, image):
    Product.objects.update(is_active=False)
    user = User.objects.create_user("ada", is_staff=True)
    user.user_permissions.add(Permission.objects.get(codename="view_product"))
    client.force_login(user)

    for url in urls_of(image):
        response = client.get(url)
        assert response.status_code == 200
        assert response.headers["Cache-Control"] == "private, no-store"
        assert "ETag" not in response.headers
        content_of(response)


def test_staff_that_may_not_view_products_does_not_see_them(client, image):
    Product.objects.update(is_active=False)
    client.force_login(User.objects.create_user("bob", is_staff=True))

    assert statuses_of(client, image) == [404, 404]


def test_a_picture_that_a_shown_product_has_as_well_is_shown(client, image):
    Product.objects.update(is_active=False)
    other = ProductImageFactory(file=image.file.name, sha256=image.sha256, width=1, height=1)

    assert other.sized_url(160) == image.sized_url(160)
    assert statuses_of(client, image) == [200, 200]


def test_files_that_cannot_be_read_right_now_are_no_fault_of_ours_and_may_be_asked_for_again(client, image):
    """A disk or bucket that is away; a file that is gone is 404."""
    path = Path(image.file.path)
    path.unlink()
    assert statuses_of(client, image) == [404, 404]
    path.mkdir()
    assert statuses_of(client, image) == [503, 503]
    response = client.get(image.file.url)
    assert (response["Retry-After"], "immutable" in response.get("Cache-Control", "")) == ("5", False)


def test_what_else_is_in_the_media_folder_is_not_served(client, image, media_directory: Path):
    client.get(image.sized_url(160))
    sized = f"sized/160/{image.sha256[:2]}/{image.sha256}.webp"
    (media_directory / "notes.txt").write_text("secret")

    assert (media_directory / sized).is_file()
    for path in (sized, "notes.txt", f"products/../notes.txt?{image.sha256}", "", f"{image.sha256}.png"):
        assert client.get(f"/media/{path}").status_code == 404


def test_the_staff_is_asked_for_only_where_the_public_may_not_look(client, image, django_assert_num_queries):
    client.get(image.sized_url(160))
    with django_assert_num_queries(1):
        response = client.get(image.sized_url(160))
    assert "Cookie" not in response.headers.get("Vary", "")


def make_old(content: bytes) -> ProductImage:
    """A picture as earlier versions stored it: as it came."""
    image = ProductImageFactory()
    sha256 = hashlib.sha256(content).hexdigest()
    name = f"products/{sha256[:2]}/{sha256}.jpg"
    path = Path(image.file.path).parents[2] / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    ProductImage.objects.filter(pk=image.pk).update(file=name, sha256=sha256, is_clean=False)
    return ProductImage.objects.get(pk=image.pk)


def test_files_of_earlier_versions_are_cleaned_one_by_one(client):
    old, other = make_old(dirty("JPEG")), make_old(dirty("JPEG", quality=50))
    damaged = make_old(b"\xff\xd8\xff")
    client.get(old.sized_url(160))
    url = old.sized_url(160)
    response = client.get(old.file.url)
    assert SECRET in content_of(response)
    assert response.headers["Cache-Control"] == "public, max-age=300"
    steps = stored.clean_stored_pictures()
    assert next(steps) == (old.sha256, "")
    steps.close()  # interrupted

    assert SECRET not in Path(old.file.path).read_bytes()
    assert SECRET in Path(other.file.path).read_bytes()
    assert not list(Path(old.file.path).parents[2].glob(f"sized/160/*/{old.sha256}.webp"))
    said = StringIO()
    call_command("clean_pictures", stdout=StringIO(), stderr=said)
    assert said.getvalue().startswith(f"{damaged.sha256}: the picture is truncated or damaged")
    assert SECRET not in Path(other.file.path).read_bytes()
    assert list(ProductImage.objects.filter(is_clean=False)) == [damaged]
    assert client.get(url).status_code == 200
    with Image.open(old.file.path) as kept:
        assert kept.size == (48, 32)


def test_a_picture_that_comes_again_cleans_what_is_stored(folder):
    old = make_old(dirty("JPEG"))
    (folder.path / "a.jpg").write_bytes(dirty("JPEG"))
    folder.load_text("sku,title,images\nA,Cup,a.jpg\n")

    assert Product.objects.get(sku="A").images.get().file.name == old.file.name
    assert SECRET not in Path(old.file.path).read_bytes()
