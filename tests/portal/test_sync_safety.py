"""Nothing is lost: under random edits, when a sync is killed, and when two run at once."""

import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from io import StringIO
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from portal.models import Conflict, LoadedState, Sync, Topic
from portal.sync import engine
from tests.factories import make_source, make_topic

try:
    from hypothesis import HealthCheck, given
    from hypothesis import settings as hypothesis_settings
    from hypothesis import strategies as st
except ImportError:  # requirements-dev.txt is not installed
    pytest.skip("hypothesis is not installed", allow_module_level=True)

pytestmark = pytest.mark.databases

KILLS = 6


def sync(path: Path, **options) -> dict:
    out = StringIO()
    try:
        call_command("sync_content", path, format="json", stdout=out, **options)
    except CommandError as error:
        if error.returncode != 2:  # conflicts wait
            raise
    return json.loads(out.getvalue())


def write(path: Path, topics: dict[str, dict]) -> None:
    rows = [{"model": "portal.topic", "fields": {"slug": slug} | fields} for slug, fields in topics.items()]
    path.write_text(yaml.safe_dump(rows, allow_unicode=True), encoding="utf-8")


# Random edits on both sides

texts = st.sampled_from(["một", "hai", "ba", "bốn"])
lists = st.lists(st.sampled_from(["s1", "s2", "s3", "s4"]), unique=True).map(sorted)
topics = st.fixed_dictionaries(
    {"name_vi": texts, "name_en": texts, "note": st.sampled_from(["", "x", "y"]), "sources": lists}
)
registers = st.dictionaries(st.sampled_from(["a", "b", "c"]), topics)


def as_fixture(register: dict[str, dict]) -> dict[str, dict]:
    return {slug: fields | {"sources": [[key] for key in fields["sources"]]} for slug, fields in register.items()}


def as_edited(register: dict[str, dict]) -> None:
    """Make the database hold exactly this, as editors would."""
    Topic.objects.exclude(slug__in=register).delete()
    for slug, fields in register.items():
        values = {name: value for name, value in fields.items() if name != "sources"}
        topic, _created = Topic.objects.update_or_create(slug=slug, defaults=values)
        topic.sources.set(topic.sources.model.objects.filter(slug__in=fields["sources"]))


def held() -> dict[str, dict]:
    """What the database holds."""
    return {
        topic.slug: {name: getattr(topic, name) for name in ("name_vi", "name_en", "note")}
        | {"sources": sorted(source.slug for source in topic.sources.all())}
        for topic in Topic.objects.all()
    }


