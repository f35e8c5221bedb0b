"""What every answer passes on its way out, as a server gets it: Django's test client would mend it."""

import pytest

from tests.application import ask

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("path", ["/vi/", "/healthz", "/vi/nowhere/", "/vi/bodies.csv", "/api/v1/"])
def test_head_has_the_headers_of_get_and_no_body(path):
    made, head = (ask(method, path, HTTP_ACCEPT_ENCODING="gzip") for method in ("GET", "HEAD"))
    assert (made.body != b"", head.body) == (True, b"")
    assert head.status == made.status
    assert head.headers.get("Content-Length") == made.headers.get("Content-Length")
    assert {*head.headers} == {*made.headers}


def test_the_redirect_to_https_carries_the_policy_too(client, settings):
    settings.SECURE_SSL_REDIRECT = True
    answer = client.get("/en/")
    assert (answer.status_code, answer["Location"]) == (301, "https://testserver/en/")
    assert "default-src 'self'" in answer["Content-Security-Policy"]
