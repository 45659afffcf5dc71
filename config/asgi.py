"""The ASGI application, for those who serve Django that way."""

import os

from django.core.asgi import get_asgi_application

from config import services
from config.web import prepare_web_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
services.ensure_running()

application = get_asgi_application()
prepare_web_process()
