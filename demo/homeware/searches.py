"""Written searches and the products that answer them, derived from the tables and never from pictures or vectors.

    python searches.py      # writes searches.csv: query,language,kind,skus,split

A product answers a search when it meets what the search says: its category, attributes, words of its title, its price.
Half of each kind are for tuning and half for judging alone, by a hash of their text.
"""

from __future__ import annotations

import csv
import hashlib
import json
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
Row = dict[str, Any]
Rule = Callable[[Row], bool]

# What an ordinary shopper calls the colours of this shop.
FAMILIES = {
    "white": {"white", "cream", "opal"}, "blue": {"navy", "sky"}, "green": {"sage", "forest"}, "grey": {"grey", "charcoal"},
    "black": {"charcoal"}, "pink": {"blush"}, "purple": {"plum"}, "yellow": {"mustard", "brass"},
    "orange": {"terracotta", "rust"}, "brown": {"walnut", "oak", "camel", "russet", "sand", "natural"},
}  # fmt: skip
WORDS = {  # of categories: English and Chinese that the shop itself uses
    "Tableware/Mugs": ("mug", "马克杯"), "Decor/Vases": ("vase", "花瓶"), "Textiles/Cushions": ("cushion", "抱枕"),
    "Tableware/Bowls": ("bowl", "碗"), "Furniture/Stools": ("stool", "凳"), "Furniture/Chairs": ("chair", "餐椅"),
    "Lighting/Pendant Lamps": ("pendant lamp", "吊灯"), "Lighting/Table Lamps": ("table lamp", "台灯"),
    "Tableware/Plates": ("plate", "餐盘"), "Decor/Candle Holders": ("candle holder", "烛台"),
    "Furniture/Side Tables": ("side table", "边几"), "Decor/Planters": ("planter", "花盆"),
    "Decor/Mirrors": ("mirror", "镜子"), "Textiles/Rugs": ("rug", "地毯"), "Furniture/Ottomans": ("ottoman", "方墩"),
    "Tableware/Teapots": ("teapot", "茶壶"), "Tableware/Trays": ("tray", "托盘"), "Decor/Wall Clocks": ("wall clock", "挂钟"),
    "Furniture/Shelves": ("shelf", "搁架"), "Furniture/Benches": ("bench", "长凳"), "Tableware/Cups": ("cup", "茶杯"),
}  # fmt: skip


def all_of(*rules: Rule) -> Rule:
    return lambda row: all(rule(row) for rule in rules)


def in_category(path: str) -> Rule:
    return lambda row: row["category"] == path or row["category"].startswith(f"{path}/")


def coloured(*names: str) -> Rule:
    return lambda row: row["attributes"]["colour"] in names


def of_family(name: str) -> Rule:
    return coloured(*FAMILIES[name])


def has(name: str, words: str) -> Rule:
    return lambda row: any(word in row["attributes"][name] for word in words.split("|"))


def titled(words: str) -> Rule:
    return lambda row: words.lower() in row["title"].lower()


def sold_by(brand: str) -> Rule:
    return lambda row: row["brand"] == brand


def costs(low: float = 0, high: float = 1e9) -> Rule:
    return lambda row: low <= float(row["price"] or -1) <= high


def without(rule: Rule) -> Rule:
    return lambda row: not rule(row)


def measures(side: str, about: float) -> Rule:
    return lambda row: abs(row["attributes"]["dimensions_cm"].get(side, 0) - about) <= 0.1 * about


def nothing(row: Row) -> bool:
    return False


