"""Batches of encoders: how large they are, in which shapes they come, and that nothing waits or gets out of order."""

import random
import threading
import time

import numpy as np
import pytest

from embeddings.encoders import batches
from embeddings.encoders.base import EncoderInfo
from embeddings.encoders.batches import NetworkImageEncoder, NetworkTextEncoder
from embeddings.encoders.shapes import TEXTS_BY_GPU, Padding, Shapes, cut_rows, pad_rows

INFO = EncoderInfo("own:lengths", "own:lengths#1", 2, frozenset({"text", "image"}), "MIT", 0)


def rows_of(lengths):
    return [{"input_ids": [1] * length, "attention_mask": [1] * length} for length in lengths]


def test_a_batch_costs_no_more_padded_tokens_than_the_budget_and_no_row_is_lost():
    shapes = Shapes(rows=100, tokens=1000)
    lengths = [*sorted(random.Random(1).choices(range(1, 300), k=500)), 4000, 3]
    cut = list(cut_rows(rows_of(lengths), shapes))
    assert [len(row["input_ids"]) for batch in cut for row in batch] == lengths
    costs = [len(batch) * max(len(row["input_ids"]) for row in batch) for batch in cut]
    assert [cost for cost in costs if cost > 1000] == [4000]  # a text longer than the budget stands alone
    assert max(map(len, cut)) <= 100
    assert len(cut) < 1.3 * sum(lengths) / 1000  # and the budget is used


def test_on_a_gpu_any_lengths_come_in_few_shapes_that_are_hardly_larger():
    seen, tokens = set(), 0
    for seed in range(40):
        lengths = sorted(random.Random(seed).choices(range(4, 180), k=700))
        for batch in cut_rows(rows_of(lengths), TEXTS_BY_GPU):
            width = TEXTS_BY_GPU.width(max(len(row["input_ids"]) for row in batch))
            seen.add((TEXTS_BY_GPU.padded_rows(len(batch), width), width))
            tokens += len(batch) * width
    assert all(rows * width <= 16_384 for rows, width in seen)
    assert len(seen) < 45  # 28,000 texts of 176 lengths
    assert [TEXTS_BY_GPU.width(n) for n in (1, 16, 17, 128, 129, 512, 513, 1025)] == [
        16, 16, 32, 128, 192, 512, 640, 1280,
    ]  # fmt: skip
    assert [TEXTS_BY_GPU.padded_rows(n, 96) for n in (1, 3, 80, 85, 168)] == [1, 4, 128, 168, 168]


def test_rows_are_padded_on_the_side_and_with_the_values_of_their_tokenizer():
    rows = [{"input_ids": [5, 6, 7], "attention_mask": [1, 1, 1]}, {"input_ids": [8], "attention_mask": [1]}]
    right = pad_rows(rows, padding=Padding({"input_ids": 9}))
    assert right["input_ids"].tolist() == [[5, 6, 7], [8, 9, 9]]
    assert right["attention_mask"].tolist() == [[1, 1, 1], [1, 0, 0]]
    left = pad_rows(rows, padding=Padding({"input_ids": 9}, is_left=True), shapes=TEXTS_BY_GPU)
    assert left["input_ids"].shape == (2, 16)
    assert left["input_ids"][:, 12:].tolist() == [[9, 5, 6, 7], [9, 9, 9, 8]]
    assert left["attention_mask"].sum(1).tolist() == [3, 1]


class SlowNetwork:
    """An ImageNetwork and TextNetwork whose vectors say what went in; `log` has what it was asked, in order."""

    wanted_side = 1

    def __init__(self, shapes):
        self.shapes, self.log, self.prepared = shapes, [], 0
        self._lock = threading.Lock()

    def prepare(self, number):
        time.sleep(random.Random(number).random() / 200)  # later ones are through before earlier ones
        with self._lock:
            self.prepared += 1
        return number

    def tokenize(self, texts):
        return rows_of([len(text) for text in texts])

    def collate(self, prepared):
        return [one if isinstance(one, int) else len(one["input_ids"]) for one in prepared]

    def encode(self, batch):
        self.log.append(("start", batch[0], self.prepared))

        def fetch():
            self.log.append(("fetch", batch[0], self.prepared))
            return np.array([[number, 1] for number in batch], dtype=np.float32)

        return fetch


@pytest.fixture
def numbers(monkeypatch):
    monkeypatch.setattr(batches, "load_picture", lambda load, wanted_side: load())


def test_a_slow_decoder_changes_neither_order_nor_content(numbers):
    network, done = SlowNetwork(Shapes(rows=8)), []
    encoded = NetworkImageEncoder(INFO, network).encode_images([lambda n=n: n for n in range(60)], progress=done.append)
    np.testing.assert_allclose(encoded.vectors[:, 0] / encoded.vectors[:, 1], range(60), rtol=1e-4)
    assert (sum(done), encoded.errors) == (60, {})


def test_the_next_batch_is_started_before_the_last_is_fetched_and_decoders_are_a_bounded_way_ahead(numbers):
    network = SlowNetwork(Shapes(rows=8))
    NetworkImageEncoder(INFO, network).encode_images([lambda n=n: n for n in range(64)])
    starts = [first for what, first, _ in network.log if what == "start"]
    assert starts == list(range(0, 64, 8))
    assert [f"{what} {first}" for what, first, _ in network.log[:5]] == [
        "start 0", "start 8", "fetch 0", "start 16", "fetch 8",
    ]  # fmt: skip
    assert len(network.log) == 2 * len(starts)
    ahead = [prepared - first for what, first, prepared in network.log if what == "start"]
    assert max(ahead) <= 8 * (2 * batches.BATCHES_AHEAD + 2)  # of a million pictures, so many are in memory


def test_texts_come_back_in_their_own_order_from_batches_by_tokens():
    network = SlowNetwork(Shapes(rows=1000, tokens=64))
    lengths = random.Random(2).choices(range(1, 40), k=300)
    texts = ["x" * length for length in lengths]
    vectors = NetworkTextEncoder(INFO, network).encode_texts(texts)
    np.testing.assert_allclose(vectors[:, 0] / vectors[:, 1], lengths, rtol=1e-4)


def test_what_fails_while_a_batch_is_made_is_raised_and_ends_all_threads(numbers):
    def down():
        raise ConnectionError("storage does not answer")

    before = threading.active_count()
    files = [lambda n=n: n for n in range(20)] + [down] + [lambda n=n: n for n in range(20)]
    with pytest.raises(ConnectionError):
        NetworkImageEncoder(INFO, SlowNetwork(Shapes(rows=4))).encode_images(files)
    assert threading.active_count() == before
