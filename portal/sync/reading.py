"""Fixture files as rows, each value with its line; what cannot be read becomes a problem.

A file is read as a stream of parts, one row after the other, so that its length
does not matter. Anything wrong is noted and reading goes on.
"""

import difflib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NamedTuple

import yaml
from django.core.exceptions import ValidationError
from django.db import models
from django.utils.translation import gettext as _

from portal.models import Part, is_translated
from portal.sync.values import (
    Plain,
    allowed,
    is_text,
    key_fields,
    known_fields,
    label_of,
    merged_fields,
    models_by_label,
    plain,
)

LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
DEEPEST = 20  # lists in lists; a fixture needs four
NOTHING = {"", "~", "null", "Null", "NULL"}


@dataclass(frozen=True)
class Problem:
    """Something that keeps the content from being loaded."""

    file: str
    line: int
    message: str
    kind: str = ""
    key: str = ""
    field: str = ""
    allowed: str = ""


@dataclass
class Row:
    """What a file says of one record. `base` is given where the file brings its own, as a spreadsheet does."""

    model: type[models.Model]
    key: str
    file: str
    line: int
    values: dict[str, Plain] = field(default_factory=dict)
    lines: dict[str, int] = field(default_factory=dict)
    updated: str | None = None
    base: dict[str, Plain] | None = None
    sound: bool = True

    def problem(self, message: str, name: str = "", allowed: str = "") -> Problem:
        line = self.lines.get(name, self.line)
        return Problem(self.file, line, message, label_of(self.model), self.key, name, allowed)


class Node(NamedTuple):
    """A part of a YAML document: a text, a list of nodes, or a list of pairs."""

    kind: str
    value: Any
    line: int
    quoted: bool = False


class Unreadable(Exception):
    """The rest of a file cannot be read."""

    def __init__(self, line: int, message: str) -> None:
        super().__init__(message)
        self.line = line


def build(events: Iterator, event: Any, anchors: dict[str, Node], depth: int = 0) -> Node:
    """The node that begins with an event; what an anchor names is kept. Raises Unreadable."""
    line = event.start_mark.line + 1
    if depth > DEEPEST:
        raise Unreadable(line, _("The lists in this file are nested too deeply."))
    if isinstance(event, yaml.AliasEvent):
        if event.anchor not in anchors:
            raise Unreadable(line, _("*%(name)s refers to nothing above it.") % {"name": event.anchor})
        return anchors[event.anchor]._replace(line=line)
    if isinstance(event, yaml.ScalarEvent):
        node = Node("text", event.value, line, event.style in ("'", '"', "|", ">"))
    else:
        parts: list = []
        is_mapping = isinstance(event, yaml.MappingStartEvent)
        while not isinstance(part := next(events), yaml.MappingEndEvent | yaml.SequenceEndEvent):
            first = build(events, part, anchors, depth + 1)
            parts.append((first, build(events, next(events), anchors, depth + 1)) if is_mapping else first)
        node = Node("mapping" if is_mapping else "list", parts, line)
    if event.anchor:
        anchors[event.anchor] = node
    return node


def nodes_of(stream: Any) -> Iterator[Node]:
    """The top entries of a document that is one list. Raises Unreadable."""
    try:
        events = yaml.parse(stream, Loader=LOADER)
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                yield from entries_of(events)
                break
        for event in events:  # to the end, so that nothing behind the list is passed over
            if isinstance(event, yaml.DocumentStartEvent):
                message = _("A file holds one document; another one begins here, after “---” or “...”.")
                raise Unreadable(event.start_mark.line + 1, message)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        message = _("This is not valid YAML: %(problem)s.") % {"problem": error.problem or error.context}
        raise Unreadable(mark.line + 1 if mark else 1, message) from error
    except (yaml.YAMLError, UnicodeError) as error:
        raise Unreadable(1, _("The file is not readable as UTF-8 text.")) from error


def entries_of(events: Iterator) -> Iterator[Node]:
    """The entries of the list that a document is; nothing of an empty one. Raises Unreadable."""
    first = next(events)
    if isinstance(first, yaml.ScalarEvent) and first.value in NOTHING:
        return
    if not isinstance(first, yaml.SequenceStartEvent):
        message = _("A fixture file is a list of rows, each beginning with “- model:”.")
        raise Unreadable(first.start_mark.line + 1, message)
    anchors: dict[str, Node] = {}
    while not isinstance(event := next(events), yaml.SequenceEndEvent):
        yield build(events, event, anchors)


