"""A cache that is gone costs speed, never a page."""

import importlib.util
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.core.cache import caches
from django.test import override_settings

from tests.conftest import miss
from tests.postgresql import free_port


@pytest.fixture
def lost():
    """A cache whose Redis is not there."""
    if importlib.util.find_spec("redis") is None:
        miss("redis (requirements-scale.txt)")
    place = {"BACKEND": "portal.caches.ForgivingRedisCache", "LOCATION": f"redis://127.0.0.1:{free_port()}/0"}
    with override_settings(CACHES={"default": place}):
        yield caches["default"]


def test_what_is_not_there_is_missed_and_what_is_written_forgotten(lost):
    lost.set("name", 1, 60)
    lost.set_many({"name": 1}, 60)
    assert lost.get("name", "a default") == "a default"
    assert lost.get_many(["name"]) == {}
    assert lost.has_key("name") is False
    assert lost.get_or_set("name", 7) == 7
    lost.delete("name")
    lost.delete_many(["name"])
    lost.clear()


def test_who_counts_in_the_cache_lets_everybody_in(lost):
    assert lost.add("visitor", 1, 60) is True
    with pytest.raises(ValueError, match="visitor"):
        lost.incr("visitor")


def test_the_loss_is_written_down_once_and_not_for_every_page_or_thread(lost, caplog):
    with ThreadPoolExecutor(1) as another:
        for _ in range(5):
            lost.get("name")
            another.submit(lambda: caches["default"].get("name")).result()
    assert [record.name for record in caplog.records] == ["portal.caches"]


@pytest.mark.django_db
def test_the_api_answers_without_its_cache(lost, client):
    for _ in range(3):
        assert client.get("/api/v1/countries/").json()["count"] == 0
