"""Draws a chest phantom as a radiograph: geometry and noise alone, no patient anywhere. The patient's right is on the left.

Coordinates run from -1 to 1 in both directions, y downwards. Brightness runs from 0 (air) to 1 (metal).
"""
from dataclasses import dataclass

import numpy as np

SIDE_PX = 288
SIDES = {"right": -1.0, "left": 1.0}  # where it lies in the picture
ZONES = {"upper": -.36, "middle": -.03, "lower": .30}
DEGREES = {"small": 0, "moderate": 1, "large": 2}

Y, X = np.mgrid[-1:1:SIDE_PX * 1j, -1:1:SIDE_PX * 1j]


@dataclass
class Body:
    """What differs from one body, and from one exposure, to the next, whatever was found."""

    width: float
    lung_width: float
    lung_height: float
    heart: float
    tilt: float
    shift: float
    exposure: float
    noise: float
    ribs: int
    breasts: float
    leads: bool


def draw_body(rng, view):
    """Return a body at random. From the front (AP) the heart is nearer to the tube, and looks larger."""
    return Body(width=rng.uniform(.80, .97), lung_width=rng.uniform(.25, .31), lung_height=rng.uniform(.52, .63),
                heart=rng.uniform(.19, .23) * (1.10 if view == "AP" else 1), tilt=rng.uniform(-.05, .05),
                shift=rng.uniform(-.05, .05), exposure=rng.uniform(.85, 1.18), noise=rng.uniform(.012, .03),
                ribs=int(rng.integers(8, 11)), breasts=rng.uniform(0, .10),
                leads=bool(rng.random() < (.5 if view == "AP" else .08)))


def soft(distance, width=.03):
    """Return 1 inside (distance < 0), 0 outside, and a soft edge between."""
    return 1 / (1 + np.exp(np.clip(distance / (width / 4), -40, 40)))


def ellipse(x, y, centre, radii, power=2.0):
    cx, cy = centre
    return (np.abs((x - cx) / radii[0]) ** power + np.abs((y - cy) / radii[1]) ** power) ** (1 / power) - 1


def cloud(rng, scale):
    """Return smooth noise from 0 to 1, its lumps `scale` of the picture wide."""
    cells = max(int(1 / scale), 2) + 3
    grid = rng.random((cells, cells))
    at = np.linspace(0, cells - 1.001, SIDE_PX)
    low, part = at.astype(int), (at % 1)
    part = part * part * (3 - 2 * part)
    rows = grid[low] * (1 - part)[:, None] + grid[low + 1] * part[:, None]
    return rows[:, low] * (1 - part) + rows[:, low + 1] * part


