"""The colours in a picture of a product, by the eleven basic terms.

Each pixel of the product is looked at in CIELAB, which is made so that distances are as people see them, and named by
where its lightness, chroma and hue lie. The regions are ours, drawn around the foci of Berlin and Kay, "Basic Color
Terms" (1969), for products under studio light; van de Weijer et al., "Learning color names for real-world
applications" (IEEE TIP 2009), learned such a mapping from pictures of the web, where shadows count like surfaces.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
from PIL import Image

SIDE_PX = 96  # of the copy that is looked at: a millisecond, and shares change by .01 against 384
LEAST_SHARE = 0.1  # a colour of less is a detail or a reflection
BORDER = 0.06  # of the side: where the ground is expected
GROUND_DISTANCE = 9.0  # in CIELAB, from the ground's colour; its shadow lies farther in lightness alone
SHADOW_DISTANCE, SHADOW_CHROMA = 28.0, 5.0
EVEN = 12.0  # spread of a border that is one ground; above it a scene
LEAST_FOREGROUND = 0.04  # of the picture; less: the ground has been taken for the product, or it for the ground
WHITE_POINT = np.array([0.95047, 1.0, 1.08883])  # D65
TO_XYZ = np.array(
    [[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]]
)

Pixels = npt.NDArray[np.float64]


def share_colours(picture: Image.Image) -> dict[str, float]:
    """Return the share of each basic colour in the product that a picture shows, the largest first, of .1 and more."""
    small = picture.convert("RGBA")
    small.thumbnail((SIDE_PX, SIDE_PX))
    pixels = np.asarray(small, dtype=np.float64)
    lab = to_lab(pixels[..., :3] / 255.0)
    weights = weigh_foreground(lab, opaque=pixels[..., 3] > 127)
    if not weights.any():
        return {}
    names = name_pixels(lab.reshape(-1, 3))
    total = weights.sum()
    shares = {name: float(weights.reshape(-1)[names == name].sum() / total) for name in NAMES}
    kept = {name: round(share, 3) for name, share in shares.items() if share >= LEAST_SHARE}
    return dict(sorted(kept.items(), key=lambda item: -item[1]))


def to_lab(rgb: Pixels) -> Pixels:
    """Return CIELAB (..., 3) of sRGB (..., 3) between 0 and 1, by IEC 61966-2-1 and CIE 15, for D65."""
    linear = np.where(rgb <= 0.04045, rgb / 12.92, ((rgb + 0.055) / 1.055) ** 2.4)
    xyz = linear @ TO_XYZ.T / WHITE_POINT
    f = np.where(xyz > 216 / 24389, np.cbrt(xyz), (24389 / 27 * xyz + 16) / 116)
    return np.stack([116 * f[..., 1] - 16, 500 * (f[..., 0] - f[..., 1]), 200 * (f[..., 1] - f[..., 2])], axis=-1)


def weigh_foreground(lab: Pixels, *, opaque: npt.NDArray[np.bool_]) -> Pixels:
    """Return how much each pixel (h, w) is the product's: none of an even ground and its shadow; in a scene, more the
    nearer it is to the middle."""
    height, width = opaque.shape
    middle = centre_weights(height, width)
    if not opaque.all():
        return np.where(opaque, middle, 0.0)
    rim = max(1, round(BORDER * min(height, width)))
    inner = np.zeros((height, width), dtype=bool)
    inner[rim:-rim, rim:-rim] = True
    border = lab[~inner]
    ground = np.median(border, axis=0)
    if np.median(np.linalg.norm(border - ground, axis=1)) > EVEN:
        return middle
    distance = np.linalg.norm(lab - ground, axis=2)
    chroma = np.linalg.norm(lab[..., 1:] - ground[1:], axis=2)
    darker = ground[0] - lab[..., 0]
    shadow = (darker > 0) & (darker < SHADOW_DISTANCE) & (chroma < SHADOW_CHROMA) & near_ground(distance)
    foreground = (distance > GROUND_DISTANCE) & ~shadow
    if foreground.mean() < LEAST_FOREGROUND:
        foreground = distance > GROUND_DISTANCE / 2
    return np.where(foreground, middle, 0.0) if foreground.mean() >= LEAST_FOREGROUND / 2 else middle


def near_ground(distance: Pixels) -> npt.NDArray[np.bool_]:
    """Where a shadow may lie: in the lower part of the picture, below the product."""
    rows = np.arange(distance.shape[0])[:, None] / distance.shape[0]
    return np.broadcast_to(rows > 0.55, distance.shape)


def centre_weights(height: int, width: int) -> Pixels:
    """Return weights (h, w) of 1 in the middle, falling to .3 in the corners."""
    y = np.linspace(-1, 1, height)[:, None] ** 2
    x = np.linspace(-1, 1, width)[None, :] ** 2
    return np.asarray(1.0 - 0.35 * (x + y))


NAMES = ("black", "white", "grey", "red", "orange", "yellow", "green", "blue", "purple", "pink", "brown")


def name_pixels(lab: Pixels) -> npt.NDArray[np.str_]:
    """Return the basic term of each pixel of (n, 3)."""
    light, a, b = lab.T
    chroma, hue = np.hypot(a, b), np.degrees(np.arctan2(b, a)) % 360
    warm = (hue > 30) & (hue < 110)
    neutral = chroma < np.where(warm, 9.0, 6.5)
    cream = warm & (chroma < 22) & (light > 78)
    rules = [
        ("black", (light < 20) & (chroma < 16)),
        ("white", (neutral & (light > 72)) | cream),
        ("black", neutral & (light < 24)),
        ("grey", neutral),
        ("green", (hue >= 105) & (hue < 192)),
        ("blue", (hue >= 192) & (hue < 292)),
        ("pink", ((hue >= 335) | (hue < 42)) & (light > 62)),
        ("purple", (hue >= 292) & (hue < 358)),
        ("brown", (hue >= 42) & (hue < 92) & ((light < 52) | (chroma < 34))),
        ("brown", ((hue < 45) | (hue >= 358)) & (light < 38) & (chroma < 38)),
        ("yellow", (hue >= 72) & (hue < 105)),
        ("orange", (hue >= 42) & (hue < 72)),
        ("red", np.ones_like(neutral)),
    ]
    return np.select([where for _, where in rules], [name for name, _ in rules], default="grey")
