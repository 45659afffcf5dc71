"""Products of django-oscar: `KINDRED["SOURCES"] = ["shop.kindred.OscarProducts"]`."""

from oscar.core.loading import get_class, get_model

from kindred_django import ProductSource

Product = get_model("catalogue", "Product")
Selector = get_class("partner.strategy", "Selector")


def with_children(product):
    """A parent says what its children are called, where they are listed and what they look like."""
    return [product.pk, *product.children.values_list("pk", flat=True)]


class OscarProducts(ProductSource):
    """Whatever can be bought: stand-alone products and children, which are the variants of their parent."""

    related = {
        "catalogue.Product": with_children,
        "catalogue.ProductCategory": lambda row: with_children(row.product),
        "catalogue.ProductImage": lambda row: with_children(row.product),
        "catalogue.ProductAttributeValue": lambda row: with_children(row.product),
        "partner.StockRecord": "product",
    }

    def queryset(self):
        return (
            Product.objects.filter(is_public=True, structure__in=[Product.STANDALONE, Product.CHILD])
            .exclude(parent__is_public=False)
            .select_related("parent__product_class", "product_class")
            .prefetch_related("stockrecords", "images", "parent__images")
        )

    def sku(self, product):
        if product.is_parent:  # its page shows what is similar to its first child
            product = product.get_public_children().order_by("pk").first() or product
        return product.upc or f"oscar-{product.pk}"

    def to_kindred(self, product):
        bought = Selector().strategy().fetch_for_product(product)
        price, stock = bought.price, bought.stockrecord
        category = product.get_categories().first()
        names = [step.name.replace("/", "-") for step in category.get_ancestors_and_self()] if category else []
        pictures = product.get_all_images() or (product.parent.get_all_images() if product.is_child else [])
        design = product.parent if product.is_child else product
        return {
            "title": product.get_title(),
            "description": product.description or design.description,
            "category": "/".join(names) or None,
            "price": (price.incl_tax if price.is_tax_known else price.excl_tax) if price.exists else None,
            "currency": price.currency or "",
            "stock": stock.net_stock_level if stock and product.get_product_class().track_stock else None,
            "attributes": {value.attribute.name: value.value_as_text for value in product.get_attribute_values()},
            "variant_group": f"oscar-{design.pk}" if product.is_child else "",
            "url": self.absolute(product.get_absolute_url()),
            "images": [self.absolute(picture.original.url) for picture in pictures],
        }