class Chest:
    """A chest as it is drawn: bones and soft parts first, then what was found, then the exposure."""

    def __init__(self, rng, view, findings):
        self.rng, self.body = rng, draw_body(rng, view)
        b = self.body
        self.x = X * np.cos(b.tilt) + Y * np.sin(b.tilt) - b.shift
        self.y = Y * np.cos(b.tilt) - X * np.sin(b.tilt)
        self.lungs = {side: self.lung(sign) for side, sign in SIDES.items()}
        self.collapsed = {side: np.zeros_like(X) for side in SIDES}
        self.broken = {}
        self.picture = self.draw_soft_parts(findings)
        for finding in findings:
            getattr(self, f"prepare_{finding['kind']}", lambda _: None)(finding)
        self.draw_bones()
        for finding in findings:
            getattr(self, f"draw_{finding['kind']}", lambda _: None)(finding)

    def lung(self, sign):
        b = self.body
        radii = b.lung_width * (1.06 if sign < 0 else .98), b.lung_height
        inside = ellipse(self.x, self.y, (sign * .40, -.06), radii, 2.6)
        dome = self.y - (.36 if sign < 0 else .41) - .55 * (self.x - sign * .40) ** 2  # the diaphragm
        return soft(np.maximum(inside * .3, dome), .05)

    def draw_soft_parts(self, findings):
        b, x, y = self.body, self.x, self.y
        picture = .03 + .50 * soft(ellipse(x, y, (0, .25), (b.width, 1.35), 3.2) * .5, .08)
        picture += .10 * soft(ellipse(x, y, (0, .0), (.12, 1.2), 4) * .3, .05)  # what lies in the middle
        air = sum(self.lungs.values())
        picture -= .36 * air * (.85 + .3 * cloud(self.rng, .5))
        for sign in SIDES.values():
            picture += b.breasts * soft(ellipse(x, y, (sign * .42, .42), (.30, .24)) * .3, .08)
            for _ in range(7):  # vessels, from the hilum outwards
                angle, curve = self.rng.uniform(-1.3, 1.3), self.rng.uniform(-.5, .5)
                along = (x * sign - .16) * np.cos(angle) + (y - .02) * np.sin(angle)
                across = (y - .02) * np.cos(angle) - (x * sign - .16) * np.sin(angle) + curve * along ** 2
                picture += .10 * np.exp(-(across / .016) ** 2) * np.exp(-np.clip(along, 0, 2) / .14) * (along > 0) * air
        size = b.heart * next((1.36 + .13 * DEGREES[f["degree"]] for f in findings if f["kind"] == "cardiomegaly"), 1)
        heart = ellipse(x + .35 * (y - .2), y, (.10 + .55 * (size - b.heart), .22), (size * 1.25, .27 + .35 * (size - b.heart)))
        return np.maximum(picture, .60 * soft(heart * .3, .06) + .03 * cloud(self.rng, .2))

    def draw_bones(self):
        x, y, b = self.x, self.y, self.body
        self.picture += .10 * soft(np.abs(x) - .055, .03) * (.8 + .2 * np.cos(y * 34))  # the spine
        for side, sign in SIDES.items():
            for number in range(b.ribs):
                top = -.62 + number * 1.05 / b.ribs
                out = np.clip(x * sign / .74, 0, 1.05)
                middle = top + .30 * out ** 2.2 - .10 * np.sin(np.pi * np.clip(out, 0, 1))
                middle = middle + self.broken.get((side, number), 0)
                width = .017 + .006 * out
                rib = np.exp(-((y - middle) / width) ** 2) * soft(x * sign - .70 * b.width, .03) * soft(.07 - x * sign, .03)
                gap = self.broken.get((side, number, "gap"), 0)
                self.picture += .105 * rib * (1 - gap)
            clavicle = y + .66 + .20 * (x * sign) - .06 * np.sin(x * sign * 5)
            self.picture += .16 * np.exp(-(clavicle / .026) ** 2) * soft(x * sign - .72, .03) * soft(.06 - x * sign, .03)
        if b.leads:
            for _ in range(2):
                start, slope = self.rng.uniform(-.5, .5), self.rng.uniform(-.6, .6)
                self.picture += .22 * np.exp(-((x - start - slope * y - .08 * np.sin(3 * y)) / .006) ** 2) * (y < .5)

    def place(self, finding):
        """Return the middle of what was found: within the lung of its side, in its zone."""
        sign = SIDES[finding["side"]]
        return sign * (.40 + self.rng.uniform(-.09, .11)), ZONES[finding["zone"]] + self.rng.uniform(-.05, .05)

    def draw_nodule(self, finding):
        cx, cy = self.place(finding)
        radius = finding["mm"] / 330  # the picture is some 330 mm wide
        spikes = 1 + .10 * np.sin(5 * np.arctan2(self.y - cy, self.x - cx) + self.rng.uniform(0, 6))
        self.picture += .27 * soft(np.hypot(self.x - cx, self.y - cy) - radius * spikes, .035)

    def draw_consolidation(self, finding):
        cx, cy = self.place(finding)
        radius = (.15, .22, .30)[DEGREES[finding["degree"]]]
        extent = soft((np.hypot((self.x - cx) / 1.1, self.y - cy) - radius) + .14 * (cloud(self.rng, .12) - .5), .12)
        self.picture += .34 * extent * (.55 + .6 * cloud(self.rng, .06)) * self.lungs[finding["side"]]

    def draw_effusion(self, finding):
        sign = SIDES[finding["side"]]
        level = (.24, .06, -.20)[DEGREES[finding["degree"]]] + self.rng.uniform(-.03, .03)
        meniscus = level - .30 * np.clip(self.x * sign - .25, 0, 1) ** 1.6  # it climbs at the chest wall
        fluid = soft(meniscus - self.y, .05) * soft(ellipse(self.x, self.y, (sign * .40, .1), (.34, .62), 3) * .3, .05)
        self.picture = self.picture * (1 - fluid) + fluid * np.maximum(self.picture, .56)

    def prepare_pneumothorax(self, finding):
        sign = SIDES[finding["side"]]
        depth = (.07, .13, .20)[DEGREES[finding["degree"]]]
        inner = ellipse(self.x, self.y, (sign * (.40 - depth * .5), .02 + depth), (self.body.lung_width - depth * .55, self.body.lung_height - depth), 2.6)
        outside = (1 - soft(inner * .3, .03)) * self.lungs[finding["side"]] * soft(.12 - self.x * sign, .05)
        self.picture -= .11 * outside
        line = np.exp(-(inner * .3 / .012) ** 2) * self.lungs[finding["side"]] * soft(.2 - self.x * sign, .05)
        self.picture += .13 * line

    def prepare_fracture(self, finding):
        side = finding["side"]
        rib = {"upper": 2, "middle": 4, "lower": 6}[finding["zone"]]
        at = self.rng.uniform(.50, .62)
        step = (.018, .030, .045)[DEGREES[finding["degree"]]]
        beyond = soft(at - self.x * SIDES[side], .02)
        for number in range(rib, rib + 1 + DEGREES[finding["degree"]]):
            self.broken[side, number] = step * beyond
            self.broken[side, number, "gap"] = np.exp(-((self.x * SIDES[side] - at) / .014) ** 2)

    def expose(self):
        """Return the radiograph as bytes (SIDE_PX, SIDE_PX): scatter, grain, exposure."""
        b = self.body
        grain = self.rng.normal(0, b.noise, X.shape)
        grain = (grain + np.roll(grain, 1, 0) + np.roll(grain, 1, 1)) / 1.7
        picture = np.clip(self.picture * b.exposure + grain, 0, 1) ** .9
        picture *= 1 - .12 * (X ** 2 + Y ** 2) / 2
        return (np.clip(picture * 1.18, 0, 1) * 255).astype(np.uint8)


def draw(seed, view, findings):
    """Return the radiograph (SIDE_PX, SIDE_PX) of a body at random that has what was found."""
    return Chest(np.random.default_rng(seed), view, findings).expose()