M, V, C, B, S, CH, PL, TL, PT, CD, ST, PN, MR, RG, OT, TP, TR, CK, SH, BN, CU = WORDS
CARAFES, STORAGE = "Tableware/Carafes & Bottles", "Storage/Boxes & Baskets"
# (query, language, kind, rule)
SEARCHES: list[tuple[str, str, str, Rule]] = [
    ("white speckled coffee cup", "en", "mixed", all_of(in_category(M), has("pattern", "speckle"), coloured("white"))),
    ("ceramic wall clock", "en", "material", all_of(in_category(CK), has("material", "ceramic"))),
    ("brass mirror", "en", "material", all_of(in_category(MR), has("material", "brass"))),
    ("woolen carpet with stripes", "en", "mixed", all_of(in_category(RG), has("pattern", "stripes"))),
    ("glass hanging lamp", "en", "material", all_of(in_category(PL), has("material", "glass"))),
    ("industrial ceiling light", "en", "mixed", all_of(in_category(PL), has("style", "industrial"))),
    ("bedside lamp", "en", "synonym", in_category(TL)),
    ("velvet cushion", "en", "material", all_of(in_category(C), has("material", "velvet"))),
    ("linen pillow in mustard yellow", "en", "mixed", all_of(in_category(C), has("material", "linen"), coloured("mustard"))),
    ("leather pouf", "en", "material", all_of(in_category(OT), has("material", "leather"))),
    ("bouclé footstool", "en", "material", all_of(in_category(OT), has("material", "bouclé"))),
    ("walnut coffee table", "en", "material", all_of(in_category(ST), has("material", "walnut"))),
    ("marble side table", "en", "material", all_of(in_category(ST), has("material", "marble"))),
    ("dining chair in oak", "en", "material", all_of(in_category(CH), has("material", "oak"))),
    ("bar stool", "en", "category", in_category(S)),
    ("wooden bench for the hallway", "en", "material", all_of(in_category(BN), has("material", "solid|wood"))),
    ("book shelf", "en", "synonym", in_category(SH)),
    ("wine decanter", "en", "synonym", in_category(CARAFES)),
    ("teapot for green tea", "en", "category", in_category(TP)),
    ("serving tray in marble", "en", "material", all_of(in_category(TR), has("material", "marble"))),
    ("soup bowl navy", "en", "colour", all_of(in_category(B), coloured("navy"))),
    ("dinner plate white", "en", "colour", all_of(in_category(PT), of_family("white"))),
    ("espresso cup", "en", "category", in_category(CU)),
    ("flower pot", "en", "synonym", in_category(PN)),
    ("candlestick brass", "en", "material", all_of(in_category(CD), has("material", "brass"))),
    ("tall flower vase", "en", "category", in_category(V)),
    ("laundry basket rattan", "en", "material", all_of(in_category(STORAGE), has("material", "rattan"))),
    ("kitchen storage jar", "en", "category", all_of(in_category(STORAGE), has("material", "stoneware"))),
    ("Harbour pendant", "en", "name", all_of(in_category(PL), titled("Harbour"))),
    ("porthole miror", "en", "typo", all_of(in_category(MR), titled("Porthole"))),
    ("白色马克杯", "zh", "colour", all_of(in_category(M), of_family("white"))),
    ("陶瓷挂钟", "zh", "material", all_of(in_category(CK), has("material", "ceramic"))),
    ("黄铜镜子", "zh", "material", all_of(in_category(MR), has("material", "brass"))),
    ("条纹羊毛地毯", "zh", "mixed", all_of(in_category(RG), has("pattern", "stripes"))),
    ("玻璃吊灯", "zh", "material", all_of(in_category(PL), has("material", "glass"))),
    ("床头台灯", "zh", "category", in_category(TL)),
    ("天鹅绒抱枕", "zh", "material", all_of(in_category(C), has("material", "velvet"))),
    ("真皮脚凳", "zh", "material", all_of(in_category(OT), has("material", "leather"))),
    ("胡桃木边几", "zh", "material", all_of(in_category(ST), has("material", "walnut"))),
    ("大理石托盘", "zh", "material", all_of(in_category(TR), has("material", "marble"))),
    ("藏蓝色碗", "zh", "colour", all_of(in_category(B), coloured("navy"))),
    ("收纳篮", "zh", "category", in_category(STORAGE)),
    ("白色盘子", "zh", "colour", all_of(in_category(PT), of_family("white"))),
    # names of designs, brands and collections
    ("Halla mug", "en", "name", all_of(in_category(M), titled("Halla"))),
    ("Nordlyn chair", "en", "name", all_of(in_category(CH), sold_by("Nordlyn"))),
    ("kumori vases", "en", "name", all_of(in_category(V), sold_by("Kumori"))),
    ("oak and ember bench", "en", "name", all_of(in_category(BN), sold_by("Oak & Ember"))),
    ("casa brisa bowl", "en", "name", all_of(in_category(B), sold_by("Casa Brisa"))),
    ("Bodega mugs", "en", "name", all_of(in_category(M), titled("Bodega"))),
    ("salon chair", "en", "name", all_of(in_category(CH), titled("Salon"))),
    ("Yuki tea cup", "en", "name", all_of(in_category(CU), titled("Yuki"))),
    ("Nordlyn 餐椅", "mixed", "name", all_of(in_category(CH), sold_by("Nordlyn"))),
    ("Kumori 花瓶", "mixed", "name", all_of(in_category(V), sold_by("Kumori"))),
    ("Casa Brisa 碗", "mixed", "name", all_of(in_category(B), sold_by("Casa Brisa"))),
    ("Halla 马克杯", "mixed", "name", all_of(in_category(M), titled("Halla"))),
    ("Harbour 吊灯", "mixed", "name", all_of(in_category(PL), titled("Harbour"))),
    # categories
    ("mugs", "en", "category", in_category(M)), ("vase", "en", "category", in_category(V)),
    ("rugs", "en", "category", in_category(RG)), ("table lamps", "en", "category", in_category(TL)),
    ("lighting", "en", "category", in_category("Lighting")), ("lamp", "en", "category", in_category("Lighting")),
    ("a mirror for the bathroom", "en", "category", in_category(MR)), ("side tables", "en", "category", in_category(ST)),
    ("furniture", "en", "category", in_category("Furniture")), ("wall clock", "en", "category", in_category(CK)),
    ("i am looking for a planter", "en", "category", in_category(PN)),
    ("镜子", "zh", "category", in_category(MR)), ("地毯", "zh", "category", in_category(RG)),
    ("抱枕", "zh", "category", in_category(C)), ("我想买一个花瓶", "zh", "category", in_category(V)),
    ("餐椅", "zh", "category", in_category(CH)), ("茶壶", "zh", "category", in_category(TP)),
    ("花盆", "zh", "category", in_category(PN)), ("花瓶", "zh", "category", in_category(V)), ("烛台", "zh", "category", in_category(CD)),
    ("有没有托盘", "zh", "category", in_category(TR)), ("挂钟", "zh", "category", in_category(CK)),
    ("吊灯", "zh", "category", in_category(PL)), ("马克杯 mug", "mixed", "category", in_category(M)),
    ("台灯 lamp", "mixed", "category", in_category(TL)), ("cushion 抱枕", "mixed", "category", in_category(C)),
    # colours
    ("blue mug", "en", "colour", all_of(in_category(M), of_family("blue"))),
    ("blue coffee cup", "en", "colour", all_of(in_category(M), of_family("blue"))),
    ("green vase", "en", "colour", all_of(in_category(V), of_family("green"))),
    ("pink cushion", "en", "colour", all_of(in_category(C), of_family("pink"))),
    ("grey rug", "en", "colour", all_of(in_category(RG), of_family("grey"))),
    ("gray chair", "en", "colour", all_of(in_category(CH), of_family("grey"))),
    ("terracotta planter", "en", "colour", all_of(in_category(PN), coloured("terracotta"))),
    ("sage green mug", "en", "colour", all_of(in_category(M), coloured("sage"))),
    ("plum coloured cushion", "en", "colour", all_of(in_category(C), coloured("plum"))),
    ("yellow bowl", "en", "colour", all_of(in_category(B), of_family("yellow"))),
    ("black pendant lamp", "en", "colour", all_of(in_category(PL), of_family("black"))),
    ("something blue", "en", "colour", of_family("blue")),
    ("forest green planter", "en", "colour", all_of(in_category(PN), coloured("forest"))),
    ("蓝色马克杯", "zh", "colour", all_of(in_category(M), of_family("blue"))),
    ("绿色花瓶", "zh", "colour", all_of(in_category(V), of_family("green"))),
    ("粉色抱枕", "zh", "colour", all_of(in_category(C), of_family("pink"))),
    ("灰色地毯", "zh", "colour", all_of(in_category(RG), of_family("grey"))),
    ("鼠尾草绿的碗", "zh", "colour", all_of(in_category(B), coloured("sage"))),
    ("白色的餐盘", "zh", "colour", all_of(in_category(PT), of_family("white"))),
    ("芥末黄抱枕", "zh", "colour", all_of(in_category(C), coloured("mustard"))),
    ("紫色的椅子", "zh", "colour", all_of(in_category(CH), of_family("purple"))),
    ("blue 花瓶", "mixed", "colour", all_of(in_category(V), of_family("blue"))),
    ("白色 mug", "mixed", "colour", all_of(in_category(M), of_family("white"))),
    ("绿色 cushion", "mixed", "colour", all_of(in_category(C), of_family("green"))),
    ("navy 餐椅", "mixed", "colour", all_of(in_category(CH), coloured("navy"))),
    ("white 花盆", "mixed", "colour", all_of(in_category(PN), of_family("white"))),
    ("grey 地毯", "mixed", "colour", all_of(in_category(RG), of_family("grey"))),
    # materials
    ("wool rug", "en", "material", all_of(in_category(RG), has("material", "wool"))),
    ("glass vase", "en", "material", all_of(in_category(V), has("material", "glass"))),
    ("marble tray", "en", "material", all_of(in_category(TR), has("material", "marble"))),
    ("linen cushions", "en", "material", all_of(in_category(C), has("material", "linen"))),
    ("stoneware bowl", "en", "material", all_of(in_category(B), has("material", "stoneware"))),
    ("oak shelf", "en", "material", all_of(in_category(SH), has("material", "oak"))),
    ("metal pendant lamp", "en", "material", all_of(in_category(PL), has("material", "steel|copper|brass"))),
    ("glass carafe", "en", "material", all_of(in_category(CARAFES), has("material", "glass"))),
    ("羊毛地毯", "zh", "material", all_of(in_category(RG), has("material", "wool"))),
    ("玻璃花瓶", "zh", "material", all_of(in_category(V), has("material", "glass"))),
    ("亚麻抱枕", "zh", "material", all_of(in_category(C), has("material", "linen"))),
    ("橡木长凳", "zh", "material", all_of(in_category(BN), has("material", "oak"))),
    ("真皮方墩", "zh", "material", all_of(in_category(OT), has("material", "leather"))),
    ("大理石边几", "zh", "material", all_of(in_category(ST), has("material", "marble"))),
    ("wool 地毯", "mixed", "material", all_of(in_category(RG), has("material", "wool"))),
    ("玻璃 vase", "mixed", "material", all_of(in_category(V), has("material", "glass"))),
    ("marble 托盘", "mixed", "material", all_of(in_category(TR), has("material", "marble"))),
    ("velvet 抱枕", "mixed", "material", all_of(in_category(C), has("material", "velvet"))),
    ("胡桃木 table", "mixed", "material", all_of(in_category(ST), has("material", "walnut"))),
    # prices
    ("mug under 15 euro", "en", "price", all_of(in_category(M), costs(high=15))),
    ("vase below €60", "en", "price", all_of(in_category(V), costs(high=60))),
    ("rug under 200", "en", "price", all_of(in_category(RG), costs(high=200))),
    ("lamp up to 120 euros", "en", "price", all_of(in_category("Lighting"), costs(high=120))),
    ("cushions less than 45 EUR", "en", "price", all_of(in_category(C), costs(high=45))),
    ("chair over 200 euro", "en", "price", all_of(in_category(CH), costs(low=200))),
    ("mirror between 100 and 150 euro", "en", "price", all_of(in_category(MR), costs(100, 150))),
    ("bowl €20-€40", "en", "price", all_of(in_category(B), costs(20, 40))),
    ("side table max 130", "en", "price", all_of(in_category(ST), costs(high=130))),
    ("tray from 20 to 50 euro", "en", "price", all_of(in_category(TR), costs(20, 50))),
    ("white vase under 60 euro", "en", "price", all_of(in_category(V), of_family("white"), costs(high=60))),
    ("stoneware mug for less than 16", "en", "price", all_of(in_category(M), has("material", "stoneware"), costs(high=16))),
    ("at least 250 euro bench", "en", "price", all_of(in_category(BN), costs(low=250))),
    ("candle holder not more than 30 euros", "en", "price", all_of(in_category(CD), costs(high=30))),
    ("15欧元以内的马克杯", "zh", "price", all_of(in_category(M), costs(high=15))),
    ("60欧元以下的花瓶", "zh", "price", all_of(in_category(V), costs(high=60))),
    ("不超过45欧的抱枕", "zh", "price", all_of(in_category(C), costs(high=45))),
    ("200欧元以上的餐椅", "zh", "price", all_of(in_category(CH), costs(low=200))),
    ("100到150欧元的镜子", "zh", "price", all_of(in_category(MR), costs(100, 150))),
    ("20到40欧元 碗", "zh", "price", all_of(in_category(B), costs(20, 40))),
    ("低于200欧元的地毯", "zh", "price", all_of(in_category(RG), costs(high=200))),
    ("白色花瓶 60欧元以内", "zh", "price", all_of(in_category(V), of_family("white"), costs(high=60))),
    ("mug 15欧元以内", "mixed", "price", all_of(in_category(M), costs(high=15))),
    ("花瓶 under 60 euro", "mixed", "price", all_of(in_category(V), costs(high=60))),
    ("地毯 under €200", "mixed", "price", all_of(in_category(RG), costs(high=200))),
    ("chair 200欧元以上", "mixed", "price", all_of(in_category(CH), costs(low=200))),
    # what is not wanted
    ("cup not white", "en", "negation", all_of(in_category(CU), without(of_family("white")))),
    ("mug without speckles", "en", "negation", all_of(in_category(M), without(has("pattern", "speckle")))),
    ("vase not glass", "en", "negation", all_of(in_category(V), without(has("material", "glass")))),
    ("rug no stripes", "en", "negation", all_of(in_category(RG), without(has("pattern", "stripes")))),
    ("cushion not velvet", "en", "negation", all_of(in_category(C), without(has("material", "velvet")))),
    ("bowl not white or blue", "en", "negation",
     all_of(in_category(B), without(of_family("white")), without(of_family("blue")))),
    ("non-leather ottoman", "en", "negation", all_of(in_category(OT), without(has("material", "leather")))),
    ("mirrors except brass", "en", "negation", all_of(in_category(MR), without(has("material", "brass")))),
    ("lamp without glass", "en", "negation", all_of(in_category("Lighting"), without(has("material", "glass")))),
    ("chair but not grey", "en", "negation", all_of(in_category(CH), without(of_family("grey")))),
    ("table not marble", "en", "negation", all_of(in_category(ST), without(has("material", "marble")))),
    ("planter not terracotta", "en", "negation", all_of(in_category(PN), without(coloured("terracotta")))),
    ("不要白色的盘子", "zh", "negation", all_of(in_category(PT), without(of_family("white")))),
    ("不要玻璃的花瓶", "zh", "negation", all_of(in_category(V), without(has("material", "glass")))),
    ("马克杯 不要白色", "zh", "negation", all_of(in_category(M), without(of_family("white")))),
    ("非真皮方墩", "zh", "negation", all_of(in_category(OT), without(has("material", "leather")))),
    ("地毯不要条纹", "zh", "negation", all_of(in_category(RG), without(has("pattern", "stripes")))),
    ("抱枕 不要天鹅绒", "zh", "negation", all_of(in_category(C), without(has("material", "velvet")))),
    ("不是蓝色的碗", "zh", "negation", all_of(in_category(B), without(of_family("blue")))),
    ("mug 不要白色", "mixed", "negation", all_of(in_category(M), without(of_family("white")))),
    ("花瓶 not glass", "mixed", "negation", all_of(in_category(V), without(has("material", "glass")))),
    ("chair 不要灰色", "mixed", "negation", all_of(in_category(CH), without(of_family("grey")))),
    ("地毯 without stripes", "mixed", "negation", all_of(in_category(RG), without(has("pattern", "stripes")))),
    # measures
    ("mirror 60 cm", "en", "measure", all_of(in_category(MR), lambda row: any(measures(side, 60)(row) for side in ("width", "height")))),
    ("vase 25cm high", "en", "measure", all_of(in_category(V), lambda row: any(measures(side, 25)(row) for side in ("width", "height")))),
    ("花瓶 25厘米", "zh", "measure", all_of(in_category(V), lambda row: any(measures(side, 25)(row) for side in ("width", "height")))),
    # misspelt
    ("mug withe", "en", "typo", all_of(in_category(M), of_family("white"))),
    ("cushon", "en", "typo", in_category(C)), ("velvett cushion", "en", "typo", all_of(in_category(C), has("material", "velvet"))),
    ("miror", "en", "typo", in_category(MR)), ("teapto", "en", "typo", in_category(TP)),
    ("stonewear mug", "en", "typo", all_of(in_category(M), has("material", "stoneware"))),
    ("pendent lamp", "en", "typo", in_category(PL)), ("leahter ottoman", "en", "typo", all_of(in_category(OT), has("material", "leather"))),
    ("otoman", "en", "typo", in_category(OT)), ("wall clokc", "en", "typo", in_category(CK)),
    ("marbel tray", "en", "typo", all_of(in_category(TR), has("material", "marble"))), ("plantr", "en", "typo", in_category(PN)),
    ("candel holder", "en", "typo", in_category(CD)), ("nordlin chair", "en", "typo", all_of(in_category(CH), sold_by("Nordlyn"))),
    ("bleu vase", "en", "typo", all_of(in_category(V), of_family("blue"))), ("chiar", "en", "typo", in_category(CH)),
    ("马可杯", "zh", "typo", in_category(M)), ("花平", "zh", "typo", in_category(V)), ("抱忱", "zh", "typo", in_category(C)),
    ("白色马克怀", "zh", "typo", all_of(in_category(M), of_family("white"))), ("mgu 白色", "mixed", "typo", all_of(in_category(M), of_family("white"))),
    # other words than the shop's
    ("carpet", "en", "synonym", in_category(RG)), ("chandelier", "en", "synonym", in_category(PL)),
    ("looking glass", "en", "synonym", in_category(MR)), ("pouffe", "en", "synonym", in_category(OT)),
    ("footstool", "en", "synonym", in_category(OT)), ("throw pillow", "en", "synonym", in_category(C)),
    ("bookcase", "en", "synonym", in_category(SH)), ("jug", "en", "synonym", in_category(CARAFES)),
    ("nightstand", "en", "synonym", in_category(ST)), ("scandinavian chair", "en", "synonym", all_of(in_category(CH), has("style", "nordic"))),
    ("timepiece", "en", "synonym", in_category(CK)), ("candelabra", "en", "synonym", in_category(CD)),
    ("striped rug", "en", "synonym", all_of(in_category(RG), has("pattern", "stripes"))), ("wicker basket", "en", "synonym", all_of(in_category(STORAGE), has("material", "rattan"))),
    ("desk lamp", "en", "synonym", in_category(TL)), ("hanging light", "en", "synonym", in_category(PL)),
    ("靠垫", "zh", "synonym", in_category(C)), ("毯子", "zh", "synonym", in_category(RG)), ("书架", "zh", "synonym", in_category(SH)),
    ("茶几", "zh", "synonym", in_category(ST)), ("时钟", "zh", "synonym", in_category(CK)), ("盘子", "zh", "synonym", in_category(PT)),
    ("穿衣镜", "zh", "synonym", in_category(MR)), ("北欧风餐椅", "zh", "synonym", all_of(in_category(CH), has("style", "nordic"))),
    ("篮子", "zh", "synonym", in_category(STORAGE)), ("脚凳", "zh", "synonym", in_category(OT)), ("碟子", "zh", "synonym", in_category(PT)),
    ("red wine decanter 醒酒器", "mixed", "synonym", in_category(CARAFES)), ("靠垫 velvet", "mixed", "synonym", all_of(in_category(C), has("material", "velvet"))),
    ("scandi 餐椅", "mixed", "synonym", all_of(in_category(CH), has("style", "nordic"))), ("looking glass 镜子", "mixed", "synonym", in_category(MR)),
    # what this shop does not have
    *((query, "en", "nonsense", nothing) for query in (
        "asdfgh", "washing machine", "iphone 15", "dog food", "winter tyres", "blue washing machine", "qwertz uiop",
        "running shoes", "laptop charger", "toothpaste", "electric guitar", "cheap flights to rome", "vitamin c tablets",
        "garden hose", "printer ink", "zzzzzzz", "football boots under 50 euro", "baby stroller", "xkcd jklm", "bicycle",
    )),
    *((query, "zh", "nonsense", nothing) for query in (
        "汽车轮胎", "猫粮", "洗衣机", "手机壳", "牙膏", "羽毛球拍", "感冒药", "红色汽车轮胎", "笔记本电脑", "机票", "婴儿奶粉", "啊啊啊啊",
    )),
    *((query, "mixed", "nonsense", nothing) for query in ("iphone 手机壳", "nike 跑鞋", "usb 充电器", "dog 狗粮", "tesla 轮胎")),
]  # fmt: skip
BOUNDS = {"en": 150, "zh": 100, "mixed": 50}


