"""What the tests of the portal share: an account of each role, a way to sign in as one, a register beside this one."""

import pytest

from portal.accounts.roles import ROLES
from tests.editors import make_member
from tests.register import Register


@pytest.fixture
def members(db) -> dict:
    return {role: make_member(role) for role in ROLES}


@pytest.fixture
def sign_in(client):
    """Sign in as a new member of a role, who works in English."""

    def as_(role: str):
        client.force_login(make_member(role))
        client.cookies["django_language"] = "en"
        return client

    return as_


@pytest.fixture
def register(migrated, tmp_path) -> Register:
    """A register without content in a database of its own."""
    place = tmp_path / "register.sqlite3"
    place.write_bytes(migrated.read_bytes())
    return Register(f"sqlite:///{place}")
