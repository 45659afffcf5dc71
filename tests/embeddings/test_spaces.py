from __future__ import annotations

import os
import threading
from datetime import timedelta

import pytest
from django.db import IntegrityError, connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from catalog.models import Category, Product
from embeddings import services
from embeddings.encoders.registry import register_encoder, unregister_encoder
from embeddings.encoding import EncoderChanged, load_encoders
from embeddings.freshness.staleness import find_stale
from embeddings.fusion import similarity_scale
from embeddings.models import EmbeddingSpace, EncodedInput, ProductEmbedding
from embeddings.spaces import building, indexes, lifecycle, maintenance
from embeddings.spaces.building import build_space, fit_first_space
from embeddings.spaces.drawing import draw_few
from embeddings.spaces.indexes import drop_indexes, index_name, missing_indexes
from embeddings.spaces.lifecycle import (
    SpaceError,
    count_unready,
    create_space,
    drop_space,
    ensure_live_space,
    needs_refit,
    promote,
    roll_back,
)
from embeddings.spaces.locks import BUILD_LOCK, read_holder, try_lock
from embeddings.spaces.overlap import measure_overlap
from embeddings.vectors import load_pipeline
from recommendations.services import similar_products
from tests.embeddings.shop import embedded_modalities, make_product, pending_skus
from tests.fakes import FakeImageEncoder, FakeTextEncoder

pytestmark = pytest.mark.django_db
Status = EmbeddingSpace.Status
COLOURS = ["red", "green", "blue", "yellow", "purple", "orange", "pink", "brown"]


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


@pytest.fixture
def shop(monkeypatch) -> list[Product]:
    """Twelve products, embedded; enough to fit a space on."""
    monkeypatch.setattr(lifecycle, "MIN_FIT_PRODUCTS", 10)
    monkeypatch.setattr(building, "MIN_FIT_PRODUCTS", 10)
    products = [
        make_product(f"P{number:02}", title=f"{COLOURS[number % 8]} mug {number}", colours=[COLOURS[number % 8]])
        for number in range(12)
    ]
    services.refresh_pending()
    return products


def status_of(*wanted: EmbeddingSpace) -> list[str]:
    known = dict(EmbeddingSpace.objects.values_list("pk", "status"))
    return [known[space.pk] for space in wanted]


def make_ready(name: str, **recipe) -> EmbeddingSpace:
    space = create_space(name, **recipe)
    build_space(space)
    return space


def test_the_first_space_is_made_from_the_settings_once():
    first = ensure_live_space()
    assert (first.name, first.status, first.text_encoder, first.image_encoder, first.fusion, first.fitted_on) == (
        "starter",
        "live",
        "fake:text",
        "fake:image",
        "concat",
        0,
    )
    assert ensure_live_space().pk == first.pk
    assert EmbeddingSpace.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_processes_that_need_the_first_space_at_once_make_one():
    found: list[int] = []
    start = threading.Barrier(4)

    def need() -> None:
        try:
            start.wait(30)
            found.append(ensure_live_space().pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=need) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    assert set(found) == set(EmbeddingSpace.objects.values_list("pk", flat=True))
    assert len(set(found)) == 1


def test_the_first_space_is_fitted_on_the_catalogue_once_it_is_large_enough(shop):
    starter = ensure_live_space()
    fitted = fit_first_space()
    assert (fitted.name, fitted.status, fitted.fitted_on) == ("default", "live", 12)
    assert status_of(starter) == ["retired"]
    assert ProductEmbedding.objects.filter(space=fitted, modality="fused").count() == 12
    assert fit_first_space() is None
    maintenance.drop_starters()  # somebody may still be reading it
    assert status_of(starter) == ["retired"]
    EmbeddingSpace.objects.filter(pk=starter.pk).update(retired_at=timezone.now() - maintenance.STARTER_KEPT)
    maintenance.drop_starters()
    assert list(EmbeddingSpace.objects.values_list("name", flat=True)) == ["default"]


def test_a_fitted_space_that_was_served_is_kept_to_roll_back_to(shop):
    fitted = fit_first_space()
    promote(make_ready("second"))
    EmbeddingSpace.objects.filter(status="retired").update(retired_at=timezone.now() - 2 * maintenance.STARTER_KEPT)
    maintenance.drop_starters()
    assert list(EmbeddingSpace.objects.order_by("pk").values_list("name", flat=True)) == ["default", "second"]
    assert roll_back() == fitted


