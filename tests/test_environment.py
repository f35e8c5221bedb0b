"""Starting the register: what it says when the machine lacks something, and that starting twice loses nothing."""

import ast
import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.contrib.auth import get_user_model
from django.core.exceptions import ImproperlyConfigured
from django.core.management import CommandError, call_command

from deploy import environment
from portal import settings as settings_file
from portal.management.commands import prepare
from portal.models import Country, Source
from tests.conftest import miss
from tests.postgresql import find_binaries, postgresql

try:
    from psycopg import connect
except ImportError:  # requirements-scale.txt is not installed
    connect = None

ROOT = Path(__file__).resolve().parent.parent
SCRIPT = ROOT / "deploy" / "environment.py"


def run_script(*arguments: str, script: Path = SCRIPT, **variables: str) -> subprocess.CompletedProcess:
    command = [sys.executable, str(script), *arguments]
    return subprocess.run(command, env=os.environ | variables, capture_output=True, text=True, check=False)


def interpreter(folder: Path, name: str, answer: str) -> str:
    """A program that answers every question like a Python of some version."""
    path = folder / name
    path.write_text(f"#!/bin/sh\necho {answer}\n", encoding="ascii")
    path.chmod(0o755)
    return str(path)


# The messages


def test_an_old_python_can_read_the_script():
    ast.parse(SCRIPT.read_text(encoding="utf-8"), feature_version=(3, 6))


def test_an_old_python_is_told_which_version_is_needed(tmp_path):
    old = interpreter(tmp_path, "python3", "3 9 1")
    with pytest.raises(environment.Trouble) as trouble:
        environment.find_python((old, str(tmp_path / "python3.13")))
    assert str(trouble.value) == (
        "The register needs Python 3.11 or newer; this machine has 3.9. Install it and try again."
    )


def test_a_newer_python_beside_an_old_one_is_used(tmp_path):
    old, new = interpreter(tmp_path, "python3", "3 9 1"), interpreter(tmp_path, "python3.12", "3 12 1")
    assert environment.find_python((old, new)) == new


def test_a_python_without_environments_is_told_which_package_is_missing(tmp_path):
    with pytest.raises(environment.Trouble) as trouble:
        environment.find_python((interpreter(tmp_path, "python3", "3 11 0"),))
    assert str(trouble.value).endswith("On Debian or Ubuntu install it with: apt-get install python3.11-venv")


def test_a_taken_port_is_named_and_another_one_proposed():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        answer = run_script("port", str(port))
    assert answer.returncode == 1
    assert answer.stderr.startswith(f"Port {port} is already in use.")
    assert len(answer.stderr.splitlines()) == 1


def test_a_free_port_is_accepted_silently():
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    assert (run_script("port", str(port)).returncode, run_script("port", str(port)).stderr) == (0, "")


@pytest.mark.parametrize("port", ["", "http", "0", "65536", "-1"])
def test_a_port_that_is_no_port_is_refused(port):
    with pytest.raises(environment.Trouble, match="give a number from 1 to 65535"):
        environment.check_port(port)


def test_a_missing_network_is_said_in_one_line(tmp_path):
    (tmp_path / "deploy").mkdir()
    script = Path(shutil.copy(SCRIPT, tmp_path / "deploy"))
    (tmp_path / "requirements.txt").write_text("asgiref==3.13.0\n", encoding="ascii")
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_EXTRA_INDEX_URL": "", "PIP_FIND_LINKS": ""}
    answer = run_script("install", "requirements.txt", script=script, PIP_CONFIG_FILE=os.devnull, **nowhere)
    assert answer.returncode == 1
    assert answer.stderr == (
        "The packages could not be fetched: pip cannot reach its index. Check the network and try again.\n"
    )


def test_what_is_installed_is_not_installed_again(tmp_path, monkeypatch):
    installed = []
    (tmp_path / "requirements.txt").write_text("Django\n", encoding="ascii")
    monkeypatch.setattr(environment, "ROOT", tmp_path)
    monkeypatch.setattr(environment, "STAMP", tmp_path / "installed.json")
    monkeypatch.setattr(environment, "make_environment", lambda: None)
    monkeypatch.setattr(environment, "run_pip", installed.append)
    environment.install(["requirements.txt"])
    environment.install(["requirements.txt"])
    assert installed == [["requirements.txt"]]
    (tmp_path / "requirements.txt").write_text("Django==5.2\n", encoding="ascii")
    environment.install(["requirements.txt"])
    assert installed == [["requirements.txt"]] * 2


def test_the_secret_key_is_made_once_for_its_owner_only(tmp_path, monkeypatch):
    monkeypatch.setattr(environment, "SECRET_KEY", tmp_path / "key")
    key = environment.read_secret_key()
    assert len(key) >= 32
    assert environment.read_secret_key() == key
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600


# The settings


