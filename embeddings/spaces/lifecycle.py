"""The states of a space: live on first use, created, promoted, rolled back to, dropped, and when each is allowed.

How one is filled is in `building`, how two are compared in `overlap`.
"""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext

from embeddings.encoders.base import EncoderUnavailable, UnknownEncoder
from embeddings.encoders.registry import describe
from embeddings.encoding import SpaceEncoders
from embeddings.free_names import find_free_name
from embeddings.freshness.staleness import find_stale
from embeddings.fusion.pipeline import FUSION_CHOICE, FUSIONS, VectorPipeline
from embeddings.modalities.registry import find_modality
from embeddings.models import EmbeddingSpace, FirstRecipe, PendingEmbedding
from embeddings.spaces.gates import find_objection
from embeddings.spaces.held_encoders import add_encoders, load_held_encoders
from embeddings.spaces.indexes import drop_indexes
from embeddings.spaces.locks import BUILD_LOCK, lock_until_commit, read_holder
from embeddings.spaces.outside import is_outside
from embeddings.spaces.proposing import propose_modalities
from embeddings.spaces.recipe import find_recipe, keep_recipe, read_settings
from embeddings.spaces.sampling import SAMPLE_SIZE
from embeddings.spaces.starting import make_starting_pipeline

STARTER = "starter"
FIRST_SPACE_LOCK = "embeddings:first-space"
PROMOTE_LOCK = "embeddings:promote"
BUILD_COMMAND = "manage.py spaces build"
# A catalogue so many times as large as the one that a space was fitted on deserves new parameters: what is learned from
# a few hundred products still changes with each hundred more.
SMALL_FIT, SMALL_GROWTH, GROWTH = 1_000, 1.5, 10
MIN_FIT_PRODUCTS = 50  # with fewer, what was shipped says more about products than they do
MAX_DIM = 2000
Status = EmbeddingSpace.Status


class SpaceError(Exception):
    """What was asked of a space cannot be done now. The message says why and what to do."""


class PromotionRefused(SpaceError):
    """The gate of the shop objects to a promotion. The message is its objection."""


class BuildRunning(SpaceError):
    """Another space is being built: wait until it is done (manage.py spaces list)."""

    def __init__(self) -> None:
        super().__init__(self.__doc__)


def ensure_live_space() -> EmbeddingSpace:
    """Return the live space, made on first use from the recipe that the shop declared, which is kept from then on.

    Whoever comes second waits for the first. Raises EncoderError where the recipe needs an encoder that is not there.
    """
    live = EmbeddingSpace.objects.live()
    if live:
        return live
    recipe = find_recipe()
    space = make_first_space(recipe)
    pipeline = make_starting_pipeline(space)
    with transaction.atomic():
        lock_until_commit(FIRST_SPACE_LOCK)
        live = EmbeddingSpace.objects.live()
        if live:
            return live
        keep_recipe(recipe)
        space.name = find_free_name(STARTER, taken=EmbeddingSpace.objects.values_list("name", flat=True))
        space.status, space.promoted_at = Status.LIVE, timezone.now()
        set_pipeline(space, pipeline)
        space.save()
    return space


def declare_recipe() -> None:
    """Keep the recipe that the settings of this process declare, as long as no space has been made of another one.

    For workers as they start: it is they who make the first space, and no command with another environment shall be
    quicker. Raises SpaceError where no space can be made of it.
    """
    if EmbeddingSpace.objects.exists():
        return
    recipe = read_settings()
    check_recipe(make_first_space(recipe))
    with transaction.atomic():
        lock_until_commit(FIRST_SPACE_LOCK)
        if not EmbeddingSpace.objects.exists():
            keep_recipe(recipe)


def make_first_space(recipe: FirstRecipe) -> EmbeddingSpace:
    """Return a space of a declared recipe, not saved."""
    return EmbeddingSpace(
        name=STARTER, text_encoder=recipe.text_encoder, image_encoder=recipe.image_encoder, fusion=recipe.fusion
    )


