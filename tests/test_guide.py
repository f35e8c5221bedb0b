"""The editors' guide says what is there: its pictures exist, and its words are those of the screen."""

import re

import pytest
from bs4 import BeautifulSoup
from django.urls import reverse
from django.utils.translation.trans_real import translation

from portal.guide import GUIDE, PICTURES
from tests.editors import make_member

TEXT = GUIDE.read_text(encoding="utf-8")
LABELS = sorted(set(re.findall(r"\*\*(.+?)\*\*", TEXT)) - {"in đậm", "English", "Tiếng Việt"})


@pytest.mark.parametrize("label", LABELS)
def test_what_the_guide_prints_bold_is_a_text_of_the_site_in_vietnamese(label):
    texts = (text for _text, text in translation("vi")._catalog.items() if isinstance(text, str))
    assert label.casefold() in {text.casefold() for text in texts}


def test_every_picture_of_the_guide_is_there_and_small_and_none_is_left_over():
    named = set(re.findall(r"\]\(guide/(.+?)\)", TEXT))
    assert named == {path.name for path in PICTURES.glob("*")}
    assert {path.name for path in PICTURES.glob("*") if path.stat().st_size > 100_000} == set()


@pytest.mark.django_db
def test_the_guide_is_a_page_of_the_editors_site_with_its_pictures(client):
    client.force_login(make_member("editor"))
    link = BeautifulSoup(client.get("/admin/").content.decode(), "html5lib").select_one("#user-tools a")
    page = BeautifulSoup(client.get(link["href"]).content.decode(), "html5lib").select_one(".guide")
    assert page.h2.text == "Đăng nhập" and page.li.strong.text == "Đăng nhập"
    assert "**" not in page.text and "](" not in page.text
    for picture in page.select("img"):
        answer = client.get(f"/admin/guide/{picture['src']}")
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/png") and picture["alt"]


@pytest.mark.django_db
def test_the_guide_is_for_editors_only_and_shows_no_other_file(client):
    assert client.get(reverse("admin:guide")).url.startswith("/admin/login/")
    assert client.get("/admin/guide/hen-gio.png").url.startswith("/admin/login/")
    client.force_login(make_member("editor"))
    assert client.get("/admin/guide/nowhere.png").status_code == 404
