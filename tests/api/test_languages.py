"""What the API says to people, it says in the language that is asked for; what programs read stays as it is."""

from __future__ import annotations

import io

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from tests.api.callers import problem

CHINESE = {"Accept_Language": "zh-CN,zh;q=0.9"}


def placements(answer):
    return answer.json()["placements"]


@pytest.mark.parametrize(
    ("method", "path", "body", "code", "title", "detail"),
    [
        ("GET", "products/NONE/", None, "not_found", "未找到", "没有商品 'NONE'。"),
        ("GET", "products/NONE/similar/", None, "not_found", "未找到", "没有 SKU 为 NONE 的商品。"),
        ("PATCH", "products/NONE/", {}, "not_found", "未找到", "没有商品 'NONE'。可用 PUT 创建。"),
        (
            "POST",
            "products/",
            {"sku": "A", "title": "T"},
            "conflict",
            "冲突",
            "商品 'A' 已存在。PUT 会替换它，PATCH 会修改它。",
        ),
        ("DELETE", "products/", None, "method_not_allowed", "不支持的方法", "方法 “DELETE” 不被允许。"),
    ],
)
def test_problems(shop, make_product, method, path, body, code, title, detail):
    make_product("A")
    answer = shop.call(method, path, body, **CHINESE)
    said = problem(answer)
    assert (said["code"], said["title"]) == (code, title)
    assert said["detail"] == detail
    assert "Accept-Language" in answer["Vary"]
    assert answer["Content-Language"] == "zh-hans"


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("products/?tint=red&page_size=x", {"tint": "未知参数。可用：", "page_size": "请填写合法的整数值。"}),
        ("products/A/similar/?limit=0", {"limit": "必须在 1 到 100 之间。"}),
        ("products/?price_min=2&price_max=1", {"price_max": "不能小于 price_min。"}),
        ("products/?created_since=soon", {"created_since": "必须是 ISO 8601 格式的日期或时刻"}),
        ("products/?cursor=nonsense", {"cursor": "此游标不属于这个列表和排序方式"}),
        ("products/A/similar/?cursor=nonsense", {"cursor": "这不是此服务器的游标"}),
        ("products/A/similar/?strategy=best", {"strategy": "未知：best。可用：also_viewed, bundle, complements, "}),
        ("products/A/similar/?metric=far", {"metric": "未知：far。可用：cosine, euclidean, inner_product, "}),
        ("products/A/similar/?fields=skew", {"fields": "未知：skew。可用：position, sku, title, "}),
        ("products/?page_size=0", {"page_size": "请确保该值大于或者等于 1。"}),
        ("products/?brand=" + "x" * 1001, {"brand.0": "请确保这个字段不能超过 1000 个字符。"}),
        ("search/?q=x&mode=best", {"mode": "未知：best。可用：hybrid, full_text, semantic。"}),
    ],
)
def test_errors_of_values(anyone, make_product, path, expected):
    make_product("A")
    anyone.call("GET", path)  # in English: what has been said once is not kept
    answer = anyone.call("GET", path, **CHINESE)
    said = {error["field"]: error["detail"] for error in problem(answer)["errors"]}
    assert said.keys() == expected.keys()
    assert [field for field, text in expected.items() if not said[field].startswith(text)] == []


@pytest.mark.parametrize(
    ("body", "field", "detail"),
    [
        ({"price": "1.250"}, "price", "该值可能是 1250，也可能是 1.250：请不写千位分隔符并保留两位小数。"),
        ({"currency": "XYZ"}, "currency", "该值不是 ISO 4217 货币代码，例如 EUR。"),
        ({"stock": "many"}, "stock", "该值不是 0 或以上的整数（不计库存时请留空）。"),
        ({"attributes": []}, "attributes", '该值不是 JSON 对象：请写成 {"colour": "red"}。'),
        ({"url": "ftp://x"}, "url", "该值不是以 http:// 或 https:// 开头的网址。"),
    ],
)
def test_what_is_wrong_with_a_product(shop, make_product, body, field, detail):
    make_product("A")
    [error] = problem(shop.call("PATCH", "products/A/", body, **CHINESE))["errors"]
    assert (error["field"], error["detail"]) == (field, detail)


def test_titles_and_reasons_of_lists(anyone, make_product):
    make_product("CUP", title="Cup", translations={"zh": {"title": "杯子"}})
    make_product("BOWL", title="Bowl")
    chinese = anyone.call("GET", "products/BOWL/similar/?strategy=recent", **CHINESE)
    english = anyone.call("GET", "products/BOWL/similar/?strategy=recent", Accept_Language="en")
    told = [(r["title"], [reason["text"] for reason in r["reasons"]]) for r in chinese.json()["results"]]
    assert told == [("杯子", ["最近上架"])]
    told = [(r["title"], [reason["text"] for reason in r["reasons"]]) for r in english.json()["results"]]
    assert told == [("Cup", ["Recently added"])]
    assert chinese["ETag"] != english["ETag"]
    for answer in (chinese, english):  # a cache may keep both, and mixes them up only without this
        assert "Accept-Language" in answer["Vary"]
        assert answer["Cache-Control"].startswith("public")