def create_space(
    name: str, *, like: EmbeddingSpace | None = None, trained: VectorPipeline | None = None, **recipe: Any
) -> EmbeddingSpace:
    """Create a space to be built: the recipe of `like` (by default the live space) with what `recipe` says otherwise,
    and the modalities that products have come to have since.

    With `trained` it is fitted already, else it is fitted on the catalogue when it is built.
    Raises SpaceError where the recipe cannot be used.
    """
    source = like or ensure_live_space()
    values = {field: getattr(source, field) for field in EmbeddingSpace.RECIPE_FIELDS}
    declared = {name: source.list_modalities()[name].declared for name in source.modalities}
    values["modalities"] = declared if trained else propose_modalities() | declared
    space = EmbeddingSpace(name=name, status=Status.BUILDING, **(values | recipe))
    if trained:
        set_pipeline(space, trained)
        space.parameters = add_encoders(bytes(space.parameters), load_held_encoders(source))
        for modality, chosen in source.list_modalities().items():
            space.set_modality(modality, identity=chosen.identity)
    check_recipe(space)
    space.save()
    return space


def check_recipe(space: EmbeddingSpace) -> None:
    """Raise SpaceError where a space that is about to be created cannot be built."""
    if space.fusion not in FUSIONS:
        raise SpaceError(f"There is no fusion {space.fusion!r}: choose {FUSION_CHOICE}.")
    if not 2 <= space.dim <= MAX_DIM:
        raise SpaceError(
            gettext("A space has 2 to %(most)d dimensions, not %(dim)d.") % {"most": MAX_DIM, "dim": space.dim}
        )
    if not 0 <= space.text_weight <= 1:
        said = gettext("The text weight lies between 0 (picture only) and 1 (text only): not %s.")
        raise SpaceError(said % space.text_weight)
    try:
        space.clean_fields(exclude={"name", "status"})  # a modality that there is not has no encoder to look at
        for modality, chosen in space.list_modalities().items():
            if not find_modality(modality).is_fitted:
                _check_encoder(chosen.encoder, modality)
        space.full_clean()
    except ValidationError as error:
        raise SpaceError("; ".join(error.messages)) from error


def get_space(name: str) -> EmbeddingSpace:
    """Return the space of that name. Raises SpaceError with the names there are."""
    space = EmbeddingSpace.objects.filter(name=name).first()
    if space is None:
        names = ", ".join(EmbeddingSpace.objects.values_list("name", flat=True)) or "none yet"
        raise SpaceError(f"There is no space {name!r}. Spaces: {names}.")
    return space


def set_pipeline(space: EmbeddingSpace, pipeline: VectorPipeline, *, encoders: SpaceEncoders | None = None) -> None:
    """Give a space what was fitted; not saved yet."""
    space.parameters = add_encoders(pipeline.to_bytes(), encoders or {})
    space.dim, space.fusion = pipeline.dim, pipeline.fusion
    space.similarity_scales = {name: scale.to_numbers() for name, scale in pipeline.scales.items()}
    for name, dim in pipeline.dims.items():
        space.set_modality(name, dim=dim)
    for name, encoder in (encoders or {}).items():
        space.set_modality(name, identity=encoder.info.identity)


def check_built(space: EmbeddingSpace) -> None:
    """Raise SpaceError where a space was never built to the end, so that it can be neither served nor compared."""
    if space.status == Status.FAILED:
        said = gettext(
            "Space %(name)s is not built: the build failed (%(failure)s). Mend that, then run %(command)s again."
        )
        raise SpaceError(said % {"name": space.name, "failure": space.failure, "command": _name_build(space)})
    if space.status == Status.BUILDING:
        said = gettext("Space %(name)s is not built yet: build it first (%(command)s).")
        raise SpaceError(said % {"name": space.name, "command": _name_build(space)})


def _name_build(space: EmbeddingSpace) -> str:
    return f"{BUILD_COMMAND} {space.name}"


