"""Encoders in checkpoints: described from their files, loaded by what they encode. No torch here until one is."""

from __future__ import annotations

from dataclasses import asdict

from embeddings.encoders.base import Encoder, EncoderInfo, make_identity
from embeddings.encoders.checkpoints.audio_families import audio_dim
from embeddings.encoders.checkpoints.checkpoint import Checkpoint, find_checkpoint
from embeddings.encoders.checkpoints.image_families import image_dim, joint_dim
from embeddings.encoders.checkpoints.text_families import known_declaration, text_dim
from embeddings.encoders.preprocessing import PREPROCESSING_VERSION
from embeddings.encoders.spec import EncoderSpec
from embeddings.encoders.text_declaration import override


def describe_checkpoint(spec: EncoderSpec) -> EncoderInfo:
    """Return the description of a checkpoint that is on this machine. Raise EncoderError."""
    return _describe(spec, find_checkpoint(spec, may_download=False))


def load_checkpoint(spec: EncoderSpec) -> Encoder:
    """Return the encoder in a checkpoint, downloaded first where it has to be; a joint one is one object."""
    checkpoint = find_checkpoint(spec, may_download=True)
    info = _describe(spec, checkpoint)
    # Each of these imports torch and transformers.
    if "audio" in info.modalities:
        from embeddings.encoders.checkpoints.audio import load_checkpoint_audio, load_spoken

        return (load_spoken if "text" in info.modalities else load_checkpoint_audio)(spec, checkpoint, info)
    if len(info.modalities) == 2:
        from embeddings.encoders.checkpoints.joint import load_joint

        return load_joint(spec, checkpoint, info)
    if "image" in info.modalities:
        from embeddings.encoders.checkpoints.image import load_checkpoint_image

        return load_checkpoint_image(spec, checkpoint, info)
    from embeddings.encoders.checkpoints.text import load_checkpoint_text

    return load_checkpoint_text(spec, checkpoint, info)


def _describe(spec: EncoderSpec, checkpoint: Checkpoint) -> EncoderInfo:
    """Return the description of a checkpoint, from its config.json and the hash of its files."""
    modalities = checkpoint.modalities
    declaration: dict[str, object] = {**spec.options, "version": PREPROCESSING_VERSION}
    if "audio" in modalities:
        dim = audio_dim(checkpoint.config)
    elif len(modalities) == 2:
        dim = joint_dim(checkpoint.config)
    elif "image" in modalities:
        dim = image_dim(checkpoint.config)
    else:
        declared = override(known_declaration(checkpoint), spec)
        declaration = asdict(declared)
        dim = text_dim(checkpoint)
    return EncoderInfo(
        spec=spec.text,
        identity=make_identity(spec.text, weights=checkpoint.sha256, declaration=declaration),
        dim=dim,
        modalities=modalities,
        licence=checkpoint.licence,
        size_mb=checkpoint.size_mb,
    )
