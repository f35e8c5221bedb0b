"""The database written back to fixtures, so that a diff shows what editors changed and nothing else.

A row that says what the database says stays as it is, to the byte. A row that
does not is read and written by a library that keeps comments, order and style,
with only the differing fields replaced. New rows take their place by key.
"""

import io
import re
from collections.abc import Iterator
from pathlib import Path
from textwrap import indent
from typing import Any

from django.db import models
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.scalarstring import (
    DoubleQuotedScalarString,
    FoldedScalarString,
    LiteralScalarString,
    SingleQuotedScalarString,
)

from portal.database import content_models
from portal.sync.files import FIXTURES
from portal.sync.reading import Node, Problem, Reader, Row, Unreadable, nodes_of
from portal.sync.values import (
    KeyIndex,
    Plain,
    default_of,
    has_updated,
    is_empty,
    is_text,
    key_fields,
    label_of,
    merged_fields,
    stored_values,
)

LINE = 80  # a longer text becomes a block
BLOCK_LINE = 94  # of a block, which is indented by six
PORTION = 500
SENTINEL = "end-of-row: here"  # below a text that keeps its empty lines, while the library has the row
# What stands last in a row, as in every file; the model's own fields come first.
LAST = ("sources", "state", "published_from", "withdrawn_reason_vi", "withdrawn_reason_en", "updated", "note")

Fields = dict[str, Plain]


class Unwritable(Exception):
    """A file that is there cannot be read, so it is not overwritten."""


def export(folder: Path) -> dict[str, int]:
    """Write every model to its file; files that are there, else those of fixtures/, are what is followed.

    Gives how many rows of each changed file are new, changed or gone. Raises Unwritable.
    """
    index = KeyIndex()
    models_of = {path: {row.model for _block, row in split(path)[1]} for path in templates(folder)}
    texts: dict[Path, str] = {}
    changes: dict[str, int] = {}
    for number, model in enumerate(content_models(), start=1):
        home = next((path for path, found in models_of.items() if model in found), None)
        path = home or folder / f"{number:02d}_{re.sub(r'[^a-z]+', '_', str(label_of(model)).partition('.')[2])}s.yaml"
        before = texts.get(path) or (path.read_text(encoding="utf-8") if home else "")
        texts[path], changed = written(model, before, path, index)
        if changed:
            changes[path.name] = changes.get(path.name, 0) + changed
    folder.mkdir(parents=True, exist_ok=True)
    for path, text in texts.items():
        target = folder / path.name
        if text and not (target.exists() and target.read_text(encoding="utf-8") == text):
            target.write_text(text, encoding="utf-8", newline="\n")
    return changes


def templates(folder: Path) -> list[Path]:
    found = {path.name: path for path in FIXTURES.glob("*.yaml")} | {path.name: path for path in folder.glob("*.yaml")}
    return [found[name] for name in sorted(found)]


def split(path: Path, text: str | None = None) -> tuple[str, list[tuple[str, Row]]]:
    """The head of a file, and each of its rows as text and as read."""
    text = path.read_text(encoding="utf-8") if text is None else text
    problems: list[Problem] = []
    reader = Reader(problems.append)
    lines = text.splitlines(keepends=True)
    try:
        nodes: list[Node] = list(nodes_of(io.BytesIO(text.encode())))
    except Unreadable as fault:
        raise Unwritable(f"{path}:{fault.line}: {fault}") from fault
    starts = [node.line - 1 for node in nodes]
    rows = [reader.row(path.name, node) for node in nodes]
    if problems:
        raise Unwritable(f"{path}:{problems[0].line}: {problems[0].message}")
    # A comment above a row belongs to it.
    starts = [own_comment(lines, start) for start in starts] if starts else []
    ends = [*starts[1:], len(lines)] if starts else []
    head = "".join(lines[: starts[0]] if starts else lines)
    blocks = ["".join(lines[start:end]) for start, end in zip(starts, ends, strict=True)]
    return head, list(zip(blocks, rows, strict=True))


