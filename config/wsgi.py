"""The WSGI application: `gunicorn config.wsgi --worker-class config.web_worker.WebWorker`."""

import os

from django.core.wsgi import get_wsgi_application

from api.requests import Utf8Request
from config import services
from config.web import prepare_web_process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
services.ensure_running()

application = get_wsgi_application()
application.request_class = Utf8Request
prepare_web_process()
