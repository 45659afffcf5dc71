"""`hf:`, `dir:` and `word2vec:` text encoders on tiny checkpoints that are built here with the libraries themselves."""

import json
import string

import numpy as np
import pytest

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.checkpoints.checkpoint import Checkpoint
from embeddings.encoders.checkpoints.text_families import known_declaration
from embeddings.encoders.registry import describe, forget_encoders, get_image_encoder, get_text_encoder

TEXTS = [
    "a red lamp",
    "lamp",
    "the small blue vase on a wooden table",
    "x",
    "wool",
    "red",
    "blue red",
    "a",
    "on",
    "table a",
]


@pytest.fixture(autouse=True)
def fresh_registry():
    yield
    forget_encoders()


def save_tokenizer(directory, **options):
    """Write a WordPiece tokenizer of single letters, as small as one can be."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    specials = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    letters = [*string.ascii_lowercase, *(f"##{letter}" for letter in string.ascii_lowercase)]
    words = {word: i for i, word in enumerate([*specials, *letters])}
    tokenizer = Tokenizer(models.WordPiece(words, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    fast = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        **options,
    )
    fast.save_pretrained(directory)


def save_bert(directory, **options):
    """Write a BERT of two layers with random weights and return it, in evaluation mode."""
    import torch

    from embeddings.encoders.torchvision import compat  # noqa: F401
    from transformers import BertConfig, BertModel  # isort: skip

    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=60, hidden_size=16, num_hidden_layers=2, num_attention_heads=2, intermediate_size=32,
        max_position_embeddings=64, **options,
    )  # fmt: skip
    bert = BertModel(config).eval()
    bert.save_pretrained(directory)
    save_tokenizer(directory, model_max_length=64)
    return bert


def library_states(bert, directory, text):
    """Return the library's own output for one text alone: no padding, no batch."""
    import torch
    from transformers import AutoTokenizer

    with torch.inference_mode():
        return bert(**AutoTokenizer.from_pretrained(directory)(text, return_tensors="pt"))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


POOLED_BY_HAND = {
    "mean": lambda output: output.last_hidden_state[0].mean(0),
    "cls": lambda output: output.last_hidden_state[0, 0],
    "last": lambda output: output.last_hidden_state[0, -1],
    "max": lambda output: output.last_hidden_state[0].amax(0),
    "pooler": lambda output: output.pooler_output[0],
}


@pytest.mark.parametrize("pooling", list(POOLED_BY_HAND))
def test_each_pooling_is_that_of_the_librarys_own_forward_whatever_the_padding(tmp_path, pooling):
    bert = save_bert(tmp_path)
    by_hand = [POOLED_BY_HAND[pooling](library_states(bert, tmp_path, text)).numpy() for text in TEXTS]
    encoder = get_text_encoder(f"dir:{tmp_path}?pooling={pooling}")
    np.testing.assert_allclose(encoder.encode_texts(TEXTS), unit(np.stack(by_hand)), atol=1e-5)
    np.testing.assert_allclose(encoder.encode_texts(TEXTS, batch_size=3), unit(np.stack(by_hand)), atol=1e-5)


def test_padding_on_the_left_changes_no_vector(tmp_path):
    bert = save_bert(tmp_path)
    save_tokenizer(tmp_path, model_max_length=64, padding_side="left")
    by_hand = [library_states(bert, tmp_path, text).last_hidden_state[0, -1].numpy() for text in ("a red lamp",)]
    one = get_text_encoder(f"dir:{tmp_path}?pooling=last").encode_texts(["a red lamp"])
    np.testing.assert_allclose(one, unit(np.stack(by_hand)), atol=1e-5)


def test_the_prefix_is_put_before_each_text(tmp_path):
    save_bert(tmp_path)
    plain = get_text_encoder(f"dir:{tmp_path}").encode_texts(["queryxlamp", "lamp"])
    prefixed = get_text_encoder(f"dir:{tmp_path}?prefix=queryx").encode_texts(["lamp"])
    np.testing.assert_allclose(prefixed[0], plain[0], atol=1e-6)
    assert prefixed[0] @ plain[1] < 0.999


