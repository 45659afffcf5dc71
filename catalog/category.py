"""A table of this app, in a file of its own: the category tree."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db import models

from catalog.categories import MAX_PATH_LENGTH, CategoryQuerySet, keep_paths, place_in_tree, validate_name


class Category(models.Model):
    """A node of the category tree. `path` repeats the names from the root, `A/B/C`, so a subtree is one prefix.

    `save()` keeps its path and the paths below it right; queryset updates of `name` or `parent` do not.
    """

    parent = models.ForeignKey("self", null=True, blank=True, related_name="children", on_delete=models.CASCADE)
    name = models.CharField(max_length=200, validators=[validate_name])
    path = models.CharField(max_length=MAX_PATH_LENGTH, unique=True, editable=False)

    objects: ClassVar[CategoryQuerySet] = CategoryQuerySet.as_manager()  # type: ignore[assignment]

    class Meta:
        verbose_name_plural = "categories"
        ordering = ["path"]

    def __str__(self) -> str:
        return self.path

    def save(self, **kwargs: Any) -> None:
        """Save, with the paths. Raises ValidationError when the node would be inside itself or the path is taken."""
        with keep_paths(self):
            if kwargs.get("update_fields") is not None:
                kwargs["update_fields"] = {*kwargs["update_fields"], "path"}
            super().save(**kwargs)

    def clean(self) -> None:
        place_in_tree(self)

    @property
    def depth(self) -> int:
        """How many ancestors it has: 0 for a root."""
        return self.path.count("/")
