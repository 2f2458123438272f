"""Check every collected history at every level of which a verdict is known.

    python benchmarks/check_verdicts.py [--json] [--page FILE] [--path TEXT] [--rows FILE]

The histories and `verdicts.csv`, the table of verdicts, lie in the folder `histories` of
BULKHEAD_DATA; without them nothing is checked. Every row must come out as the table says, and the
schedule of every acceptance at a level that orders writers must replay in an engine that knows no
checker; else the exit code is 1. `--page` writes the table of `docs/verdicts.md`; `--rows` writes
what became of each row, as JSON Lines, as it goes.
"""

from __future__ import annotations

import argparse
import csv
import json
import os
import platform
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import groupby
from pathlib import Path

import numpy as np

from reports.grid import Grid, markdown, plain
from scenarios.checking import Checked, Wishes, checks
from scenarios.version import version
from specs.history.isolation.levels import LEVELS, level_of

HEAD = """\
# Verdicts

Collected histories whose verdicts are known, checked at their levels: how many verdicts came out
as the collection says, and in what processor time. `benchmarks/check_verdicts.py --page` writes
this page. The collection is no part of this repository; it has recordings of real databases from
the evaluations of other checkers, their authors' examples, and small histories of which every
interleaving was tried. How each verdict is known stands in its table: two or three checkers
agreed, an accepted history was replayed by an engine that knows no checker, or the contradiction
was labelled again from the raw operations by a second program.

Each acceptance at a level that orders writers was also replayed here. The time is of this
machine, with reading and replay, and shared among the levels of a file.

"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One verdict of the collection, and what it came to here."""

    path: str
    format: str
    level: str
    verdict: str
    found: str
    anomaly: str
    replayed: bool
    transactions: int
    cpu_s: float

    @property
    def right(self) -> bool:
        """Say whether the verdict is the one that is known, and was proved where it can be."""
        if self.found != self.verdict:
            return False
        # Of an empty history there is nothing to replay.
        proved = self.replayed or not self.transactions
        return self.found != "valid" or proved or LEVELS[self.level].family != "order"


def known(folder: Path, text: str) -> list[dict[str, str]]:
    """Return the rows of the collection's table whose path has this text."""
    with (folder / "verdicts.csv").open(encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if text in row["path"]]


def judge(folder: Path, rows: list[dict[str, str]]) -> Iterator[Row]:
    """Check every history once at each of its levels."""
    for path, group in groupby(rows, key=lambda row: row["path"]):
        of_path = list(group)
        begun = time.process_time()
        wanted = [level_of(row["level"]).name for row in of_path]
        found: dict[str, tuple[Checked, float]] = {}
        for each in checks([str(folder / path)], wanted, Wishes(certify=True)):
            found[each.level] = each, time.process_time() - begun
            begun = time.process_time()
        # A file that cannot be read is one error for all levels.
        unread = next(iter(found.values()))
        for row, level in zip(of_path, wanted, strict=True):
            checked, cpu_s = found.get(level, unread)
            yield Row(
                path=path,
                format=row["format"],
                level=level,
                verdict=row["verdict"],
                found=word(checked),
                anomaly=checked.anomalies[0].name.kind if checked.anomalies else "",
                replayed=checked.replayed,
                transactions=checked.transactions,
                cpu_s=round(cpu_s, 4),
            )


def word(checked: Checked) -> str:
    """Return a verdict in the words of the table."""
    if checked.error and not checked.holds:
        return f"error: {checked.error}"
    return "valid" if checked.holds else "violation"


def grid_of(rows: list[Row]) -> Grid:
    """Return one line for each source, format and level, and one for all of them."""
    groups: dict[tuple[str, str, str], list[Row]] = {}
    for row in rows:
        source = row.path.rsplit("/", 1)[0] if "/" in row.path else row.path
        groups.setdefault((source, row.format, row.level), []).append(row)
    lines = [(*key, *counted(group)) for key, group in sorted(groups.items())]
    return Grid(
        heads=("source", "format", "level", "right", "of", "valid", "violations", "CPU seconds"),
        rows=(*lines, ("all", "", "", *counted(rows))),
        right=frozenset({3, 4, 5, 6, 7}),
    )


def counted(rows: list[Row]) -> tuple[str, ...]:
    """Return how many rows are right, of how many, what they are, and the time they took."""
    valid = sum(row.verdict == "valid" for row in rows)
    return (
        f"{sum(row.right for row in rows):,}",
        f"{len(rows):,}",
        f"{valid:,}",
        f"{len(rows) - valid:,}",
        f"{sum(row.cpu_s for row in rows):.2f}",
    )


def page_of(rows: list[Row], total: int) -> str:
    """Return the page, which says how much of the collection it is about."""
    counts = f"Checked: {len(rows):,} of the {total:,} verdicts of the collection.\n\n"
    return HEAD + counts + markdown(grid_of(rows))


def main() -> int:
    """Print the table; exit 1 on a wrong row, 2 where no row has the text."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--page", type=Path, metavar="FILE", help="write the table as a page")
    parser.add_argument("--path", default="", metavar="TEXT", help="those with this text alone")
    parser.add_argument("--rows", type=Path, metavar="FILE", help="write every row as it comes")
    options = parser.parse_args()
    folder = Path(os.environ.get("BULKHEAD_DATA", "data")) / "histories"
    if not (folder / "verdicts.csv").is_file():
        print(f"nothing checked: no {folder}/verdicts.csv; point BULKHEAD_DATA at the data")
        return 0
    rows = []
    for row in judge(folder, known(folder, options.path)):
        rows.append(row)
        if options.rows:
            with options.rows.open("a", encoding="utf-8") as file:
                file.write(json.dumps(asdict(row)) + "\n")
        if not row.right:
            print(f"WRONG {row.path} at {row.level}: {row.found}", file=sys.stderr)
    wrong = [row for row in rows if not row.right]
    if options.json:
        about = {"bulkhead": version(), "python": platform.python_version()}
        versions = {**about, "numpy": np.__version__}
        found = {"rows": len(rows), "wrong": [asdict(row) for row in wrong]}
        seconds = round(sum(row.cpu_s for row in rows), 3)
        machine = platform.platform()
        print(json.dumps({**found, "cpu_s": seconds, "machine": machine, "versions": versions}))
    else:
        print(plain(grid_of(rows)))
    if options.page:
        text = page_of(rows, total=len(known(folder, "")))
        options.page.write_text(text, encoding="utf-8")
    return 2 if not rows else 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