def test_a_long_text_is_cut_where_the_network_has_no_more_positions(tmp_path):
    save_bert(tmp_path)
    encoder = get_text_encoder(f"dir:{tmp_path}")
    long = "a " * 300
    np.testing.assert_allclose(encoder.encode_texts([long]), encoder.encode_texts([long + "red " * 9]), atol=1e-6)
    short = get_text_encoder(f"dir:{tmp_path}?max_tokens=4")
    np.testing.assert_allclose(short.encode_texts(["a b c d e"]), encoder.encode_texts(["a b"]), atol=1e-6)


def save_modules(directory, pooling, **dense):
    modules = [{"path": "", "type": "sentence_transformers.models.Transformer"}]
    modules.append({"path": "1_Pooling", "type": "sentence_transformers.models.Pooling"})
    (directory / "1_Pooling").mkdir()
    (directory / "1_Pooling" / "config.json").write_text(json.dumps(pooling))
    if dense:
        modules.append({"path": "2_Dense", "type": "sentence_transformers.models.Dense"})
    (directory / "modules.json").write_text(json.dumps(modules))


def test_the_files_of_sentence_transformers_come_before_the_family(tmp_path):
    bert = save_bert(tmp_path)
    save_modules(tmp_path, {"pooling_mode_cls_token": True, "pooling_mode_mean_tokens": False})
    (tmp_path / "sentence_bert_config.json").write_text(json.dumps({"max_seq_length": 5}))
    prompts = {"prompts": {"query": "q "}, "default_prompt_name": "query"}
    (tmp_path / "config_sentence_transformers.json").write_text(json.dumps(prompts))
    declared = known_declaration(Checkpoint(tmp_path, "intfloat/e5-base"))
    assert (declared.pooling, declared.prefix, declared.max_tokens) == ("cls", "q ", 5)
    by_hand = library_states(bert, tmp_path, "q ab").last_hidden_state[:, 0].numpy()
    np.testing.assert_allclose(get_text_encoder(f"dir:{tmp_path}").encode_texts(["ab"]), unit(by_hand), atol=1e-5)


def test_a_dense_module_after_pooling_is_applied(tmp_path):
    import torch
    from safetensors.torch import save_file

    bert = save_bert(tmp_path)
    save_modules(tmp_path, {"pooling_mode_mean_tokens": True}, dense=True)
    (tmp_path / "2_Dense").mkdir()
    config = {
        "in_features": 16,
        "out_features": 6,
        "bias": True,
        "activation_function": "torch.nn.modules.activation.Tanh",
    }
    (tmp_path / "2_Dense" / "config.json").write_text(json.dumps(config))
    linear = torch.nn.Linear(16, 6)
    weights = {"linear.weight": linear.weight.detach(), "linear.bias": linear.bias.detach()}
    save_file(weights, tmp_path / "2_Dense" / "model.safetensors")
    with torch.inference_mode():
        mean = library_states(bert, tmp_path, "red lamp").last_hidden_state.mean(1)
        by_hand = torch.tanh(linear(mean)).numpy()
    assert describe(f"dir:{tmp_path}").dim == 6
    np.testing.assert_allclose(get_text_encoder(f"dir:{tmp_path}").encode_texts(["red lamp"]), unit(by_hand), atol=1e-5)


def test_a_pooling_that_is_not_known_is_refused(tmp_path):
    save_bert(tmp_path)
    save_modules(tmp_path, {"pooling_mode_weightedmean_tokens": True})
    with pytest.raises(EncoderUnavailable, match="pools by pooling_mode_weightedmean_tokens"):
        describe(f"dir:{tmp_path}")


def test_a_checkpoint_is_described_by_its_files(tmp_path):
    save_bert(tmp_path)
    (tmp_path / "README.md").write_text("---\nlicense: apache-2.0\n---\n")
    info = describe(f"dir:{tmp_path}")
    assert (info.dim, info.modalities, info.licence) == (16, {"text"}, "apache-2.0")
    assert info.identity != describe(f"dir:{tmp_path}?pooling=cls").identity
    save_bert(tmp_path, hidden_act="relu")
    assert describe(f"dir:{tmp_path}").identity != info.identity


def test_a_text_checkpoint_is_refused_as_a_picture_encoder(tmp_path):
    save_bert(tmp_path)
    with pytest.raises(UnknownEncoder, match="encodes no pictures"):
        get_image_encoder(f"dir:{tmp_path}")


