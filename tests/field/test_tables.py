"""Delimited text from the wild: encodings, quotes, line ends, long cells, and what spreadsheets make of a table."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from catalog.importers.encodings import guess_encoding
from tests.field.table import Case, File, as_parameters, check_case

pytestmark = pytest.mark.django_db


def table(name: str, content: str | bytes, *, kept: dict[str, dict], **more) -> Case:
    """One file of our own CSV."""
    options = more.pop("options", {})
    format = more.pop("format", "csv")
    return Case(name=name, files=[File(content=content, options=options, format=format)], products=kept, **more)


def titles(**kept: str) -> dict[str, dict]:
    return {sku: {"title": title} for sku, title in kept.items()}


QUOTES = [
    table(
        "tabs, where quotes are inches and names",
        'sku\ttitle\tprice\nA\t"Old" sign\t9\nB\t27" tray\t9\nC\t"Halla mug\t9\n'
        'D\t"Said ""so"""\t9\nE\tBowl 3"\t9\nF\tJug\t9\n',
        kept=titles(A='"Old" sign', B='27" tray', C='"Halla mug', D='Said "so"', E='Bowl 3"', F="Jug"),
    ),
    table(
        "tabs, where a quoted name is in a row that a spreadsheet padded",
        'sku\ttitle\tprice\nA\t"Old" sign\t9\t\t\nB\tJug\t9\t\t\n',
        kept=titles(A='"Old" sign', B="Jug"),
    ),
    table(
        "commas, where a quote that never closes costs its own row",
        'sku,title,price\nA,Mug,1\nB,"Halla mug,2\nC,Bowl,3\nD,"Jug, large",4\n',
        kept=titles(A="Mug", C="Bowl", D="Jug, large"),
        rejected={3: "is a quote not closed?"},
    ),
    table(
        "a quote that a later one seems to close",
        'sku,title,price\nA,"Halla mug,1\nB,Tray 27",2\nC,Bowl,3\n',
        kept=titles(B='Tray 27"', C="Bowl"),
        rejected={2: "is a quote not closed?"},
    ),
    table(
        "a quote that closes in the wrong cell",
        'sku,title,brand,price\nA,Mug,X,"1\nB,Tray 27",Y,2\nC,Bowl,Z,3\n',
        kept=titles(B='Tray 27"', C="Bowl"),
        rejected={2: "is a quote not closed?"},
    ),
    table(
        "the last quote is never closed",
        'sku,title\nA,Mug\nB,"Halla\nC,Jug\nD,Pot\n',
        kept=titles(A="Mug", C="Jug", D="Pot"),
        rejected={3: "is a quote not closed?"},
    ),
    table(
        "a space behind each comma, quotes and all",
        'sku, title, price\n"A", "Mug, ""big""", 9\nB, "Jug, 8\nC, Pot, 7\nD, Cup, 6\n',
        kept=titles(A='Mug, "big"', C="Pot", D="Cup"),
        rejected={3: "is a quote not closed?"},
    ),
    table(
        "records that a spreadsheet has quoted as a whole",
        '"sku,title,price"\n"A,Mug,1"\n"B,""Jug, big"",2"\n"C,""Pot,3"\nD,Cup,4\n',
        kept=titles(A="Mug", B="Jug, big", D="Cup"),
        rejected={4: "is a quote not closed?"},
    ),
    table(
        "the same below columns that are not",
        'sku,title,description\n"A,Mug,""one\ntwo"""\n"B,Jug,x"\n',
        kept={"A": {"description": "one\ntwo"}, "B": {"title": "Jug"}},
    ),
    table(
        "a description of several lines, with commas in them",
        'sku,title,description\nA,Mug,"One, two, three\nfour, five, six"\nB,Jug,"x\n\ny"\n',
        kept={"A": {"description": "One, two, three\nfour, five, six"}, "B": {"description": "x\n\ny"}},
    ),
    table(
        "Excel's tabs, quoted and with lines in a cell",
        'sku\ttitle\tdescription\r\nA\t"27"" tray"\t"one\r\ntwo"\r\nB\tJug\t\r\n',
        kept={"A": {"title": '27" tray', "description": "one\ntwo"}, "B": {"title": "Jug"}},
    ),
]
LINES = [
    table("line ends of an old Mac", "sku,title\rA,Mug\rB,Jug\r", kept=titles(A="Mug", B="Jug")),
    table("the delimiter in a line of its own", "sep=;\r\nsku;title;price\r\nA;Mug;9.00\r\n", kept=titles(A="Mug")),
    table("the same, with its mark", "\ufeffsep=|\nsku|title\nA|Mug, big\n", kept=titles(A="Mug, big")),
    table("two marks", "\ufeff\ufeffsku,title\nA,Mug\n", kept=titles(A="Mug")),
    table("files joined, mark and all", "sku,title\nA,Mug\n\ufeffB,Jug\n", kept=titles(A="Mug", B="Jug")),
    table("blank lines first", '\n \r\n"sku","title"\nA,\n', kept={}, rejected={4: "title is missing"}),
    table(
        "headings as people write them",
        " SKU ,\u200bTitle,Variant  Group,Title ZH-Hans,Description-FR\nA,Mug,G,杯,Une tasse\n",
        kept={
            "A": {
                "variant_group": "G",
                "attributes": {},
                "translations": {"zh-hans": {"title": "杯"}, "fr": {"description": "Une tasse"}},
            }
        },
    ),
    table("headers of files joined", "sku,title\nA,Mug\nSKU, Title\nB,Jug\n", kept=titles(A="Mug", B="Jug")),
    table(
        "headers of files joined, quoted and marked",
        '\ufeff"sku","title"\nA,Mug\n\ufeff"sku","title"\nB,Jug\n\ufeff\nsku,title\n',
        kept=titles(A="Mug", B="Jug"),
    ),
    table(
        "rows of which nothing is seen, and the end of a file of DOS",
        "sku,title,price\nA,Mug,1\n , ,\n\u00a0,\u200b,\t\n\x0c\nB,Jug,2\n\x1a",
        kept=titles(A="Mug", B="Jug"),
    ),
    table(
        "columns without a name, also as pandas calls them",
        ",Unnamed: 0,sku,title\n0,0,A,Mug\n1,1,B,Jug\n",
        kept={"A": {"attributes": {}}, "B": {"attributes": {}}},
    ),
    table(
        "markup of a word processor, most of which is none of the text",
        f'sku,title,description\nA,Mug,"<!--{"x" * 90_000}--><style>{".a{{}}" * 30_000}</style>'
        f'<p style={"x" * 90_000}>Intro</p><p>a &lt; b</p>"\nB,Jug,"{"<p>x</p>" * 30_000}"\n',
        kept={"A": {"description": "Intro\na < b"}},
        rejected={3: "description is longer than 200,000 characters with its markup"},
    ),
    table(
        "a picture in a description",
        'sku,title,description\nA,Mug,"<p>Intro</p><img src=""data:image/png;base64,'
        f'{"A" * 1_500_000}""><p>End</p>"\nB,Jug,\n',
        kept={"A": {"description": "Intro\nEnd"}, "B": {"description": ""}},
    ),
    table(
        "a line that is longer than any product",
        f"sku,title\nA,Mug\nB,{'x' * 9_000_000}\nC,Jug\n",
        kept=titles(A="Mug", C="Jug"),
        rejected={3: "longer than 4,194,304 characters"},
    ),
    table(
        "a cell of a hundred thousand lines that never ends",
        'sku,title\nA,"Mug\n' + "\n" * 100_000 + "B,Jug\n",
        kept=titles(B="Jug"),
        rejected={2: "is a quote not closed?"},
    ),
]
HABITS = [
    table(
        "codes that a spreadsheet was made to keep, and one that it rounded",
        'sku,title,gtin\n"=""00123""",Mug,"=""04006381333931"""\n8.85E+12,Jug,\nC,Pot,4.00638E+12\n="7",Cup,\n',
        kept={"00123": {"attributes": {"gtin": "04006381333931"}}, "7": {"title": "Cup"}},
        rejected={3: "sku is a number that a spreadsheet rounded", 4: "gtin is a number that a spreadsheet rounded"},
        warnings=["gtin"],
    ),
    table(
        "apostrophes that make a text of a number, and those that are meant",
        "sku,title,brand,gtin,price,stock,variant_group\n'00123,'Tis,'47,'04006381333931,'12.50,'5,'007\n"
        "'-1,Pot,,4006381333931.0,,,\n'Ohana,Cup,,,,,\n",
        kept={
            "00123": {
                "title": "'Tis",
                "brand": "'47",
                "price": Decimal("12.5"),
                "stock": 5,
                "variant_group": "007",
                "attributes": {"gtin": "04006381333931"},
            },
            "-1": {"attributes": {"gtin": "4006381333931"}},
            "'Ohana": {"title": "Cup"},
        },
        warnings=["gtin"],
    ),
    table(
        "attributes are cleaned like other texts",
        'sku,title,attributes,co\u00adlour,size\nA,Mug,"{""glaze"": ""ma\u200btt""}",re\u200bd,\u200b\n',
        kept={"A": {"attributes": {"glaze": "matt", "colour": "red"}}},
        warnings=["colour, size"],
    ),
    table(
        "an attribute of its own, cleaned as well",
        "sku,title,colour,size\nA,Mug,re\u200bd,\u200b\n",
        kept={"A": {"attributes": {"colour": "red"}}},
        warnings=["colour, size"],
    ),
    table(
        "attributes of which nobody can say what was meant",
        'sku,title,attributes\nA,Mug,"{""a"": 1, ""a"": 2}"\nB,Jug,[1]\nC,Pot,colour: red\nD,Cup,{}\n',
        kept={"D": {"attributes": {}}},
        rejected={2: "'a' is in one object twice", 3: "is not a JSON object", 4: "attributes is not JSON"},
    ),
    table(
        "what programs write for nothing",
        "sku,title,brand,price,stock,description,category,allergens,size\n"
        "A,Mug,nan,9.0,NaN,None,NULL,None,NaN\nB,Jug,N/A,#N/A,<NA>,null,,N/A,#REF!\n"
        "C,Nan bread,none,,,Null,,,\nD,None,,,,,,,\n",
        kept={
            "A": {
                "brand": "",
                "price": Decimal(9),
                "stock": None,
                "description": "",
                "category": "",
                "attributes": {"allergens": "None"},
            },
            "B": {"brand": "", "price": None, "stock": None, "description": "", "attributes": {"allergens": "N/A"}},
            "C": {"title": "Nan bread", "brand": "none", "description": "Null"},
        },
        rejected={5: "title is missing"},
        warnings=["allergens, size"],
    ),
    table(
        "nothing but what nobody sees",
        "sku,title\nA,\u200b\nB,\ufeff\u00ad\nC,\u202a \u200d\n\u200bD,Mug\n\u2060,Jug\n",
        kept=titles(D="Mug"),
        rejected={2: "title is missing", 3: "title is missing", 4: "title is missing", 6: "sku is missing"},
    ),
    table(
        "a price in quotes",
        'sku,title,price\nA,Mug,"1,299.00"\nB,Jug, 9.5 \n',
        kept={"A": {"price": Decimal(1299)}, "B": {"price": Decimal("9.5")}},
    ),
]
PRICES = [
    table(
        "rows that show what the separator means",
        'sku;title;price;currency\nA;Mug;12.500;EUR\nB;Jug;9,50;EUR\nC;Pot;"1.250.000,00";EUR\n',
        kept={"A": {"price": Decimal(12500)}, "B": {"price": Decimal("9.5")}, "C": {"price": Decimal(1250000)}},
    ),
    table(
        "rows that show the other thing",
        "sku,title,price\nA,Mug,12.500\nB,Jug,9.50\n",
        kept={"A": {"price": Decimal("12.5")}, "B": {"price": Decimal("9.5")}},
    ),
    table(
        "rows that contradict each other",
        'sku,title,price\nA,Mug,12.500 EUR\nB,Jug,9.50\nC,Pot,"9,50"\n',
        kept={"B": {"price": Decimal("9.5")}, "C": {"price": Decimal("9.5")}},
        rejected={2: "can mean 12500 or 12.500"},
    ),
    table(
        "a range says nothing of what a separator means",
        'sku,title,price\nA,Mug,12.500\nB,Jug,"12,50-15,00"\n',
        kept={},
        rejected={2: "can mean 12500 or 12.500", 3: "is not a number"},
    ),
    table(
        "a date says nothing of it either",
        "sku,title,price\nA,Mug,12.500\nB,Jug,12.05.2024\n",
        kept={},
        rejected={2: "can mean 12500 or 12.500", 3: "is not a number"},
    ),
    table(
        "nothing to go by",
        "sku,title,price\nA,Mug,12.500 EUR\n",
        kept={},
        rejected={2: "or pass --decimal point or --decimal comma"},
    ),
    table(
        "comma said",
        "sku,title,price\nA,Mug,12.500 EUR\n",
        options={"decimal": "comma"},
        kept={"A": {"price": Decimal(12500), "currency": "EUR"}},
    ),
    table(
        "point said",
        "sku,title,price\nA,Mug,12.500\n",
        options={"decimal": "point"},
        kept={"A": {"price": Decimal("12.5")}},
    ),
    table(
        "symbols and separators that the currency of the command decides on",
        "sku;title;price;currency\nA;Mug;$12.50;\nB;Jug;1 299 $;\nC;Pot;12 €;\nD;Cup;12 kr;\n"
        "E;Jar;$12;CAD\nF;Lid;$7;EUR\n",
        options={"currency": "usd"},
        kept={
            "A": {"price": Decimal("12.5"), "currency": "USD"},
            "B": {"price": Decimal(1299), "currency": "USD"},
            "C": {"price": Decimal(12), "currency": "EUR"},
            "E": {"price": Decimal(12), "currency": "CAD"},
        },
        rejected={5: "may be of several currencies", 7: "names another currency than EUR"},
    ),
    table(
        "yen have no decimals, and dinars of Kuwait may have three",
        'sku,title,price\nA,Mug,"12,500"\nB,Jug,980\nC,Pot,1.255 KWD\n',
        options={"currency": "JPY"},
        kept={
            "A": {"price": Decimal(12500), "currency": "JPY"},
            "B": {"price": Decimal(980), "currency": "JPY"},
            "C": {"price": Decimal("1.255"), "currency": "KWD"},
        },
    ),
    table(
        "a price that names a currency beside a column of them",
        "sku,title,currency,price\nA,Mug,,$5\nB,Jug,,€5\nC,Pot,USD,€5\nD,Cup,CAD,$5\n",
        kept={"B": {"currency": "EUR"}, "D": {"currency": "CAD"}},
        rejected={2: "may be of several currencies", 4: "names another currency than USD"},
    ),
    table(
        "a feed with prices of the world",
        "id\ttitle\tprice\nA\tT\t19,99 EUR\nB\tT\t1 299,00 SEK\nC\tT\t1.255 KWD\nD\tT\t12.500 EUR\nE\tT\t9.50 EUR\n",
        format="google",
        kept={
            "A": {"price": Decimal("19.99"), "currency": "EUR"},
            "B": {"price": Decimal(1299), "currency": "SEK"},
            "C": {"price": Decimal("1.255"), "currency": "KWD"},
            "E": {"price": Decimal("9.5")},
        },
        rejected={5: "can mean 12500 or 12.500"},
    ),
]


