"""A layout keeps near what is near, and is the same each time."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from embeddings.map.frame import SIDE, Frame, to_side
from embeddings.map.layout import WIDTH, find_axes, lay_out, spread
from embeddings.map.neighbours import BLOCK, connect, find_nearest
from embeddings.map.shades import LIGHT

PROJECT = Path(__file__).resolve().parents[3]


def make_groups(*, groups: int = 6, of: int = 50, dim: int = 20, seed: int = 1) -> tuple[np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    centres = random.normal(size=(groups, dim)) * 3
    labels = np.repeat(np.arange(groups), of)
    return (centres[labels] + random.normal(size=(groups * of, dim)) * 0.5).astype(np.float32), labels


def lay_out_groups(vectors: np.ndarray) -> tuple[Frame, np.ndarray]:
    mean, axes = find_axes(vectors)
    rows = (vectors - mean) @ axes
    places = lay_out(rows, rows[:, :2])
    return Frame(mean, axes, np.arange(1, len(vectors) + 1), rows, places), places


@pytest.mark.parametrize("count", [4, 90, 64 * 9, 64 * 9 + 1, 1000])
def test_the_nearest_are_those_of_a_plain_comparison(count):
    random = np.random.default_rng(0)
    rows, others = (random.normal(size=(number, 5)).astype(np.float32) for number in (BLOCK + 7, count))
    near, distances = find_nearest(rows, others, count=4)
    plain = np.linalg.norm(rows[:, None] - others[None], axis=2)
    assert (near == np.argsort(plain, axis=1, kind="stable")[:, :4]).all()
    np.testing.assert_allclose(distances, np.sort(plain, axis=1)[:, :4], atol=1e-3)


def test_pairs_attract_each_other_alike_in_both_directions_and_nobody_himself():
    vectors, _ = make_groups(of=20)
    edges = connect(vectors)
    weights = dict(
        zip(zip(edges.heads.tolist(), edges.tails.tolist(), strict=True), edges.weights.tolist(), strict=True)
    )
    assert all(weights[tail, head] == pytest.approx(weight) for (head, tail), weight in weights.items())
    assert all(head != tail for head, tail in weights)
    assert max(weights.values()) == 1.0


def test_copies_of_a_point_do_not_attract_themselves():
    rows = np.repeat(np.eye(4, dtype=np.float32), 10, axis=0)
    edges = connect(rows)
    assert (edges.heads != edges.tails).all()
    assert np.isfinite(edges.weights).all()


def test_axes_are_those_of_the_spread_and_point_the_same_way_each_time():
    random = np.random.default_rng(2)
    vectors = (random.normal(size=(400, 3)) * [1, 5, 0.1] + [7, 8, 9]).astype(np.float32)
    mean, axes = find_axes(vectors, count=2)
    np.testing.assert_allclose(mean, vectors.mean(axis=0), rtol=1e-5)
    np.testing.assert_allclose(axes, [[0, 1], [1, 0], [0, 0]], atol=0.05)
    assert (find_axes(-vectors, count=2)[1] == axes).all()


def test_groups_of_alike_products_lie_together():
    vectors, labels = make_groups()
    _, places = lay_out_groups(vectors)
    near, _ = find_nearest(places, places, count=6)
    assert (labels[near] == labels[:, None]).mean() == 1.0
    assert trustworthiness(vectors, places, n_neighbors=10) > 0.95
    assert np.abs(places).max() <= WIDTH


def test_the_same_vectors_give_the_same_map():
    vectors, _ = make_groups(of=20)
    first, again = (lay_out_groups(vectors)[1] for _ in range(2))
    assert (first == again).all()


def test_it_says_how_far_it_is():
    vectors, _ = make_groups(of=10)
    told = []
    lay_out(vectors, vectors[:, :2], on_round=lambda done, total: told.append((done, total)))
    assert told == [(number, 400) for number in range(1, 401)]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 9, 16])
def test_a_few_products_have_a_map_too(count):
    vectors = np.random.default_rng(3).normal(size=(count, 8)).astype(np.float32)
    frame, places = lay_out_groups(vectors)
    assert places.shape == (count, 2)
    assert np.isfinite(places).all()
    assert frame.place(range(1, count + 1), vectors).shape == (count, 2)


def test_products_that_are_all_the_same_have_a_map_too():
    frame, places = lay_out_groups(np.ones((30, 8), dtype=np.float32))
    assert np.isfinite(places).all()
    assert np.isfinite(frame.place([1], np.ones((1, 8), dtype=np.float32))).all()


def test_one_that_lies_far_off_does_not_shrink_the_others():
    random = np.random.default_rng(4)
    places = random.uniform(-1, 1, size=(1000, 2)).astype(np.float32)
    places[0] = [500, 0]
    shown = spread(places)
    assert shown[0, 0] == pytest.approx(WIDTH, abs=0.01)
    assert np.abs(shown[1:, 0]).max() > 0.8 * WIDTH
    assert (np.argsort(shown[:, 0]) == np.argsort(places[:, 0])).all()


def test_a_sampled_product_lies_where_it_was_laid_out_and_another_one_among_its_like():
    vectors, labels = make_groups()
    frame, places = lay_out_groups(vectors)
    half = np.arange(len(vectors)) % 2 == 0
    sampled = Frame(frame.mean, frame.axes, frame.product_ids[half], frame.rows[half], places[half])
    placed = Frame.from_bytes(sampled.to_bytes()).place(frame.product_ids, vectors)
    assert (placed[half] == to_side(places[half])).all()
    near, _ = find_nearest(placed[~half].astype(np.float32), placed[half].astype(np.float32), count=3)
    assert (labels[half][near] == labels[~half][:, None]).mean() > 0.99


def test_products_between_the_same_ones_are_not_one_dot():
    vectors, _ = make_groups(of=10)
    frame, _ = lay_out_groups(vectors)
    placed = frame.place(range(1001, 1021), np.repeat(vectors[:1], 20, axis=0))
    assert len({tuple(place) for place in placed.tolist()}) == 20
    assert (placed == frame.place(range(1001, 1021), np.repeat(vectors[:1], 20, axis=0))).all()


def test_places_are_whole_numbers_of_two_bytes():
    far = np.array([[-99, -WIDTH], [0, 0], [WIDTH, 99]], dtype=np.float32)
    assert to_side(far).tolist() == [[0, 2621], [32767, 32767], [62914, SIDE]]


# --- Shades ---------------------------------------------------------------------------------------------------------
# Machado, Oliveira, Fernandes 2009, severity 1: without red, green or blue cones.
SIGHTS = [
    np.eye(3),
    [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
]
TO_CONES = [[0.4122214708, 0.5363325363, 0.0514459929], [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005]]  # fmt: skip
TO_OKLAB = [[0.2104542553, 0.7936177850, -0.0040720468], [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660]]  # fmt: skip


def to_light(shade: str) -> np.ndarray:
    share = np.array(list(bytes.fromhex(shade[1:]))) / 255
    return np.where(share <= 0.04045, share / 12.92, ((share + 0.055) / 1.055) ** 2.4)


def see(shade: str, sight: object) -> np.ndarray:
    light = np.clip(np.array(sight) @ to_light(shade), 0, 1)
    return 100 * np.array(TO_OKLAB) @ np.cbrt(np.array(TO_CONES) @ light)


def contrast(shade: str, ground: str) -> float:
    high, low = sorted((to_light(one) @ [0.2126, 0.7152, 0.0722] for one in (shade, ground)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def read_themes() -> list[dict[str, str]]:
    """The shades of each theme in the page's style: light, dark as the system has it, dark by choice."""
    css = (PROJECT / "embeddings/static/embeddings/map/map.css").read_text()
    blocks = re.findall(r"\{([^{}]*--map-ground:[^{}]*)\}", css)
    return [dict(re.findall(r"--(?:shade-|map-)(\w+): (#\w+);", block)) for block in blocks]


@pytest.mark.parametrize("theme", [0, 1], ids=["light", "dark"])
def test_everybody_tells_the_shades_apart_in_both_themes(theme):
    shades = read_themes()[theme]
    named = [shades[name] for name in (*"1234567", "other")]
    distances = [
        np.linalg.norm(see(one, sight) - see(other, sight))
        for sight in SIGHTS
        for place, one in enumerate(named)
        for other in named[place + 1 :]
    ]
    assert min(distances) >= 7
    assert min(contrast(shade, shades["ground"]) for shade in named) >= 3


def test_pictures_have_the_shades_of_the_light_theme_and_both_dark_ones_are_the_same():
    light, dark, chosen = read_themes()
    assert light == LIGHT | {"ground": "#ffffff"}
    assert dark == chosen
    assert dark.keys() == light.keys()