def test_the_worker_fits_the_first_space_only_once_no_more_products_come_in(shop):
    ensure_live_space()
    maintenance.keep_true()
    assert [space.name for space in EmbeddingSpace.objects.all()] == ["starter"]
    Product.objects.update(created_at=timezone.now() - maintenance.SETTLED_AFTER)
    maintenance.keep_true()
    assert EmbeddingSpace.objects.live().name == "default"


def test_a_product_dated_to_a_time_to_come_does_not_keep_the_first_space_from_being_fitted(shop):
    Product.objects.update(created_at=timezone.now() - maintenance.SETTLED_AFTER)
    Product.objects.filter(pk=Product.objects.first().pk).update(created_at=timezone.now() + timedelta(days=365))
    maintenance.keep_true()
    assert EmbeddingSpace.objects.live().name == "default"


def test_a_small_catalogue_keeps_the_parameters_it_started_with():
    make_product("A")
    assert fit_first_space() is None


def test_a_build_encodes_nothing_again_when_the_encoders_are_the_same(shop, encoders):
    text, image = encoders
    encoded = (list(text.encoded), image.encoded)
    inputs = EncodedInput.objects.count()
    space = make_ready("second", text_weight=0.2)
    assert (text.encoded, image.encoded) == encoded
    assert EncodedInput.objects.count() == inputs
    assert ProductEmbedding.objects.filter(space=space).count() == 36
    assert status_of(ensure_live_space(), space) == ["live", "ready"]
    assert (space.fitted_on, space.text_identity, space.image_identity) == (12, "fake:text#1", "fake:image#1")


def test_a_build_learns_what_cosines_are_shown_as_and_lists_read_it_from_the_row_of_the_space(shop, monkeypatch):
    assert make_ready("small").similarity_scales == {}  # twelve products are too few
    monkeypatch.setattr(similarity_scale, "MIN_PRODUCTS", 12)
    space = make_ready("second")
    assert {*space.similarity_scales} == {"fused", "text", "image"}
    pipeline = load_pipeline(space)
    assert all(space.scale_of(name) == pipeline.scale_of(name) for name in space.similarity_scales)
    assert space.scale_of("fused", metric="pearson") == similarity_scale.AS_IT_IS


@pytest.mark.parametrize("newer", [FakeTextEncoder(version="2"), FakeImageEncoder(version="2")])
def test_a_space_refuses_other_weights_of_either_of_its_encoders(shop, newer):
    space = make_ready("second")
    register_encoder(newer)
    spec = newer.info.spec
    with pytest.raises(EncoderChanged, match=f"was fitted with {spec}#1, but the encoder there is now {spec}#2"):
        load_encoders(space)


def test_a_build_tells_how_far_it_is(shop):
    told = []
    build_space(create_space("second"), on_progress=lambda *step: told.append(step))
    assert told == [
        ("encode", 0, 12),
        ("encode", 12, 12),
        ("fit", 0, 1),
        ("fit", 1, 1),
        ("fuse", 0, 12),
        ("fuse", 12, 12),
        ("index", 12, 36),
        ("index", 24, 36),
        ("index", 36, 36),
    ]


def test_a_build_that_fails_says_why_and_leaves_the_live_space_alone(shop, monkeypatch):
    live = ensure_live_space()
    before = list(ProductEmbedding.objects.order_by("pk").values_list("pk", "updated_at"))
    space = create_space("second")
    monkeypatch.setattr("embeddings.spaces.building.refresh_products", fail_with("no memory left"))
    with pytest.raises(RuntimeError, match="no memory left"):
        build_space(space)
    space.refresh_from_db()
    assert (space.status, space.failure) == ("failed", "RuntimeError: no memory left")
    assert status_of(live) == ["live"]
    assert list(ProductEmbedding.objects.order_by("pk").values_list("pk", "updated_at")) == before
    with pytest.raises(SpaceError, match="Space second is not built: the build failed"):
        promote(space)
    monkeypatch.undo()


def fail_with(message: str):
    def fail(*_, **__):
        raise RuntimeError(message)

    return fail