def promote(space: EmbeddingSpace, *, is_rollback: bool = False, reason: str = "") -> EmbeddingSpace | None:
    """Serve `space` from now on, in one transaction; return the space that was served until now.

    A space that is rolled back to keeps the moment of its promotion: what came after it is not what was before it. The
    gate is not asked about it either: it was served before, and whoever goes back is in a hurry. `reason` says why a
    space is served against the gate's objection, and is kept with it in the space's report.

    Raises SpaceError where it is not built, or where products would be served with old vectors or none, and
    PromotionRefused where the gate objects and there is no reason.
    """
    with transaction.atomic():
        lock_until_commit(PROMOTE_LOCK)
        unready = count_unready(space)  # with the lock: `idle` takes vectors away
        space.refresh_from_db(fields=["status", "failure"])
        if space.status == Status.LIVE:
            raise SpaceError(gettext("Space %s is live already.") % space.name)
        check_built(space)
        if unready:
            said = gettext(
                "%(count)d products are not up to date in space %(name)s: build it again (%(command)s), only these are "
                "embedded."
            )
            raise SpaceError(said % {"count": unready, "name": space.name, "command": _name_build(space)})
        live, now = EmbeddingSpace.objects.live(), timezone.now()
        if not is_rollback and (objection := find_objection(space, live=live)):
            _overrule(objection, space, reason=reason)
        EmbeddingSpace.objects.filter(status=Status.LIVE).update(status=Status.RETIRED, retired_at=now)
        promoted_at = space.promoted_at if is_rollback else now
        EmbeddingSpace.objects.filter(pk=space.pk).update(status=Status.LIVE, promoted_at=promoted_at)
        if live and live.modalities.keys() != space.modalities.keys():
            PendingEmbedding.objects.unpark()  # one with a sound alone had nothing to encode until now
    space.refresh_from_db(fields=["status", "promoted_at"])
    return live


def _overrule(objection: str, space: EmbeddingSpace, *, reason: str) -> None:
    """Keep in the space's report why it is served all the same. Raises PromotionRefused without a reason."""
    if not reason.strip():
        raise PromotionRefused(objection)
    stored = EmbeddingSpace.objects.select_for_update().get(pk=space.pk)  # others write into the report as well
    said = {"objection": objection, "reason": reason.strip(), "at": timezone.now().isoformat(timespec="seconds")}
    stored.report = {**stored.report, "promotion": said}
    stored.save(update_fields=["report"])


def roll_back() -> EmbeddingSpace:
    """Serve again the space that was served before the live one; return it. Raises SpaceError where there is none.

    A second time goes one further back, never forward.
    """
    target = EmbeddingSpace.objects.rollback_target()
    if target is None:
        later = EmbeddingSpace.objects.filter(status=Status.RETIRED).order_by("-promoted_at").first()
        said = gettext("There is no space to roll back to: none was served before the live one.")
        if later:
            forward = gettext("%(name)s came after it: manage.py spaces promote %(name)s serves it again.")
            said += f" {forward % {'name': later.name}}"
        raise SpaceError(said)
    promote(target, is_rollback=True)
    return target


def drop_space(space: EmbeddingSpace) -> None:
    """Delete a space with its vectors and indexes; what encoders said is kept. Raises SpaceError for the live one."""
    space.refresh_from_db(fields=["status"])
    if space.status == Status.LIVE:
        raise SpaceError(gettext("Space %s is live: promote another one first.") % space.name)
    if space.status == Status.BUILDING and read_holder(BUILD_LOCK):
        raise SpaceError(gettext("Space %s is being built: wait, or stop the build first.") % space.name)
    drop_indexes(space)
    space.delete()


def count_unready(space: EmbeddingSpace) -> int:
    """Return how many products are not up to date in a space, less those that wait in the queue or are parked there."""
    queued = PendingEmbedding.objects.values("product")
    return find_stale(space).exclude(pk__in=queued).count()


def needs_refit(space: EmbeddingSpace, *, product_count: int) -> bool:
    """Return whether the catalogue has outgrown what a space was fitted on, or has much that is like none of it."""
    return has_outgrown(space, product_count=product_count) or is_outside(space)


def has_outgrown(space: EmbeddingSpace, *, product_count: int) -> bool:
    """Return whether the catalogue has outgrown what the parameters of a space were fitted on.

    Never of a space that was fitted on as large a sample as is drawn: another one would say the same.
    """
    if not space.fitted_on:
        return product_count >= MIN_FIT_PRODUCTS
    growth = SMALL_GROWTH if space.fitted_on < SMALL_FIT else GROWTH
    return space.fitted_on < SAMPLE_SIZE and product_count >= growth * space.fitted_on


def _check_encoder(spec: str, modality: str) -> None:
    """Raise SpaceError for a spec that names nothing, or nothing of that modality; weights may come later."""
    try:
        modalities = describe(spec).modalities
    except UnknownEncoder as error:
        raise SpaceError(str(error)) from error
    except EncoderUnavailable:
        return
    if modality not in modalities:
        said = gettext("%(encoder)s does not encode %(modality)s: choose an encoder that does.")
        raise SpaceError(said % {"encoder": spec, "modality": find_modality(modality).noun})
