"""Known families of sound encoders, by model_type: how wide they are, and how their vector is made."""

from __future__ import annotations

from typing import Any

# The entry of config.json with the width and its default; where the vector is. "pooler": the network's own pooling, as
# its classification head reads it. "mean": of the frames, for these were trained to tell frames apart, not sounds.
AUDIO_FAMILIES: dict[str, tuple[str, int, str]] = {
    "audio-spectrogram-transformer": ("hidden_size", 768, "pooler"),
    "wav2vec2": ("hidden_size", 768, "mean"),
    "hubert": ("hidden_size", 768, "mean"),
    "wavlm": ("hidden_size", 768, "mean"),
    "whisper": ("d_model", 384, "mean"),  # of the encoder: what is said in words is the decoder's
}
# Joint encoders of texts and sounds: the width of the space that both towers share.
SPOKEN_FAMILIES: dict[str, tuple[str, int]] = {"clap": ("projection_dim", 512)}


def audio_dim(config: dict[str, Any]) -> int:
    """Return how long the vectors of a sound encoder are, of a joint one as well."""
    model_type = config["model_type"]
    key, default = SPOKEN_FAMILIES.get(model_type) or AUDIO_FAMILIES[model_type][:2]
    return int(config.get(key, default))
