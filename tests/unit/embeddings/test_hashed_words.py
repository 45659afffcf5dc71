"""Words as a modality: what two texts have in common to the letter, by how rare it is in the catalogue."""

import numpy as np

from embeddings.encoders.hashed_words import BUCKETS, DIM, HashedWords, list_terms

TEXTS = [
    "Halla mug, speckled white",
    "Halla mug, speckled blue",
    "Norra lamp, oak and linen",
    "Norra floor lamp, oak",
    "青瓷茶杯 手工",
    "青瓷茶壶 手工",
    "Filter XJ-900",
    "Filter XJ-900 spare",
]


def test_terms_are_words_and_pairs_and_of_chinese_each_character():
    assert list_terms("Oak Lamp") == ["oak", "lamp", "oak lamp"]
    assert list_terms("茶杯") == ["茶", "杯", "茶 杯"]


def test_texts_that_share_rare_words_are_alike_and_an_empty_one_has_no_vector():
    vectors = HashedWords.fit(TEXTS).encode([*TEXTS, "", "   "])
    assert vectors.shape == (10, DIM)
    assert not vectors[8:].any()
    np.testing.assert_allclose(np.linalg.norm(vectors[:8], axis=1), 1, atol=1e-5)
    nearest = np.argmax(vectors[:8] @ vectors[:8].T - 2 * np.eye(8), axis=1)
    np.testing.assert_array_equal(nearest, [1, 0, 3, 2, 5, 4, 7, 6])


def test_what_was_fitted_is_stored_in_half_precision_and_repeatable():
    fitted = HashedWords.fit(TEXTS)
    stored = HashedWords.from_arrays(fitted.to_arrays())
    np.testing.assert_allclose(stored.encode(TEXTS), fitted.encode(TEXTS), atol=1e-2)
    np.testing.assert_array_equal(HashedWords.fit(TEXTS).encode(TEXTS), fitted.encode(TEXTS))


def test_a_catalogue_without_a_word_can_be_fitted():
    fitted = HashedWords.fit(["", " "])
    assert fitted.basis.shape == (BUCKETS, DIM)
    assert not fitted.encode(["Halla mug"]).any()
