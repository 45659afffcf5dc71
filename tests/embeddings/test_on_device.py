"""Networks on a device: what happens to a batch that does not fit, and to all of them where the GPU is lost."""

import logging

import numpy as np
import pytest

from embeddings.encoders import device as machine
from embeddings.encoders.base import EncoderError
from embeddings.encoders.registry import forget_encoders, get_image_encoder, get_text_encoder
from embeddings.encoders.shapes import Shapes
from tests.embeddings.test_encoders_packaged import IMAGES
from tests.embeddings.test_encoders_text import TEXTS, save_bert

torch = pytest.importorskip("torch")

from embeddings.encoders import on_device  # noqa: E402
from embeddings.encoders.on_device import OnDevice  # noqa: E402
from embeddings.encoders.torch_runtime import Device, choose_device  # noqa: E402

CPU = Device(torch.device("cpu"))
LIKE_A_GPU = Device(torch.device("cpu"), has_few_shapes=True)
ROWS = np.random.default_rng(0).normal(size=(10, 6)).astype(np.float32)


class StandIn:
    """A forward function over a real layer that fails as `fail(rows)` says; `sizes` lists the batches it was given."""

    def __init__(self, fail=lambda count: None):
        self.fail, self.sizes, self.loaded = fail, [], 0

    def load(self):
        self.loaded += 1
        torch.manual_seed(0)
        return torch.nn.Linear(6, 4)

    def __call__(self, network, inputs):
        self.sizes.append(len(inputs["rows"]))
        if error := self.fail(len(inputs["rows"])):
            raise error
        return network(inputs["rows"])

    def expected(self, rows=ROWS):
        with torch.inference_mode():
            return self.load()(torch.from_numpy(rows)).numpy()


@pytest.fixture(autouse=True)
def gpu_again():
    """A GPU that a test has lost is there for the next one."""
    yield
    machine._lost.clear()
    machine.has_cuda.cache_clear()
    forget_encoders()


def make_batch(network, rows=ROWS, **options):
    return network.gather({"rows": torch.from_numpy(rows)}, **options)


def test_a_batch_that_does_not_fit_is_halved_until_it_does_and_so_are_the_next_ones(caplog):
    stand_in = StandIn(lambda count: torch.OutOfMemoryError("tried to allocate 2 GiB") if count > 3 else None)
    network = OnDevice(stand_in.load, CPU)
    batch = make_batch(network)
    np.testing.assert_allclose(network.start(stand_in, batch)(), stand_in.expected(), atol=1e-6)
    assert stand_in.sizes == [10, 5, 2, 3, 2, 3]
    assert [record.levelname for record in caplog.records] == ["WARNING", "WARNING"]
    assert "Memory does not suffice for 10 at once (tried to allocate 2 GiB): halved." in caplog.text
    stand_in.sizes.clear()
    np.testing.assert_allclose(network.start(stand_in, batch)(), stand_in.expected(), atol=1e-6)
    assert stand_in.sizes == [2, 3, 2, 3]  # nothing is tried in vain


def test_a_batch_grows_again_once_many_have_fitted(monkeypatch):
    monkeypatch.setattr(on_device, "GROWS_AFTER", 4)
    free = [3]
    stand_in = StandIn(lambda count: torch.OutOfMemoryError("no room") if count > free[0] else None)
    network = OnDevice(stand_in.load, CPU)
    network.start(stand_in, make_batch(network))()
    free[0] = 100
    for _ in range(4):
        network.start(stand_in, make_batch(network))()
    assert stand_in.sizes[-1] == 10


def test_memory_that_a_library_lacks_counts_as_well():
    messages = ["CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling cublasCreate", "CUDA error: out of memory"]
    for message in messages:
        stand_in = StandIn(lambda count, text=message: torch.AcceleratorError(text) if count > 5 else None)
        network = OnDevice(stand_in.load, CPU)
        np.testing.assert_allclose(network.start(stand_in, make_batch(network))(), stand_in.expected(), atol=1e-6)
        assert stand_in.sizes == [10, 5, 5]


def test_an_input_that_does_not_fit_alone_says_what_to_do():
    stand_in = StandIn(lambda count: torch.OutOfMemoryError("tried to allocate 2 GiB"))
    network = OnDevice(stand_in.load, CPU)
    with pytest.raises(EncoderError, match="end what else takes the GPU's memory"):
        network.start(stand_in, make_batch(network, ROWS[:2]))()


def test_a_lost_gpu_is_left_for_the_processor_and_no_batch_is_lost(caplog, monkeypatch, tmp_path):
    lost = torch.AcceleratorError("CUDA error: unspecified launch failure\nmore about it")
    stand_in = StandIn()
    network = OnDevice(stand_in.load, LIKE_A_GPU)
    monkeypatch.setattr(machine, "CUDA_DEVICES", (tmp_path,))
    monkeypatch.setattr(machine.importlib.metadata, "version", lambda name: "2.13.0")
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    machine.has_cuda.cache_clear()
    assert machine.has_cuda()
    fetch_later = on_device.fetch_later
    monkeypatch.setattr(on_device, "fetch_later", lambda vectors: fail_with(lost))  # as a copy back that never comes
    first, second = (network.start(stand_in, make_batch(network, rows)) for rows in (ROWS[:4], ROWS[4:]))
    monkeypatch.setattr(on_device, "fetch_later", fetch_later)
    np.testing.assert_allclose(np.concatenate([first(), second()]), stand_in.expected(), atol=1e-6)
    assert stand_in.loaded == 3  # on the GPU, by the processor, and for what is expected here
    [record] = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert "The GPU is lost (CUDA error: unspecified launch failure): this process encodes by" in record.getMessage()
    assert not machine.has_cuda()
    assert network.device == CPU


