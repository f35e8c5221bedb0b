"""The message catalogues of the register, without gettext.

    python deploy/messages.py update    the code's strings into the .po files, keeping translations
    python deploy/messages.py compile   the .po files into the .mo files Django reads
    python deploy/messages.py check     say what is missing or does not fit; exit code 1 when anything is

Needs Babel (requirements-dev.txt). Files are written so that the same strings
give the same bytes: ordered by msgid, no line numbers, no dates.
"""

import io
import re
import runpy
import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import read_mo, write_mo
from babel.messages.pofile import read_po, write_po
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = ROOT / "portal" / "locale"
LIBRARY_STRINGS = LOCALE / "library_strings.py"
APPS = ("portal", "meetings", "initiatives")
NOT_SHOWN = {"migrations", "tests", "locale"}

SOURCE_LANGUAGE = "en"
DOMAINS = ("django", "djangojs")  # Django keeps the texts of scripts apart
PLURAL_FORMS = {"vi": "nplurals=1; plural=0;", "en": "nplurals=2; plural=(n != 1);"}
CATALOGUES = tuple(product(PLURAL_FORMS, DOMAINS))
HEADER = "# Texts of the register. Written by deploy/messages.py; translate the msgstr lines only."

KEYWORDS = {
    "_": None,
    "gettext": None,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext": (1, 2),
    "ngettext_lazy": (1, 2),
    "pgettext": ((1, "c"), 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sdif]|\{\w*\}")

# What identifies a message: its context, where it has one, and its singular.
Key = tuple[str | None, str]


class StableCatalog(Catalog):
    """A catalogue whose header says nothing that changes from run to run."""

    def __init__(self, language: str) -> None:
        super().__init__(locale=language, header_comment=HEADER, fuzzy=False)

    @property
    def mime_headers(self) -> list[tuple[str, str]]:
        return [
            ("Language", str(self.locale)),
            ("MIME-Version", "1.0"),
            ("Content-Type", "text/plain; charset=utf-8"),
            ("Content-Transfer-Encoding", "8bit"),
            ("Plural-Forms", PLURAL_FORMS[str(self.locale)]),
        ]

    @mime_headers.setter
    def mime_headers(self, headers) -> None:
        """Read files bring headers of their own; ours stand."""


def key_of(message: Message) -> Key:
    context = message.context
    if isinstance(context, bytes):  # as Babel reads it from a compiled file
        context = context.decode()
    return context, message.id if isinstance(message.id, str) else message.id[0]


def messages_of(catalog: Catalog) -> dict[Key, Message]:
    """Every message of a catalogue but its header."""
    return {key_of(message): message for message in catalog if message.id}


def forms(message: Message) -> tuple[str, ...]:
    """The translation as a tuple: one text, or one for each plural form."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


def translated(messages: dict[Key, Message]) -> dict[Key, Message]:
    return {key: message for key, message in messages.items() if all(forms(message)) and not message.fuzzy}


# Reading the code


def python_files() -> list[Path]:
    files = [path for app in APPS for path in (ROOT / app).rglob("*.py")]
    return sorted(path for path in files if not NOT_SHOWN & set(path.relative_to(ROOT).parts))


def template_files() -> list[Path]:
    folders = [ROOT / "templates", *(ROOT / app / "templates" for app in APPS)]
    return sorted(path for folder in folders for path in folder.rglob("*") if path.is_file())


def script_files() -> list[Path]:
    return sorted((ROOT / "static" / "js").glob("*.js"))


def python_of(path: Path) -> io.BytesIO:
    """The file as Python source; a template becomes the gettext calls it stands for."""
    source = path.read_text(encoding="utf-8")
    if path.suffix == ".py":
        return io.BytesIO(source.encode())
    calls = templatize(source, origin=str(path))
    # The indentation of a template means nothing; Python's tokenizer would trip over it.
    return io.BytesIO("\n".join(line.strip() for line in calls.splitlines()).encode())


def add_strings_of(path: Path, found: Catalog) -> None:
    """Every string that one file marks for translation, with its context and the comment for translators."""
    for line, text, comments, context in extract("python", python_of(path), KEYWORDS, ["Translators:"]):
        location = (path.relative_to(ROOT).as_posix(), line)
        found.add(text, context=context, locations=[location], auto_comments=comments)


def add_strings_of_script(path: Path, found: Catalog) -> None:
    """Every string that a script of ours asks Django's JavaScript catalogue for."""
    with path.open("rb") as file:
        for line, text, comments, context in extract("javascript", file, KEYWORDS, ["Translators:"]):
            location = (path.relative_to(ROOT).as_posix(), line)
            found.add(text, context=context, locations=[location], auto_comments=comments)


def add_library_strings(found: Catalog, domain: str) -> None:
    """What libraries show without a translation of their own: the constants of the declaring file, by their names."""
    for library, texts in runpy.run_path(str(LIBRARY_STRINGS)).items():
        if not library.isupper() or library.endswith("_SCRIPTS") != (domain == "djangojs"):
            continue
        for text in texts:
            context = getattr(text, "context", None)
            found.add(text.text if context else text, context=context, auto_comments=[f"From {library}"])


def extract_messages(domain: str) -> Catalog:
    """Every string of a domain that the code, the templates and the declared libraries show."""
    found = Catalog()
    if domain == "django":
        for path in python_files() + template_files():
            add_strings_of(path, found)
    else:
        for path in script_files():
            add_strings_of_script(path, found)
    add_library_strings(found, domain)
    return found


# Reading and writing the catalogues


def po_path(language: str, domain: str) -> Path:
    return LOCALE / language / "LC_MESSAGES" / f"{domain}.po"


def read_catalog(language: str, domain: str) -> StableCatalog:
    """The .po file, or an empty catalogue where there is none yet."""
    catalog = StableCatalog(language)
    path = po_path(language, domain)
    if path.exists():
        with path.open("rb") as file:
            for message in messages_of(read_po(file, locale=language, abort_invalid=True)).values():
                catalog[message.id] = message
    return catalog


def fitted(message: Message, old: Message | None, language: str) -> str | tuple[str, ...]:
    """The translation a message keeps, in as many forms as it now has; English is its own translation."""
    plural = isinstance(message.id, tuple)
    if language == SOURCE_LANGUAGE:
        return message.id
    texts = forms(old) if old else ("",)
    return (texts[0],) if plural else texts[0]


def merge(found: Catalog, language: str, domain: str) -> StableCatalog:
    """What the code shows, with the translations there are; what it no longer shows is dropped."""
    old = messages_of(read_catalog(language, domain))
    merged = StableCatalog(language)
    for key, message in messages_of(found).items():
        known = old.get(key)
        merged.add(
            message.id,
            fitted(message, known, language),
            context=message.context,
            locations=message.locations,
            flags={"fuzzy"} if known and known.fuzzy else (),
            auto_comments=message.auto_comments,
            user_comments=known.user_comments if known else (),
        )
    return merged


def update() -> None:
    for language, domain in CATALOGUES:
        catalog = merge(extract_messages(domain), language, domain)
        path = po_path(language, domain)
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("wb") as file:
            write_po(file, catalog, width=100, sort_output=True, include_lineno=False)
        empty = sum(not all(forms(message)) for message in messages_of(catalog).values())
        print(f"{language}/{domain}: {len(catalog)} strings, {empty} to translate")


def compile_catalogs() -> None:
    for language, domain in CATALOGUES:
        compiled = StableCatalog(language)
        # An empty translation would be shown as such; without one Django shows the original.
        for message in translated(messages_of(read_catalog(language, domain))).values():
            compiled[message.id] = message
        with po_path(language, domain).with_suffix(".mo").open("wb") as file:
            write_mo(file, compiled)


# Checking


def placeholders(text: str) -> set[str]:
    return set(PLACEHOLDER.findall(text.replace("%%", "")))


def wrong_placeholders(message: Message) -> bool:
    """Whether a translation names other values than its original; the only form of a language matches the plural."""
    originals = message.id if isinstance(message.id, tuple) else (message.id,)
    pairs = zip(originals[-len(forms(message)) :], forms(message), strict=True)
    return any(placeholders(text) != placeholders(original) for original, text in pairs)


def compiled_texts(language: str, domain: str) -> dict[Key, tuple[str, ...]]:
    path = po_path(language, domain).with_suffix(".mo")
    if not path.exists():
        return {}
    with path.open("rb") as file:
        return {key: forms(message) for key, message in messages_of(read_mo(file)).items()}


def check_catalog(language: str, domain: str) -> Iterator[str]:
    """Every fault of one catalogue, as a line to print."""
    found = messages_of(extract_messages(domain))
    known = messages_of(read_catalog(language, domain))
    ready = translated(known)
    for key in found.keys() - known.keys():
        yield f"not in the catalogue: {key[1]!r}"
    for key in known.keys() - found.keys():
        yield f"no longer in the code: {key[1]!r}"
    for key in known.keys() - ready.keys():
        yield f"not translated: {key[1]!r}"
    for key, message in ready.items():
        if wrong_placeholders(message):
            yield f"other placeholders than the original: {key[1]!r}"
    if compiled_texts(language, domain) != {key: forms(message) for key, message in ready.items()}:
        yield f"{domain}.mo does not say what {domain}.po says; run: python deploy/messages.py compile"


def check() -> list[str]:
    """Every fault of every catalogue."""
    return [
        f"{language}: {fault}" for language, domain in CATALOGUES for fault in sorted(check_catalog(language, domain))
    ]


def main(arguments: list[str]) -> int:
    commands = {"update": update, "compile": compile_catalogs, "check": check}
    if len(arguments) != 1 or arguments[0] not in commands:
        print(__doc__.strip())
        return 2
    faults = commands[arguments[0]]() or []
    print("\n".join(faults), end="\n" if faults else "")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
