"""`bulkhead doctor`: what is installed, what is missing, and where data is looked for."""

from __future__ import annotations

import json
import platform
import re
import shutil
import sys
from importlib import metadata
from pathlib import Path
from typing import Any, Final

import click

from scenarios.console import Console, common

SCHEMA: Final = "bulkhead.doctor/1"


def doctor() -> dict[str, Any]:
    """Return what is known of this installation; nothing heavy is imported for it."""
    from scenarios.data import VARIABLE, available, folder
    from scenarios.version import PACKAGES, origin, version

    required, extras = _requirements()
    return {
        "python": {"version": platform.python_version(), "executable": sys.executable},
        "platform": platform.platform(),
        "bulkhead": version(),
        "modules": {package: str(origin(package)) for package in PACKAGES},
        "installed": {name: found for name in required if (found := _version(name))},
        "missing": [name for name in required if not _version(name)],
        "extras": {
            extra: {name: _version(name) for name in names} for extra, names in extras.items()
        },
        "data": {
            "folder": str(folder()),
            "variable": VARIABLE,
            "sets": [
                {"name": each.dataset.name, "path": str(each.path), "present": each.present}
                for each in available()
            ],
        },
        "disk_bytes_free": shutil.disk_usage(Path.cwd()).free,
    }


def _requirements() -> tuple[list[str], dict[str, list[str]]]:
    """Return the names of what the base and each extra ask for."""
    required: list[str] = []
    extras: dict[str, list[str]] = {}
    for line in metadata.requires("bulkhead") or []:
        name = re.split(r"[\s\[;<>=!~(]", line, maxsplit=1)[0]
        extra = re.search(r"extra\s*==\s*['\"]([^'\"]+)", line)
        names = extras.setdefault(extra[1], []) if extra else required
        if name not in names:
            names.append(name)
    return required, extras


def _version(name: str) -> str | None:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return None


@click.command(
    name="doctor",
    short_help="Say what is installed, what is missing, and where data is looked for.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(*, console: Console, as_json: bool) -> int:
    """Say what is installed, what is missing, and where data is looked for.

    Exits 1 when something is missing that Bulkhead cannot do without.
    """
    from scenarios.results import called
    from scenarios.version import version

    found = doctor()
    code = 1 if found["missing"] else 0
    if as_json:
        head = {
            "schema": SCHEMA,
            "version": version(),
            "command": called(),
            "exit_code": code,
            "warnings": [f"missing: {name}" for name in found["missing"]],
        }
        console.out(json.dumps(head | found, indent=2, ensure_ascii=False) + "\n")
        return code
    console.out("".join(f"{line}\n" for line in _lines(found)))
    return code


def _lines(found: dict[str, Any]) -> list[str]:
    lines = [
        f"bulkhead {found['bulkhead']}, Python {found['python']['version']}, {found['platform']}"
    ]
    lines += [f"  {name} from {path}" for name, path in found["modules"].items()]
    told = ", ".join(f"{name} {version}" for name, version in found["installed"].items())
    lines += ["", f"installed: {told}", f"missing: {', '.join(found['missing']) or 'nothing'}"]
    for extra, names in found["extras"].items():
        told = ", ".join(f"{name} {version or 'not installed'}" for name, version in names.items())
        lines.append(f"extra {extra}: {told}")
    data = found["data"]
    lines += ["", f"data is looked for in {data['folder']} (set {data['variable']} to change it)"]
    lines += [
        f"  {each['name']}: {'here' if each['present'] else 'absent'}" for each in data["sets"]
    ]
    return lines
