"""What the recipe of a space says of one modality, and what it may say."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from embeddings.modalities.registry import list_further

MAX_WEIGHT = 10.0
MAX_SPEC = 300  # characters
FITTED = frozenset({"identity", "dim"})  # what fitting adds


@dataclass(frozen=True)
class ModalityChoice:
    """Who encodes a modality in a space and what it counts; what fitting found is empty before."""

    encoder: str = ""  # spec; empty for one that is fitted on the catalogue and needs none
    weight: float = 0.0  # those of text and picture sum to 1
    identity: str = ""  # of the encoder that the recipe was fitted with: others would give other vectors
    dim: int = 0  # of the stored vectors

    @property
    def declared(self) -> dict[str, object]:
        """Return what somebody chose, without what fitting found."""
        return ({"encoder": self.encoder} if self.encoder else {}) | {"weight": self.weight}


def validate_further(declared: object) -> None:
    """Raise ValidationError unless `declared` maps modalities beyond text and picture to encoder and weight."""
    if not isinstance(declared, Mapping):
        raise ValidationError(
            gettext('Modalities are an object by name, such as {"audio": {"encoder": "packaged:sfx", "weight": 0.3}}.')
        )
    for name, choice in declared.items():
        if name not in list_further():
            said = gettext("There is no modality %(name)r beyond text and picture: choose among %(known)s.")
            raise ValidationError(said % {"name": name, "known": ", ".join(list_further()) or gettext("none")})
        _validate_choice(name, choice)


def _validate_choice(name: str, choice: object) -> None:
    if not isinstance(choice, Mapping) or not set(choice) <= {"encoder", "weight"} | FITTED:
        raise ValidationError(gettext("Of the modality %s, encoder and weight are said.") % name)
    encoder, weight = choice.get("encoder", ""), choice.get("weight", 0.0)
    if not isinstance(encoder, str) or len(encoder) > MAX_SPEC:
        raise ValidationError(gettext("The encoder of the modality %s is a spec, such as packaged:sfx.") % name)
    if isinstance(weight, bool) or not isinstance(weight, int | float) or not 0 <= weight <= MAX_WEIGHT:
        said = gettext("The weight of the modality %(name)s is a number from 0 to %(most)d, not %(weight)r.")
        raise ValidationError(said % {"name": name, "most": MAX_WEIGHT, "weight": weight})
