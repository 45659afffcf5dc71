"""A drawing for each family: a few shapes, turned, moved and coloured by chance, so that no two are alike."""
import math

from PIL import Image, ImageDraw

SIDE = 256  # px
FINE = 3  # times as large while it is drawn: edges come out smooth
INKS = [(38, 43, 60), (96, 30, 42), (24, 74, 62), (70, 52, 110), (120, 74, 18)]
PAPERS = [(244, 239, 228), (225, 234, 240), (238, 228, 236), (228, 238, 222), (246, 232, 214)]


def draw(family, rng, path, paper):
    """Save the drawing of a family; `paper` is a number: recordists have each their own."""
    image = Image.new("RGB", (FINE * SIDE, FINE * SIDE), PAPERS[paper % len(PAPERS)])
    pen, ink = ImageDraw.Draw(image), INKS[int(rng.integers(len(INKS)))]
    turn, scale = rng.uniform(-0.35, 0.35), rng.uniform(0.75, 1.1)
    shift = rng.uniform(-18, 18, 2)

    def at(x, y):
        """A point of the unit square around the middle, turned and moved."""
        a, b = x * math.cos(turn) - y * math.sin(turn), x * math.sin(turn) + y * math.cos(turn)
        return FINE * (SIDE / 2 + shift[0] + a * scale * SIDE / 2), FINE * (SIDE / 2 + shift[1] + b * scale * SIDE / 2)

    def line(*points, width=8, fill=ink):
        pen.line([at(*point) for point in points], fill=fill, width=FINE * width, joint="curve")

    def area(*points, fill=ink):
        pen.polygon([at(*point) for point in points], fill=fill)

    def disc(x, y, r, fill=ink, outline=None):
        a, b = at(x, y)
        r *= FINE * scale * SIDE / 2
        pen.ellipse([a - r, b - r, a + r, b + r], fill=fill, outline=outline, width=6 * FINE)

    SHAPES[family](line, area, disc, rng, PAPERS[paper % len(PAPERS)])
    image.resize((SIDE, SIDE), Image.LANCZOS).save(path, "WEBP", quality=70, method=6)


def bell(line, area, disc, rng, paper):
    curve = [(0.45 * math.sin(a) * (0.5 + 0.5 * a / 1.6), -0.5 + 0.8 * a / 1.6) for a in [i * 0.16 for i in range(11)]]
    area(*[(x + 0.08, y) for x, y in curve], *[(-x - 0.08, y) for x, y in reversed(curve)])
    disc(0, 0.42, 0.11)


def string(line, area, disc, rng, paper):
    area((-0.45, 0.6), (-0.6, -0.5), (0.15, -0.6), (0.55, 0.6))
    for i in range(6):
        line((-0.4 + i * 0.13, 0.5), (-0.42 + i * 0.09, -0.5), width=3, fill=paper)


def flute(line, area, disc, rng, paper):
    line((-0.75, 0.0), (0.75, 0.0), width=34)
    for i in range(6):
        disc(-0.2 + i * 0.15, 0, 0.045, fill=paper)


def organ(line, area, disc, rng, paper):
    for i, height in enumerate([0.4, 0.6, 0.8, 0.95, 0.8, 0.6, 0.4]):
        x = -0.54 + i * 0.18
        line((x, 0.5), (x, 0.5 - height), width=22)
        line((x - 0.03, 0.25), (x + 0.03, 0.25), width=6, fill=paper)


def drum(line, area, disc, rng, paper):
    area((-0.5, -0.2), (0.5, -0.2), (0.45, 0.5), (-0.45, 0.5))
    for i in range(5):
        line((-0.45 + i * 0.2, -0.15), (-0.35 + i * 0.2, 0.45), width=4, fill=paper)
    line((-0.6, -0.65), (0.1, -0.25), width=9)
    line((0.6, -0.65), (-0.1, -0.25), width=9)


def brass(line, area, disc, rng, paper):
    area((0.3, -0.1), (0.75, -0.42), (0.75, 0.42), (0.3, 0.1))
    line((-0.75, 0), (0.4, 0), width=16)
    line((-0.4, 0), (-0.4, 0.3), (0.2, 0.3), (0.2, 0), width=12)
    for i in range(3):
        line((-0.25 + i * 0.15, -0.22), (-0.25 + i * 0.15, 0.1), width=9)


def rain(line, area, disc, rng, paper):
    for x, y, r in ((-0.3, -0.3, 0.22), (0, -0.42, 0.28), (0.3, -0.3, 0.22)):
        disc(x, y, r)
    for _ in range(14):
        x, y = rng.uniform(-0.5, 0.5), rng.uniform(0, 0.6)
        line((x, y), (x - 0.06, y + 0.15), width=5)


def wind(line, area, disc, rng, paper):
    for y in (-0.35, -0.05, 0.25):
        line(*[(x / 20 - 0.7, y + 0.09 * math.sin(x / 2.2 + y * 9)) for x in range(27)], width=9)


def engine(line, area, disc, rng, paper):
    for i in range(10):
        a = i * math.tau / 10
        line((0.38 * math.cos(a), 0.38 * math.sin(a)), (0.6 * math.cos(a), 0.6 * math.sin(a)), width=26)
    disc(0, 0, 0.45)
    disc(0, 0, 0.18, fill=paper)


def bird(line, area, disc, rng, paper):
    disc(0, 0.05, 0.36)
    disc(0.32, -0.3, 0.2)
    area((0.48, -0.36), (0.75, -0.26), (0.48, -0.2))
    area((-0.25, 0.0), (-0.8, -0.25), (-0.7, 0.15), (-0.25, 0.3))
    line((0, 0.4), (0, 0.7), width=5)


def siren(line, area, disc, rng, paper):
    area((-0.3, 0.3), (-0.25, -0.2), (0.25, -0.2), (0.3, 0.3))
    line((-0.5, 0.4), (0.5, 0.4), width=24)
    for a in (-2.6, -2.1, -1.57, -1.04, -0.54):
        line((0.4 * math.cos(a), 0.4 * math.sin(a)), (0.7 * math.cos(a), 0.7 * math.sin(a)), width=9)


def steps(line, area, disc, rng, paper):
    for x, y in ((-0.25, 0.25), (0.25, -0.25)):
        for i in range(5):
            disc(x, y - 0.02 * i, 0.15 - 0.012 * i)
        disc(x, y + 0.3, 0.1)


def recorder(line, area, disc, rng, paper):
    """What those have whose recordist took a picture of nothing in particular."""
    area((-0.6, -0.4), (0.6, -0.4), (0.6, 0.45), (-0.6, 0.45))
    for x in (-0.28, 0.28):
        disc(x, 0, 0.2, fill=paper)
        disc(x, 0, 0.07)


SHAPES = {name: shape for name, shape in globals().items() if callable(shape) and name not in ("draw", "Image")}
