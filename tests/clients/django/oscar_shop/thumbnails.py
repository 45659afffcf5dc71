"""Oscar's choice of a library for thumbnails is a shop's own: this one shows pictures as they are."""

from oscar.core.thumbnails import AbstractThumbnailer


class AsTheyAre(AbstractThumbnailer):
    def generate_thumbnail(self, source, **_):
        return source

    def delete_thumbnails(self, source):
        pass