class Reader:
    """Reads files into rows and keeps what is wrong with them."""

    def __init__(self, note: Any) -> None:
        self.note = note  # called with each Problem

    def read(self, path: Path) -> Iterator[Row]:
        with path.open("rb") as stream:
            yield from self.read_stream(path.as_posix(), stream)

    def read_stream(self, name: str, stream: Any) -> Iterator[Row]:
        try:
            for node in nodes_of(stream):
                if row := self.row(name, node):
                    yield row
        except Unreadable as fault:
            self.note(Problem(name, fault.line, str(fault)))

    def row(self, file: str, node: Node) -> Row | None:
        """The row of a node; None when not even its record can be told."""
        parts = self.pairs(file, node)
        if parts is None:
            return None
        for name in parts.keys() - {"model", "fields"}:
            message = _("“%(name)s” does not belong here: records are named by their own key, never by number.")
            self.note(Problem(file, parts[name].line, message % {"name": name}, field=name, allowed="model, fields"))
        label = parts["model"].value if "model" in parts and parts["model"].kind == "text" else ""
        model = models_by_label().get(label.lower())
        if model is None:
            line = parts["model"].line if "model" in parts else node.line
            message = _("There is no model “%(name)s”.") % {"name": label}
            self.note(Problem(file, line, message, label, allowed=nearest(label, models_by_label())))
            return None
        fields = self.pairs(file, parts.get("fields") or Node("text", "", node.line), label)
        return None if fields is None else self.filled(model, file, node.line, fields)

    def pairs(self, file: str, node: Node, label: str = "") -> dict[str, Node] | None:
        """A mapping as a dictionary; a name that stands there twice is a problem."""
        if node.kind != "mapping":
            message = _("A row has “model:” and, indented below “fields:”, one line for each field.")
            self.note(Problem(file, node.line, message, label))
            return None
        found: dict[str, Node] = {}
        for name, value in node.value:
            if name.kind != "text" or name.value in found:
                message = _("“%(name)s” is written twice in one row.") % {"name": name.value}
                self.note(Problem(file, name.line, message, label, field=str(name.value)))
            else:
                found[name.value] = value._replace(line=name.line)
        return found

    def filled(self, model: type[models.Model], file: str, line: int, nodes: dict[str, Node]) -> Row | None:
        """The row with all the values that can be understood."""
        row = Row(model, "", file, line, lines={name: node.line for name, node in nodes.items()})
        parts = [key_part(model, name, nodes[name]) if name in nodes else None for name in key_fields(model)]
        row.key = "/".join(part or "?" for part in parts)
        for name, part in zip(key_fields(model), parts, strict=True):
            if not part:
                message = _("A record is named by %(names)s; this row does not say it.")
                names = ", ".join(key_fields(model))
                self.note(row.problem(message % {"names": names}, name, allowed(model._meta.get_field(name))))
        for name, node in nodes.items():
            self.fill(row, name, node)
        return row if all(parts) else None

    def fill(self, row: Row, name: str, node: Node) -> None:
        model = row.model
        if name in key_fields(model):
            return
        field = merged_fields(model).get(name)
        if field is None and name != "updated":
            row.sound = False
            self.note(row.problem(unknown_field(model, name), name, nearest(name, known_fields(model))))
            return
        try:
            if field is None:
                moment = model._meta.get_field(name)
                row.updated = plain(moment, moment.to_python(single_text(node)))
            else:
                row.values[name] = value_of(field, node)
        except ValidationError as error:
            row.sound = False
            self.note(row.problem(" ".join(error.messages), name, allowed(field or model._meta.get_field(name))))


def nearest(name: str, names: Iterable[str]) -> str:
    """The names that may be meant: the most alike, or all."""
    names = list(names)
    return ", ".join(difflib.get_close_matches(name, names, n=3) or names)


def unknown_field(model: type[models.Model], name: str) -> str:
    if is_translated(model, name):
        return _("“%(name)s” needs its language: write %(name)s_vi and %(name)s_en.") % {"name": name}
    return _("There is no field “%(name)s” here.") % {"name": name}


def single_text(node: Node) -> str | None:
    """The text of a single value; None for nothing."""
    if node.kind != "text":
        raise ValidationError(_("One value is expected, not a list."))
    return None if not node.quoted and node.value in NOTHING else node.value


def key_part(model: type[models.Model], name: str, node: Node) -> str | None:
    """One part of a record's own key; a parent is written as a list of one."""
    if node.kind == "list":
        return node.value[0].value if len(node.value) == 1 and node.value[0].kind == "text" else None
    return node.value if node.kind == "text" and name != getattr(model, "parent_field", "") else None


def reference(field: models.Field, node: Node) -> str:
    """The key that a list of one or two texts stands for."""
    length = 2 if issubclass(field.related_model, Part) else 1
    if node.kind != "list" or len(node.value) != length or any(part.kind != "text" for part in node.value):
        raise ValidationError(_("A reference is written as a list of the parts of the key."))
    return "/".join(part.value for part in node.value)


def value_of(field: models.Field, node: Node) -> Plain:
    """The plain value of a node. Raises ValidationError where the field cannot hold it."""
    if field.is_relation:
        if node.kind == "text" and single_text(node) in (None, ""):
            return [] if field.many_to_many else None
        if not field.many_to_many:
            return reference(field, node)
        if node.kind != "list":
            raise ValidationError(_("A list of references is expected."))
        return sorted({reference(field, part) for part in node.value})
    return text_value(field, single_text(node))


def text_value(field: models.Field, text: str | None) -> Plain:
    """The plain value of a written text. Raises ValidationError where the field cannot hold it."""
    if is_text(field):
        return plain(field, text)
    return None if text in (None, "") else plain(field, field.to_python(text))