@pytest.mark.parametrize(
    ("variable", "value", "read"),
    [
        ("DEBUG", "maybe", lambda: settings_file.read_switch("DEBUG", default=True)),
        ("DATABASE_URL", "mysql://localhost/register", settings_file.read_database),
        ("DATABASE_URL", "register", settings_file.read_database),
        ("CACHE_URL", "ftp://localhost", settings_file.read_cache),
        ("MEDIA_ROOT", "media", settings_file.read_media_root),
        ("MEDIA_ROOT", str(ROOT / "media"), settings_file.read_media_root),
        ("METRICS_ADDRESSES", "::1, monitor", lambda: settings_file.read_networks("METRICS_ADDRESSES", "")),
        ("SECRET_KEY", "", lambda: settings_file.read_secret_key(debug=False)),
        ("SECRET_KEY", "short", lambda: settings_file.read_secret_key(debug=False)),
        ("SECRET_KEY", f"change-me-{'0123456789' * 5}", lambda: settings_file.read_secret_key(debug=False)),
    ],
)
def test_a_setting_that_makes_no_sense_stops_the_start(monkeypatch, variable, value, read):
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=variable):
        read()


@pytest.mark.parametrize(
    ("variable", "value"), [("S3_ENDPOINT_URL", "store.example.org"), ("S3_ACCESS_KEY", "without its secret")]
)
def test_half_a_bucket_stops_the_start(monkeypatch, variable, value):
    monkeypatch.setenv("S3_BUCKET", "register")
    monkeypatch.setenv(variable, value)
    with pytest.raises(ImproperlyConfigured, match=variable):
        settings_file.read_file_store()


def test_a_bucket_needs_nothing_but_variables(monkeypatch):
    for name in ("BUCKET", "ENDPOINT_URL", "ACCESS_KEY", "SECRET_KEY", "REGION"):
        monkeypatch.setenv(f"S3_{name}", f"https://{name.lower()}")
    options = settings_file.read_file_store()["OPTIONS"]
    assert options == {
        "bucket_name": "https://bucket",
        "endpoint_url": "https://endpoint_url",
        "access_key": "https://access_key",
        "secret_key": "https://secret_key",
        "region_name": "https://region",
    }


def test_production_does_not_start_without_a_secret_key():
    variables = os.environ | {"DEBUG": "0", "SECRET_KEY": ""}
    command = [sys.executable, "manage.py", "check"]
    answer = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)
    assert answer.returncode != 0
    assert "SECRET_KEY is missing" in answer.stderr


# A database that refuses


def start(url: str, *command: str) -> subprocess.CompletedProcess:
    variables = os.environ | {"DATABASE_URL": url, "DATABASE_POOL": ""}
    return subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True, check=False)


