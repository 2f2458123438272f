"""Read a scenario file, or say what is wrong with it: every problem with its line and column.

Three readers share the work: `tomllib` gives the values, the pydantic tables the rules, and
`positions` the places. Problems come in file order, each with the nearest valid name.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from scenarios.errors import Problem, UsageError
from scenarios.names import check_names
from scenarios.positions import Place, Positions
from scenarios.schema.scenario import Scenario
from scenarios.wording import Complaint, explain

STANDARD_INPUT: Final = "-"
_SIZE_MAX: Final = 8 << 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A scenario, the name that a person gave it, and the folder that its paths start from."""

    scenario: Scenario
    name: str
    folder: Path


def load(path: Path, *, name: str | None = None) -> Source:
    """Read a scenario file; raises `UsageError` with up to ten problems."""
    try:
        content = path.read_bytes()
    except OSError as error:
        reason = (error.strerror or str(error)).lower()
        raise UsageError(f"cannot read {path}: {reason}") from error
    return parse(content, name=name or str(path), folder=path.parent)


def load_standard_input() -> Source:
    """Read a scenario from standard input."""
    return parse(sys.stdin.buffer.read(), name="standard input", folder=Path.cwd())


def parse(content: bytes, *, name: str, folder: Path) -> Source:
    """Read the bytes of a scenario file."""
    if len(content) > _SIZE_MAX:
        raise UsageError("this is no scenario: it is larger than 8 MiB", where=name)
    try:
        text = content.decode()
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise UsageError("the file is not UTF-8 text", where=f"{name}:{line}:1") from error
    try:
        values = frozen(tomllib.loads(text))
    except tomllib.TOMLDecodeError as error:
        raise _broken_toml(error, name) from error
    try:
        scenario = Scenario.model_validate(values)
        complaints = list(check_names(scenario))
    except ValidationError as error:
        complaints = list(_complaints(error, values))
    if complaints:
        raise UsageError(problems=_in_file_order(complaints, Positions(text), name))
    return Source(scenario=scenario, name=name, folder=folder)


def frozen(value: Any) -> Any:
    """Return the value with tuples for lists, which is what frozen tables hold."""
    if isinstance(value, list):
        return tuple(frozen(part) for part in value)
    if isinstance(value, dict):
        return {key: frozen(part) for key, part in value.items()}
    return value


def _broken_toml(error: tomllib.TOMLDecodeError, name: str) -> UsageError:
    message = str(error)
    place = re.search(r" \(at line (\d+), column (\d+)\)", message)
    if place is None:
        return UsageError(f"not valid TOML: {message}", where=name)
    told = message.replace(place[0], "")
    return UsageError(f"not valid TOML: {told}", where=f"{name}:{place[1]}:{place[2]}")


def _complaints(error: ValidationError, values: Mapping[str, Any]) -> Iterator[Complaint]:
    for details in error.errors(include_url=False):
        yield explain(details, values)


def _in_file_order(
    complaints: list[Complaint], positions: Positions, name: str
) -> Iterator[Problem]:
    placed: list[tuple[Place, str]] = []
    for complaint in complaints:
        find = positions.key if complaint.at_key else positions.value
        placed.append((find(complaint.path), complaint.message))
    for place, message in sorted(dict.fromkeys(placed)):
        yield Problem(message=message, where=f"{name}:{place.line}:{place.column}")
