"""One modality of a space: calibrate each of its parts, average them, and compress the result."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from embeddings.fusion.base import Array, present_rows
from embeddings.fusion.calibration import calibrate, fit_mean
from embeddings.fusion.compression import compress, fit_basis
from embeddings.fusion.parts import weigh_parts
from embeddings.unit_rows import unit_rows


@dataclass(frozen=True)
class FittedModality:
    """What was fitted for one modality; text has one part for each declared text, the picture has one part."""

    means: tuple[Array, ...]  # one (d,) for each part
    weights: tuple[float, ...]  # one for each part: as declared, by how much it says (parts.py)
    basis: Array  # (d, dim)

    @classmethod
    def fit(cls, parts: Sequence[Array], *, weights: Sequence[float], dim: int, seed: int = 0) -> "FittedModality":
        """Fit on `parts`, each (n, d), of declared weights; the modality's vectors are then min(d, dim) wide."""
        if len(parts) != len(weights):
            raise ValueError(f"{len(parts)} parts but {len(weights)} weights: give one weight for each part.")
        if len({part.shape for part in parts}) > 1:
            raise ValueError("The parts of a modality must have the same shape: encode them with the same encoder.")
        means = tuple(fit_mean(part) for part in parts)
        width = parts[0].shape[1] if parts else 0
        weighed = weigh_parts([calibrate(part, mean) for part, mean in zip(parts, means, strict=True)], weights)
        joined = _join(parts, means=means, weights=weighed, width=width)
        return cls(means=means, weights=weighed, basis=fit_basis(joined, dim=min(dim, width), seed=seed))

    @property
    def input_dim(self) -> int:
        return int(self.basis.shape[0])

    @property
    def dim(self) -> int:
        return int(self.basis.shape[1])

    def transform(self, parts: Sequence[Array]) -> Array:
        """Return (n, dim) unit rows; zero where a product has none of the parts."""
        shapes = [part.shape[1] for part in parts]
        if shapes != [self.input_dim] * len(self.means):
            raise ValueError(
                f"Encoders give parts of {shapes} dimensions, this space holds {len(self.means)} of {self.input_dim}: "
                "create a new space."
            )
        joined = _join(parts, means=self.means, weights=self.weights, width=self.input_dim)
        return unit_rows(compress(joined, self.basis))

    def to_arrays(self) -> dict[str, Array]:
        named = {f"mean{position}": mean for position, mean in enumerate(self.means)}
        return {**named, "weights": np.array(self.weights, dtype=np.float32), "basis": self.basis}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "FittedModality":
        weights = tuple(float(weight) for weight in arrays["weights"])
        means = tuple(arrays[f"mean{position}"] for position in range(len(weights)))
        return cls(means=means, weights=weights, basis=arrays["basis"])


def _join(parts: Sequence[Array], *, means: Sequence[Array], weights: Sequence[float], width: int) -> Array:
    """Return the normalised weighted mean (n, width) of the calibrated parts that a product has.

    A part of weight 0 still speaks for a product that has nothing else.
    """
    if not parts:
        return np.zeros((0, width), dtype=np.float32)
    calibrated = [calibrate(part, mean) for part, mean in zip(parts, means, strict=True)]
    mixed = unit_rows(sum(weight * part for weight, part in zip(weights, calibrated, strict=True)))
    any_part = unit_rows(sum(calibrated))
    return np.where(present_rows(mixed)[:, None], mixed, any_part)
