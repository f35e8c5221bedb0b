"""The shelves of the code: imports run only downwards, and the top of the repository stays short.

Models go one way, portal <- meetings <- initiatives. From another app a file takes
its models, and from the portal also the toolboxes of the floor. The floor knows
no other app; the roof, which shows them all, may see every model.
"""

import ast
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.conftest import miss

ROOT = Path(__file__).resolve().parent.parent
APPS = ("portal", "meetings", "initiatives")  # from the floor up

# Inside an app a file imports only files that stand before it; files on one shelf do not know each other.
SHELVES = [
    (
        "text",
        "charts",
        "glossary",
        "fragments",
        "word_diff",
        "breaker",
        "limits",
        "migration_operations",
        "postgresql",
        "release",
    ),
    ("query", "reading"),
    ("entries", "occurrences", "passages", "spelling"),
    ("database",),
    ("models",),
    ("translation", "dates", "revisions"),
    ("structured", "index", "tables", "calendars", "similar"),
    ("hits", "atom", "spreadsheets", "prepared"),
    ("linked",),
    ("filters", "list_filters"),
    ("completeness",),
    ("pages", "admin", "templatetags", "context"),
    ("vocabulary", "timeline", "search", "sitemaps", "feeds"),
    ("views", "wellknown"),
    ("exports",),
    ("urls",),
]
# The portal's exports are a toolbox of the floor; the tables of the vocabulary and the whole register are roof.
FLOOR = SHELVES.index(("pages", "admin", "templatetags", "context"))
PORTAL_SHELVES = [
    *SHELVES[:FLOOR],
    (*SHELVES[FLOOR], "exports"),
    *SHELVES[FLOOR + 1 : FLOOR + 2],
    ("catalogue",),
    ("representation",),
    ("openapi",),
    (*SHELVES[FLOOR + 2], "open_data", "api", "page_cache"),
    SHELVES[-1],
]
ROOF = (
    *("vocabulary", "timeline", "catalogue", "views", "wellknown", "search", "sitemaps", "feeds", "open_data"),
    *("urls", "management"),
)
TOOLBOXES = (
    *("admin", "charts", "dates", "exports", "filters", "index", "list_filters", "pages", "structured", "tables"),
    *("prepared", "text", "translations"),
)

TOP = {
    *("manage.py", "pyproject.toml", "Makefile", ".ci", ".gitignore"),
    *("README.md", "CHANGELOG.md", "LICENSE", "SECURITY.md", "docs", "deploy"),
    *("portal", "meetings", "initiatives", "templates", "static", "fixtures", "tests"),
}
REQUIREMENTS = re.compile(r"requirements(-\w+)?\.(txt|in)")


def code_of(*folders: str) -> list[str]:
    files = [path.relative_to(ROOT) for folder in folders for path in (ROOT / folder).rglob("*.py")]
    return sorted(path.as_posix() for path in files if not {"migrations", "locale", "formats"} & set(path.parts))


def tree_of(name: str) -> ast.Module:
    return ast.parse((ROOT / name).read_text(encoding="utf-8"), name)


def place_of(module: str) -> tuple[str, str]:
    """(app, file) of a module: `portal.templatetags.portal` is ("portal", "templatetags")."""
    app, _, rest = module.partition(".")
    return app, rest.partition(".")[0]


def imported_by(name: str) -> set[tuple[str, str]]:
    """The places in our three apps that a file imports."""
    modules = []
    for node in ast.walk(tree_of(name)):
        if isinstance(node, ast.Import):
            modules += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            package = ".".join(Path(name).parts[: -node.level]) if node.level else ""
            base = ".".join(filter(None, [package, node.module]))
            # `from portal import models` names its file only after the import.
            modules += [f"{base}.{alias.name}" for alias in node.names] if "." not in base else [base]
    return {place for place in map(place_of, modules) if place[0] in APPS}


def shelf_of(app: str, file: str) -> int | None:
    shelves = PORTAL_SHELVES if app == "portal" else SHELVES
    return next((number for number, shelf in enumerate(shelves) if file in shelf), None)


def place_of_file(name: str) -> tuple[str, str]:
    return place_of(name.removesuffix(".py").replace("/", "."))


@pytest.mark.parametrize("name", code_of(*APPS))
def test_a_file_takes_only_models_and_toolboxes_from_another_app(name):
    app, file = place_of_file(name)
    allowed = {(other, module) for other in APPS for module in ("models", "translation")}
    allowed |= {("portal", module) for module in TOOLBOXES}
    assert {place for place in imported_by(name) if place[0] != app} <= allowed


@pytest.mark.parametrize("name", code_of(*APPS))
def test_models_go_one_way_and_the_floor_knows_no_other_app(name):
    app, file = place_of_file(name)
    bound = file in ("models", "translation") or (app == "portal" and file not in ROOF)
    above = APPS[APPS.index(app) + 1 :] if bound else ()
    assert {place for place in imported_by(name) if place[0] in above} == set()


@pytest.mark.parametrize(
    ("name", "above"), [("portal/models.py", "meetings|initiatives"), ("meetings/models.py", "initiatives")]
)
def test_models_do_not_name_what_stands_above_them_as_strings(name, above):
    strings = [node.value for node in ast.walk(tree_of(name)) if isinstance(node, ast.Constant)]
    assert [text for text in strings if isinstance(text, str) and re.match(rf"({above})\.\w+$", text)] == []


@pytest.mark.parametrize("name", code_of(*APPS))
def test_inside_an_app_a_file_imports_only_files_above_it(name):
    app, file = place_of_file(name)
    own = shelf_of(app, file)
    neighbours = [other for where, other in imported_by(name) if where == app and other != file]
    shelves = {other: shelf_of(app, other) for other in neighbours}
    assert own is None or {other for other, shelf in shelves.items() if shelf is not None and shelf >= own} == set()


@pytest.mark.parametrize("name", code_of(*APPS, "deploy", "tests"))
def test_no_import_stands_inside_a_function(name):
    functions = [node for node in ast.walk(tree_of(name)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    inside = [node.lineno for function in functions for node in ast.walk(function) if is_import(node)]
    assert inside == []


def is_import(node: ast.AST) -> bool:
    return isinstance(node, ast.Import | ast.ImportFrom)


@pytest.fixture(scope="module")
def tracked() -> list[str]:
    """Every path that git keeps."""
    if not (ROOT / ".git").exists():
        pytest.skip("not a git checkout, so there is no list of what belongs to it")
    if not shutil.which("git"):
        miss("git")
    # A checkout made by another user is still ours to list.
    command = ["git", "-c", f"safe.directory={ROOT}", "ls-files", "-z"]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout.split("\0")[:-1]


def test_no_file_is_a_drawer_for_everything(tracked):
    assert [path for path in tracked if Path(path).name in {"utils.py", "helpers.py"}] == []


def test_the_top_of_the_repository_holds_only_what_belongs_there(tracked):
    top = {path.partition("/")[0] for path in tracked}
    assert {name for name in top - TOP if not REQUIREMENTS.fullmatch(name)} == set()
