"""What the tests of the portal share: an account of each role."""

import pytest

from portal.accounts.roles import ROLES
from tests.editors import make_member


@pytest.fixture
def members(db) -> dict:
    return {role: make_member(role) for role in ROLES}
