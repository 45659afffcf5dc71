"""Where the storefront's own pages send what was seen, looked at and clicked: with consent, and without any key.

The API may be closed to those without a key, and a key in every page would be no secret. Who has agreed is said by the
cookie that no other site's page can send. A page that goes away just after the visitor said no sends its last events
here as well, and they are refused.
"""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from behaviour.events.beacons import BeaconAuthentication
from behaviour.events.rest import EventsView
from behaviour.storefront.consent import read_answer


class HasAgreed(BasePermission):
    """Visitors who have agreed to be counted, and have not taken it back."""

    message = gettext_lazy("This visitor has not agreed to be counted.")

    def has_permission(self, request: Request, view: Any) -> bool:
        return read_answer(request._request).is_granted


class VisitsView(EventsView):
    """Events as the API takes them, under the same bounds as of anyone without a key."""

    authentication_classes = [BeaconAuthentication]
    permission_classes = [HasAgreed]
    schema = None
