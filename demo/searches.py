"""Written searches and the products that answer them, derived from the tables and never from pictures or vectors.

    python searches.py      # writes searches.csv: query,language,skus

A product answers a search when it is in the named category and has the named attributes (or the named words in its title).
"""

from __future__ import annotations

import csv
import json
from pathlib import Path

HERE = Path(__file__).parent

# (query, language, category, attributes that must contain these words, words of the title)
SEARCHES: list[tuple[str, str, str, dict[str, str], str]] = [
    ("white speckled coffee cup", "en", "Tableware/Mugs", {"pattern": "speckle", "colour": "white"}, ""),
    ("ceramic wall clock", "en", "Decor/Wall Clocks", {"material": "ceramic"}, ""),
    ("brass mirror", "en", "Decor/Mirrors", {"material": "brass"}, ""),
    ("woolen carpet with stripes", "en", "Textiles/Rugs", {"pattern": "stripes"}, ""),
    ("glass hanging lamp", "en", "Lighting/Pendant Lamps", {"material": "glass"}, ""),
    ("industrial ceiling light", "en", "Lighting/Pendant Lamps", {"style": "industrial"}, ""),
    ("bedside lamp", "en", "Lighting/Table Lamps", {}, ""),
    ("velvet cushion", "en", "Textiles/Cushions", {"material": "velvet"}, ""),
    ("linen pillow in mustard yellow", "en", "Textiles/Cushions", {"material": "linen", "colour": "mustard"}, ""),
    ("leather pouf", "en", "Furniture/Ottomans", {"material": "leather"}, ""),
    ("bouclé footstool", "en", "Furniture/Ottomans", {"material": "bouclé"}, ""),
    ("walnut coffee table", "en", "Furniture/Side Tables", {"material": "walnut"}, ""),
    ("marble side table", "en", "Furniture/Side Tables", {"material": "marble"}, ""),
    ("dining chair in oak", "en", "Furniture/Chairs", {"material": "oak"}, ""),
    ("bar stool", "en", "Furniture/Stools", {}, ""),
    ("wooden bench for the hallway", "en", "Furniture/Benches", {"material": "solid"}, ""),
    ("book shelf", "en", "Furniture/Shelves", {}, ""),
    ("wine decanter", "en", "Tableware/Carafes & Bottles", {}, ""),
    ("teapot for green tea", "en", "Tableware/Teapots", {}, ""),
    ("serving tray in marble", "en", "Tableware/Trays", {"material": "marble"}, ""),
    ("soup bowl navy", "en", "Tableware/Bowls", {"colour": "navy"}, ""),
    ("dinner plate white", "en", "Tableware/Plates", {"colour": "white"}, ""),
    ("espresso cup", "en", "Tableware/Cups", {}, ""),
    ("flower pot", "en", "Decor/Planters", {}, ""),
    ("candlestick brass", "en", "Decor/Candle Holders", {"material": "brass"}, ""),
    ("tall flower vase", "en", "Decor/Vases", {}, ""),
    ("laundry basket rattan", "en", "Storage/Boxes & Baskets", {"material": "rattan"}, ""),
    ("kitchen storage jar", "en", "Storage/Boxes & Baskets", {"material": "stoneware"}, ""),
    ("Harbour pendant", "en", "Lighting/Pendant Lamps", {}, "Harbour"),
    ("porthole miror", "en", "Decor/Mirrors", {}, "Porthole"),
    ("白色马克杯", "zh", "Tableware/Mugs", {"colour": "white"}, ""),
    ("陶瓷挂钟", "zh", "Decor/Wall Clocks", {"material": "ceramic"}, ""),
    ("黄铜镜子", "zh", "Decor/Mirrors", {"material": "brass"}, ""),
    ("条纹羊毛地毯", "zh", "Textiles/Rugs", {"pattern": "stripes"}, ""),
    ("玻璃吊灯", "zh", "Lighting/Pendant Lamps", {"material": "glass"}, ""),
    ("床头台灯", "zh", "Lighting/Table Lamps", {}, ""),
    ("天鹅绒抱枕", "zh", "Textiles/Cushions", {"material": "velvet"}, ""),
    ("真皮脚凳", "zh", "Furniture/Ottomans", {"material": "leather"}, ""),
    ("胡桃木边几", "zh", "Furniture/Side Tables", {"material": "walnut"}, ""),
    ("餐椅", "zh", "Furniture/Chairs", {}, ""),
    ("茶壶", "zh", "Tableware/Teapots", {}, ""),
    ("大理石托盘", "zh", "Tableware/Trays", {"material": "marble"}, ""),
    ("藏蓝色碗", "zh", "Tableware/Bowls", {"colour": "navy"}, ""),
    ("花盆", "zh", "Decor/Planters", {}, ""),
    ("花瓶", "zh", "Decor/Vases", {}, ""),
    ("烛台", "zh", "Decor/Candle Holders", {}, ""),
    ("收纳篮", "zh", "Storage/Boxes & Baskets", {}, ""),
    ("白色盘子", "zh", "Tableware/Plates", {"colour": "white"}, ""),
]


def answers(row: dict[str, str], search: tuple[str, str, str, dict[str, str], str]) -> bool:
    _, _, category, wanted, words = search
    attributes = json.loads(row["attributes"])
    has_attributes = all(word in attributes[name] for name, word in wanted.items())
    return row["category"] == category and has_attributes and words in row["title"]


def main() -> None:
    with (HERE / "products.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    with (HERE / "searches.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["query", "language", "skus"])
        for search in SEARCHES:
            skus = [row["sku"] for row in rows if answers(row, search)]
            if not skus:
                raise SystemExit(f"No product answers {search[0]!r}: change its category or attributes.")
            writer.writerow([search[0], search[1], "|".join(skus)])


if __name__ == "__main__":
    main()
