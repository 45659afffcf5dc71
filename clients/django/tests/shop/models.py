from django.db import models

# What stands for a shop's own models.


class Tag(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Label(models.Model):
    name = models.CharField(max_length=50)

    def __str__(self):
        return self.name


class Product(models.Model):
    code = models.CharField(max_length=50)
    name = models.CharField(max_length=200)
    price = models.DecimalField(max_digits=9, decimal_places=2, null=True)
    is_public = models.BooleanField(default=True)
    tags = models.ManyToManyField(Tag, related_name="products")
    labels = models.ManyToManyField(Label, through="Labelling", related_name="products")

    def __str__(self):
        return self.name

    def get_absolute_url(self):
        return f"/things/{self.code}/"


class Stock(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="stocks")
    left = models.IntegerField(default=0)

    def __str__(self):
        return f"{self.left} of {self.product}"


class Photo(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE, related_name="photos")
    path = models.CharField(max_length=200)

    def __str__(self):
        return self.path


class Labelling(models.Model):
    product = models.ForeignKey(Product, on_delete=models.CASCADE)
    label = models.ForeignKey(Label, on_delete=models.CASCADE)

    def __str__(self):
        return f"{self.label} of {self.product}"


class Offer(Product):
    """Another view of the same rows."""

    class Meta:
        proxy = True


class Book(Product):
    """A product with columns of its own, in a table of its own."""

    pages = models.IntegerField(default=1)
