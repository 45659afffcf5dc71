"""What a missing modality would probably look like, so that a product without a picture still meets products with one.

Concatenation gives a product without a picture the cosine `sqrt(w_t) cos(t, t')` against complete products and
`cos(t, t')` against others like it: buried by the first, crowded together by the second. The absent vector is therefore
predicted from the present one by ridge regression on the catalogue's complete products (Hoerl & Kennard 1970), its
penalty chosen by generalised cross-validation (Golub, Heath & Wahba 1979), and made a unit vector like any other.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from embeddings.fusion.base import Array, present_rows, unit_rows

MIN_COMPLETE_PRODUCTS = 10  # with fewer there is nothing to learn a prediction from
PENALTIES = np.logspace(-3, 3, 13)


@dataclass(frozen=True)
class Imputation:
    """Linear predictions of each modality from the other; zero matrices where nothing could be learned."""

    image_from_text: Array  # (text_dim, image_dim)
    text_from_image: Array  # (image_dim, text_dim)

    @classmethod
    def fit(cls, text: Array, image: Array) -> "Imputation":
        """Fit on text (n, text_dim) and image (n, image_dim) unit rows, using the products that have both."""
        both = present_rows(text) & present_rows(image)
        complete_text, complete_image = text[both].astype(np.float64), image[both].astype(np.float64)
        return cls(
            image_from_text=_fit_ridge(complete_text, complete_image),
            text_from_image=_fit_ridge(complete_image, complete_text),
        )

    def fill(self, text: Array, image: Array) -> tuple[Array, Array]:
        """Return text and image with zero rows replaced by unit predictions, if there is something to predict from."""
        text_filled = np.where(present_rows(text)[:, None], text, unit_rows(image @ self.text_from_image))
        image_filled = np.where(present_rows(image)[:, None], image, unit_rows(text @ self.image_from_text))
        return text_filled, image_filled

    def to_arrays(self) -> dict[str, Array]:
        return {"image_from_text": self.image_from_text, "text_from_image": self.text_from_image}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Array]) -> "Imputation":
        return cls(image_from_text=arrays["image_from_text"], text_from_image=arrays["text_from_image"])


def _fit_ridge(inputs: np.ndarray, targets: np.ndarray) -> Array:
    """Return the (d_in, d_out) matrix of the ridge regression whose generalised cross-validation error is least."""
    count = len(inputs)
    if count < MIN_COMPLETE_PRODUCTS or not targets.shape[1]:
        return np.zeros((inputs.shape[1], targets.shape[1]), dtype=np.float32)
    left, values, right = np.linalg.svd(inputs, full_matrices=False)
    projected = left.T @ targets
    outside = np.sum(targets**2) - np.sum(projected**2)  # of the targets, what no penalty can reach
    errors = []
    for penalty in PENALTIES:
        shrink = values**2 / (values**2 + penalty)
        residual = np.sum(((1 - shrink)[:, None] * projected) ** 2) + outside
        errors.append(residual / (count - shrink.sum()) ** 2)
    penalty = PENALTIES[int(np.argmin(errors))]
    coefficients = right.T @ ((values / (values**2 + penalty))[:, None] * projected)
    fitted: Array = coefficients.astype(np.float32)
    return fitted
