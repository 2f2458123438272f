"""`bulkhead trace`: the life of one transaction, as it took effect inside and as clients saw it."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

import click

from scenarios.console import Console, common
from scenarios.errors import UsageError

if TYPE_CHECKING:
    from specs.history.case import Case

SCHEMA: Final = "bulkhead.trace-transaction/1"


@dataclass(frozen=True, slots=True, order=True)
class Moment:
    """Something that happened to a transaction, in true simulated time."""

    at_ns: int
    order: int
    text: str


def trace(folder: str, *, transaction: int) -> list[Moment]:
    """Return everything that a run recorded of a transaction, named by its start timestamp."""
    from scenarios.histories import read_recorded
    from specs.history.case import Case

    recorded = read_recorded(folder)
    if recorded.oracle is None:
        raise UsageError("the history has no oracle log: it was not made by a simulator")
    case = Case(recorded.history, recorded.oracle)
    moments = sorted([*_effects(case, transaction), *_operations(case, transaction)])
    if not moments:
        starts = case.history.start_timestamp
        known = starts[starts >= 0]
        span = f"; they go from {known.min()} to {known.max()}" if len(known) else ""
        raise UsageError(f"no transaction has the start timestamp {transaction}{span}")
    return moments


def _effects(case: Case, transaction: int) -> list[Moment]:
    import numpy as np

    from sim.history import OracleKind
    from specs.history.wording import row_text

    oracle = case.oracle
    met = (oracle.kind == OracleKind.RESOLVED) & (oracle.extra == transaction)
    rows = np.flatnonzero((oracle.transaction == transaction) | met)
    return [Moment(int(oracle.at_ns[row]), int(row), row_text(case, int(row))) for row in rows]


def _operations(case: Case, transaction: int) -> list[Moment]:
    import numpy as np

    from sim.history import NONE, Outcome
    from specs.history.wording import operation_text

    history = case.history
    moments = []
    for index in np.flatnonzero(history.start_timestamp == transaction):
        for operation in range(int(history.first[index]), int(history.first[index + 1])):
            text = operation_text(case, operation)
            at_ns = int(history.at_ns[operation])
            # At one instant the effects come before what a client sees of them.
            moments.append(Moment(at_ns, len(case.oracle) + operation, text))
        name = history.session_names[int(history.session[index])]
        outcome = Outcome(int(history.outcome[index])).name.lower()
        commit = int(history.commit_timestamp[index])
        at = f" at {commit}" if commit != NONE else ""
        text = f"{name} knows the outcome of T{transaction}: {outcome}{at}"
        finished_ns = int(history.finished_ns[index])
        moments.append(Moment(finished_ns, len(case.oracle) + history.operations, text))
    return moments


def _start(_: click.Context, __: click.Parameter, value: str) -> int:
    digits = value.removeprefix("T")
    if not digits.isascii() or not digits.isdecimal():
        raise UsageError(f'--transaction: "{value}" is not a start timestamp, like 17 or T17')
    return int(digits)


@click.command(name="trace", short_help="Tell the life of one transaction of a run.")
@click.argument("folder", metavar="FOLDER|HISTORY")
@click.option(
    "--transaction",
    required=True,
    callback=_start,
    metavar="T",
    help="Start timestamp: 17, or T17.",
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(folder: str, *, transaction: int, console: Console, as_json: bool) -> int:
    """Tell the life of one transaction of a run, event by event."""
    from scenarios.results import called
    from scenarios.version import version

    moments = trace(folder, transaction=transaction)
    if as_json:
        document: dict[str, Any] = {
            "schema": SCHEMA,
            "version": version(),
            "command": called(),
            "exit_code": 0,
            "warnings": [],
            "transaction": transaction,
            "events": [asdict(moment) for moment in moments],
        }
        console.out(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        return 0
    width = len(f"{moments[-1].at_ns / 1e6:.3f}")
    for moment in moments:
        console.out(f"{moment.at_ns / 1e6:>{width}.3f} ms  {moment.text}\n")
    return 0