def test_a_build_that_was_interrupted_goes_on_where_it_stopped(shop, monkeypatch):
    space = create_space("second")
    monkeypatch.setattr(building, "CHUNK", 5)
    refresh = building.refresh_products
    batches: list[list[int]] = []

    def refresh_then_interrupt(space, ids, **options):
        if len(batches) == 1:
            raise KeyboardInterrupt
        batches.append(list(ids))
        return refresh(space, ids, **options)

    monkeypatch.setattr("embeddings.spaces.building.refresh_products", refresh_then_interrupt)
    with pytest.raises(KeyboardInterrupt):
        build_space(space)
    assert status_of(space) == ["building"]
    parameters = bytes(EmbeddingSpace.objects.get(pk=space.pk).parameters)
    monkeypatch.setattr("embeddings.spaces.building.refresh_products", refresh)
    told = []
    build_space(space, on_progress=lambda *step: told.append(step))
    assert told[0] == ("fuse", 0, 7)
    assert status_of(space) == ["ready"]
    assert bytes(EmbeddingSpace.objects.get(pk=space.pk).parameters) == parameters


@pytest.mark.django_db(transaction=True)
def test_two_builds_at_once_are_refused_politely(shop):
    space = create_space("second")
    held, may_end = threading.Event(), threading.Event()

    def build_elsewhere() -> None:
        try:
            with try_lock(BUILD_LOCK, purpose="another") as taken:
                assert taken
                held.set()
                may_end.wait(30)
        finally:
            connection.close()

    other = threading.Thread(target=build_elsewhere)
    other.start()
    held.wait(30)
    try:
        with pytest.raises(SpaceError, match="Another space is being built"):
            build_space(space)
        with pytest.raises(SpaceError, match="is being built"):
            drop_space(space)
        assert read_holder(BUILD_LOCK).description.startswith(f"another, process {os.getpid()} on ")
    finally:
        may_end.set()
        other.join()
    build_space(space)
    assert status_of(space) == ["ready"]
    assert read_holder(BUILD_LOCK) is None


def test_a_save_during_a_build_reaches_both_spaces_before_the_promotion(shop, monkeypatch):
    space = create_space("second")
    refresh = building.refresh_products

    def save_after_fusing(space, ids, **options):
        outcome = refresh(space, ids, **options)
        monkeypatch.setattr("embeddings.spaces.building.refresh_products", refresh)
        shop[0].title = "a new title"
        shop[0].save()
        make_product("NEW", title="a new product")
        return outcome

    monkeypatch.setattr("embeddings.spaces.building.refresh_products", save_after_fusing)
    build_space(space)
    for each in (ensure_live_space(), space):
        assert find_stale(each).count() == 0
        assert ProductEmbedding.objects.filter(space=each, modality="fused").count() == 13


def test_saves_reach_every_space_that_may_be_served_next(shop):
    first = ensure_live_space()
    second, third = make_ready("second"), make_ready("third")
    promote(second)
    new = make_product("NEW", title="new")
    services.refresh_pending()
    for space in (first, second, third):  # to roll back to, live, to promote
        assert embedded_modalities(new, space) == ["fused", "text"]


def test_leases_are_renewed_while_a_space_beside_the_live_one_encodes(shop, monkeypatch):
    wide, renewed, waited = FakeTextEncoder("fake:wide"), threading.Event(), []
    encode = wide.encode_texts

    def encode_slowly(texts, **options):
        renewed.clear()  # what the live space renewed does not count
        waited.append(renewed.wait(10))
        return encode(texts, **options)

    register_encoder(wide)
    try:
        make_ready("wide", text_encoder="fake:wide")
        monkeypatch.setattr("embeddings.encoding.KEEP_ALIVE_S", 0.01)
        monkeypatch.setattr("embeddings.freshness.queue.PendingQuerySet.renew", lambda self, leases: renewed.set())
        monkeypatch.setattr(wide, "encode_texts", encode_slowly)
        make_product("NEW", title="new")
        services.refresh_pending()
    finally:
        unregister_encoder("fake:wide")
    assert waited == [True]


def test_a_space_beside_the_live_one_that_fails_holds_nothing_up(shop, caplog):
    second = make_ready("second")
    EmbeddingSpace.objects.filter(pk=second.pk).update(text_identity="fake:text#other weights")
    new = make_product("NEW", title="new")
    assert services.refresh_pending().stored == 1
    assert pending_skus() == []
    assert (embedded_modalities(new, ensure_live_space()), embedded_modalities(new, second)) == (["fused", "text"], [])
    assert "Space second is not kept fresh: drop it" in caplog.text


