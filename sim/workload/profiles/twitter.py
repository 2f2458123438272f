"""Statistics of Twitter's cache clusters (Yang, Yue and Rashmi, OSDI 2020): a Markdown table.

A row describes a cluster: shares of its operations, and the exponent of the Zipf law that its
keys follow. `part` names the cluster. How many keys it has the table does not say.
"""

from __future__ import annotations

import re
from decimal import Decimal
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.generate.draws import MILLION
from sim.workload.generate.popular import Popular
from sim.workload.generate.settings import SettingError, check_name
from sim.workload.profiles.profile import Described, Drawing, Profile
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import numbered_lines

KEYS: Final = 100_000
ACTIONS: Final = {
    "get": "read",
    "gets": "read",
    "set": "write",
    "add": "write",
    "replace": "write",
    "cas": "update",
    "append": "update",
    "prepend": "update",
    "delete": "delete",
    "incr": "increment",
    "decr": "increment",
}
"""What an operation of the cache does to its key."""

_NEEDED: Final = ("cluster", "operation", "Zipf alpha")
_OPERATION: Final = re.compile(r"([a-z]+):([01]\.\d+)")


def described(file: BinaryIO, path: Path, drawing: Drawing) -> Described:
    """Return the generator of the cluster that is asked for."""
    rows = _clusters(file, path)
    if drawing.part is None:
        raise SettingError("part", None, f"one of {', '.join(rows)}")
    check_name("part", drawing.part, rows)
    line, operation, alpha = rows[drawing.part]
    shares: dict[str, int] = {}
    for name, share in _OPERATION.findall(operation):
        if name not in ACTIONS:
            mend = f"expected one of {', '.join(ACTIONS)}"
            raise TraceFileError(path, f'operation "{name}"', mend, line)
        action = ACTIONS[name]
        shares[action] = shares.get(action, 0) + int(Decimal(share) * MILLION)
    if not shares or not re.fullmatch(r"\d+(?:\.\d+)?", alpha):
        known = ", ".join(name for name, row in rows.items() if "get" in row[1])
        raise SettingError("part", drawing.part, f"a cluster with statistics: one of {known}")
    return Popular(
        transactions=drawing.transactions,
        clients=drawing.clients,
        name=f"twitter-{drawing.part}",
        source="statistics of a cache cluster of Twitter",
        requests=drawing.requests,
        shares=shares,
        keys=drawing.keys or KEYS,
        theta_ppm=int(Decimal(alpha) * MILLION),
        notes=(
            f"{drawing.part}: {' '.join(operation.split())}",
            "gets read, sets and adds write, cas, append and prepend read and write",
        ),
    )


def _clusters(file: BinaryIO, path: Path) -> dict[str, tuple[int, str, str]]:
    """Return line, operations and Zipf exponent of every cluster."""
    lines = numbered_lines(file, path)
    line, head = next(lines, (1, ""))
    names = _cells(head)
    for name in _NEEDED:
        if name not in names:
            raise TraceFileError(path, f'no column "{name}"', f"found {head[:60]}", line)
    places = [names.index(name) for name in _NEEDED]
    rows: dict[str, tuple[int, str, str]] = {}
    for line, text in lines:
        cells = _cells(text)
        if len(cells) != len(names):
            raise TraceFileError(path, f"{len(cells)} cells", f"the head has {len(names)}", line)
        cluster, operation, alpha = (cells[place] for place in places)
        if not cluster.startswith(":"):
            rows[cluster] = (line, operation, alpha)
    return rows


def _cells(text: str) -> list[str]:
    return [cell.strip() for cell in text.strip().strip("|").split("|")]


PROFILE: Final = Profile(
    name="twitter_statistics",
    summary="statistics of Twitter's cache clusters",
    looks=lambda head: re.match(rb"\|\s*cluster\s*\|", head) is not None,
    described=described,
)
"""What tells the table."""
