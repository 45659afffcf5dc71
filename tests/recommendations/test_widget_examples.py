"""The page of examples: each list is the code beside it, for products that the shop has."""

from __future__ import annotations

import html
import re

import pytest
from django.test import Client
from django.utils.translation import override

from catalog.models import Product
from recommendations.widget_examples import EXAMPLES, read_styles

pytestmark = pytest.mark.django_db
PAGE = "/widgets/examples/"


def make_products(*skus: str) -> None:
    Product.objects.bulk_create([Product(sku=sku, title=sku, is_active=sku != "GONE") for sku in skus])


def read_sections(content: str) -> dict[str, tuple[str, str]]:
    """Return what each example shows and its code, by name."""
    code = r'<pre class="example-code" tabindex="0"><code>(.*?)</code></pre>'
    found = re.findall(rf'<h2 id="([\w-]+)">.*?<div>(.*?)</div>\s*{code}', content, re.DOTALL)
    return {name: (shown, html.unescape(code)) for name, shown, code in found}


def test_each_example_is_shown_as_the_code_beside_it(client: Client):
    make_products("GONE", "A", "B", "C", "D")
    sections = read_sections(client.get(PAGE).content.decode())
    assert list(sections) == [example.name for example in EXAMPLES]
    styles = read_styles()
    assert set(styles) == {"template", "dark", "style"}
    for name, (shown, code) in sections.items():
        assert code == "\n\n".join(part for part in (shown, styles.get(name, "")) if part), name
        assert 'api="http://testserver"' in shown, name
    assert 'sku="A"' in sections["grid"][0]
    assert 'anchors="A, B, C"' in sections["cart"][0]


def test_a_product_that_is_asked_for_is_the_one_and_nothing_in_its_name_becomes_markup(client: Client):
    make_products("A")
    content = client.get(PAGE, {"sku": '"><script>alert(1)</script>'}).content.decode()
    assert "<script>alert" not in content
    assert read_sections(content)["grid"][0].startswith('<kindred-similar sku="&quot;&gt;&lt;script&gt;')


def test_a_shop_without_products_says_so(client: Client):
    content = client.get(PAGE).content.decode()
    assert "There are no products yet, so there is nothing to show." in content
    assert "<kindred-similar" not in content


def test_the_page_costs_one_query_and_no_search_engine_keeps_it(client: Client, django_assert_num_queries):
    make_products("A", "B")
    with django_assert_num_queries(1):
        content = client.get(PAGE).content.decode()
    assert '<meta name="robots" content="noindex">' in content


def test_it_speaks_chinese(client: Client):
    make_products("A")
    content = client.get(PAGE, headers={"Accept-Language": "zh-hans"}).content.decode()
    with override("zh-hans"):
        assert [example.title for example in EXAMPLES if str(example.title) not in content] == []
    assert "自定义卡片" in content
