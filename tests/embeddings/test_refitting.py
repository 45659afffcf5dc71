"""A space that the catalogue has outgrown, or much of which is new to it, is fitted again: asked for, or by itself."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from django.utils import timezone

from catalog.models import Product
from embeddings import checks, desk_figures, services
from embeddings.fusion.pipeline import VectorPipeline
from embeddings.models import EmbeddingSpace, EncodedInput, ProductEmbedding
from embeddings.spaces import building, gates, lifecycle, maintenance, outside, own_modalities, refitting
from embeddings.spaces.building import fit_first_space, hold_build
from embeddings.spaces.lifecycle import BuildRunning, SpaceError, needs_refit, set_pipeline
from embeddings.spaces.refitting import describe_refit, refit_live_space
from embeddings.unit_rows import unit_rows
from tests.embeddings.shop import make_product

pytestmark = pytest.mark.django_db
GARMENTS, TEAS, WIDTH = 190, 20, 24


@pytest.fixture(autouse=True)
def quiet(rings, encoders):
    """No worker, fake encoders."""


def draw_range(count: int, *, seed: int) -> np.ndarray:
    """Return unit rows (count, 2 WIDTH) of a range of its own: it varies along WIDTH directions that no other has."""
    random = np.random.default_rng(seed)
    rows = np.zeros((count, 2 * WIDTH))
    first = WIDTH * (seed % 2)
    rows[:, first : first + WIDTH] = 0.7 + random.normal(size=(count, WIDTH))
    return unit_rows(rows)


def embed(space: EmbeddingSpace, pipeline: VectorPipeline, rows: np.ndarray, *, name: str) -> None:
    """Put products of these texts into a space, without pictures."""
    made = pipeline.transform({"text": (rows,), "image": (np.zeros((len(rows), 6), dtype=np.float32),)})
    products = Product.objects.bulk_create(Product(sku=f"{name}{row:03}", title=name) for row in range(len(rows)))
    ProductEmbedding.objects.bulk_create(
        ProductEmbedding(space=space, product=product, modality=modality, fingerprint="f", vector=vectors[row].tolist())
        for modality, vectors in {"fused": made.fused, "text": made.modalities["text"]}.items()
        for row, product in enumerate(products)
    )


@pytest.fixture
def wardrobe() -> tuple[EmbeddingSpace, VectorPipeline]:
    """A live space that was fitted on garments."""
    rows = draw_range(GARMENTS, seed=0)
    pipeline = VectorPipeline.fit({"text": (rows,), "image": (draw_range(GARMENTS, seed=2)[:, :6],)}, dim=32)
    space = EmbeddingSpace(name="wardrobe", status="live", fitted_on=GARMENTS)
    set_pipeline(space, pipeline)
    space.save()
    embed(space, pipeline, rows, name="garment")
    return space, pipeline


def test_another_range_is_noticed_by_a_sample_and_a_refit_is_proposed_although_the_catalogue_has_hardly_grown(wardrobe):
    space, pipeline = wardrobe
    outside.keep_measured()
    space.refresh_from_db()
    assert outside.read_outside(space).share < outside.LEAST_SHARE
    assert describe_refit(space, product_count=GARMENTS) == ""

    embed(space, pipeline, draw_range(TEAS, seed=1), name="tea")
    outside.keep_measured()  # it was measured a moment ago
    space.refresh_from_db()
    assert not needs_refit(space, product_count=GARMENTS + TEAS)

    outside.note(space, outside={"count": 0, "of": 190, "at": (timezone.now() - outside.EVERY).isoformat()})
    outside.keep_measured()
    space.refresh_from_db()
    found = outside.read_outside(space)
    assert (found.of, found.count >= TEAS) == (GARMENTS + TEAS, True)
    assert needs_refit(space, product_count=GARMENTS + TEAS)
    said = describe_refit(space, product_count=GARMENTS + TEAS)
    percent = round(100 * found.share)
    assert said.startswith(f"{percent} of 100 products are like none that space wardrobe was fitted on")
    assert [need.text for need in desk_figures._name_spaces()] == [said]
    assert [tile.figure for tile in desk_figures.show_coverage()][1] == f"{found.share:.0%}"


def test_few_products_or_what_the_fit_itself_leaves_outside_are_no_reason():
    def holds(count: int, of: int, *, at_fit: float = 0.0) -> bool:
        report = {"outside": {"count": count, "of": of, "at": ""}, "outside_at_fit": at_fit}
        return outside.is_outside(EmbeddingSpace(fitted_on=100, report=report))

    assert [holds(9, 60), holds(10, 200), holds(10, 201)] == [False, True, False]
    assert [holds(90, 1000, at_fit=0.05), holds(101, 1000, at_fit=0.05)] == [False, True]
    assert not outside.is_outside(EmbeddingSpace(fitted_on=100))


def test_the_sample_is_bounded_however_many_products_there_are(wardrobe, monkeypatch, django_assert_num_queries):
    monkeypatch.setattr(outside, "SAMPLE", 25)
    outside.measure_outside(wardrobe[0])
    with django_assert_num_queries(3):
        assert outside.measure_outside(wardrobe[0]).of <= 25


@pytest.fixture
def grown(monkeypatch, settings) -> EmbeddingSpace:
    """A shop whose live space was fitted on ten products and that has sixteen now; it is fitted again by itself."""
    for module in (lifecycle, building):
        monkeypatch.setattr(module, "MIN_FIT_PRODUCTS", 10)
    for number in range(10):
        make_product(f"P{number:02}", title=f"mug {number}")
    services.refresh_pending()
    fit_first_space()
    for number in range(10, 16):
        make_product(f"P{number:02}", title=f"lamp {number}")
    services.refresh_pending()
    settings.KINDRED_REFIT = "auto"
    rest()
    return EmbeddingSpace.objects.live()


def rest() -> None:
    """Let the live space have been there for long, and the products too."""
    EmbeddingSpace.objects.filter(status="live").update(promoted_at=timezone.now() - 2 * refitting.PAUSE)
    Product.objects.update(created_at=timezone.now() - timedelta(hours=1))


def test_it_is_fitted_again_by_itself_from_what_is_encoded_already_and_once(grown, encoders):
    encoded = (list(encoders[0].encoded), EncodedInput.objects.count())
    assert describe_refit(grown, product_count=16).endswith("from what is encoded already.")
    maintenance.keep_true()
    live = EmbeddingSpace.objects.live()
    assert (live.name, live.fitted_on, live.report["refit_of"]) == ("refit", 16, "default")
    assert (list(encoders[0].encoded), EncodedInput.objects.count()) == encoded
    assert EmbeddingSpace.objects.rollback_target() == grown
    assert ProductEmbedding.objects.filter(space=live, modality="fused").count() == 16
    assert describe_refit(live, product_count=16) == ""
    rest()
    assert refit_live_space() is None


def test_staff_are_asked_unless_they_allow_it(grown, settings):
    settings.KINDRED_REFIT = "ask"
    maintenance.keep_true()
    assert EmbeddingSpace.objects.live() == grown
    assert describe_refit(grown, product_count=16) == (
        "The catalogue has outgrown the 10 products that space default was fitted on: there are 16. Add a space, build "
        "it, compare and promote it: nothing is encoded again."
    )


def test_a_live_space_rests_before_it_is_fitted_again(grown):
    EmbeddingSpace.objects.filter(pk=grown.pk).update(promoted_at=timezone.now() - refitting.PAUSE / 2)
    assert refit_live_space() is None
    assert EmbeddingSpace.objects.live() == grown


def test_the_gate_decides_and_its_objection_is_told_and_not_met_again_at_once(grown, settings, monkeypatch):
    monkeypatch.setitem(gates.GATES, "strict", lambda space, live: f"{space.name} is worse than {live.name}.")
    settings.KINDRED_PROMOTION_GATE = "strict"
    assert refit_live_space() is None
    grown.refresh_from_db()
    assert (grown.status, EmbeddingSpace.objects.get(name="refit").status) == ("live", "ready")
    said = describe_refit(grown, product_count=16)
    assert "came to nothing (refit: refit is worse than default). Add a space" in said
    assert refit_live_space() is None
    assert EmbeddingSpace.objects.filter(name__startswith="refit").count() == 1  # not tried again

    failed = grown.report["refit_failed"] | {"at": (timezone.now() - refitting.RETRY).isoformat()}
    outside.note(grown, refit_failed=failed)
    settings.KINDRED_PROMOTION_GATE = ""
    assert refit_live_space().name == "refit"  # the one that was refused has made room


def test_what_a_range_says_itself_has_its_say_before_it_is_placed_among_others(wardrobe, settings, monkeypatch):
    """A new space in which teas lie among garments is refused by the teas, and one in which they do not is not."""
    space, pipeline = wardrobe
    embed(space, pipeline, draw_range(TEAS, seed=1), name="tea")
    assert len(outside.find_outside(space).product_ids) >= TEAS
    good = copy_space(space, name="good")
    assert own_modalities.object_to(good, live=space) == ""
    bad = copy_space(space, name="bad")
    among = list(ProductEmbedding.objects.filter(space=bad, modality="fused").order_by("product_id"))
    for tea, garment in zip(among[-TEAS:], among, strict=False):
        ProductEmbedding.objects.filter(pk=tea.pk).update(vector=garment.vector)
    said = own_modalities.object_to(bad, live=space)
    assert said.endswith("in bad")
    assert "neighbours less like them by their own texts and pictures" in said

    settings.KINDRED_REFIT = "auto"
    outside.note(space, outside={"count": TEAS, "of": GARMENTS, "at": timezone.now().isoformat()})
    monkeypatch.setattr(refitting, "create_space", lambda name, like: bad)
    monkeypatch.setattr(refitting, "build_space", lambda made: None)
    assert refit_live_space() is None
    space.refresh_from_db()
    assert (space.status, said in space.report["refit_failed"]["why"]) == ("live", True)


def copy_space(space: EmbeddingSpace, *, name: str) -> EmbeddingSpace:
    """Return a space that is ready, with the same recipe and the same vectors."""
    made = EmbeddingSpace.objects.get(pk=space.pk)
    bytes(made.parameters)
    made.pk, made.name, made.status, made.created_at = None, name, "ready", timezone.now()
    made.save(force_insert=True)
    ProductEmbedding.objects.bulk_create(
        ProductEmbedding(
            space=made, product_id=row.product_id, modality=row.modality, fingerprint="f", vector=row.vector
        )
        for row in ProductEmbedding.objects.filter(space=space)
    )
    return made


def test_a_build_that_fails_leaves_the_live_space_and_says_why(grown, monkeypatch):
    monkeypatch.setattr(refitting, "build_space", lambda space: (_ for _ in ()).throw(SpaceError("The disk is full.")))
    assert refit_live_space() is None
    grown.refresh_from_db()
    assert grown.status == "live"
    assert grown.report["refit_failed"]["why"] == "refit: The disk is full."


def test_where_another_build_runs_it_waits_for_its_turn_and_leaves_nothing(grown, transactional_db):
    with hold_build("by hand"), pytest.raises(BuildRunning):
        refit_live_space()
    assert list(EmbeddingSpace.objects.order_by("pk").values_list("name", flat=True))[-1] == "default"
    assert "refit_failed" not in EmbeddingSpace.objects.live().report


def test_what_earlier_refits_left_is_dropped_but_for_the_one_to_roll_back_to(grown):
    refit_live_space()
    names = []
    for _ in range(2):
        rest()
        EmbeddingSpace.objects.filter(status="live").update(fitted_on=10)
        refit_live_space()
        names.append(sorted(EmbeddingSpace.objects.exclude(fitted_on=0).values_list("name", flat=True)))
    assert names == [["default", "refit", "refit-2"], ["default", "refit-2", "refit-3"]]
    assert EmbeddingSpace.objects.rollback_target().name == "refit-2"


@pytest.mark.parametrize(("mode", "ids"), [("ask", []), ("auto", []), ("always", ["embeddings.E010"])])
def test_a_way_that_there_is_not_is_named_at_the_start(settings, mode, ids):
    settings.KINDRED_REFIT = mode
    assert [found.id for found in checks.check_refit()] == ids
