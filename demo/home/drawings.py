"""A drawing for each kind of device: a few shapes, turned, moved and coloured by chance, so that no two are alike."""
import math

from PIL import Image, ImageDraw

SIDE = 256  # px
FINE = 3  # times as large while it is drawn: edges come out smooth
INKS = [(40, 48, 66), (84, 40, 44), (28, 78, 70), (72, 60, 108), (112, 80, 28)]
PAPERS = [(246, 246, 244), (232, 238, 244), (240, 234, 228), (234, 242, 234), (238, 232, 242)]


class Pen:
    """Draws in the unit square around a middle that is turned and moved."""

    def __init__(self, rng):
        self.paper, self.ink = PAPERS[int(rng.integers(len(PAPERS)))], INKS[int(rng.integers(len(INKS)))]
        self.image = Image.new("RGB", (FINE * SIDE, FINE * SIDE), self.paper)
        self.pen = ImageDraw.Draw(self.image)
        self.turn, self.scale = rng.uniform(-0.25, 0.25), rng.uniform(0.75, 1.05) * FINE * SIDE / 2
        self.shift = (rng.uniform(-14, 14, 2) + SIDE / 2) * FINE

    def at(self, x, y):
        c, s = math.cos(self.turn), math.sin(self.turn)
        return self.shift[0] + (x * c - y * s) * self.scale, self.shift[1] + (x * s + y * c) * self.scale

    def line(self, *points, width=8, light=False):
        self.pen.line([self.at(*p) for p in points], fill=self.paper if light else self.ink, width=FINE * width, joint="curve")

    def area(self, *points, light=False):
        self.pen.polygon([self.at(*p) for p in points], fill=self.paper if light else self.ink)

    def box(self, x, y, w, h, light=False):
        self.area((x - w, y - h), (x + w, y - h), (x + w, y + h), (x - w, y + h), light=light)

    def disc(self, x, y, r, light=False):
        (a, b), r = self.at(x, y), r * self.scale
        self.pen.ellipse([a - r, b - r, a + r, b + r], fill=self.paper if light else self.ink)


def ceiling_light(p):
    p.line((0, -0.7), (0, -0.35), width=6)
    p.area((-0.6, 0.25), (-0.3, -0.35), (0.3, -0.35), (0.6, 0.25))
    p.disc(0, 0.32, 0.16)


def light_strip(p):
    points = [(x / 10 - 0.75, 0.3 * math.sin(x / 2.4)) for x in range(16)]
    p.line(*points, width=26)
    for x, y in points[1::2]:
        p.disc(x, y, 0.045, light=True)


def roller_blind(p):
    p.box(0, -0.6, 0.65, 0.08)
    p.box(0, 0, 0.55, 0.55)
    for i in range(5):
        p.line((-0.55, -0.35 + i * 0.2), (0.55, -0.35 + i * 0.2), width=3, light=True)


def thermostat(p):
    p.disc(0, 0, 0.6)
    p.disc(0, 0, 0.45, light=True)
    p.line((0, 0), (0.25, -0.28), width=10)
    p.disc(0, 0, 0.08)


def climate_sensor(p):
    p.line((0, -0.6), (0, 0.3), width=38)
    p.disc(0, 0.4, 0.26)
    p.line((0, -0.4), (0, 0.3), width=12, light=True)


def motion_sensor(p):
    p.area((-0.5, 0.4), (0, -0.5), (0.5, 0.4))
    for r in (0.5, 0.65, 0.8):
        p.line(*[(r * math.sin(a), 0.1 + r * math.cos(a)) for a in (-0.5, -0.25, 0, 0.25, 0.5)], width=5)


def contact_sensor(p):
    p.box(-0.18, 0, 0.22, 0.55)
    p.box(0.35, 0, 0.1, 0.35)


def leak_sensor(p):
    p.disc(0, 0.2, 0.38)
    p.area((-0.33, 0.05), (0, -0.65), (0.33, 0.05))


def smoke_alarm(p):
    p.disc(0, 0, 0.6)
    for i in range(8):
        a = i * math.tau / 8
        p.line((0.28 * math.cos(a), 0.28 * math.sin(a)), (0.48 * math.cos(a), 0.48 * math.sin(a)), width=9, light=True)
    p.disc(0, 0, 0.1, light=True)


def plug(p):
    p.box(0, 0.1, 0.42, 0.42)
    p.line((-0.2, -0.3), (-0.2, -0.65), width=14)
    p.line((0.2, -0.3), (0.2, -0.65), width=14)
    p.line((0, 0.5), (0, 0.8), width=12)


def wall_button(p):
    p.box(0, 0, 0.55, 0.55)
    p.box(-0.24, 0, 0.18, 0.42, light=True)
    p.box(0.24, 0, 0.18, 0.42, light=True)


def speaker(p):
    p.box(0, 0, 0.4, 0.65)
    p.disc(0, 0.22, 0.27, light=True)
    p.disc(0, 0.22, 0.12)
    p.disc(0, -0.35, 0.14, light=True)


def camera(p):
    p.area((-0.6, -0.3), (0.35, -0.5), (0.45, 0.05), (-0.5, 0.25))
    p.disc(0.42, -0.22, 0.2)
    p.line((-0.2, 0.15), (-0.2, 0.6), (-0.55, 0.6), width=12)


def door_lock(p):
    p.line(*[(0.3 * math.cos(a), -0.15 + 0.42 * math.sin(a)) for a in (3.14, 3.6, 4.1, 4.7, 5.3, 5.8, 6.28)], width=14)
    p.box(0, 0.25, 0.45, 0.38)
    p.disc(0, 0.2, 0.1, light=True)
    p.line((0, 0.2), (0, 0.42), width=8, light=True)


def watering_valve(p):
    p.line((-0.7, 0), (0.35, 0), (0.35, 0.4), width=30)
    p.line((-0.1, 0), (-0.1, -0.5), width=10)
    p.line((-0.35, -0.5), (0.15, -0.5), width=14)
    p.disc(0.35, 0.62, 0.08)


def generic(p):
    """A white box, which is what many devices look like."""
    p.box(0, 0, 0.5, 0.5)
    p.disc(0, 0, 0.05, light=True)


def scene(p):
    for x, y, r in ((-0.35, -0.2, 0.22), (0.3, -0.3, 0.14), (0.1, 0.3, 0.3)):
        p.disc(x, y, r)
    p.line((-0.35, -0.2), (0.3, -0.3), (0.1, 0.3), (-0.35, -0.2), width=6)


def draw(name, rng, path):
    """Save the drawing of a kind of device, called as its function here."""
    pen = Pen(rng)
    globals()[name](pen)
    pen.image.resize((SIDE, SIDE), Image.LANCZOS).save(path, "WEBP", quality=70, method=6)