def encoded(encoding: str, title: str, *, named: str) -> Case:
    """A file that is not UTF-8 says which encoding it is in."""
    return table(
        f"{encoding} {title}",
        f"sku,title\nA,{title}\n".encode(encoding),
        kept={},
        rejected={2: f"pass --encoding {named}"},
    )


ENCODINGS = [
    encoded("gb18030", "青瓷花瓶", named="gb18030"),
    encoded("gb18030", "马克杯", named="gb18030"),
    encoded("cp950", "馬克杯", named="big5"),
    encoded("cp932", "綿のTシャツ 青", named="shift_jis"),
    encoded("euc_jp", "木のトレイ", named="euc-jp"),
    encoded("cp949", "머그컵", named="euc-kr"),
    encoded("cp1251", "Кружка синяя", named="cp1251"),
    encoded("koi8_r", "Поднос", named="koi8-r"),
    encoded("cp1250", "Wełniany szalik", named="cp1250"),
    encoded("cp1252", "Théière émaillée", named="cp1252"),
    encoded("cp1252", "Kaffeetasse für Gäste", named="cp1252"),
    encoded("iso8859_2", "Świeca łąkowa", named="iso-8859-2"),
    encoded("cp932", "ﾀｵﾙ 白", named="shift_jis"),
    encoded("cp1253", "Κούπα μπλε", named="cp1253"),
    encoded("cp1254", "Ahşap tepsi", named="cp1254"),
    encoded("cp1256", "كوب أزرق", named="cp1256"),
    encoded("cp874", "ถ้วยกาแฟ", named="cp874"),
    table("named", "sku,title\nA,花瓶\n".encode("gb18030"), options={"encoding": "gb18030"}, kept=titles(A="花瓶")),
    table("UTF-16 with its mark", "sku\ttitle\r\nA\t花瓶\r\n".encode("utf-16"), kept=titles(A="花瓶")),
    table(
        "UTF-16, the other way round", b"\xfe\xff" + "sku,title\nA,花瓶\n".encode("utf-16-be"), kept=titles(A="花瓶")
    ),
    table("UTF-32 with its mark", "sku,title\nA,花瓶\n".encode("utf-32"), kept=titles(A="花瓶")),
    table("UTF-16 that is cut short", "sku,title\nA,花瓶".encode("utf-16")[:-1], kept=titles(A="花\ufffd")),
    table(
        "a mark that contradicts what is said",
        "\ufeffsku,title\nA,Café\n",
        options={"encoding": "cp1252"},
        kept=titles(A="Café"),
    ),
    Case(
        name="UTF-32 without its mark",
        files=[File(content="sku,title\nA,花瓶\n".encode("utf-32-le"))],
        refused="pass --encoding utf-32-le",
    ),
    Case(
        name="an encoding that escapes into its letters",
        files=[File(content="sku,title\nA,花瓶\n".encode("iso2022_jp"))],
        refused="pass --encoding iso-2022-jp",
    ),
    table(
        "halves of surrogate pairs, as some databases write emoji",
        b"sku,title\nA,Mug \xed\xa0\xbd\xed\xb8\x80\nB,Jug\n",
        kept=titles(B="Jug"),
        rejected={2: "title holds half of a surrogate pair: export the file again as UTF-8"},
    ),
    table(
        "one letter that was cut in two says nothing of an encoding",
        "sku,title\nA,Mug\nB,Caf\u00e9".encode()[:-1],
        kept=titles(A="Mug"),
        rejected={3: "pass --encoding cp1252 if it is Latin-1 or Windows-1252"},
    ),
    Case(
        name="UTF-16 without its mark",
        files=[File(content="sku,title\nA,花瓶\n".encode("utf-16-be"))],
        refused="pass --encoding utf-16-be",
    ),
    Case(
        name="headings in GBK",
        files=[File(content="sku,标题\nA,花瓶\n".encode("gbk"))],
        refused="pass --encoding gb18030",
    ),
    table(
        "a row of another encoding far behind the beginning",
        f"sku,title,description\nA,Mug,{'x' * 70_000}\n".encode() + "B,马克杯,\n".encode("gbk"),
        kept=titles(A="Mug"),
        rejected={3: "pass --encoding gb18030"},
    ),
    table(
        "one row of another encoding",
        "sku,title\nA,花瓶\n".encode() + "B,Café\n".encode("cp1252") + "C,碗\n".encode(),
        kept=titles(A="花瓶", C="碗"),
        rejected={
            3: "title holds the byte 0xE9, which is not UTF-8; save the file as UTF-8, or pass --encoding cp1252"
        },
    ),
]


OTHER_FILES = [
    Case(name="a page of the web", files=[File(content="\n<HTML><table><tr><td>sku")], refused="This is a web page"),
    Case(name="JSON", files=[File(content='[{"sku": "A", "title": "Mug"}]')], refused="This is JSON, not CSV"),
    Case(name="lines of JSON", files=[File(content='{"sku": "A"}\n{"sku": "B"}\n')], refused="This is JSON, not CSV"),
    Case(name="a compressed table", files=[File(content=b"\x1f\x8b\x08\x00\x00")], refused="unpack it"),
]


@as_parameters([*QUOTES, *LINES, *HABITS, *PRICES, *ENCODINGS, *OTHER_FILES])
def test_a_table_from_the_wild(case: Case, tmp_path: Path):
    check_case(case, tmp_path)


def test_what_is_no_text_in_any_encoding_is_not_given_a_name():
    noise = "f7adf4b98bee8ef9c5eb8cb8e5c0d1869bbeb2b7c9f89d9884eea7d9fee4baaebd86a196a4a8a287"
    assert guess_encoding(bytes.fromhex(noise)) == ""
    assert guess_encoding(b"plain") == ""
