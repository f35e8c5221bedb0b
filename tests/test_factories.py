import pytest

from tests import factories

MAKERS = [getattr(factories, name) for name in dir(factories) if name.startswith("make_")]


@pytest.mark.django_db
@pytest.mark.parametrize("make", MAKERS)
def test_what_a_factory_makes_by_default_is_valid(make):
    make().full_clean()
    make().full_clean()