def refused(url: str) -> str:
    """What `prepare` says, in one line, of a database that it cannot use."""
    answer = start(url, sys.executable, "manage.py", "prepare")
    assert (answer.returncode, answer.stdout) == (1, "")
    (line,) = answer.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("path", "reason"),
    [("no-such-folder/file", "unable to open database file"), ("text", "file is not a database")],
)
def test_a_file_that_is_no_database_is_named_with_what_to_do(tmp_path, path, reason):
    (tmp_path / "text").write_text("no database\n" * 100, encoding="ascii")
    said = f"CommandError: The database {tmp_path / path} cannot be used: {reason}. {prepare.ADVICE['sqlite']}"
    assert refused(f"sqlite:///{tmp_path / path}") == said


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL that asks one user for a password, and where another one may make no tables."""
    if connect is None:
        miss("psycopg (requirements-scale.txt)")
    with postgresql(find_binaries() or miss("PostgreSQL")) as url:
        with connect(url, autocommit=True) as connection:
            (rules,) = connection.execute("SHOW hba_file").fetchone()
            connection.execute("CREATE ROLE known LOGIN PASSWORD 'secret'")
            connection.execute("CREATE ROLE reader LOGIN")
            connection.execute("REVOKE CREATE ON SCHEMA public FROM public")
            asked = "('host all known 127.0.0.1/32 scram-sha-256'), ('host all all 127.0.0.1/32 trust')"
            connection.execute(f"COPY (VALUES {asked}) TO '{rules}'")
            connection.execute("SELECT pg_reload_conf()")
        yield url


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (("/register", "/none"), 'database "none" does not exist'),
        (("postgres@", "known:guess@"), 'password authentication failed for user "known"'),
        (("postgres@", "reader@"), "permission denied for schema public"),
    ],
)
def test_a_server_that_refuses_is_quoted_with_what_to_do(server, changed, reason):
    line = refused(server.replace(*changed))
    assert line.startswith("CommandError: The database ") and "guess" not in line
    assert line.endswith(f"{reason}. {prepare.ADVICE['postgresql']}")


@pytest.mark.parametrize(
    ("server", "reason"),
    [("127.0.0.1:1", "Connection refused"), ("register.invalid", "failed to resolve host 'register.invalid'")],
)
def test_a_server_that_is_not_there_is_named_with_what_to_do(server, reason):
    if connect is None:
        miss("psycopg (requirements-scale.txt)")
    line = refused(f"postgres://register:secret@{server}/register")
    assert line.startswith("CommandError: The database register cannot be used: ")
    assert reason in line and line.endswith(prepare.ADVICE["postgresql"]) and "secret" not in line


@pytest.mark.parametrize("command", ["run", "serve"])
def test_nothing_is_served_without_a_database(tmp_path, command):
    file = tmp_path / "no-such-folder" / "file"
    installed = ("ENVIRONMENT=true", f"MANAGE={sys.executable} manage.py", f"SECRET_KEY={'x' * 32}")
    answer = start(f"sqlite:///{file}", "make", command, *installed)
    assert (answer.returncode, answer.stdout) == (2, "")
    assert answer.stderr.startswith(f"CommandError: The database {file} cannot be used: ")
    assert "Traceback" not in answer.stderr


# The content and the editor


@pytest.fixture
def checkout(tmp_path, monkeypatch, settings):
    """A development checkout whose demonstration password is kept elsewhere."""
    settings.DEBUG = True
    monkeypatch.setattr(prepare, "EDITOR_PASSWORD", tmp_path / "password")
    return tmp_path


@pytest.fixture
def one_source(checkout, monkeypatch):
    """The sources alone as content: whether all of it loads is tested where the content is."""
    shutil.copy(next(prepare.FIXTURES.glob("*sources.yaml")), checkout)
    monkeypatch.setattr(prepare, "FIXTURES", checkout)


@pytest.mark.usefixtures("checkout")
def test_the_first_start_loads_all_the_content(db, capsys):
    call_command("prepare")
    assert "Loaded the content" in capsys.readouterr().out
    assert Country.objects.count() == 11


@pytest.mark.usefixtures("one_source")
def test_the_second_start_keeps_what_an_editor_changed(db):
    call_command("prepare")
    Source.objects.filter(pk=Source.objects.earliest("pk").pk).update(title="Changed by an editor")
    call_command("prepare")
    assert Source.objects.filter(title="Changed by an editor").count() == 1


@pytest.mark.usefixtures("one_source")
def test_a_start_goes_on_though_conflicts_wait_and_says_so(db, checkout, capsys):
    call_command("prepare")
    file = next(checkout.glob("*sources.yaml"))
    before = file.read_text(encoding="utf-8")
    source = Source.objects.get(pk=Source.objects.earliest("pk").pk)
    assert before.count(f"slug: {source.slug}\n") == 1
    Source.objects.filter(pk=source.pk).update(publisher="An editor")
    parts = before.partition(f"slug: {source.slug}\n")
    rest = parts[2].replace(f"publisher: {source.publisher}", "publisher: The files", 1)
    file.write_text(f"{parts[0]}{parts[1]}{rest}", encoding="utf-8")
    call_command("prepare")
    assert "Conflicts wait at /admin/sync/conflicts/" in capsys.readouterr().out
    assert Source.objects.get(pk=source.pk).publisher == "An editor"


def test_a_first_start_that_fails_leaves_nothing_half_done(db, one_source, checkout):
    (checkout / "99_broken.yaml").write_text("- model: portal.country\n  fields: {no_such: 1}\n", encoding="utf-8")
    with pytest.raises(Exception, match="no_such"):
        call_command("prepare")
    assert Source.objects.count() == 0


def test_a_checkout_without_content_says_so(db, monkeypatch, tmp_path):
    monkeypatch.setattr(prepare, "FIXTURES", tmp_path)
    with pytest.raises(CommandError, match="no content to load"):
        call_command("prepare")


@pytest.mark.usefixtures("one_source")
def test_development_has_an_editor_whose_password_is_shown_at_every_start(db, checkout, capsys):
    call_command("prepare")
    password = (checkout / "password").read_text(encoding="ascii")
    assert capsys.readouterr().out.endswith(f"log in at /admin/ as editor with the password {password}\n")
    call_command("prepare")
    assert capsys.readouterr().out.endswith(f"log in at /admin/ as editor with the password {password}\n")
    assert get_user_model().objects.get().check_password(password)


@pytest.mark.usefixtures("one_source")
def test_a_password_that_was_changed_is_neither_shown_nor_reset(db, capsys):
    editor = get_user_model().objects.create_superuser("editor", password="known to its owner")
    call_command("prepare")
    assert "only its owner knows" in capsys.readouterr().out
    editor.refresh_from_db()
    assert editor.check_password("known to its owner")


@pytest.mark.usefixtures("one_source")
def test_production_has_no_demonstration_editor(db, checkout, settings):
    settings.DEBUG = False
    call_command("prepare")
    assert get_user_model().objects.count() == 0
    assert not (checkout / "password").exists()