def test_promotion_and_roll_back_swap_the_live_space(shop):
    first, second = ensure_live_space(), make_ready("second")
    assert promote(second) == first
    assert status_of(first, second) == ["retired", "live"]
    assert ensure_live_space() == second
    assert roll_back() == first
    assert status_of(first, second) == ["live", "retired"]
    with pytest.raises(SpaceError, match="Space starter is live already"):
        promote(first)


def test_roll_back_serves_the_space_that_was_live_last_however_old_it_is(shop):
    first, second, third = ensure_live_space(), make_ready("second"), make_ready("third")
    promote(third)
    roll_back()
    promote(second)
    assert roll_back() == first
    assert status_of(first, second, third) == ["live", "retired", "retired"]


def test_roll_back_without_a_space_that_was_served_says_so(shop):
    ensure_live_space()
    with pytest.raises(SpaceError, match="no space to roll back to"):
        roll_back()


def test_a_space_that_lacks_products_is_not_promoted(shop):
    space = make_ready("second")
    ProductEmbedding.objects.filter(space=space, product=shop[0]).delete()
    with pytest.raises(SpaceError, match="1 products are not up to date in space second: build it again"):
        promote(space)
    assert status_of(space) == ["ready"]
    build_space(space)
    promote(space)
    assert status_of(space) == ["live"]


def test_a_space_that_has_fallen_behind_since_it_was_served_is_not_rolled_back_to(shop):
    first = ensure_live_space()
    promote(make_ready("second"))
    ProductEmbedding.objects.filter(space=first, product=shop[0]).delete()
    with pytest.raises(SpaceError, match="1 products are not up to date in space starter: build it again"):
        roll_back()
    assert status_of(first) == ["retired"]


def test_products_that_wait_in_the_queue_do_not_hold_a_promotion_up(shop):
    space = make_ready("second")
    shop[0].title = "waits"
    shop[0].save()
    make_product("EMPTY", title="")
    assert count_unready(space) == 0
    promote(space)
    assert status_of(space) == ["live"]


@pytest.mark.django_db(transaction=True)
def test_requests_through_a_promotion_see_no_gap_and_no_mixed_answer(shop):
    """Searchers run all the while; every answer is complete and is one of the two spaces' own answers."""
    first, second = ensure_live_space(), make_ready("second", text_weight=0.0)

    def ask() -> tuple[str, ...]:
        answer = similar_products("P00", limit=5)
        return tuple(result.product.sku for result in answer.results)

    before = ask()
    promote(second)
    after = ask()
    assert (len(before), len(after)) == (5, 5)
    assert before != after
    roll_back()
    answers: list[tuple[str, ...]] = []
    failures: list[BaseException] = []
    may_end = threading.Event()

    def search() -> None:
        try:
            while not may_end.is_set():
                answers.append(ask())
        except BaseException as error:
            failures.append(error)
        finally:
            connection.close()

    searchers = [threading.Thread(target=search) for _ in range(3)]
    for searcher in searchers:
        searcher.start()
    for _ in range(10):
        promote(second)
        roll_back()
    may_end.set()
    for searcher in searchers:
        searcher.join()
    assert failures == []
    assert set(answers) == {before, after}
    assert status_of(first) == ["live"]


def test_the_live_space_is_neither_dropped_nor_built(shop):
    live = ensure_live_space()
    with pytest.raises(SpaceError, match="promote another one first"):
        drop_space(live)
    with pytest.raises(SpaceError, match="embed_products looks after it"):
        build_space(live)


def test_a_space_that_somebody_else_has_promoted_meanwhile_is_known_to_be_live(shop):
    space = make_ready("second")
    promote(EmbeddingSpace.objects.get(pk=space.pk))
    assert space.status == "ready"  # as far as our copy knows
    with pytest.raises(SpaceError, match="promote another one first"):
        drop_space(space)
    space.status = "ready"
    with pytest.raises(SpaceError, match="Space second is live already"):
        promote(space)
    assert status_of(space) == ["live"]


