"""A page is kept for one state of the content, is the same for all who get it, and is gone with the next write."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
import yaml
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.http import HttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from initiatives.models import Initiative
from portal import page_cache
from portal.models import State
from portal.page_cache import KeptPage, PagesInMemory
from portal.release import release_of
from portal.workflow.pending import pending_of, publish
from tests.factories import make_country, make_initiative, make_topic
from tests.html_forms import form_values
from tests.test_admin import editor  # noqa: F401 - a fixture
from tests.web import FORMATS, LISTS, make_web, mark, own_pages, text_of

pytestmark = pytest.mark.django_db

PAGE = "/vi/initiatives/kept/"
ENCODINGS = ["", "gzip", "br", "gzip, br"]
THEMES = ["", "light", "dark", "pink"]


@pytest.fixture(autouse=True)
def kept(settings):
    settings.PAGE_CACHE_MEGABYTES = 4
    settings.RELEASE = "tests"


@pytest.fixture
def initiative():
    return make_initiative(slug="kept", name_vi="Tên cũ", name_en="Old name", summary_vi="Tóm tắt cũ")


@pytest.fixture
def web():
    return make_web()


def public_addresses(web) -> list[str]:
    return [f"/{code}/{path}" for code in ("vi", "en") for path in [*LISTS, *own_pages(web).values(), *FORMATS]]


def count_queries(client, path: str, **headers) -> int:
    with CaptureQueriesContext(connection) as queries:
        client.get(path, headers=headers)
    return len(queries)


def headers_of(answer) -> dict[str, str]:
    """All but the id of the request, which each answer has of its own."""
    return {name: value for name, value in answer.items() if name != "X-Request-ID"}


# What is kept


def test_a_kept_page_is_the_page_that_was_made_with_all_its_headers_and_costs_one_query(client, initiative):
    made = client.get(PAGE)
    assert "Tên cũ" in made.content.decode()
    assert "Content-Security-Policy" in made.headers
    with CaptureQueriesContext(connection) as queries:
        shown = client.get(PAGE)
    assert (shown.content, headers_of(shown)) == (made.content, headers_of(made))
    assert ["portal_contentversion" in query["sql"] for query in queries] == [True]


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("encoding", ENCODINGS)
def test_a_visitor_gets_from_the_cache_what_would_have_been_made_for_them(initiative, settings, theme, encoding):
    others, visitor = Client(), Client(headers={"accept-encoding": encoding})
    for other_theme in THEMES:
        for other_encoding in ENCODINGS:
            others.cookies["theme"] = other_theme
            others.get(PAGE, headers={"accept-encoding": other_encoding, "accept-language": "en"})
    visitor.handler = others.handler
    visitor.cookies["theme"] = theme
    shown = visitor.get(PAGE)
    settings.PAGE_CACHE_MEGABYTES = 0
    alone = Client(headers={"accept-encoding": encoding})
    alone.cookies["theme"] = theme
    made = alone.get(PAGE)
    assert (shown.content, shown.get("Content-Encoding")) == (made.content, made.get("Content-Encoding"))


def test_every_public_page_sets_no_cookie_and_asks_for_no_token_and_is_the_same_again(client, web):
    for address in public_addresses(web):
        first, second = client.get(address), client.get(address)
        assert (first.status_code, bool(first.cookies), bool(second.cookies)) == (200, False, False), address
        assert "csrfmiddlewaretoken" not in text_of(second), address
        assert first["ETag"] == second["ETag"], address
        assert second["Vary"] == "Accept-Encoding, Cookie", address
        assert second.streaming or first.content == second.content, address


def test_two_processes_make_the_same_page_to_the_byte(web):
    one, other = Client(), Client()
    for address in public_addresses(web):
        first, second = one.get(address), other.get(address)
        assert first["ETag"] == second["ETag"]
        assert first.streaming or first.content == second.content, address


def test_another_address_host_or_query_is_another_page(client, initiative):
    pages = [client.get(PAGE), client.get(f"{PAGE}?x=1"), client.get(PAGE.replace("vi", "en"))]
    pages += [client.get(PAGE, headers={"host": "127.0.0.1"}), client.get(PAGE, secure=True)]
    assert len({page["ETag"] for page in pages}) == 5
    assert "http://127.0.0.1" in pages[3].content.decode()


def test_a_head_request_gets_the_headers_of_the_page(client, initiative):
    made = client.get(PAGE)
    answer = client.head(PAGE)
    assert (answer.content, headers_of(answer)) == (b"", headers_of(made))


@pytest.mark.parametrize("path", ["/vi/nowhere/", "/vi/initiatives/?page=99", "/vi/initiatives.csv?country=zz"])
def test_an_error_is_never_kept(client, initiative, path):
    answer = client.get(path)
    assert ("ETag" in answer, answer["Cache-Control"]) == (False, "no-cache")


def test_a_file_that_is_not_there_is_asked_for_again(client):
    answer = client.get("/static/css/of-another-release.css")
    assert (answer.status_code, answer["Cache-Control"]) == (404, "no-cache")


def test_a_wrong_host_is_refused_whatever_is_kept(client, initiative):
    client.get(PAGE)
    assert client.get(PAGE, headers={"host": "elsewhere.example"}).status_code == 400


@pytest.mark.parametrize("path", ["/admin/login/", "/healthz", "/readyz", "/robots.txt", "/api/v1/topics/", "/vi"])
def test_what_is_no_public_page_is_left_alone(client, initiative, path):
    assert "CDN-Cache-Control" not in client.get(path).headers


def test_without_memory_for_it_there_is_no_cache(client, initiative, settings):
    settings.PAGE_CACHE_MEGABYTES = 0
    client.get(PAGE)
    assert count_queries(client, PAGE) > 1
    assert "ETag" not in client.get(PAGE).headers


def made_by(monkeypatch, change):
    """Have every page made with something that should keep it from the cache."""
    original = page_cache.PageCacheMiddleware.__init__

    def init(self, get_response):
        def respond(request):
            response = get_response(request)
            del response.headers["Vary"]
            change(response)
            return response

        original(self, respond)

    monkeypatch.setattr(page_cache.PageCacheMiddleware, "__init__", init)


@pytest.mark.parametrize(
    "change",
    [
        lambda response: response.set_cookie("x", "y"),
        lambda response: response.headers.setdefault("Cache-Control", "private"),
        lambda response: response.headers.setdefault("Cache-Control", "no-store"),
        lambda response: response.headers.setdefault("Vary", "Cookie"),
        lambda response: response.headers.setdefault("Vary", "Accept-Language"),
    ],
)
def test_what_is_for_one_visitor_is_never_kept(client, initiative, monkeypatch, change):
    made_by(monkeypatch, change)
    client.get(PAGE)
    assert count_queries(client, PAGE) > 1
    assert "ETag" not in client.get(PAGE).headers


# What the visitor has


def test_a_visitor_who_has_the_page_is_told_so_in_one_query(client, initiative):
    made = client.get(PAGE)
    with CaptureQueriesContext(connection) as queries:
        answer = client.get(PAGE, headers={"if-none-match": f'"other", W/{made["ETag"]}'})
    assert (answer.status_code, answer.content, len(queries)) == (304, b"", 1)
    assert headers_of(answer) == {name: made[name] for name in ("ETag", "Cache-Control", "CDN-Cache-Control", "Vary")}


@pytest.mark.parametrize("path", ["initiatives.csv", "initiatives.xlsx", "open-data.zip", "initiatives.atom"])
def test_a_download_that_the_visitor_has_is_not_made_again(client, initiative, path):
    etag = client.get(f"/vi/{path}")["ETag"]
    assert client.get(f"/vi/{path}", headers={"if-none-match": etag}).status_code == 304
    Initiative.objects.update(name_vi="Tên mới")
    assert client.get(f"/vi/{path}", headers={"if-none-match": etag}).status_code == 200


def test_another_variant_is_not_what_the_visitor_has(client, initiative):
    etag = client.get(PAGE)["ETag"]
    assert client.get(PAGE, headers={"if-none-match": etag, "accept-encoding": "br"}).status_code == 200
    client.cookies["theme"] = "dark"
    assert client.get(PAGE, headers={"if-none-match": etag}).status_code == 200


def test_a_condition_that_does_not_hold_is_refused(client, initiative):
    etag = client.get(PAGE)["ETag"]
    assert client.get(PAGE, headers={"if-match": '"other"'}).status_code == 412
    assert client.get(PAGE, headers={"if-match": etag}).status_code == 200


@pytest.mark.parametrize(("condition", "status"), [({"if-none-match": "*"}, 304), ({"if-match": '"other"'}, 412)])
def test_a_condition_is_weighed_alike_by_who_has_the_page_and_who_must_make_it(client, initiative, condition, status):
    first, second = client.get(PAGE, headers=condition), client.get(PAGE, headers=condition)
    assert (first.status_code, second.status_code) == (status, status)
    assert Client().head(PAGE, headers=condition).status_code == status
    assert client.get("/vi/nowhere/", headers=condition).status_code == 404


def test_browsers_ask_each_time_and_networks_may_show_the_page_while_they_fetch_the_next(client, initiative):
    answer = client.get(PAGE)
    assert answer["Cache-Control"] == "public, max-age=0, must-revalidate, s-maxage=5"
    assert answer["CDN-Cache-Control"] == "public, max-age=5, stale-while-revalidate=60, stale-if-error=86400"


# What is written is seen at once


def in_another_connection(act) -> None:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as executor:
        executor.submit(run).result()


def plain_sql() -> None:
    with connection.cursor() as cursor:
        cursor.execute("UPDATE initiatives_initiative SET name_vi = 'Tên mới' WHERE slug = 'kept'")


def save(client, initiative) -> None:
    initiative.name_vi = "Tên mới"
    initiative.save()


def update(client, initiative) -> None:
    Initiative.objects.filter(pk=initiative.pk).update(name_vi="Tên mới")


def write_in_plain_sql(client, initiative) -> None:
    in_another_connection(plain_sql)


def tie_to_another_record(client, initiative) -> None:
    initiative.topics.add(make_topic(name_vi="Tên mới", name_en="New"))


def rename_what_it_is_tied_to(client, initiative) -> None:
    country = make_country(name_vi="Nước cũ", name_en="Old")
    initiative.lead_countries.add(country)
    assert "Nước cũ" in client.get(PAGE).content.decode()
    type(country).objects.filter(pk=country.pk).update(name_vi="Tên mới")


WAYS = [save, update, write_in_plain_sql, tie_to_another_record, rename_what_it_is_tied_to]


@pytest.mark.databases
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("write", WAYS)
def test_the_next_visitor_sees_what_was_written_in_any_way(client, write):
    initiative = make_initiative(slug="kept", name_vi="Tên cũ")
    for _ in range(2):
        assert "Tên mới" not in client.get(PAGE).content.decode()
    write(client, initiative)
    assert "Tên mới" in client.get(PAGE).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_next_visitor_sees_what_was_loaded(client, tmp_path):
    make_initiative(slug="kept", name_vi="Tên cũ")
    client.get(PAGE)
    row = {"model": "initiatives.initiative", "fields": {"slug": "kept", "name_vi": "Tên mới"}}
    (tmp_path / "content.yaml").write_text(yaml.safe_dump([row], allow_unicode=True), encoding="utf-8")
    call_command("sync_content", tmp_path / "content.yaml", take=[["fixture", "initiatives.initiative", "kept"]])
    assert "Tên mới" in client.get(PAGE).content.decode()


@pytest.mark.django_db(transaction=True)
def test_the_next_visitor_sees_what_was_approved_and_nothing_before(editor, initiative):  # noqa: F811 - the fixture
    visitor = Client()
    visitor.get(PAGE)
    address = reverse("admin:initiatives_initiative_change", args=[initiative.pk])
    form = form_values(editor.get(address).content.decode(), "initiative_form")
    assert editor.post(address, form | {"name_vi": "Tên mới"}).status_code == 302
    assert "Tên mới" not in visitor.get(PAGE).content.decode()
    publish(pending_of(initiative), None)
    assert "Tên mới" in visitor.get(PAGE).content.decode()


def test_what_is_deleted_or_withdrawn_is_gone_at_once(client, initiative):
    assert client.get(PAGE).status_code == 200
    Initiative.objects.update(state=State.WITHDRAWN)
    assert client.get(PAGE).status_code == 410
    Initiative.objects.update(state=State.PUBLISHED)
    assert client.get(PAGE).status_code == 200
    initiative.delete()
    assert client.get(PAGE).status_code == 404


def test_a_record_appears_at_its_hour_in_every_process_whenever_that_started(client, monkeypatch, initiative):
    hour = datetime(2026, 3, 1, 12, tzinfo=UTC)
    make_initiative(slug="later", published_from=hour, name_vi="Tên mới")
    monkeypatch.setattr(timezone, "now", lambda: hour - timedelta(minutes=1))
    before = client.get("/vi/initiatives/")
    assert "Tên mới" not in before.content.decode()
    monkeypatch.setattr(timezone, "now", lambda: hour + timedelta(minutes=1))
    after = client.get("/vi/initiatives/")
    assert "Tên mới" in after.content.decode()
    page_cache.content_state.__globals__["moments"].state = None  # as in a process that starts now
    assert Client().get("/vi/initiatives/")["ETag"] == after["ETag"] != before["ETag"]


def test_what_a_transaction_took_back_was_never_there(client, initiative):
    made = client.get(PAGE)
    with pytest.raises(ZeroDivisionError), transaction.atomic():
        save(client, initiative)
        assert "Tên mới" in client.get(PAGE).content.decode()
        raise ZeroDivisionError
    assert client.get(PAGE)["ETag"] == made["ETag"]


# Editors and drafts


def test_a_draft_is_on_no_kept_page(client, web):
    own = own_pages(web)
    for address in public_addresses(web):
        client.get(address)
    Initiative.objects.filter(pk=web["initiative"][0].pk).update(state=State.DRAFT)
    addresses = [address for address in public_addresses(web) if own["initiative"] not in address]
    assert [path for path in addresses if mark("initiative") in text_of(client.get(path))] == []


def test_whoever_is_signed_in_gets_pages_made_anew_that_nobody_else_gets(editor, initiative):  # noqa: F811
    visitor = Client()
    visitor.handler = editor.handler
    made = visitor.get(PAGE)
    assert count_queries(editor, PAGE) > 1
    shown = editor.get(PAGE)
    assert (shown["Cache-Control"], shown["Vary"]) == ("private, no-cache", "Accept-Encoding, Cookie")
    assert shown.content == made.content
    assert count_queries(visitor, PAGE) == 1


# Where it is kept


def page_of(size: int) -> KeptPage:
    return KeptPage.of(HttpResponse(b"x" * size))


def test_the_pages_not_asked_for_the_longest_make_room():
    pages = PagesInMemory(20 * page_of(1000).size)
    for number in range(20):
        pages.put("state", str(number), page_of(1000))
    pages.get("0")
    pages.put("state", "20", page_of(1000))
    assert [name for name in map(str, range(21)) if not pages.get(name)] == ["1"]
    assert pages.size == 20 * page_of(1000).size


def test_a_page_that_would_take_most_of_the_room_is_not_kept():
    pages = PagesInMemory(100_000)
    pages.put("state", "large", page_of(50_000))
    assert (pages.get("large"), pages.size) == (None, 0)


def test_pages_of_an_earlier_state_take_no_room():
    pages = PagesInMemory(100_000)
    pages.put("state", "page", page_of(10))
    pages.put("next", "other", page_of(10))
    assert (pages.get("page"), pages.size) == (None, page_of(10).size)


class BrokenCache:
    def get(self, name):
        raise ConnectionError

    set = get


@pytest.fixture
def shared(settings):
    memory = {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "pages of tests"}
    settings.CACHES = settings.CACHES | {"pages": memory}


def test_what_one_process_made_is_shown_by_another(shared, initiative):
    made = Client().get(PAGE)
    other = Client()
    assert count_queries(other, PAGE) == 1
    assert other.get(PAGE).content == made.content


def test_a_shared_cache_in_trouble_costs_no_page(shared, initiative, monkeypatch):
    monkeypatch.setattr(page_cache.SharedPages, "__init__", lambda self: setattr(self, "cache", BrokenCache()))
    assert Client().get(PAGE).status_code == 200


def test_kept_pages_are_shown_while_the_database_does_not_answer(client, initiative, monkeypatch):
    made = client.get(PAGE)

    def fail():
        raise OperationalError

    monkeypatch.setattr(page_cache, "content_state", fail)
    assert client.get(PAGE).content == made.content


# The release


def test_another_release_is_another_page(initiative, settings):
    earlier = Client().get(PAGE)["ETag"]
    settings.RELEASE = "next"
    assert Client().get(PAGE)["ETag"] != earlier


def test_a_release_is_told_by_its_code_and_templates(tmp_path):
    (tmp_path / "templates").mkdir()
    page = tmp_path / "templates" / "page.html"
    page.write_text("one", encoding="utf-8")
    first = release_of(tmp_path)
    assert release_of(tmp_path) == first
    page.write_text("two", encoding="utf-8")
    assert release_of(tmp_path) != first
