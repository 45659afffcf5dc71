"""Products as a shop knows them. What an encoder makes of them lives in `embeddings`."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex, OpClass
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import MD5, Cast, Concat, Upper
from django.utils.translation import gettext, gettext_lazy

from catalog.addresses import find_page, find_picture, sized_picture_address
from catalog.attributes import find_wording, validate_object, validate_wordings
from catalog.category import Category as Category  # a table of this app, in a file of its own
from catalog.chore import Chore as Chore  # likewise
from catalog.conditions import DEMAND, STOCK_LEVEL, Condition, in_categories, is_in_stock, is_on_sale
from catalog.doctor.tables import DistinctPair as DistinctPair
from catalog.doctor.tables import DoctorDeed as DoctorDeed
from catalog.doctor.tables import DoctorRound as DoctorRound
from catalog.doctor.tables import DoctorScore as DoctorScore
from catalog.doctor.tables import DueExamination as DueExamination
from catalog.doctor.tables import Finding as Finding
from catalog.doctor.tables import PictureMeasures as PictureMeasures
from catalog.pictures.checks import is_stored, store_picture, validate_picture
from catalog.pictures.downloads import PictureDownload as PictureDownload  # likewise
from catalog.pictures.left_file import LeftFile as LeftFile  # likewise
from catalog.pictures.unpictured import UnpicturedProduct as UnpicturedProduct  # likewise
from catalog.prices import KEPT_DECIMALS, PriceColumn
from catalog.sounds.product_audio import ProductAudio as ProductAudio  # likewise
from catalog.sources.source import Source as Source  # likewise
from catalog.sources.source_run import SourceRun as SourceRun  # likewise
from catalog.uploads.export import Export as Export  # likewise
from catalog.uploads.upload import ImportedProduct as ImportedProduct  # likewise
from catalog.uploads.upload import Upload as Upload  # likewise
from catalog.view_audit.view_record import ViewRecord as ViewRecord  # likewise
from catalog.wordings.wording import Wording as Wording  # likewise

if TYPE_CHECKING:
    from catalog.filters import Filters

BAD_SKU = gettext_lazy("A SKU may not contain control characters, nor have . or .. as a step between slashes.")
# The orders of lists, each with what lists are narrowed by beside it: a page is found in the index alone, even where
# what it asks for is rare or at the far end. A title may fill an index row, which takes no brand as well then.
LIST_ORDERS = (
    models.Index(
        fields=["created_at", "id"],
        include=["is_active", "category", "brand", "collection"],
        name="product_by_creation",
    ),
    models.Index(
        fields=["price", "id"], include=["is_active", "category", "brand", "collection"], name="product_by_price"
    ),
    models.Index(fields=["title", "id"], include=["is_active", "category"], name="product_by_title"),
    models.Index(fields=["updated_at", "id"], name="product_by_change"),
)
NAMES = ("sku", "brand", "variant_group", "collection")
COLOUR = models.CharField(max_length=10)
FIELD_SEPARATOR = "\x1f"  # the ASCII unit separator: cannot be confused with text that people write
SKU_PATTERN = r"^(?!(.*/)?\.{1,2}(/|$))[^\x00-\x1f\x7f]+$"  # it has to survive in a URL's path


class ProductQuerySet(models.QuerySet["Product"]):
    """Products as pages, API and importers ask for them."""

    def shown(self) -> ProductQuerySet:
        """What shoppers may see."""
        return self.filter(is_active=True)

    def in_category(self, path: str) -> ProductQuerySet:
        """In the category at `path` or below it."""
        return self.in_categories([path])

    def in_categories(self, paths: Sequence[str]) -> ProductQuerySet:
        """In one of the categories or below it. Which those are is asked first: so Postgres can tell how many pass."""
        below = Category.objects.filter(in_categories(paths)._replace(column="id").as_expression())
        return self.filter(category__in=list(below.order_by().values_list("pk", flat=True)))

    def passing(self, filters: Filters) -> ProductQuerySet:
        """What passes the filters."""
        products = self.in_categories(filters.category) if filters.category else self
        return products.meeting(*(one for one in filters.conditions() if one.column != "category_id"))

    def meeting(self, *conditions: Condition) -> ProductQuerySet:
        """What meets all conditions."""
        return self.filter(*(condition.as_expression() for condition in conditions))

    def for_cards(self) -> ProductQuerySet:
        """With category and pictures: three queries, however many products."""
        return self.select_related("category").prefetch_related("images")


class Product(models.Model):
    """A thing for sale. Only `sku` and `title` are required."""

    sku = models.CharField(
        "SKU",
        max_length=100,
        unique=True,
        validators=[RegexValidator(SKU_PATTERN, BAD_SKU)],
    )
    title = models.CharField(max_length=500)
    description = models.TextField(blank=True)
    translations = models.JSONField(
        default=dict,
        blank=True,
        validators=[validate_wordings],
        help_text='By language: {"zh": {"title": "...", "description": "..."}}',
    )
    brand = models.CharField(max_length=200, blank=True)
    category = models.ForeignKey(Category, null=True, blank=True, related_name="products", on_delete=models.SET_NULL)
    price = PriceColumn(
        max_digits=13, decimal_places=KEPT_DECIMALS, null=True, blank=True, validators=[MinValueValidator(Decimal(0))]
    )
    list_price = PriceColumn(
        max_digits=13,
        decimal_places=KEPT_DECIMALS,
        null=True,
        blank=True,
        validators=[MinValueValidator(Decimal(0))],
        help_text="What it cost before, in the same currency; shown only where it is above the price",
    )
    currency = models.CharField(max_length=3, blank=True, help_text="ISO 4217, such as EUR")
    stock = models.PositiveIntegerField(null=True, blank=True, help_text="Empty: not counted, always in stock")
    attributes = models.JSONField(default=dict, blank=True, validators=[validate_object])
    variant_group = models.CharField(
        max_length=100, blank=True, help_text="Colours or sizes of one design share a group"
    )
    collection = models.CharField(max_length=200, blank=True)
    url = models.CharField(
        "URL", max_length=2000, blank=True, default="", db_default="", help_text="The product's page in the shop itself"
    )
    # Kept by the worker (`embeddings/freshness/noting.py`), never by who writes a product.
    picture_colours = models.JSONField(default=dict, db_default=Value({}, models.JSONField()), editable=False)
    colours = ArrayField(COLOUR, default=list, db_default=Value([], ArrayField(COLOUR)), editable=False)
    noted = models.CharField(max_length=32, blank=True, default="", db_default="", editable=False)
    is_active = models.BooleanField(default=True)
    source = models.CharField(
        max_length=100,
        blank=True,
        default="",
        db_default="",
        editable=False,
        help_text="The import that made it (--source); empty: none did",
    )
    left_source_at = models.DateTimeField(
        null=True, editable=False, help_text="Since when its source lacks it: deactivated then, or kept by a person"
    )
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)
    # Kept by Postgres itself, so that raw SQL and bulk updates cannot slip past it.
    content_hash = models.GeneratedField(
        expression=MD5(
            Concat(
                F("title"),
                Value(FIELD_SEPARATOR),
                F("description"),
                Value(FIELD_SEPARATOR),
                F("brand"),
                Value(FIELD_SEPARATOR),
                Cast(F("translations"), models.TextField()),
                Value(FIELD_SEPARATOR),
                Cast(F("attributes"), models.TextField()),
                output_field=models.TextField(),
            )
        ),
        output_field=models.CharField(max_length=32),
        db_persist=True,
    )

    objects: ClassVar[ProductQuerySet] = ProductQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        ordering = ["sku"]
        constraints = [
            models.CheckConstraint(condition=Q(price__gte=0), name="price_not_negative"),
            models.CheckConstraint(condition=Q(list_price__gte=0), name="list_price_not_negative"),
            # Pages link to it: nothing that a browser would run.
            models.CheckConstraint(condition=Q(url="") | Q(url__iregex=r"^https?://"), name="url_of_the_web"),
        ]
        # What filters of recommendations and lists ask for.
        indexes = [
            *LIST_ORDERS,
            models.Index(fields=["brand"], name="product_brand"),
            models.Index(fields=["collection"], name="product_collection"),
            models.Index(fields=["variant_group"], name="product_variant_group"),
            models.Index(fields=["source", "id"], condition=~Q(source=""), name="product_source"),
            # What the admin's list is narrowed to, and nearly no product of a shop in order is.
            models.Index(fields=["sku"], condition=Q(is_active=False), name="product_hidden"),
            models.Index(fields=["sku"], condition=Q(description=""), name="product_undescribed"),
            models.Index(fields=["sku"], condition=Q(category=None), name="product_unplaced"),
            models.Index(fields=["sku"], condition=Q(price=None), name="product_unpriced"),
            models.Index(fields=["sku"], condition=Q(translations={}), name="product_untranslated"),
            models.Index(RawSQL(STOCK_LEVEL.format("stock"), ()), F("sku"), name="product_stock_level"),  # noqa: S611  # a constant
            # Parts of names in any case, as the admin searches and rules are checked.
            GinIndex(*(OpClass(Upper(name), name="gin_trgm_ops") for name in NAMES), name="product_names"),
            GinIndex(fields=["attributes"], name="product_attributes", opclasses=["jsonb_path_ops"]),
            GinIndex(fields=["colours"], name="product_colours"),
            # Filters that keep a tenth of the catalogue are answered from here, without reading a tenth of the table.
            models.Index(
                fields=["category", "price"],
                include=["id", "brand", "list_price", "currency", "stock", "variant_group", "collection", "created_at"],
                condition=Q(is_active=True),
                name="product_filters",
            ),
            models.Index(
                RawSQL(DEMAND.format("stock"), ()).desc(),  # noqa: S611  # a constant
                F("created_at").desc(),
                F("id").desc(),
                condition=Q(is_active=True),
                name="product_popular",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} ({self.sku})"

    def get_absolute_url(self) -> str:
        return find_page(self.sku, url=self.url)

    @property
    def in_stock(self) -> bool:
        return is_in_stock(self.stock)

    @property
    def on_sale(self) -> bool:
        return is_on_sale(price=self.price, list_price=self.list_price)

    @property
    def main_image(self) -> ProductImage | None:
        """The picture that cards show. Free of queries when the pictures were prefetched."""
        return next(iter(self.images.all()), None)

    def translated(self, field: str, *, language: str | None = None) -> str:
        """Return `title` or `description` in a language, or the catalogue's own wording where there is none.

        The language is that of the request unless it is given.
        """
        return find_wording(self.translations, field, language=language) or str(getattr(self, field))


class ProductImage(models.Model):
    """One picture of a product; the first by `position` is the one that cards show.

    `save()` checks a new file and stores it by content, and fills `sha256`, `width` and `height` from it.
    """

    product = models.ForeignKey(Product, related_name="images", on_delete=models.CASCADE)
    file = models.ImageField(upload_to="products/", validators=[validate_picture])
    position = models.PositiveIntegerField(default=0)
    sha256 = models.CharField(max_length=64, editable=False)
    width = models.PositiveIntegerField(editable=False, help_text="Pixels, as shown")
    height = models.PositiveIntegerField(editable=False, help_text="Pixels, as shown")
    source_url = models.CharField(max_length=2000, blank=True, editable=False, help_text="Where it was fetched from")
    # Files of earlier versions are stored as they came: `manage.py clean_pictures` mends them.
    is_clean = models.BooleanField(default=True, editable=False, help_text="Whether its file holds no metadata")

    class Meta:
        ordering = ["position", "id"]
        indexes = [models.Index(fields=["sha256"], name="picture_sha256")]

    def __str__(self) -> str:
        return gettext("Picture %(number)s") % {"number": self.position + 1}

    def save(self, **kwargs: Any) -> None:
        """Save; a file that is new is checked first (PictureError) and stored under its content's name."""
        if self.file and (not is_stored(self.file) or not self.sha256):
            picture = store_picture(self.file.file)
            self.file = picture.name
            self.sha256, self.width, self.height = picture.sha256, picture.width, picture.height
            self.source_url, self.is_clean = self.source_url if self.pk is None else "", True
            if kwargs.get("update_fields") is not None:
                filled = {"file", "sha256", "width", "height", "source_url", "is_clean"}
                kwargs["update_fields"] = {*kwargs["update_fields"], *filled}
        super().save(**kwargs)

    def sized_url(self, width: int) -> str:
        """Our URL of this picture as WebP, at most `width` pixels wide: one of `sizes.WIDTHS`. It names the content."""
        return sized_picture_address(self.sha256, width=width)

    def shown_url(self, width: int) -> str:
        """Where shoppers see this picture: as `sized_url`, or where the shop has it."""
        return find_picture(self.sha256, source_url=self.source_url, width=width)
