"""Backups in a file store: a folder elsewhere, or a bucket by S3's protocol, here one of the tests' own."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as project_settings
from django.core.files.storage import default_storage
from django.core.management import CommandError, call_command

from portal.backup_store import fetch, keep
from portal.backups import Unusable
from portal.settings import read_file_store
from tests.conftest import miss
from tests.object_store import ObjectStore, object_store
from tests.register import Register

try:
    import storages as storages_library
except ImportError:  # requirements-scale.txt is not installed
    storages_library = None

COPY = b"a copy of the database"
NAME = "register-20261126T023000Z.backup"


@pytest.fixture
def set_up(settings, monkeypatch):
    """A function that gives the settings that a server with these variables would have."""

    def set_up(variables: dict[str, str]) -> None:
        for name, value in variables.items():
            monkeypatch.setenv(name, value)
        settings.STORAGES = project_settings.STORAGES | {"default": read_file_store()}

    return set_up


@pytest.fixture
def folder_store(settings, tmp_path) -> Path:
    settings.MEDIA_ROOT = str(tmp_path / "elsewhere")
    return tmp_path / "elsewhere"


@pytest.fixture
def bucket():
    if storages_library is None:
        miss("django-storages (requirements-scale.txt)")
    with object_store() as store:
        yield store


@pytest.fixture
def bucket_store(set_up, bucket) -> ObjectStore:
    set_up(bucket.environment)
    return bucket


@pytest.fixture(params=["folder_store", "bucket_store"])
def store(request):
    """Each kind of store in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def copy(tmp_path) -> Path:
    place = tmp_path / NAME
    place.write_bytes(COPY)
    return place


def test_what_was_put_into_a_store_comes_out_the_same_for_its_owner_only(store, copy, tmp_path):
    assert keep(copy) == f"backups/{NAME}"
    folder = tmp_path / "fetched"
    folder.mkdir()
    fetched = fetch(NAME, folder)
    assert fetched.read_bytes() == COPY
    assert fetched.stat().st_mode & 0o777 == 0o600


def test_a_folder_of_the_store_is_its_owners_only(folder_store, copy):
    keep(copy)
    modes = {path.name: path.stat().st_mode & 0o777 for path in folder_store.rglob("*")}
    assert modes == {"backups": 0o700, NAME: 0o600}


def test_a_copy_too_long_for_one_piece_goes_and_comes_in_parts(bucket_store, copy, tmp_path):
    content = os.urandom(1 << 16) * 150 + b"the end"  # 9.8 MB
    copy.write_bytes(content)
    keep(copy)
    assert bucket_store.files == {f"register/backups/{NAME}": content}
    assert {"partNumber=1", "partNumber=2"} <= {
        part for _method, address, _headers in bucket_store.asked for part in address.partition("?")[2].split("&")
    }
    copy.unlink()
    assert fetch(NAME, tmp_path).read_bytes() == content


def test_nothing_sent_to_a_bucket_gives_a_copy_away(bucket_store, copy):
    keep(copy)
    sent = {name.lower() for _method, _address, headers in bucket_store.asked for name in headers}
    assert "authorization" in sent
    assert {name for name in sent if "acl" in name or "grant" in name} == set()
    assert "secret-of-the-tests" not in str(bucket_store.asked)


def test_the_address_of_a_file_carries_no_signature(bucket_store):
    assert default_storage.url("a.png") == f"{bucket_store.environment['S3_ENDPOINT_URL']}/register/a.png"


def test_a_copy_in_the_store_is_replaced_only_when_somebody_says_so(store, copy):
    keep(copy)
    copy.write_bytes(b"another")
    with pytest.raises(Unusable, match=f"The store has backups/{NAME} already"):
        keep(copy)
    assert keep(copy, may_replace=True) == f"backups/{NAME}"


def test_a_store_that_keeps_something_else_is_noticed(bucket_store, copy, monkeypatch):
    monkeypatch.setattr("tests.object_store.Answering.kept", lambda self, body: body[:-1] + b"?")
    with pytest.raises(Unusable, match="does not give backups/.* back as it was"):
        keep(copy)


