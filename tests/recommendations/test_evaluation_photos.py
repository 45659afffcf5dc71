"""Search by photo, with the encoder that sees thumbnails: a photo of the same colour is the same product."""

import numpy as np
import pytest

from embeddings.freshness.refresh import refresh_products
from embeddings.spaces.lifecycle import ensure_live_space
from recommendations.evaluation import photos as photos_module
from recommendations.evaluation.photos import evaluate_photos, modalities_of_photos, read_photos
from recommendations.evaluation.truth import RejectedLine, TruthError
from tests.factories import ProductFactory, ProductImageFactory, picture_bytes
from tests.fakes import fake_encoders

pytestmark = pytest.mark.django_db

COLOURS = ["red", "lime", "blue", "yellow", "purple", "white", "black", "teal"]


@pytest.fixture
def encoders(settings):
    settings.KINDRED_TEXT_ENCODER, settings.KINDRED_IMAGE_ENCODER = "fake:text", "fake:image"
    with fake_encoders() as pair:
        yield pair


@pytest.fixture
def shop(encoders):
    """Eight products, each of one colour, embedded in the first space; their ids by colour."""
    products = {colour: ProductFactory(sku=colour, title=f"{colour} mug") for colour in COLOURS}
    for colour, product in products.items():
        ProductImageFactory(product=product, colour=colour)
    ids = {colour: product.pk for colour, product in products.items()}
    space = ensure_live_space()
    refresh_products(space, list(ids.values()), force=True)
    return space, ids


def write_queries(folder, lines):
    path = folder / "queries.csv"
    path.write_text("\n".join(["file,sku", *lines]) + "\n")
    return path


def write_photo(folder, name, colour):
    (folder / name).write_bytes(picture_bytes(colour, size=(90, 60), format="JPEG"))
    return name


def test_photos_find_their_products(shop, tmp_path):
    space, ids = shop
    lines = [f"{write_photo(tmp_path, f'{colour}.jpg', colour)},{colour}" for colour in COLOURS]
    photos = read_photos(write_queries(tmp_path, lines), images=tmp_path)
    result = evaluate_photos(space, photos)
    assert result.ranks.tolist() == [1.0] * 8
    assert result.found_ids[:, 0].tolist() == [ids[colour] for colour in COLOURS]
    assert {name: estimate.mean for name, estimate in result.estimates.items()} == {
        "recall@1": 1.0,
        "recall@5": 1.0,
        "MRR": 1.0,
    }
    assert result.label == f"{space.name} · image"


def test_a_photo_of_another_colour_finds_the_product_of_that_colour_first(shop, tmp_path):
    space, ids = shop
    photos = read_photos(write_queries(tmp_path, [f"{write_photo(tmp_path, 'a.jpg', 'red')},teal"]), images=tmp_path)
    result = evaluate_photos(space, photos)
    assert result.found_ids[0, 0] == ids["red"]
    assert result.estimates["recall@1"].mean == 0
    assert result.estimates["MRR"].mean == 1 / result.ranks[0]


def test_a_product_without_a_vector_is_never_found(shop, tmp_path):
    space, _ = shop
    ProductFactory(sku="new")
    photos = read_photos(write_queries(tmp_path, [f"{write_photo(tmp_path, 'a.jpg', 'red')},new"]), images=tmp_path)
    result = evaluate_photos(space, photos)
    assert result.ranks.tolist() == [np.inf]
    assert [estimate.mean for estimate in result.estimates.values()] == [0, 0, 0]


def test_photos_are_encoded_once_for_all_spaces_and_modalities(shop, encoders, tmp_path):
    space, _ = shop
    photos = read_photos(write_queries(tmp_path, [f"{write_photo(tmp_path, 'a.jpg', 'red')},red"]), images=tmp_path)
    before, encoded, steps = encoders[1].encoded, {}, []
    image = evaluate_photos(space, photos, encoded=encoded, advance=steps.append)
    fused = evaluate_photos(space, photos, modality="fused", encoded=encoded, advance=steps.append)
    assert encoders[1].encoded == before + 1
    assert steps == [1]
    assert [image.modality, fused.modality] == ["image", "fused"]
    assert fused.ranks.tolist() == [1.0]


def test_a_file_that_is_no_picture_is_reported_and_the_rest_counts(shop, tmp_path):
    space, _ = shop
    (tmp_path / "bad.jpg").write_bytes(b"not a picture")
    lines = ["bad.jpg,red", f"{write_photo(tmp_path, 'a.jpg', 'blue')},blue"]
    result = evaluate_photos(space, read_photos(write_queries(tmp_path, lines), images=tmp_path))
    assert [path.name for path in result.paths] == ["a.jpg"]
    assert result.ranks.tolist() == [1.0]
    (problem,) = result.rejected
    assert problem.startswith("bad.jpg: The picture is damaged")


def test_bad_lines_are_reported_by_number(shop, tmp_path, monkeypatch):
    monkeypatch.setattr(photos_module, "MAX_PHOTO_BYTES", 5_000)
    good = write_photo(tmp_path, "a.jpg", "red")
    (tmp_path / "big.jpg").write_bytes(b"0" * 5_001)
    (tmp_path / "inside").mkdir()
    lines = [f"{good},red", f"{good},nope", "missing.jpg,red", f"../{good},red", "big.jpg,red", ",red", f"{good},blue"]
    photos = read_photos(write_queries(tmp_path, lines), images=tmp_path)
    assert [path.name for path in photos.paths] == ["a.jpg", "a.jpg"]
    assert photos.product_ids.tolist() == [shop[1]["red"], shop[1]["blue"]]
    assert photos.rejected == (
        RejectedLine(3, "no active product has the sku 'nope'"),
        RejectedLine(4, "there is no photo 'missing.jpg'"),
        RejectedLine(5, "the file '../a.jpg' is not inside the folder of the photos"),
        RejectedLine(6, "the photo 'big.jpg' is larger than 0 MB"),
        RejectedLine(7, "the file '' is not inside the folder of the photos"),
    )


def test_a_file_without_a_usable_photo_is_refused(shop, tmp_path):
    with pytest.raises(
        TruthError, match=r"has no photo that counts; 1 were rejected\. The first was line 2: there is no"
    ):
        read_photos(write_queries(tmp_path, ["missing.jpg,red"]), images=tmp_path)


@pytest.mark.parametrize(
    ("modalities", "expected"),
    [(["fused", "text", "image"], ["image", "fused"]), (["fused"], ["fused"]), (["text"], ["image"])],
)
def test_photos_are_searched_in_the_modalities_that_they_have(modalities, expected):
    assert modalities_of_photos(modalities) == expected
