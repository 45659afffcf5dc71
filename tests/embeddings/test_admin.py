from __future__ import annotations

import pytest
from django.urls import reverse

from catalog.models import Product
from embeddings import services
from embeddings.freshness.product_state import describe_product
from embeddings.models import EmbeddingSpace, PendingEmbedding, ProductEmbedding
from embeddings.spaces.building import build_space
from embeddings.spaces.lifecycle import create_space, ensure_live_space, promote
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db
SPACES = "/admin/embeddings/embeddingspace/"


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


@pytest.fixture
def shop() -> EmbeddingSpace:
    """Three products in a live space."""
    for sku in "ABC":
        make_product(sku, title=f"mug {sku}", colours=["red"])
    services.refresh_pending()
    return ensure_live_space()


@pytest.fixture
def sent(monkeypatch) -> list[tuple]:
    """The tasks that were sent to the worker."""
    tasks: list[tuple] = []
    monkeypatch.setattr("embeddings.admin.build_space.delay", lambda pk: tasks.append(("build", pk)))
    monkeypatch.setattr("embeddings.admin.refresh_stale.delay", lambda: tasks.append(("refresh_stale",)))
    return tasks


def act(client, action: str, *spaces: EmbeddingSpace) -> str:
    data = {"action": action, "_selected_action": [space.pk for space in spaces], "confirmed": "yes"}
    page = client.post(SPACES, data, follow=True)
    return " ".join(str(message) for message in page.context["messages"])


def make_ready(name: str, **recipe) -> EmbeddingSpace:
    space = create_space(name, **recipe)
    build_space(space)
    return space


def test_the_list_shows_each_space_with_its_state_and_products(admin_client, shop):
    page = admin_client.get(SPACES).content.decode()
    assert "starter" in page
    live = EmbeddingSpace.objects.live()
    assert f'<td class="field-products"><span data-live="products-{live.pk}">3</span></td>' in page
    assert "fake:text + fake:image, concat, text 0.6, 384 dims" in page
    assert "Roll back" not in page


def test_a_space_is_made_from_the_live_ones_recipe_and_built_by_the_worker(admin_client, shop, sent):
    form = admin_client.get(f"{SPACES}add/").context["adminform"].form
    data = {name: form[name].value() for name in form.fields} | {"name": "second", "text_weight": "0.3"}
    admin_client.post(f"{SPACES}add/", data)
    space = EmbeddingSpace.objects.get(name="second")
    assert (space.status, space.text_encoder, space.text_weight) == ("building", "fake:text", 0.3)
    assert "is built by the worker" in act(admin_client, "build", space)
    assert sent == [("build", space.pk)]


def test_a_recipe_that_cannot_be_used_is_refused_in_the_form(admin_client, shop):
    form = admin_client.get(f"{SPACES}add/").context["adminform"].form
    data = {name: form[name].value() for name in form.fields} | {"name": "second", "text_encoder": "fake:nothing"}
    page = admin_client.post(f"{SPACES}add/", data)
    assert "fake:nothing" in str(page.context["errors"])
    page = admin_client.post(f"{SPACES}add/", data | {"text_encoder": "fake:text", "category_text_weights": '{"A": 7}'})
    assert page.context["errors"] == [["The text weight of 'A' is a number from 0 to 1, not 7."]]  # and once
    assert EmbeddingSpace.objects.count() == 1


def test_the_live_space_says_how_far_its_index_is(admin_client, shop, monkeypatch):
    assert "Live: index" not in admin_client.get(SPACES).content.decode()
    monkeypatch.setattr(
        "embeddings.spaces.states.read_share", lambda names: 0.43 if f"s{shop.pk}_fused" in names[0] else None
    )
    assert 'Live: index 43 of 100 <progress value="0.430"' in admin_client.get(SPACES).content.decode()


def test_a_build_without_a_broker_says_so(admin_client, shop, monkeypatch):
    def refuse(pk):
        raise OSError("connection refused")

    monkeypatch.setattr("embeddings.admin.build_space.delay", refuse)
    assert "The broker does not answer" in act(admin_client, "build", create_space("second"))


def test_spaces_are_promoted_rolled_back_compared_and_dropped(admin_client, shop):
    second = make_ready("second", text_weight=0.0)
    assert "shares" in act(admin_client, "compare", second)
    assert act(admin_client, "promote", second) == "second is live; starter can be rolled back to."
    assert "Roll back to starter" in admin_client.get(SPACES).content.decode()
    admin_client.post(reverse("admin:embeddings_embeddingspace_roll_back"), {"confirmed": "yes"})
    assert EmbeddingSpace.objects.live() == shop
    assert "promote another one first" in act(admin_client, "drop", shop)
    assert act(admin_client, "drop", second) == "second is gone."
    assert "third is not built yet" in act(admin_client, "compare", create_space("third"))
    assert "Select one space" in act(admin_client, "promote", shop, EmbeddingSpace.objects.get(name="third"))


def test_what_cannot_be_compared_is_said_and_not_passed_over(admin_client, shop):
    assert act(admin_client, "compare", shop) == "starter is the live space: select another one to compare with it."
    second = make_ready("second")
    second.embeddings.all().delete()
    assert act(admin_client, "compare", second) == "second and starter have no two products in common."


