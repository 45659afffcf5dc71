"""The shades of points in the light theme; map.css has them too, and those of the dark one.

Seven that are told apart by everybody: searched for so that any two of them, and each and OTHER's grey, lie at least 10
apart in OKLab (times 100), as seen with normal vision and, by Machado's matrices of 2009, without red, green or blue
cones; and each with a contrast of 3 to the page. No eight shades do.
"""

from __future__ import annotations

LIGHT = {
    "1": "#0088ff",
    "2": "#ff4411",
    "3": "#555500",
    "4": "#6600ee",
    "5": "#770044",
    "6": "#003388",
    "7": "#bb33aa",
    "other": "#8c8680",
    "none": "#b0aaa2",
    "low2": "#a63d00",
    "low1": "#d9741a",
    "middle": "#8c8680",
    "high1": "#3d8ec4",
    "high2": "#0b4f8a",
}
SHADES_IN_PICTURES = {name: tuple(bytes.fromhex(shade[1:])) for name, shade in LIGHT.items()}
