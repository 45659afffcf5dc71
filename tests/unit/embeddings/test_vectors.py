"""From what encoders said to one row for each product."""

import numpy as np

from embeddings.encoding import Encodings
from embeddings.inputs import hash_text
from embeddings.vectors import gather_raw
from tests.product_inputs import make_inputs


def test_several_pictures_become_their_mean_in_unit_length_and_what_could_not_be_encoded_does_not_count():
    encodings = Encodings({"image": {"red": np.float32([1, 0]), "blue": np.float32([0, 1])}})
    products = [make_inputs("red", "blue", "damaged"), make_inputs("blue"), make_inputs("damaged"), make_inputs()]
    raw = gather_raw(products, encodings, dims={"text": 3, "image": 2})
    np.testing.assert_allclose(raw["image"][0], [[0.5**0.5, 0.5**0.5], [0, 1], [0, 0], [0, 0]], atol=1e-6)


def test_each_text_goes_to_its_own_part_and_a_missing_one_is_zero():
    encodings = Encodings({"text": {hash_text("Mug"): np.float32([1, 0]), hash_text("White"): np.float32([0, 1])}})
    raw = gather_raw(
        [make_inputs(texts=("Mug", "White")), make_inputs(texts=(None, "Mug"))], encodings, dims={"text": 2, "image": 3}
    )
    np.testing.assert_array_equal(raw["text"], [[[1, 0], [0, 0]], [[0, 1], [1, 0]]])
