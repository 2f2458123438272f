"""From what stands on the command line to scenarios: files, folders, capsules, shipped names.

All of them are read and checked before anything runs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from scenarios.errors import Problem, UsageError, nearest
from scenarios.folder import read_latest
from scenarios.library import find, shipped
from scenarios.load import STANDARD_INPUT, Source, load, load_standard_input

SCENARIO_FILE: Final = "scenario.toml"
EXPECTED_FILE: Final = "expected.json"
RESULTS_FILE: Final = "results.sqlite"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """One thing to run: a scenario, and the capsule folder when its digest is known."""

    source: Source
    capsule: Path | None = None


def read_inputs(names: Sequence[str]) -> list[Input]:
    """Read everything that the names mean, each once; all problems are told at once."""
    if not names:
        raise UsageError("nothing to run: name a scenario, a file or a folder")
    found: dict[Path, Input] = {}
    problems: list[Problem] = []
    for name in names:
        try:
            for place, item in _read(name):
                found.setdefault(place, item)
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems=problems)
    return list(found.values())


def campaign_folder(names: Sequence[str]) -> Path | None:
    """Return the folder of the campaign that a call goes on with, when it names one alone."""
    if len(names) != 1:
        return None
    path = read_latest(Path(names[0]))
    return path if (path / RESULTS_FILE).is_file() else None


def _read(name: str) -> Iterable[tuple[Path, Input]]:
    path = read_latest(Path(name))
    if name == STANDARD_INPUT:
        yield path, Input(source=load_standard_input())
    elif path.is_dir():
        yield from _read_folder(path, name)
    elif path.exists():
        yield path.resolve(), Input(source=load(path))
    elif entries := find(name):
        for entry in entries:
            yield entry.path, Input(source=load(entry.path, name=entry.name))
    elif path.suffix:
        raise UsageError("no such file", where=name)
    else:
        names = [*shipped(), *(known.split("/")[1] for known in shipped())]
        raise UsageError(
            f'no scenario "{name}"{nearest(name, names)}; `bulkhead scenarios` lists them'
        )


def _read_folder(path: Path, name: str) -> Iterable[tuple[Path, Input]]:
    scenario = path / SCENARIO_FILE
    if (path / RESULTS_FILE).is_file():
        raise UsageError("a campaign folder is run alone, without other names", where=name)
    if scenario.is_file():
        capsule = path if (path / EXPECTED_FILE).is_file() else None
        yield scenario.resolve(), Input(source=load(scenario), capsule=capsule)
        return
    files = sorted(path.glob("*.toml"))
    if not files:
        raise UsageError("the folder has neither a scenario.toml nor other .toml files", where=name)
    problems: list[Problem] = []
    for file in files:
        try:
            yield file.resolve(), Input(source=load(file))
        except UsageError as error:
            problems += error.problems
    if problems:
        raise UsageError(problems=problems)
