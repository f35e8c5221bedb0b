"""The examples of `deploy/` are what the register takes: settings, servers, units and images."""

import os
import re
import secrets
import shlex
import shutil
import subprocess
import sys
from configparser import ConfigParser

import pytest
import yaml
from django.conf import settings

from tests.conftest import miss

ROOT = settings.BASE_DIR
DEPLOY = ROOT / "deploy"


def example_environment() -> dict[str, str]:
    lines = (DEPLOY / "production.env.example").read_text(encoding="utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines if line and not line.startswith("#"))


def check_for_production(**changed: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"]} | example_environment() | changed,  # and nothing of the tests
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_example_environment_with_a_key_passes_every_check_for_production(tmp_path):
    database = f"sqlite:///{tmp_path / 'register.sqlite3'}"
    run = check_for_production(SECRET_KEY=secrets.token_urlsafe(48), DATABASE_URL=database, STATIC_ROOT=str(tmp_path))
    assert (run.returncode, run.stdout) == (0, "System check identified no issues (0 silenced).\n"), run.stderr


def test_the_example_environment_does_not_start_before_somebody_made_a_key():
    run = check_for_production()
    assert run.returncode != 0
    assert "SECRET_KEY is missing" in run.stderr and "secrets.token_urlsafe(48)" in run.stderr


def test_every_variable_of_the_example_is_explained():
    lines = (DEPLOY / "production.env.example").read_text(encoding="utf-8").splitlines()
    named = {match[1] for line in lines if (match := re.match(r"#?([A-Z0-9_]+)=", line))}
    servers = {"WEB_CONCURRENCY", "WEB_THREADS", "BIND", "PROMETHEUS_MULTIPROC_DIR"}  # of gunicorn.conf.py
    servers.add("POSTGRES_PASSWORD")  # of compose.yaml
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {name for name in named - servers if f"`{name}`" not in readme} == set()


def test_gunicorn_takes_its_settings():
    run = subprocess.run(
        [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "--check-config", "portal.wsgi"],
        cwd=ROOT,
        env=os.environ | {"DEBUG": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").iterdir()), ids=lambda path: path.name)
def test_a_unit_names_commands_and_settings_that_there_are(path):
    unit = ConfigParser(strict=False, interpolation=None)
    unit.optionxform = str
    unit.read(path)
    assert {"Unit", "Service" if path.suffix == ".service" else "Timer"} <= set(unit.sections())
    for name in re.findall(r"manage\.py (\w+)", path.read_text(encoding="utf-8")):
        assert (
            name in {"check", "clearsessions"}
            or (  # Django's own
                ROOT / "portal/management/commands" / f"{name}.py"
            ).exists()
        )


@pytest.mark.parametrize("path", sorted((DEPLOY / "systemd").glob("*.service")), ids=lambda path: path.name)
def test_the_folder_with_the_database_is_open_to_the_service_only(path):
    lines = path.read_text(encoding="utf-8").splitlines()
    assert {"StateDirectoryMode=0700", "UMask=0077"} <= set(lines)


def test_what_is_to_be_run_from_time_to_time_has_a_timer():
    timed = [path.with_suffix(".service").read_text(encoding="utf-8") for path in DEPLOY.glob("systemd/*.timer")]
    commands = {name for unit in timed for name in re.findall(r"manage\.py (\w+)", unit)}
    assert commands == {"backup", "clearsessions", "forget_reporters", "publish_due", "check_links"}


def test_no_old_backup_goes_before_there_is_a_new_one_and_what_must_be_erased_waits_for_neither():
    unit = (DEPLOY / "systemd/portal-daily.service").read_text(encoding="utf-8")
    order = re.findall(r"^ExecStart=.*?(?:manage\.py (\w+)|/find)", unit, re.MULTILINE)
    assert order == ["clearsessions", "forget_reporters", "backup", ""]


@pytest.mark.parametrize("named", [{}, {"S3_BUCKET": "register"}, {"MEDIA_ROOT": "/mnt/backups/register"}])
def test_the_daily_backup_goes_to_the_store_too_where_one_is_named(named):
    unit = (DEPLOY / "systemd/portal-daily.service").read_text(encoding="utf-8")
    (line,) = re.findall(r"^ExecStart=(.*manage\.py backup.*)$", unit, re.MULTILINE)
    said = line.replace("$$", "$").replace("/opt/register/.venv/bin/python", "echo")
    run = subprocess.run(shlex.split(said), env=named, check=True, capture_output=True, text=True)
    assert run.stdout.split() == ["manage.py", "backup", "/var/lib/register/backups", *(["--store"] if named else [])]


def test_the_runbook_starts_every_timer():
    runbook = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    started = set(re.findall(r"systemctl enable --now (.+)", runbook)[0].split())
    assert started == {"portal.service", *(path.name for path in DEPLOY.glob("systemd/*.timer"))}


def test_what_an_image_copies_is_in_the_repository_and_let_through():
    copied = re.findall(
        r"^COPY ((?!--from)\S.*) \S+$", (DEPLOY / "Dockerfile").read_text(encoding="utf-8"), re.MULTILINE
    )
    names = [name for line in copied for name in line.split()]
    ignored = (DEPLOY / "Dockerfile.dockerignore").read_text(encoding="utf-8").splitlines()
    allowed = {line[1:] for line in ignored if line.startswith("!")}
    assert [name for name in names if not (ROOT / name).exists()] == []
    assert [name for name in names if name not in allowed and not name.startswith("requirements")] == []


def test_an_image_runs_as_nobody_in_particular_and_says_whether_it_is_well():
    text = (DEPLOY / "Dockerfile").read_text(encoding="utf-8")
    assert re.findall(r"^USER (\d+)$", text, re.MULTILINE) == ["10001"]
    assert "HEALTHCHECK" in text


def test_the_pieces_of_compose_know_each_other():
    pieces = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))
    services = pieces["services"]
    assert set(services) == {"prepare", "app1", "app2", "proxy", "database", "cache"}
    assert {name for service in services.values() for name in service.get("depends_on", [])} <= set(services)
    assert services["app1"]["build"]["dockerfile"] == "deploy/Dockerfile"
    assert "app1:8000" in services["proxy"]["command"][-1]


def test_what_compose_must_be_told_stands_in_the_example_that_its_commands_name():
    text = (DEPLOY / "compose.yaml").read_text(encoding="utf-8")
    example = (DEPLOY / "production.env.example").read_text(encoding="utf-8")
    asked = set(re.findall(r"\$\{(\w+)", text))
    assert asked and {name for name in asked if not re.search(rf"^#?{name}=", example, re.MULTILINE)} == set()
    commands = re.findall(r"^# +(docker compose .*)$", text, re.MULTILINE)
    assert commands and [line for line in commands if "--env-file deploy/production.env" not in line] == []


def test_no_image_is_fetched_whose_name_may_be_another_ones():
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    ours = {name for name, service in services.items() if service["image"] == services["app1"]["image"]}
    assert {name for name, service in services.items() if service.get("pull_policy") == "never"} == ours
    fetched = [service["image"] for name, service in services.items() if name not in ours]
    assert fetched and [image for image in fetched if not image.startswith("docker.io/library/")] == []


def test_the_database_counts_as_ready_when_the_app_servers_reach_it():
    """The first server that the image of PostgreSQL starts on a new volume answers on its socket only, and ends."""
    services = yaml.safe_load((DEPLOY / "compose.yaml").read_text(encoding="utf-8"))["services"]
    assert services["database"]["healthcheck"]["test"][:4] == ["CMD", "pg_isready", "--host", "127.0.0.1"]
    assert services["app1"]["depends_on"]["database"] == {"condition": "service_healthy"}


def test_the_secrets_that_compose_reads_are_in_no_commit():
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").splitlines()
    assert {"deploy/production.env", "deploy/certificates/"} <= set(ignored)


def test_the_site_of_nginx_is_understood_with_its_certificates(tmp_path):
    nginx, openssl = shutil.which("nginx") or shutil.which("nginx", path="/usr/sbin"), shutil.which("openssl")
    if not nginx or not openssl:
        miss("nginx" if openssl else "openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "certificate.pem"
    make = [
        openssl,
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-subj",
        "/CN=x",
        "-keyout",
        key,
        "-out",
        certificate,
    ]
    subprocess.run(make, check=True, capture_output=True)
    site = (DEPLOY / "nginx.conf").read_text(encoding="utf-8")
    site = site.replace("/etc/ssl/register/fullchain.pem", str(certificate))
    site = site.replace("/etc/ssl/register/privkey.pem", str(key))
    site = site.replace("listen 80;", "listen 127.0.0.1:18080;").replace(
        "listen 443 ssl;", "listen 127.0.0.1:18443 ssl;"
    )
    whole = tmp_path / "nginx.conf"
    whole.write_text(f"pid {tmp_path}/pid; events {{}} http {{ access_log off; {site} }}", encoding="utf-8")
    run = subprocess.run([nginx, "-t", "-q", "-c", whole, "-e", "stderr"], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr
