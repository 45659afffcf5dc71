"""How often the doctor is right about pictures: blurred on purpose, and with texts laid over them on purpose.

    python benchmarks/pictures_judged.py FOLDER [FOLDER ...]

Each picture is judged as it is, where whatever is found counts as wrong, and once more in each way it is spoiled.
"""

from __future__ import annotations

import argparse
import random
import sys
from io import BytesIO
from pathlib import Path

from PIL import Image, ImageDraw, ImageFilter, ImageFont

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from catalog.pictures.measuring import BLURRED_BELOW, LETTERED_FROM, measure_picture

MOST = 250  # pictures of a folder, unless told otherwise
TEXTS = (
    "SALE -50%", "Free shipping", "NEW ARRIVAL", "BEST PRICE 2026", "Only today", "www.shop.example",
    "新品上市 全场五折", "包邮 正品保证", "Buy 2 get 1 free", "© Studio Nord",
)  # fmt: skip
FONTS = ("DejaVuSans-Bold.ttf", "DejaVuSans.ttf", "DejaVuSerif-Bold.ttf", "DejaVuSansCondensed-Bold.ttf")
CHINESE_FONT = "NotoSansCJK-Regular.ttc"
INKS = ((220, 30, 30), (0, 0, 0), (255, 255, 255), (20, 60, 160))


def lay_text(picture: Image.Image, chance: random.Random) -> Image.Image:
    """Return the picture with a slogan near its upper or lower end, a twentieth to a tenth of its height high."""
    picture, text = picture.copy(), chance.choice(TEXTS)
    pen = ImageDraw.Draw(picture)
    name = CHINESE_FONT if ord(text[0]) > 1000 else chance.choice(FONTS)
    size = int(picture.height * chance.choice([0.05, 0.07, 0.1]))
    while (box := pen.textbbox((0, 0), text, font=ImageFont.truetype(name, size)))[2] > picture.width * 0.95:
        size = int(size * 0.85)
    left = chance.randint(0, max(0, int(picture.width - box[2]) - 4))
    lowest = max(picture.height * 3 // 4, int(picture.height - box[3]) - 4)
    top = chance.choice([chance.randint(2, picture.height // 5), chance.randint(picture.height * 3 // 4, lowest)])
    ink = chance.choice(INKS)
    if ink == (255, 255, 255) or chance.random() < 0.5:
        ground = (200, 30, 40) if ink == (255, 255, 255) else (255, 240, 120)
        pen.rectangle((left - 8, top - 4, left + box[2] + 8, top + box[3] + 6), fill=ground)
    pen.text((left, top), text, font=ImageFont.truetype(name, size), fill=ink)
    return picture


def blur(picture: Image.Image, share: float) -> Image.Image:
    return picture.filter(ImageFilter.GaussianBlur(share * max(picture.size)))


def enlarge(picture: Image.Image, side: int = 128) -> Image.Image:
    """Return what a picture of 128 pixels looks like when it is enlarged to its size."""
    small = picture.copy()
    small.thumbnail((side, side))
    return small.resize(picture.size, Image.Resampling.BICUBIC)


def judge(picture: Image.Image) -> tuple[bool, bool]:
    """Is it blurred, and has it text?"""
    buffer = BytesIO()
    picture.save(buffer, "JPEG", quality=88)
    measures = measure_picture(buffer.getvalue())
    return measures.sharpness < BLURRED_BELOW, measures.letters >= LETTERED_FROM


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folders", nargs="+", type=Path, help="of pictures, and what is below them")
    parser.add_argument("--most", type=int, default=MOST, help="pictures of each folder")
    arguments = parser.parse_args()
    chance = random.Random(2)  # noqa: S311  # the same pictures each time
    for folder in arguments.folders:
        files = sorted(path for path in folder.rglob("*") if path.suffix in {".webp", ".jpg", ".png"})
        files = chance.sample(files, min(arguments.most, len(files)))
        counts = dict.fromkeys(["blurred", "text", "blur .4%", "blur .8%", "enlarged", "with text"], 0)
        for file in files:
            with Image.open(file) as opened:
                picture = opened.convert("RGB")
            is_blurred, has_text = judge(picture)
            counts["blurred"] += is_blurred
            counts["text"] += has_text
            counts["blur .4%"] += judge(blur(picture, 0.004))[0]
            counts["blur .8%"] += judge(blur(picture, 0.008))[0]
            counts["enlarged"] += judge(enlarge(picture))[0]
            counts["with text"] += judge(lay_text(picture, chance))[1]
        print(folder, len(files), {name: f"{100 * count / len(files):.1f}%" for name, count in counts.items()})


if __name__ == "__main__":
    main()