def sku_searches(rows: list[Row]) -> Iterator[tuple[str, str, str, str]]:
    """SKUs as people type them: as they are, in small letters, without the hyphen; alone or beside a word."""
    forms: list[tuple[str, Callable[[str], str]]] = [
        ("en", str), ("en", str.lower), ("en", lambda sku: sku.replace("-", "")), ("en", lambda sku: sku.replace("-", " ").lower()),
        ("zh", str), ("mixed", str.lower),
    ]  # fmt: skip
    for number, row in enumerate(rows[7::26]):
        language, form = forms[number % len(forms)]
        said = form(row["sku"])
        yield (f"编号 {said}" if language == "mixed" else said), language, "sku", row["sku"]


def made_searches(rows: list[Row]) -> Iterator[tuple[str, str, str, str]]:
    """Of every third pair of a category and a colour or material that some products have: a search in each language."""
    pairs = sorted({(row["category"], row["attributes"]["material"].split()[-1]) for row in rows if row["category"] in WORDS})
    chinese = {"stoneware": "炻器", "wool": "羊毛", "steel": "钢制", "oak": "橡木", "linen": "亚麻", "velvet": "天鹅绒", "glass": "玻璃",
               "marble": "大理石", "walnut": "胡桃木", "leather": "皮革", "bouclé": "圈圈绒", "brass": "黄铜", "ceramic": "陶瓷"}  # fmt: skip
    for number, (category, material) in enumerate(pairs):
        english, other = WORDS[category]
        skus = find(rows, all_of(in_category(category), has("material", material)))
        if number % 3 == 0:
            yield f"{material} {english}", "en", "material", skus
        elif number % 3 == 1 and material in chinese:
            yield f"{chinese[material]}{other}", "zh", "material", skus
        elif material in chinese:
            yield f"{chinese[material]} {english}", "mixed", "material", skus
    names = {"white": "白色", "blue": "蓝色", "green": "绿色", "grey": "灰色", "pink": "粉色", "yellow": "黄色", "orange": "橙色",
             "brown": "棕色", "black": "黑色", "purple": "紫色"}  # fmt: skip
    number = 0
    for category, (english, other) in WORDS.items():
        for family in FAMILIES:
            skus = find(rows, all_of(in_category(category), of_family(family)))
            number += bool(skus)
            if skus and number % 4 == 0:
                yield f"{family} {english}", "en", "colour", skus
            elif skus and number % 4 == 2:
                yield f"{names[family]}{other}", "zh", "colour", skus