def test_staff_read_of_spaces_and_vectors_in_their_language(admin_client, shop, settings):
    second = make_ready("second", text_weight=0.0)
    waiting = create_space("third")
    empty = make_product("EMPTY", title="")
    services.refresh_pending()
    admin_client.cookies[settings.LANGUAGE_COOKIE_NAME] = "zh-hans"
    assert act(admin_client, "compare", waiting) == ("空间 third 尚未建立：请先建立（manage.py spaces build third）。")
    assert act(admin_client, "promote", second) == "second 已启用；可以退回到 starter。"
    assert act(admin_client, "compare", shop).startswith("在最相近的 2 件商品中，starter 与 second 有 ")
    assert act(admin_client, "drop", second) == "空间 second 正在使用中：请先启用另一个。"
    assert "fake:text + fake:image，concat，文字 0.6，384 维" in admin_client.get(SPACES).content.decode()
    EmbeddingSpace.objects.filter(pk=waiting.pk).update(
        progress={"stage": "fuse", "done": 1, "total": 3, "at": "2026-01-01T00:00:00+00:00"}
    )
    assert "在 融合 1 / 3 处中断：重新建立即可继续" in admin_client.get(SPACES).content.decode()
    page = admin_client.get(f"/admin/catalog/product/{Product.objects.get(sku='A').pk}/change/").content.decode()
    assert "最新：根据文字和图片得出，空间 second，" in page
    assert "Picture" not in page
    assert "图 1" in page
    assert "没有可编码的内容" in admin_client.get("/admin/embeddings/pendingembedding/").content.decode()
    page = admin_client.get(f"/admin/catalog/product/{empty.pk}/change/").content.decode()
    assert "在空间 second 中还没有向量。 没有可编码的内容：请填写标题、描述，或上传图片。 商品修改后会重试。" in page


def test_rolling_back_is_a_post_by_staff_who_may(admin_client, client, shop, django_user_model):
    url = reverse("admin:embeddings_embeddingspace_roll_back")
    assert admin_client.get(url).status_code == 405
    promote(make_ready("second"))
    client.force_login(django_user_model.objects.create_user("clerk", is_staff=True))
    assert client.post(url).status_code == 403
    assert EmbeddingSpace.objects.live().name == "second"


def test_only_the_dial_of_a_space_can_be_turned(admin_client, shop, sent, django_capture_on_commit_callbacks):
    data = {"category_text_weights": '{"Decor": 0.2}', "text_weight": "0.1", "name": "renamed"}
    with django_capture_on_commit_callbacks(execute=True):
        admin_client.post(f"{SPACES}{shop.pk}/change/", data)
    shop.refresh_from_db()
    assert (shop.category_text_weights, shop.text_weight, shop.name) == ({"Decor": 0.2}, 0.6, "starter")
    assert sent == [("refresh_stale",)]
    page = admin_client.post(f"{SPACES}{shop.pk}/change/", {"category_text_weights": '{"Decor": 7}'})
    assert "number from 0 to 1" in page.content.decode()


def test_waiting_products_are_shown_with_their_reason_and_tried_again(admin_client, shop):
    empty = make_product("EMPTY", title="")
    services.refresh_pending()
    page = admin_client.get("/admin/embeddings/pendingembedding/?waits=change").content.decode()
    assert "Nothing to encode" in page
    admin_client.post("/admin/embeddings/pendingembedding/", {"action": "try_again", "_selected_action": [empty.pk]})
    assert PendingEmbedding.objects.get().retry_at is not None


def test_vectors_are_listed_and_cannot_be_edited(admin_client, shop):
    page = admin_client.get("/admin/embeddings/productembedding/?modality__exact=fused")
    assert page.context["cl"].result_count == 3
    assert admin_client.get("/admin/embeddings/productembedding/add/").status_code == 403


def test_a_product_says_whether_its_vector_is_what_it_is_now(admin_client, shop):
    product = Product.objects.get(sku="A")
    assert describe_product(product).startswith("Up to date: from its text and pictures, in space starter, ")
    Product.objects.filter(pk=product.pk).update(title="changed")
    assert describe_product(product).startswith("Out of date: ")
    product.save()
    assert describe_product(product).endswith("It waits for the worker.")
    ProductEmbedding.objects.filter(product=product).exclude(modality="fused").delete()
    assert "from what is not kept any more" in describe_product(product)
    empty = make_product("EMPTY", title="")
    services.refresh_pending()
    assert describe_product(empty) == (
        "No vector in space starter yet. Nothing to encode: give it a title, a description or a picture. "
        "It is tried again when the product changes."
    )
    page = admin_client.get(f"/admin/catalog/product/{product.pk}/change/").content.decode()
    assert "in space starter" in page


def test_the_list_of_vectors_leaves_the_parameters_of_the_space_where_they_are(
    admin_client, shop, django_assert_max_num_queries
):
    """They take megabytes, once for each row of the page."""
    with django_assert_max_num_queries(20) as made:
        page = admin_client.get("/admin/embeddings/productembedding/").content.decode()
    assert page.count('class="field-space') == 9  # three modalities of three products
    assert not [query["sql"] for query in made.captured_queries if '"parameters"' in query["sql"]]