def test_a_checkpoint_with_code_of_its_own_is_refused(tmp_path):
    save_bert(tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    config.update(model_type="homemade", auto_map={"AutoConfig": "code.Config", "AutoModel": "code.Model"})
    (tmp_path / "config.json").write_text(json.dumps(config))
    (tmp_path / "code.py").write_text("raise SystemExit('this must never run')")
    with pytest.raises(EncoderUnavailable, match="runs no code from checkpoints"):
        get_text_encoder(f"dir:{tmp_path}")


def test_a_directory_without_weights_is_named(tmp_path):
    save_bert(tmp_path)
    (tmp_path / "model.safetensors").unlink()
    with pytest.raises(EncoderUnavailable, match=r"model.safetensors or pytorch_model.bin is missing"):
        describe(f"dir:{tmp_path}")


def test_on_a_gpu_the_vectors_are_those_of_the_processor(gpu, tmp_path):
    bert = save_bert(tmp_path)
    by_hand = [library_states(bert, tmp_path, text).last_hidden_state[0].mean(0).numpy() for text in TEXTS]
    vectors = get_text_encoder(f"dir:{tmp_path}").encode_texts(TEXTS, batch_size=3)
    assert (vectors * unit(np.stack(by_hand))).sum(1).min() > 0.999  # bf16 keeps 8 bits


WORDS = {"the": [1, 0, 0, 0], "lamp": [0, 1, 0, 0], "vase": [0, 0, 1, 0], "手机": [0, 0, 0, 1], "苹果": [0, 0, 1, 1]}


def save_words(path, *, binary):
    from gensim.models import KeyedVectors

    vectors = KeyedVectors(4)
    vectors.add_vectors(list(WORDS), np.array(list(WORDS.values()), dtype=np.float32))
    vectors.save_word2vec_format(str(path), binary=binary)
    return f"word2vec:{path}"


@pytest.mark.parametrize("binary", [False, True])
def test_word_vectors_are_averaged_by_how_rare_the_words_are(tmp_path, binary):
    spec = save_words(tmp_path / "words", binary=binary)
    assert describe(spec).dim == 4
    zipf = 1 / np.arange(1, 6) / (1 / np.arange(1, 6)).sum()
    weights = 0.001 / (0.001 + zipf)
    expected = unit(np.array([[weights[0], weights[1], 0, 0]]))
    np.testing.assert_allclose(get_text_encoder(spec).encode_texts(["The LAMP, unknown"]), expected, atol=1e-6)


def test_a_script_without_spaces_is_cut_into_known_words(tmp_path):
    encoder = get_text_encoder(save_words(tmp_path / "words.txt", binary=False))
    joined, spaced = encoder.encode_texts(["新苹果手机", "苹果 手机"])
    np.testing.assert_allclose(joined, spaced, atol=1e-6)


def test_a_text_without_a_known_word_has_no_vector(tmp_path):
    encoder = get_text_encoder(save_words(tmp_path / "words.txt", binary=False))
    np.testing.assert_array_equal(encoder.encode_texts(["", "zebra"]), np.zeros((2, 4)))


def test_fasttext_knows_unseen_words_by_their_parts(tmp_path):
    from gensim.models import FastText
    from gensim.models.fasttext import save_facebook_model

    sentences = [["lamp", "table", "lamps"], ["vase", "flower", "vases"]] * 20
    trained = FastText(sentences, vector_size=8, min_count=1, epochs=2, seed=1, workers=1, bucket=100)
    save_facebook_model(trained, str(tmp_path / "parts.bin"))
    encoder = get_text_encoder(f"word2vec:{tmp_path}/parts.bin")
    assert encoder.info.dim == 8
    known = trained.wv.get_vector("lampshade")
    np.testing.assert_allclose(encoder.encode_texts(["lampshade"])[0], known / np.linalg.norm(known), atol=1e-4)


def test_a_file_that_holds_no_word_vectors_is_refused(tmp_path):
    (tmp_path / "words.txt").write_text("hello\n")
    with pytest.raises(EncoderUnavailable, match="it is no word2vec file"):
        get_text_encoder(f"word2vec:{tmp_path}/words.txt")
    (tmp_path / "short.txt").write_text("5 4\nlamp 1 2 3\n")
    with pytest.raises(EncoderUnavailable, match="is no file of word2vec or fastText vectors"):
        get_text_encoder(f"word2vec:{tmp_path}/short.txt")