def find(rows: list[Row], rule: Rule) -> str:
    return "|".join(row["sku"] for row in rows if rule(row))


def split_of(query: str) -> str:
    return "tune" if hashlib.sha256(query.encode()).digest()[0] % 2 else "judge"


def main() -> None:
    with (HERE / "products.csv").open(encoding="utf-8", newline="") as file:
        rows: list[Row] = [{**row, "attributes": json.loads(row["attributes"])} for row in csv.DictReader(file)]
    written = [(query, language, kind, find(rows, rule)) for query, language, kind, rule in SEARCHES]
    if empty := [query for query, _, kind, skus in written if not skus and kind != "nonsense"]:
        raise SystemExit(f"No product answers {', '.join(empty)}: change what they ask for.")
    first = [*sku_searches(rows), *(search for search in written if search[2] == "nonsense")]
    made = [*first, *written, *made_searches(rows)]  # of a language no more than BOUNDS
    kept: dict[str, list[tuple[str, str, str, str]]] = defaultdict(list)
    once: dict[str, tuple[str, str, str, str]] = {}
    for search in made:
        once.setdefault(search[0], search)
    for search in once.values():
        kept[search[1]].append(search)
    chosen = {language: set(kept[language][:most]) for language, most in BOUNDS.items()}
    with (HERE / "searches.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["query", "language", "kind", "skus", "split"])
        for search in once.values():
            if search in chosen[search[1]]:
                writer.writerow([*search, split_of(search[0])])


if __name__ == "__main__":
    main()