def test_dropping_a_space_drops_its_vectors_and_indexes_and_keeps_what_encoders_said(shop):
    space = make_ready("second")
    names = [index_name(space, modality) for modality in ("fused", "text", "image")]
    assert existing_indexes(names) == 3
    inputs = EncodedInput.objects.count()
    drop_space(space)
    assert existing_indexes(names) == 0
    assert (EncodedInput.objects.count(), EmbeddingSpace.objects.count()) == (inputs, 1)
    assert ProductEmbedding.objects.count() == 36


def existing_indexes(names: list[str]) -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM pg_indexes WHERE indexname = ANY(%s)", [names])
        return cursor.fetchone()[0]


@pytest.mark.django_db(transaction=True)
def test_indexes_are_built_concurrently_and_what_an_interrupted_build_left_is_replaced(shop):
    space = make_ready("second")
    name = index_name(space, "fused")
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {name}")
        with pytest.raises(IntegrityError):  # Postgres keeps what a failed concurrent build has made, as not valid
            cursor.execute(f"CREATE UNIQUE INDEX CONCURRENTLY {name} ON embeddings_productembedding (space_id)")
    assert existing_indexes([name]) == 1
    building.create_indexes(space)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT indisvalid, pg_get_indexdef(indexrelid) FROM pg_index WHERE indexrelid = %s::regclass", [name]
        )
        valid, definition = cursor.fetchone()
    assert valid
    assert "hnsw (((vector)::halfvec(384)) halfvec_cosine_ops) WITH (m='16', ef_construction='128')" in definition
    assert f"WHERE ((space_id = {space.pk}) AND ((modality)::text = 'fused'::text))" in definition


@pytest.mark.django_db(transaction=True)
def test_saves_go_on_while_indexes_are_built_and_dropped(shop):
    space = make_ready("second")
    with CaptureQueriesContext(connection) as queries:
        drop_indexes(space)
        building.create_indexes(space)
    said = [query["sql"] for query in queries if " INDEX " in query["sql"]]
    verbs = [sql.partition("emb_hnsw")[0].strip(' "') for sql in said]
    drop, create = "DROP INDEX CONCURRENTLY IF EXISTS", "CREATE INDEX CONCURRENTLY"
    assert verbs == [drop] * 3 + [drop, create] * 3


def test_an_index_is_missed_only_where_it_would_pay(shop, monkeypatch):
    live = ensure_live_space()
    assert missing_indexes(live) == []
    monkeypatch.setattr("embeddings.spaces.indexes.INDEX_FROM_ROWS", 12)
    assert missing_indexes(live) == [index_name(live, modality) for modality in ("fused", "text", "image")]


def test_the_dial_is_turned_without_encoding_and_reaches_the_products_below(shop, encoders):
    text, image = encoders
    decor = Category.objects.create(name="Decor")
    vases = Category.objects.create(name="Vases", parent=decor)
    Product.objects.filter(sku="P00").update(category=vases)
    Product.objects.filter(sku="P01").update(category=decor)
    services.refresh_stale()
    services.refresh_pending()
    before = fused_vectors()
    encoded = (list(text.encoded), image.encoded)
    live = ensure_live_space()
    EmbeddingSpace.objects.filter(pk=live.pk).update(category_text_weights={"Decor": 0.9, "Decor/Vases": 0.0})
    assert services.refresh_stale() == 2
    services.refresh_pending()
    assert services.refresh_stale() == 0
    after = fused_vectors()
    assert {sku for sku in after if after[sku] != before[sku]} == {"P00", "P01"}
    assert (text.encoded, image.encoded) == encoded
    weights = ProductEmbedding.objects.filter(modality="fused", text_weight__isnull=False)
    assert dict(weights.values_list("product__sku", "text_weight")) == {"P00": 0.0, "P01": 0.9}
    EmbeddingSpace.objects.filter(pk=live.pk).update(category_text_weights={})
    assert services.refresh_stale() == 2
    services.refresh_pending()
    assert fused_vectors() == before


def fused_vectors() -> dict[str, list[float]]:
    return dict(ProductEmbedding.objects.filter(modality="fused").values_list("product__sku", "vector"))


def test_the_longest_category_path_wins():
    space = EmbeddingSpace(category_text_weights={"Decor": 0.9, "Decor/Vases": 0.3})
    paths = ["Decor", "Decor/Vases", "Decor/Vases/Tall", "Decor/Candles", "Decorations", ""]
    assert [space.text_weight_of(path) for path in paths] == [0.9, 0.3, 0.3, 0.9, None, None]


