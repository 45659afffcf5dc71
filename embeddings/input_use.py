"""When each input was last in use: `unused_inputs.py` notes it, and lets go what was not for long."""

from __future__ import annotations

from django.db import models


class InputUse(models.Model):
    """The day on which an input was last seen to be some product's."""

    input_id = models.BigIntegerField(primary_key=True)  # of EncodedInput; one that is gone is no harm here
    used_on = models.DateField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return f"input {self.input_id} on {self.used_on}"