def own_comment(lines: list[str], start: int) -> int:
    while start and lines[start - 1].startswith("#"):
        start -= 1
    return start


def written(model: type[models.Model], text: str, path: Path, index: KeyIndex) -> tuple[str, int]:
    """The text of a file with the rows of one model brought up to the database, and how many are other ones.

    Raises Unwritable where the new text would not read as it should.
    """
    head, rows = split(path, text)
    known = {row.key: (block, row) for block, row in rows if row.model is model}
    # Rows of other models that share the file stay before or after, as they stood.
    before, blocks, after, met = [], [], [], False
    expected: dict[tuple[type, str], int] = {}
    for block, row in rows:
        met = met or row.model is model
        if row.model is not model:
            (after if met else before).append(block)
            expected[row.model, row.key] = mark_of(row.model, row.values)
    changed = 0
    for key, values in sorted_records(model, index):
        block, row = known.pop(key, ("", None))
        new = updated_block(model, key, block, row, values) if row else new_block(model, key, values)
        changed += new != block
        blocks.append(new)
        expected[model, key] = mark_of(model, values)
    if not (changed or known):
        return text if blocks or text else "", 0
    result = joined([head, *before, *blocks, *after])
    verify(path, result, expected)
    return result, changed + len(known)


def mark_of(model: type[models.Model], values: Fields) -> int:
    """A small mark of all that a record says, to compare without keeping it."""
    return hash(tuple(repr(values.get(name, default_of(field))) for name, field in merged_fields(model).items()))


def joined(parts: list[str]) -> str:
    """The parts of a file with one empty line between them, or the ones that belong to a text that ends in them."""
    ends = [part.lstrip("\n") if ends_open(part) else part.strip("\n") + "\n\n" for part in parts if part.strip("\n")]
    whole = "".join(ends)
    return whole if ends and ends_open(parts[-1]) else whole.rstrip("\n") + "\n"


def ends_open(block: str) -> bool:
    """Whether the empty lines behind a row are part of its last text, as “|+” makes them."""
    if not re.search(r"[|>][0-9]?\+", block):
        return False
    less, more = (list(nodes_of(io.BytesIO((block.rstrip("\n") + end).encode()))) for end in ("\n", "\n\n\n"))
    return less != more


def verify(path: Path, text: str, expected: dict[tuple[type, str], int]) -> None:
    """Raises Unwritable unless a text reads as exactly these records."""
    found = {(row.model, row.key): mark_of(row.model, row.values) for _block, row in split(path, text)[1]}
    for (model, key), mark in expected.items():
        if found.pop((model, key), None) != mark:
            raise Unwritable(f"{path}: {label_of(model)} {key} would not be read back as the database says it")
    if found:
        raise Unwritable(f"{path}: {len(found)} rows would be read that the database does not have")


def sorted_records(model: type[models.Model], index: KeyIndex) -> Iterator[tuple[str, Fields]]:
    """Every record by its key, a portion of them at a time."""
    keys = sorted(
        ((tuple(key.split("/")), number) for number, key in index.all(model).items()), key=lambda pair: pair[0]
    )
    extra = ("updated",) if has_updated(model) else ()
    for start in range(0, len(keys), PORTION):
        portion = keys[start : start + PORTION]
        values = stored_values(model, [number for _key, number in portion], index, extra)
        for key, _number in portion:
            yield "/".join(key), values["/".join(key)]


def represent_nothing(representer: Any, _nothing: None) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:null", "null")


def yaml_library() -> YAML:
    library = YAML(typ="rt")
    library.preserve_quotes = True
    library.width = 10_000  # blocks bring their own line breaks; nothing else is broken
    library.indent(mapping=2, sequence=4, offset=2)
    library.representer.add_representer(type(None), represent_nothing)
    return library