def test_who_asks_for_a_name_that_is_not_there_is_told_the_newest(store, copy, tmp_path):
    with pytest.raises(Unusable, match=r"The store has no backups/lost\. No backup is there\."):
        fetch("lost", tmp_path)
    keep(copy)
    with pytest.raises(Unusable, match=f"The newest there: {NAME}"):
        fetch("lost", tmp_path)


@pytest.mark.parametrize("name", ["../secret", "a/b", "/etc/passwd", "", ".."])
def test_a_name_that_leads_elsewhere_is_refused(folder_store, tmp_path, name):
    with pytest.raises(Unusable):
        fetch(name, tmp_path)


@pytest.mark.parametrize(
    ("variables", "said"),
    [
        ({"S3_ACCESS_KEY": "a-strangers"}, "The store did not take backups/.*403"),
        ({"S3_ENDPOINT_URL": "http://127.0.0.1:9"}, "The store did not take backups/.*Could not connect"),
    ],
)
def test_what_fails_is_said_in_one_line(set_up, bucket, copy, variables, said):
    set_up(bucket.environment | variables)
    with pytest.raises(Unusable, match=said) as failure:
        keep(copy)
    assert "\n" not in str(failure.value)
    assert bucket.files == {}


def test_without_a_store_it_is_said_how_to_name_one(settings, copy):
    settings.MEDIA_ROOT = ""
    with pytest.raises(Unusable, match="S3_BUCKET, or a folder in MEDIA_ROOT"):
        keep(copy)


# The commands


def test_a_register_that_is_lost_is_brought_back_from_the_store(register, bucket, tmp_path):
    register.variables = bucket.environment
    register.write(7)
    kept = register.manage("backup", tmp_path / NAME, "--store")
    assert (kept.returncode, f"backups/{NAME}: in the store, read back and the same." in kept.stdout) == (0, True)
    new = Register(f"sqlite:///{tmp_path / 'new.sqlite3'}", **bucket.environment)
    restored = new.manage("restore", "--from-store", NAME)
    assert (restored.returncode, "every migration is there" in restored.stdout) == (0, True), restored.stderr
    assert new.numbers() == [7]


def test_what_comes_from_the_store_is_checked(store, copy):
    keep(copy)
    with pytest.raises(CommandError, match=f"{NAME} is no copy of a"):
        call_command("restore", "--from-store", NAME, "--check")


def test_a_copy_is_read_from_a_file_or_from_the_store(tmp_path):
    for place in ([], [str(tmp_path / "copy"), "--from-store", "copy"]):
        with pytest.raises(CommandError, match="--from-store"):
            call_command("restore", *place)


@pytest.mark.django_db
def test_a_store_that_is_gone_costs_not_the_copy_in_the_folder(settings, tmp_path, monkeypatch):
    settings.MEDIA_ROOT = "/proc/elsewhere"
    place = tmp_path / NAME
    monkeypatch.setattr("portal.management.commands.backup.write_backup", lambda place: place.write_bytes(COPY))
    with pytest.raises(CommandError, match=f"did not take backups/.*[^.]\\. The copy in {place} is whole"):
        call_command("backup", place, "--store")
    assert place.read_bytes() == COPY


def test_no_library_of_a_store_is_loaded_before_the_store_is_used():
    """Neither without a bucket nor, in a server, with one."""
    code = "import sys, portal.wsgi, portal.urls; print(sorted({'boto3', 'botocore', 'storages'} & set(sys.modules)))"
    for bucket in ("", "register"):
        variables = os.environ | {"S3_BUCKET": bucket, "DJANGO_SETTINGS_MODULE": "portal.settings"}
        run = subprocess.run(
            [sys.executable, "-c", code],
            cwd=project_settings.BASE_DIR,
            env=variables,
            capture_output=True,
            text=True,
            check=False,
        )
        assert (run.returncode, run.stdout) == (0, "[]\n"), run.stderr