def test_each_placement_is_in_the_language_too(anyone, make_product):
    make_product("CUP", title="Cup", translations={"zh": {"title": "杯子"}})
    body = {"placements": [{"id": "new", "strategy": "recent"}, {"id": "bad", "strategy": "best"}]}
    new, bad = placements(anyone.call("POST", "recommendations/", body, **CHINESE))
    assert new["list"]["results"][0]["title"] == "杯子"
    assert bad["problem"]["title"] == "请求有误"
    assert bad["problem"]["errors"][0]["detail"].startswith("未知：best。可用：")


def test_a_resource_that_can_be_written_is_read_as_it_is_stored(shop, make_product):
    """What was read is sent back with a change: a title in another language would overwrite the catalogue's own."""
    make_product("CUP", title="Cup", translations={"zh": {"title": "杯子"}})
    product = shop.call("GET", "products/CUP/", **CHINESE).json()
    assert (product["title"], product["translations"]) == ("Cup", {"zh": {"title": "杯子"}})


def test_what_answers_before_the_language_is_read_does_not_speak_that_of_the_request_before(anyone, make_product):
    make_product("A")
    anyone.call("GET", "products/?tint=red", **CHINESE)
    answer = anyone.get("/api/v1/products/", CONTENT_LENGTH="many", headers={"Accept-Language": "en"})
    assert problem(answer)["title"] == "Bad Request"
    answer = anyone.get("/api/v1/products/", CONTENT_LENGTH="many", headers={"Accept-Language": "zh-hans"})
    assert (problem(answer)["title"], problem(answer)["detail"]) == ("请求有误", "请求格式有误。")


@pytest.mark.parametrize(
    ("body", "detail"),
    [
        (b'{"sku": "A",}', "请求体不是有效的 JSON：第 1 行第 13 列（第 12 个字符）：此处应有双引号括起的属性名。"),
        (b'{"sku": "\xff"}', "请求体不是有效的 JSON：第 9 个字节不是 UTF-8。"),
        (b'{"a": 1, "a": 2}', "请求体不是有效的 JSON：'a' 在同一个对象中出现了两次。"),
    ],
)
def test_a_body_that_is_no_json(shop, body, detail):
    assert problem(shop.call("POST", "products/", body, **CHINESE))["detail"] == detail


def test_a_body_of_nothing(shop):
    [error] = problem(shop.call("POST", "products/", b"null", **CHINESE))["errors"]
    assert error == {"field": "", "code": "invalid", "detail": "无效数据。期待为字典类型，得到的是 null 。"}


@pytest.mark.parametrize(("name", "detail"), [("hue", "未知字段。可用：sku, "), ("titel", "未知字段。是否指 title？")])
def test_an_unknown_name_is_one_sentence_to_chinese_readers(shop, name, detail):
    answer = shop.call("POST", "products/", {"sku": "A", "title": "T", name: "x"}, **CHINESE)
    [error] = problem(answer)["errors"]
    assert error["detail"].startswith(detail)


def test_a_sku_that_no_address_could_hold(shop):
    [error] = problem(shop.call("POST", "products/", {"sku": "a/../b", "title": "T"}, **CHINESE))["errors"]
    assert error["detail"] == "SKU 不能含控制字符，也不能以 . 或 .. 作为斜杠之间的一段。"


def broken_pictures():
    picture = io.BytesIO()
    Image.new("RGB", (40, 30), "teal").save(picture, "PNG")
    whole = picture.getvalue()
    photo = io.BytesIO()
    Image.effect_noise((200, 200), 80).save(photo, "JPEG")
    return {
        "提交的是空文件。": b"",
        "图片不完整或已损坏（文件被截断）：请重新导出。": whole[:40],
        "图片不完整或已损坏（校验和有误）：请重新导出。": whole[:45] + b"\0\0" + whole[47:],
        "图片不完整或已损坏（无法解码）：请重新导出。": photo.getvalue()[:-2000],
        "文件不是 JPEG、PNG、WebP 或 GIF 图片，而是 PSD：请另存为 JPEG。": b"8BPS" + bytes(40),
    }


@pytest.mark.parametrize(("detail", "content"), broken_pictures().items(), ids=["empty", "cut", "sum", "photo", "psd"])
def test_what_is_wrong_with_a_picture_is_chinese_to_its_last_word(shop, make_product, detail, content):
    make_product("A")
    photo = SimpleUploadedFile("photo", content)
    answer = shop.post("/api/v1/products/A/images/", {"image": photo}, headers={"Accept-Language": "zh-hans"})
    [error] = problem(answer)["errors"]
    assert error["detail"] == detail