def updated_block(model: type[models.Model], key: str, block: str, row: Row, values: Fields) -> str:
    """The row as text, with the fields that the database tells otherwise replaced."""
    said = dict(row.values) | ({"updated": row.updated} if "updated" in row.lines else {})
    differing = {name for name, value in values.items() if name in said and said[name] != value}
    differing |= {
        name for name, value in values.items() if name not in said and value != default_of(field_named(model, name))
    } - ({"updated"} if "updated" not in said else set())
    if not differing:
        return block
    emptied = {name for name in differing & set(said) if leaves_out(model, name, values[name])}
    block = without(block, row, emptied)
    if differing == emptied:
        return block
    # Indented as the library writes it, so that comments keep their place; without the blank lines behind the row,
    # which would stay before what is added.
    is_open = ends_open(block)
    kept = block + f"    {SENTINEL}\n" if is_open else block.rstrip() + "\n"
    document = yaml_library().load(indent(kept, "  "))
    fields = document[0]["fields"]
    for name in written_order(model):
        if name not in differing - emptied:
            continue
        if name in fields:
            fields[name] = represented(model, name, values[name], fields[name])
        else:
            fields.insert(place_of(model, name, list(fields)), name, represented(model, name, values[name]))
    text = dumped(document).partition(f"    {SENTINEL}\n")[0]
    for name, style in re.findall(r"(?m)^    (\w+): ([|>])\+$", block):  # which the library drops where it is idle
        if name not in differing:
            text = text.replace(f"\n    {name}: {style}\n", f"\n    {name}: {style}+\n", 1)
    return text


def leaves_out(model: type[models.Model], name: str, value: Plain) -> bool:
    """Whether a field says nothing: it is as empty as if no file named it, and so the row does not."""
    return is_empty(value) and value == default_of(field_named(model, name))


def without(block: str, row: Row, names: set[str]) -> str:
    """The text of a row without the lines of some fields; comments above other fields stay."""
    lines = block.splitlines(keepends=True)
    [node] = nodes_of(io.BytesIO(block.encode()))
    shift = row.line - node.line  # where the block begins in its file
    starts = sorted(line - shift - 1 for line in row.lines.values())
    for start in sorted((row.lines[name] - shift - 1 for name in names), reverse=True):
        end = next((other for other in starts if other > start), len(lines))
        while end > start + 1 and (not lines[end - 1].strip() or is_comment(lines, start, end - 1)):
            end -= 1
        del lines[start:end]
    return "".join(lines)


def is_comment(lines: list[str], start: int, place: int) -> bool:
    """Whether a line below a field is a comment, and no part of a block of text."""
    indent = len(lines[start]) - len(lines[start].lstrip())
    line = lines[place]
    return line.lstrip().startswith("#") and len(line) - len(line.lstrip()) <= indent


def new_block(model: type[models.Model], key: str, values: Fields) -> str:
    fields = CommentedMap()
    *parents, last = key.split("/")
    for name, parent in zip(key_fields(model), parents, strict=False):
        fields[name] = flow([parent])
    fields[key_fields(model)[-1]] = represented_text(last)
    for name in written_order(model):
        if name in values and values[name] != default_of(field_named(model, name)):
            fields[name] = represented(model, name, values[name])
    row = CommentedMap()
    row["model"], row["fields"] = label_of(model), fields
    return dumped(CommentedSeq([row]))


def dumped(document: Any) -> str:
    stream = io.StringIO()
    yaml_library().dump(document, stream)
    # The rows of a file are not indented; the lists inside them are.
    text = stream.getvalue()
    text = re.sub(r"(?m)^  ", "", text) if re.search(r"(?m)^  - model:", text) else text
    return re.sub(r"(?m)[ \t]+$", "", text)


def field_named(model: type[models.Model], name: str) -> models.Field:
    return model._meta.get_field(name)


