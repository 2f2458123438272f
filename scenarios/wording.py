"""Say in our own words what the rules of the tables found, and at which key."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, Final, Union, get_args, get_origin

from scenarios.errors import nearest
from scenarios.positions import Path
from scenarios.schema.base import Table
from scenarios.schema.scenario import Scenario

_NOUNS: Final = {
    "faults": "fault",
    "nemesis": "nemesis",
    "workload": "workload",
    "otherwise": "workload",
    "latency": "law of latency",
    "body": "law of latency",
}
_TYPES: Final = {
    "int_type": "a whole number",
    "string_type": "text in quotes",
    "bool_type": "true or false",
    "tuple_type": "a list in brackets",
    "dict_type": "a table",
    "model_type": "a table",
    "model_attributes_type": "a table",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Complaint:
    """What is wrong, at a path of the file: at the key itself, or at its value."""

    path: Path
    message: str
    at_key: bool = False


def explain(error: Mapping[str, Any], values: Mapping[str, Any]) -> Complaint:
    """Turn one error of pydantic into a complaint."""
    kind, loc, context = error["type"], error["loc"], error.get("ctx", {})
    path = real_path(loc, values)
    key = spelled(path)
    if kind == "extra_forbidden":
        return _unknown_key(path, values)
    if kind == "missing":
        return _missing(path, loc[-1], values)
    if kind.startswith("union_tag"):
        return _unknown_kind(path, kind, context)
    if kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        hint = nearest(str(error["input"]), choices)
        return Complaint(path=path, message=f'{key}: "{error["input"]}" is not valid{hint}')
    if kind in _TYPES:
        told = f"{key}: expected {_TYPES[kind]}, found {shown(error['input'])}"
        description = described(path, values)
        return Complaint(path=path, message=told + (f" ({description})" if description else ""))
    if kind == "value_error":
        told = re.sub(r"\b(\w+)_ns\b", r"\1", str(context["error"]))
        return Complaint(path=path, message=f"{key}: {told}" if key else told)
    told = error["msg"][:1].lower() + error["msg"][1:]
    return Complaint(path=path, message=f"{key}: {told}, found {shown(error['input'])}")


def real_path(loc: Path, values: Any) -> Path:
    """Drop the tags of unions, which pydantic puts into its paths and no file has."""
    path: Path = ()
    for part in loc:
        inside = isinstance(values, tuple) and isinstance(part, int) and part < len(values)
        if inside or (isinstance(values, Mapping) and part in values):
            values = values[part]
        else:
            continue
        path = (*path, part)
    return path


def spelled(path: Path) -> str:
    """Write a path as a person would: `faults[2].start`, counted from 1."""
    text = ""
    for part in path:
        text += f"[{part + 1}]" if isinstance(part, int) else f".{part}" if text else part
    return text


def shown(value: object) -> str:
    """Show a value of the file, cut to a readable length."""
    text = f'"{value}"' if isinstance(value, str) else str(value)
    if isinstance(value, bool):
        text = text.lower()
    if isinstance(value, Mapping | tuple):
        text = "a table" if isinstance(value, Mapping) else "a list"
    return text if len(text) <= 60 else text[:59] + "…"


def table_at(path: Path, values: Any, table: type[Table] | None = Scenario) -> type[Table] | None:
    """Return the table that holds the keys at a path."""
    if not path or table is None:
        return table
    part, rest = path[0], path[1:]
    field = table.model_fields.get(str(part))
    values = values[part]
    if isinstance(values, tuple) and rest and isinstance(rest[0], int):
        values, rest = values[rest[0]], rest[1:]
    if field is None or not isinstance(values, Mapping):
        return None
    return table_at(rest, values, _with_kind(_tables_in(field.annotation), values))


def described(path: Path, values: Mapping[str, Any]) -> str:
    """Return what the schema says about a key."""
    if not path or not isinstance(path[-1], str):
        return ""
    table = table_at(path[:-1], values)
    field = table.model_fields.get(path[-1]) if table else None
    return (field.description or "") if field else ""


def _unknown_key(path: Path, values: Mapping[str, Any]) -> Complaint:
    table = table_at(path[:-1], values)
    known = list(table.model_fields) if table else []
    where = spelled(path[:-1])
    within = f" in {where}" if where else ""
    hint = nearest(str(path[-1]), known)
    return Complaint(path=path, message=f'unknown key "{path[-1]}"{within}{hint}', at_key=True)


def _missing(path: Path, name: str | int, values: Mapping[str, Any]) -> Complaint:
    told = described((*path, str(name)), values)
    where = spelled(path) or "the scenario"
    message = f'{where} needs "{name}"' + (f": {told}" if told else "")
    return Complaint(path=path, message=message, at_key=True)


def _unknown_kind(path: Path, kind: str, context: Mapping[str, Any]) -> Complaint:
    names = [part for part in path if isinstance(part, str)]
    noun = _NOUNS.get(names[-1], "kind") if names else "kind"
    if kind == "union_tag_not_found":
        return Complaint(path=path, message=f'{spelled(path)} needs "kind"', at_key=True)
    choices = re.findall(r"'([^']*)'", context["expected_tags"])
    tag = context["tag"]
    return Complaint(path=(*path, "kind"), message=f'unknown {noun} "{tag}"{nearest(tag, choices)}')


def _tables_in(annotation: Any) -> list[type[Table]]:
    """Return every table that an annotation mentions."""
    if isinstance(annotation, type) and issubclass(annotation, Table):
        return [annotation]
    if isinstance(annotation, tuple):
        return [table for part in annotation for table in _tables_in(part)]
    if get_origin(annotation) in (Annotated, Union, types.UnionType, tuple):
        return [table for part in get_args(annotation) for table in _tables_in(part)]
    return []


def _with_kind(tables: list[type[Table]], values: Mapping[str, Any]) -> type[Table] | None:
    """Return the table whose kind the values state; the only one, when there is one."""
    if len(tables) == 1:
        return tables[0]
    for table in tables:
        field = table.model_fields.get("kind")
        if field and values.get("kind") in get_args(field.annotation):
            return table
    return None
