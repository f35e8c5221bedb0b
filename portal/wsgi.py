"""The WSGI application that gunicorn serves."""

import os

from django.core.wsgi import get_wsgi_application
from django.urls import get_resolver

from portal.requests import UTF8WSGIRequest

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()
application.request_class = UTF8WSGIRequest
# The views too, so that the workers share them and no first visitor waits for them.
get_resolver().url_patterns  # noqa: B018 - asked for what it loads