def written_order(model: type[models.Model]) -> list[str]:
    """The fields in the order in which a new row holds them."""
    names = [field.name for field in model._meta.fields if field.name in merged_fields(model)]
    names += [field.name for field in model._meta.many_to_many]
    own = [name for name in names if name not in LAST]
    return [*own, *(name for name in LAST if name in names or (name == "updated" and has_updated(model)))]


def place_of(model: type[models.Model], name: str, present: list[str]) -> int:
    """Where a field belongs among those that are there: after the last one that stands before it."""
    order = [*key_fields(model), *written_order(model)]
    earlier = set(order[: order.index(name)])
    return max((place + 1 for place, other in enumerate(present) if other in earlier), default=len(present))


def flow(parts: list) -> CommentedSeq:
    sequence = CommentedSeq(parts)
    sequence.fa.set_flow_style()
    return sequence


def represented(model: type[models.Model], name: str, value: Plain, before: Any = None) -> Any:
    """A value as the library writes it, in the style of what it replaces."""
    field = field_named(model, name)
    if field.many_to_many:
        items = ordered_like([flow(key.split("/")) for key in value], before)
        line = f"    {name}: [{', '.join('[' + ', '.join(item) + ']' for item in items)}]"
        is_block = len(line) > LINE if before is None else not before.fa.flow_style() and len(before) > 0
        return CommentedSeq(items) if is_block and items else flow(items)
    if field.many_to_one and value is not None:
        return flow(value.split("/"))
    return represented_value(field, value)


def represented_value(field: models.Field, value: Plain) -> Any:
    if is_text(field):
        return represented_text(value, f"    {field.name}: ", is_address=isinstance(field, models.URLField))
    if value is None or isinstance(value, int):
        return value
    if isinstance(field, models.DateField):  # a moment too
        return plain_scalar(value.replace("T", " "))
    if isinstance(field, models.TimeField):
        return SingleQuotedScalarString(value[:5] if value.endswith(":00") else value)
    return SingleQuotedScalarString(value)


def ordered_like(items: list[CommentedSeq], before: Any) -> list[CommentedSeq]:
    """The items in the order in which they stood; new ones last."""
    places = {tuple(str(part) for part in item): place for place, item in enumerate(before or [])}
    return sorted(items, key=lambda item: places.get(tuple(item), len(places)))


def plain_scalar(text: str) -> Any:
    """A date or moment without quotation marks, as the library reads it."""
    return yaml_library().load(f"value: {text}\n")["value"]


def represented_text(text: str, before: str = "", is_address: bool = False) -> Any:
    """A text on its line, or as a block when it is long or has lines of its own."""
    if re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u2028\u2029\ufeff]|[ ](\n|$)|^\s|\n\n\Z", text):
        return DoubleQuotedScalarString(text)  # what a block or a plain line would not keep
    if "\n" in text:
        return LiteralScalarString(text)
    if len(before) + len(text) <= LINE or is_address or not foldable(text):
        return quoted_where_needed(text)
    folded = FoldedScalarString(text)
    folded.fold_pos = fold_places(text)
    return folded


def quoted_where_needed(text: str) -> Any:
    """In quotation marks where a reader of YAML would take the text for a number, a date or yes and no."""
    is_other = text == "" or re.fullmatch(r"[-+]?[0-9][0-9_.,:\-T Z+]*|(?i:yes|no|on|off|y|n)", text)
    return SingleQuotedScalarString(text) if is_other else text


def foldable(text: str) -> bool:
    return "  " not in text and text == text.strip() and not text.startswith("#")


def fold_places(text: str) -> list[int]:
    """Which blanks of a block become line breaks."""
    places, start = [], 0
    while len(text) - start > BLOCK_LINE:
        place = text.rfind(" ", start, start + BLOCK_LINE + 1)
        if place <= start:
            place = text.find(" ", start + 1)
            if place < 0:
                break
        places.append(place)
        start = place + 1
    return places
