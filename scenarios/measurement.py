"""What one run of a comparison measures, in plain numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final, Self

import numpy as np

from scenarios.digest import run_digest
from scenarios.errors import StoppedError, UsageError
from scenarios.execute import execute
from scenarios.judge import judge
from scenarios.load import Source, frozen
from scenarios.resolve import resolve
from scenarios.schema.scenario import Scenario
from sim.history import NONE, AbortReason, History, OperationKind
from sim.history import Outcome as Ended
from sim.omid.world import Outcome
from specs.history.anatomy import overlapped
from specs.history.case import Case

PHASES: Final = ("begin", "read", "write", "commit")
"""Where the latency of a transaction goes; reads and writes are those of all its operations."""

ABORTS: Final = (
    "true_conflict",
    "false_conflict",
    "low_water_mark",
    "invalidation",
    "read_forced",
    "locked",
    "other",
)
"""Why transactions abort: called for by first committer wins, or by what else."""

_KINDS: Final = {
    AbortReason.LOW_WATER_MARK: "low_water_mark",
    AbortReason.EPOCH: "low_water_mark",
    AbortReason.INVALIDATED: "invalidation",
    AbortReason.READ_FORCED: "read_forced",
    AbortReason.LOCKED: "locked",
}
_CONFLICTS: Final = (AbortReason.CONFLICT, AbortReason.OVERFLOW)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """One run: a scenario as a table, what is varied in it, and the seed."""

    scenario: Mapping[str, Any]
    name: str
    folder: str
    variant: str
    clients: int
    seed: int

    def source(self) -> Source:
        """Return the scenario with the variant and the number of clients put in.

        Raise `UsageError` when the scenario cannot be run so.
        """
        tables = {**self.scenario, "variant": self.variant, "mutant": None}
        tables["topology"] = {**tables.get("topology", {}), "clients": self.clients}
        workload = dict(tables["workload"])
        if workload.get("clients"):
            workload["clients"] = self.clients
        tables["workload"] = workload
        scenario = Scenario.model_validate(frozen(tables))
        return Source(scenario=scenario, name=self.name, folder=Path(self.folder))


@dataclass(frozen=True, slots=True, kw_only=True)
class Measurement:
    """One run in numbers: means in nanoseconds over committed transactions, NaN for none."""

    variant: str
    clients: int
    seed: int
    digest: str
    committed: int
    aborted: int
    unknown: int
    simulated_ns: int
    latency_ns: float
    latency_p99_ns: float
    phases_ns: Mapping[str, float]
    aborts: Mapping[str, int]
    messages: Mapping[str, int]
    """Messages by the roles of sender and receiver."""
    begin_entries: int
    """Entries of metadata that went out with the answers to begins."""
    violated: tuple[str, ...]
    """Properties that do not hold although the variant promises them."""

    def document(self) -> dict[str, Any]:
        """Return the measurement as JSON has it."""
        return {**asdict(self), "violated": list(self.violated)}

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> Self:
        """Return the measurement that a document describes."""
        return cls(**{**document, "violated": tuple(document["violated"])})


def perform(message: Mapping[str, Any]) -> dict[str, Any]:
    """Make the run of a plan that came as JSON; say what is wrong with it, or what stopped it."""
    try:
        return {"answer": take(Plan(**message)).document()}
    except StoppedError as error:
        return {"stopped": [problem.message for problem in error.problems]}
    except UsageError as error:
        return {"problems": error.lines()}


def take(plan: Plan) -> Measurement:
    """Make a run and measure it; raise `StoppedError` when a limit cut it short."""
    resolved = resolve(plan.source(), seed=plan.seed)
    execution = execute(resolved, counting=True)
    outcome = execution.outcome
    if outcome is None or execution.limit:
        raise StoppedError(
            f"{plan.variant} with seed {plan.seed} was stopped by a limit"
            f" ({execution.limit}): raise it, or compare with fewer transactions",
            where=plan.name,
        )
    expected = resolved.scenario.expect.properties
    violated = judge(resolved.scenario, outcome).violated
    history = outcome.history
    committed = history.outcome == Ended.COMMITTED
    latency_ns = (history.finished_ns - history.invoked_ns)[committed]
    return Measurement(
        variant=plan.variant,
        clients=plan.clients,
        seed=plan.seed,
        digest=run_digest(resolved, outcome),
        committed=int(committed.sum()),
        aborted=int((history.outcome == Ended.ABORTED).sum()),
        unknown=int((history.outcome == Ended.UNKNOWN).sum()),
        simulated_ns=outcome.simulated_ns,
        latency_ns=_mean(latency_ns),
        latency_p99_ns=float(np.percentile(latency_ns, 99)) if len(latency_ns) else float("nan"),
        phases_ns=_phases(history, committed),
        aborts=_aborts(outcome),
        messages=_messages(outcome),
        begin_entries=outcome.metrics["begin_entries"],
        violated=tuple(name for name in violated if name not in expected),
    )


def _phases(history: History, committed: np.ndarray) -> dict[str, float]:
    """Share the mean latency of the committed among the phases; they add up to it.

    An operation lasts from the end of the one before, or of the begin.
    """
    owner = history.owner()
    first = np.zeros(history.operations, dtype=np.bool_)
    first[history.first[:-1][np.diff(history.first) > 0]] = True
    before = np.where(first, history.begun_ns[owner], np.roll(history.at_ns, 1))
    spent = history.at_ns - before
    mine = committed[owner]
    count = max(1, int(committed.sum()))
    reads = mine & (history.kind == OperationKind.READ)
    begun = history.begun_ns - history.invoked_ns
    last = np.where(history.committing_ns != NONE, history.committing_ns, history.finished_ns)
    return {
        "begin": float(begun[committed].sum()) / count,
        "read": float(spent[reads].sum()) / count,
        "write": float(spent[mine & ~reads].sum()) / count,
        "commit": float((history.finished_ns - last)[committed].sum()) / count,
    }


def _aborts(outcome: Outcome) -> dict[str, int]:
    aborted = outcome.history.outcome == Ended.ABORTED
    conflicts = aborted & np.isin(outcome.reasons, [int(reason) for reason in _CONFLICTS])
    true = overlapped(Case(outcome.history, outcome.oracle))
    counts = dict.fromkeys(ABORTS, 0)
    counts["true_conflict"] = int((conflicts & true).sum())
    counts["false_conflict"] = int((conflicts & ~true).sum())
    for reason in outcome.reasons[aborted & ~conflicts].tolist():
        counts[_KINDS.get(reason, "other")] += 1
    return counts


def _messages(outcome: Outcome) -> dict[str, int]:
    counts: dict[str, int] = {}
    for (source, target), count in sorted((outcome.messages or {}).items()):
        ends = " - ".join(sorted(name.split(".")[0] for name in (source, target)))
        counts[ends] = counts.get(ends, 0) + count
    return counts


def _mean(values: np.ndarray) -> float:
    return float(values.mean()) if len(values) else float("nan")
