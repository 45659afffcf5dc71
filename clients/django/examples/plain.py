"""Products of a model of one's own: `KINDRED["SOURCES"] = ["shop.kindred.Products"]`."""

from shop.models import Product

from kindred_django import ProductSource


class Products(ProductSource):
    related = {
        "shop.Stock": "product",
        "shop.Photo": "product",
        "shop.Tag": lambda tag: tag.products.values_list("pk", flat=True),
    }

    def queryset(self):
        return Product.objects.filter(is_public=True).prefetch_related("tags", "stocks", "photos")

    def sku(self, product):
        return product.code

    def to_kindred(self, product):
        return {
            "title": product.name,
            "price": product.price,
            "currency": "EUR",
            "stock": sum(stock.left for stock in product.stocks.all()),
            "attributes": {"tags": sorted(tag.name for tag in product.tags.all())},
            "url": self.absolute(product.get_absolute_url()),
            "images": [self.absolute(photo.path) for photo in product.photos.all()],
        }