@contextmanager
def taken_back():
    """A database to play in; whatever happened is taken back."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.fixture
def four_sources(db) -> None:
    for slug in ("s1", "s2", "s3", "s4"):
        make_source(slug=slug)


def playing(test):
    quiet = [HealthCheck.function_scoped_fixture, HealthCheck.too_slow]
    return hypothesis_settings(max_examples=40, deadline=None, suppress_health_check=quiet, derandomize=True)(test)


@playing
@given(loaded=registers, incoming=registers, edited=registers)
def test_nothing_is_lost_and_a_dry_run_says_what_happens(four_sources, tmp_path, loaded, incoming, edited):
    with taken_back():
        path = tmp_path / "topics.yaml"
        write(path, as_fixture(loaded))
        sync(path)
        as_edited(edited)
        write(path, as_fixture(incoming))
        predicted = sync(path, dry_run=True)
        assert held() == edited
        done = sync(path)
        assert (predicted["entries"], predicted["counts"]) == (done["entries"], done["counts"])
        check_nothing_lost(loaded, incoming, edited, held())


def check_nothing_lost(loaded: dict, incoming: dict, edited: dict, held: dict) -> None:
    conflicts = {(conflict.key, conflict.field) for conflict in Conflict.objects.all()}
    for slug in loaded.keys() | incoming.keys() | edited.keys():
        if slug in loaded and slug not in edited:
            assert slug not in held, "what an editor deleted came back"
            continue
        if slug not in edited:
            assert held[slug] == incoming[slug], "a new record is not there"
            continue
        for name, value in edited[slug].items():
            base = loaded.get(slug, {}).get(name)
            new = incoming.get(slug, {}).get(name, value)
            if name == "sources" and base is not None and slug in incoming:
                assert set(held[slug][name]) == (set(value) | (set(new) - set(base))) - (set(base) - set(new))
            elif value in (new, base) and slug in incoming and base is not None:
                assert held[slug][name] == (new if value == base else value)
            else:
                assert held[slug][name] == value, "an edit was overwritten"
                is_conflict = slug in incoming and new not in (value, base)
                assert ((slug, name) in conflicts) == is_conflict


@playing
@given(loaded=registers, incoming=registers, edited=registers)
def test_twice_is_as_once(four_sources, tmp_path, loaded, incoming, edited):
    with taken_back():
        path = tmp_path / "topics.yaml"
        write(path, as_fixture(loaded))
        sync(path)
        as_edited(edited)
        write(path, as_fixture(incoming))
        first = sync(path)
        before = (held(), list(Topic.objects.values_list("slug", "updated")), Sync.objects.count())
        second = sync(path)
        assert (held(), list(Topic.objects.values_list("slug", "updated")), Sync.objects.count()) == before
        assert second["counts"].get("conflict") == first["counts"].get("conflict")
        assert not {"created", "updated", "settled"} & set(second["counts"])


# Killed, and two at once


def command(*arguments: object) -> list[str]:
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), "sync_content", *map(str, arguments)]


def environment() -> dict[str, str]:
    """The environment in which another process uses the test database."""
    database = connection.settings_dict
    if connection.vendor == "sqlite":
        return {**os.environ, "DATABASE_URL": f"sqlite:///{database['NAME']}"}
    where = f"{database['HOST']}:{database['PORT']}" if database["PORT"] else database["HOST"]
    user = database["USER"] + (f":{database['PASSWORD']}" if database["PASSWORD"] else "")
    return {**os.environ, "DATABASE_URL": f"postgres://{user}@{where}/{database['NAME']}"}


def state() -> tuple:
    """All that a sync writes."""
    return (Topic.objects.count(), LoadedState.objects.count(), Sync.objects.count())


@pytest.mark.django_db(transaction=True)
def test_killed_at_any_moment_the_database_is_as_before_or_wholly_new(tmp_path):
    path = tmp_path / "topics.yaml"
    write(path, {f"t-{number}": {"name_vi": "một", "name_en": "one"} for number in range(300)})
    make_topic(slug="old")
    before = state()
    started = time.monotonic()
    assert (
        subprocess.run(command(path, "--dry-run"), env=environment(), capture_output=True, check=False).returncode == 0
    )
    lasts = time.monotonic() - started
    dice = random.Random(2026)
    for _kill in range(KILLS):
        process = subprocess.Popen(
            command(path), env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        time.sleep(lasts * dice.uniform(0.3, 1))
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert state() in (before, (before[0] + 300, 300, before[2] + 1))
        Topic.objects.exclude(slug="old").delete()
        LoadedState.objects.all().delete()
        Sync.objects.all().delete()
    assert sync(path)["counts"] == {"created": 300}


@pytest.mark.django_db(transaction=True)
def test_of_two_syncs_at_once_the_second_waits(tmp_path):
    path = tmp_path / "topics.yaml"
    write(path, {f"t-{number}": {"name_vi": "một", "name_en": "one"} for number in range(50)})
    both = [subprocess.Popen(command(path), env=environment(), stdout=subprocess.PIPE, text=True) for _time in range(2)]
    ends = sorted(process.communicate(timeout=60)[0].strip().splitlines()[-1] for process in both)
    assert ends == ["50 records created", "Nothing to do: everything is as the files say."]
    assert Topic.objects.count() == 50


@pytest.mark.django_db(transaction=True)
def test_whoever_waits_too_long_says_so(tmp_path, monkeypatch):
    path = tmp_path / "topics.yaml"
    write(path, {"ai": {"name_vi": "một", "name_en": "one"}})
    monkeypatch.setattr(engine, "WAIT", 1)
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 1000")
    holding, released = threading.Event(), threading.Event()

    def hold() -> None:
        try:
            with transaction.atomic():
                engine.take_turn()
                holding.set()
                released.wait(30)
        finally:
            connection.close()

    other = threading.Thread(target=hold)
    other.start()
    holding.wait(10)
    try:
        with pytest.raises(CommandError, match="Another update is being loaded"):
            sync(path)
    finally:
        released.set()
        other.join()
        connection.close()  # with its short patience
    assert Topic.objects.count() == 0
