"""The ASGI application, for servers that speak it."""

import os

from django.core.asgi import get_asgi_application

from portal.requests import UTF8ASGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_asgi_application()
application.request_class = UTF8ASGIRequest
