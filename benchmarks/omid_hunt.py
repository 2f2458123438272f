"""How soon the state machine finds planted bugs, and that it finds nothing in the reference.

    python benchmarks/omid_hunt.py [--budget 60] [--reference 600] [--json]

Each of ten mutants has `--budget` seconds; then the reference has `--reference` seconds. What is
found is shrunk to a scenario, which takes no part of the budget. The exit code is 1 when a mutant
is not found, or something in the reference is.
"""

from __future__ import annotations

import argparse
import json
import sys
from typing import Any, Final

from scenarios.hunt.search import Hunt, hunt

MUTANTS: Final = (
    "no_begin_barrier",
    "no_reread",
    "no_invalidation",
    "no_epoch_abort",
    "no_epoch_advance",
    "no_flush_before_commit",
    "no_reply_order",
    "healing_wrong_timestamp",
    "completion_order_reversed",
    "collection_order_by_start",
)
_ROW: Final = "{:<28} {:>9} {:>8}  {:<32} {:>6} {:>6}"


def main(arguments: list[str]) -> int:
    """Hunt for everything, print a row for each, and return the exit code."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--budget", type=float, default=60, help="seconds for each mutant")
    parser.add_argument("--reference", type=float, default=600, help="seconds for the reference")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    options = parser.parse_args(arguments)
    if options.budget <= 0 or options.reference <= 0:
        parser.error("a budget is a number of seconds above 0")
    if not options.json:
        print(_ROW.format("planted", "examples", "seconds", "violated", "faults", "steps"))
    rows = []
    for mutant in (*MUTANTS, None):
        seconds = options.budget if mutant else options.reference
        rows.append(_row(hunt(mutant=mutant, seconds=seconds)))
        if not options.json:
            print(_ROW.format(*_cells(rows[-1])), flush=True)
    if options.json:
        print(json.dumps({"rows": rows}, indent=1))
    wrong = [row for row in rows if row["found"] != (row["mutant"] is not None)]
    return 1 if wrong else 0


def _row(searched: Hunt) -> dict[str, Any]:
    """Return a hunt as a row: the seconds of the search alone, the shrunk scenario's size."""
    scenario = searched.scenario
    sessions = getattr(scenario.workload, "sessions", ()) if scenario else ()
    return {
        "mutant": searched.mutant,
        "examples": searched.examples,
        "seconds": round(searched.seconds, 2),
        "found": bool(searched.found),
        "evidence": searched.found,
        "violated": list(searched.properties),
        "faults": len(scenario.faults) if scenario else None,
        "steps": sum(text.count(",") + 1 for session in sessions for text in session),
    }


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    found = row["violated"][0] if row["violated"] else row["evidence"][:32] or "nothing"
    return (
        row["mutant"] or "nothing",
        f"{row['examples']:,}",
        f"{row['seconds']:.1f}",
        found,
        "-" if row["faults"] is None else str(row["faults"]),
        str(row["steps"] or "-"),
    )


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