def test_overlap_is_one_with_itself_and_less_with_another_recipe(shop):
    live, pictures = ensure_live_space(), make_ready("pictures", text_weight=0.0)
    same = measure_overlap(live, live, k=3)
    assert (same.mean, same.k, same.product_count) == (1.0, 3, 12)
    assert 0 < measure_overlap(live, pictures, k=3).mean < 1


def test_overlap_is_of_neighbours_that_both_spaces_hold(shop):
    live, other = ensure_live_space(), create_space("other")
    lacking = list(Product.objects.order_by("pk").values_list("pk", flat=True)[:4])
    held = ProductEmbedding.objects.filter(space=live, modality="fused").exclude(product_id__in=lacking)
    for row in held:
        row.pk, row.space = None, other
        row.save(force_insert=True)
    found = measure_overlap(live, other, k=3)
    assert (found.mean, found.product_count) == (1.0, 8)


def test_overlap_searches_by_the_indexes_and_waits_for_them(shop, monkeypatch):
    live = ensure_live_space()
    monkeypatch.setattr(indexes, "INDEX_FROM_ROWS", 5)
    with pytest.raises(SpaceError) as error:
        measure_overlap(live, live)
    assert str(error.value) == ("The index of starter is not built yet: the worker builds it. Compare when it is done.")
    indexes.create_indexes(live)
    assert measure_overlap(live, live).mean == 1.0


def test_a_few_products_are_drawn_of_any_catalogue_always_the_same(shop):
    everything = list(Product.objects.values_list("pk", flat=True))
    assert sorted(draw_few(100)) == sorted(everything)
    assert len(draw_few(5)) <= 5
    assert draw_few(5) == draw_few(5)
    assert any(draw_few(5) != draw_few(5, seed=seed) for seed in range(1, 5))
    Product.objects.all().delete()
    assert draw_few(5) == []


@pytest.mark.parametrize(
    ("recipe", "complaint"),
    [
        ({"fusion": "addition"}, "choose concat, weighted or attention"),
        ({"text_encoder": "fake:none"}, "fake:none"),
        ({"text_encoder": "fake:image"}, "fake:image does not encode text"),
        ({"dim": 1}, "2 to 2000 dimensions"),
        ({"text_weight": 1.5}, "text weight lies between 0"),
        ({"text_composition": [{"fields": ["price"]}]}, "Unknown field 'price'"),
        ({"category_text_weights": {"Decor": 2}}, "number from 0 to 1"),
    ],
)
def test_a_recipe_that_cannot_be_used_makes_no_space(recipe, complaint):
    ensure_live_space()
    with pytest.raises(SpaceError, match=complaint):
        create_space("second", **recipe)
    assert EmbeddingSpace.objects.count() == 1


def test_a_name_is_taken_once():
    ensure_live_space()
    with pytest.raises(SpaceError, match="already exists"):
        create_space("starter")


@pytest.mark.parametrize(
    ("fitted_on", "counts"),
    [(100, (149, 150)), (999, (1498, 1499)), (1000, (9999, 10_000)), (19_999, (199_989, 199_990))],
)
def test_a_refit_is_proposed_when_the_catalogue_has_grown_soonest_where_little_was_learned_from(fitted_on, counts):
    space = EmbeddingSpace(fitted_on=fitted_on)
    assert [needs_refit(space, product_count=count) for count in counts] == [False, True]
    assert not needs_refit(EmbeddingSpace(fitted_on=20_000), product_count=10_000_000)  # no sample is larger
    assert [needs_refit(EmbeddingSpace(), product_count=count) for count in (49, 50)] == [False, True]


def test_a_space_of_another_encoder_and_dim_lives_beside_the_others(shop):
    other = FakeTextEncoder("fake:wide", dim=96)
    register_encoder(other)
    try:
        space = make_ready("wide", text_encoder="fake:wide", dim=100, fusion="weighted")
        assert (space.dims, load_pipeline(space).fusion) == ({"fused": 100, "text": 96, "image": 109}, "weighted")
        assert len(ProductEmbedding.objects.filter(space=space, modality="fused").first().vector) == 100
        promote(space)
        assert services.encode_query(text="mug").vectors["fused"].shape == (100,)
    finally:
        unregister_encoder("fake:wide")