def fail_with(error):
    def wait():
        raise error

    return wait


def test_a_gpu_that_is_lost_as_a_batch_starts_is_left_too_and_its_kin_is_told():
    stand_in = StandIn(
        lambda count: torch.AcceleratorError("CUDA error: device lost") if len(stand_in.sizes) < 2 else None
    )
    network = OnDevice(stand_in.load, LIKE_A_GPU)
    np.testing.assert_allclose(network.start(stand_in, make_batch(network))(), stand_in.expected(), atol=1e-6)
    assert choose_device() == CPU  # encoders that are loaded from now on do not ask for it


def test_what_neither_memory_nor_the_gpu_is_to_blame_for_is_raised():
    stand_in = StandIn(lambda count: RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    network = OnDevice(stand_in.load, CPU)
    with pytest.raises(RuntimeError, match="cannot be multiplied"):
        network.start(stand_in, make_batch(network))
    last = StandIn(lambda count: torch.AcceleratorError("CUDA error: device lost"))
    with pytest.raises(RuntimeError, match="device lost"):  # by the processor as well: it is not tried for ever
        OnDevice(last.load, CPU).start(last, make_batch(network))


def test_what_leaves_the_range_of_half_precision_is_encoded_in_full(caplog):
    stand_in = StandIn()
    network = OnDevice(stand_in.load, Device(torch.device("cpu"), half=torch.float16))
    large = ROWS * 1e6
    np.testing.assert_allclose(
        network.start(stand_in, make_batch(network, large))(), stand_in.expected(large), rtol=1e-4
    )
    assert "encoded in float32" in caplog.text


def test_rows_are_filled_up_to_a_number_that_comes_again_and_the_padding_is_not_seen():
    stand_in = StandIn()
    network = OnDevice(stand_in.load, LIKE_A_GPU)
    batch = make_batch(network, shapes=Shapes(rows=64, are_few=True))
    np.testing.assert_allclose(network.start(stand_in, batch)(), stand_in.expected(), atol=1e-6)
    assert stand_in.sizes == [16]


def test_vectors_depend_neither_on_the_batch_nor_on_its_shape(tmp_path, monkeypatch):
    save_bert(tmp_path)
    exact = get_text_encoder(f"dir:{tmp_path}").encode_texts(TEXTS)
    forget_encoders()
    monkeypatch.setattr("embeddings.encoders.checkpoints.text.choose_device", lambda: LIKE_A_GPU)
    encoder = get_text_encoder(f"dir:{tmp_path}")
    assert encoder.network.collate(encoder.network.tokenize(TEXTS[:3])).inputs["input_ids"].shape == (4, 32)
    for batch_size in (None, 1, 3, 7):
        vectors = encoder.encode_texts(TEXTS, batch_size=batch_size)
        assert (vectors * exact).sum(1).min() > 1 - 1e-5
    short = get_text_encoder(f"dir:{tmp_path}?max_tokens=20").network  # no wider than there are positions
    assert short.collate(short.tokenize(TEXTS[:3])).inputs["input_ids"].shape == (4, 20)


def test_half_precision_keeps_the_vectors_of_the_default_picture_encoder(monkeypatch):
    loaders = [path.read_bytes for path in sorted(IMAGES.iterdir())[:2]]
    exact = get_image_encoder("packaged:efficientnet-lite2?size=96&runtime=torch").encode_images(loaders).vectors
    forget_encoders()
    monkeypatch.setattr(
        "embeddings.encoders.torch_runtime.processor", lambda: Device(torch.device("cpu"), half=torch.float16)
    )
    half = get_image_encoder("packaged:efficientnet-lite2?size=96&runtime=torch").encode_images(loaders).vectors
    assert 0.999 < (half * exact).sum(1).min() < 1 - 1e-9


def test_on_a_gpu_a_shape_that_comes_again_is_recorded_and_gives_the_same(gpu, tmp_path):
    save_bert(tmp_path)
    encoder = get_text_encoder(f"dir:{tmp_path}")
    first = encoder.encode_texts(TEXTS)  # kernel by kernel
    for _ in range(3):
        again = encoder.encode_texts(TEXTS)
    graphs = encoder.network.on_device._placed.graphs
    assert len(graphs._graphs) == 1
    assert (first * again).sum(1).min() > 0.999
    batch = encoder.network.collate(encoder.network.tokenize(TEXTS))
    assert all(tensor.is_pinned() for tensor in batch.inputs.values())


def test_on_a_gpu_whose_memory_does_not_suffice_the_batch_is_halved(gpu, caplog):
    rows = np.random.default_rng(0).normal(size=(4096, 6)).astype(np.float32)
    network = OnDevice(StandIn().load, choose_device())

    def forward(layer, inputs):
        wide = layer(inputs["rows"])[:, :, None].expand(-1, -1, 1 << 16).contiguous()  # 2 GiB for all, in bfloat16
        return wide[:, :, 0]

    torch.cuda.empty_cache()
    whole = torch.cuda.get_device_properties(0).total_memory
    torch.cuda.set_per_process_memory_fraction((torch.cuda.memory_allocated() + (600 << 20)) / whole)
    try:
        vectors = network.start(forward, make_batch(network, rows))()
    finally:
        torch.cuda.set_per_process_memory_fraction(1.0)
    assert "Memory does not suffice for 4096 at once" in caplog.text
    np.testing.assert_allclose(vectors, StandIn().expected(rows), atol=0.05)  # in bfloat16
