"""Check histories: read each, decide its level, prove the verdict, and say it.

What cannot be read or lies outside the theory is an error of that history alone: the others are
checked, and the call ends with the code of wrong input.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.exits import Exit, worst

if TYPE_CHECKING:
    from sim.history import History
    from specs.history.formats.load import Loaded
    from specs.history.isolation.decide import Decision
    from specs.history.isolation.telling import Anomaly

ANOMALIES_MAX: Final = 10
"""So many anomalies of one history are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked:
    """What became of one history."""

    path: str
    level: str
    format: str = ""
    holds: bool = False
    assumptions: tuple[str, ...] = ()
    transactions: int = 0
    operations: int = 0
    anomalies: tuple[Anomaly, ...] = ()
    more: int = 0
    """Anomalies that are not told."""
    replayed: bool = False
    """Whether an acceptance was replayed by the engine that knows no checker."""
    seconds: float = 0.0
    error: str = ""
    """Why there is no verdict: the file, or what it holds, is not what the level needs."""

    @property
    def exit(self) -> Exit:
        """Return the exit code that this history alone calls for."""
        if self.error:
            return Exit.USAGE
        return Exit.MET if self.holds else Exit.UNMET

    def document(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        return {
            "path": self.path,
            "format": self.format,
            "level": self.level,
            "holds": self.holds,
            "complete": True,
            "assumptions": list(self.assumptions),
            "transactions": self.transactions,
            "operations": self.operations,
            "anomalies": [_anomaly(each) for each in self.anomalies],
            "anomalies_untold": self.more,
            "replayed": self.replayed,
            "seconds": round(self.seconds, 6),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of all histories of a call."""

    histories: tuple[Checked, ...]
    warnings: list[str] = field(default_factory=list)

    @property
    def exit(self) -> Exit:
        """Return the exit code of the call."""
        return worst(each.exit for each in self.histories)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON has it, but for the head."""
        return {
            "histories": [each.document() for each in self.histories if not each.error],
            "errors": [
                {"path": each.path, "message": each.error} for each in self.histories if each.error
            ],
        }


def check(
    paths: Sequence[str],
    *,
    level: str = "session-si",
    format: str | None = None,  # noqa: A002  # the option's name
    certify: bool = False,
    read: Callable[[str, str | None], Loaded] | None = None,
) -> Report:
    """Decide whether histories satisfy an isolation level.

    `certify` replays the schedule of every acceptance with an engine of its own. Wrong files are
    part of the report, not exceptions; an unknown level raises KeyError.
    """
    from specs.history.isolation.levels import level_of

    chosen = level_of(level)
    load = read or _read
    return Report(
        histories=tuple(
            _checked(path, chosen.name, format, load, certify=certify) for path in paths
        )
    )


def _read(path: str, format: str | None) -> Loaded:  # noqa: A002  # as above
    from specs.history.formats.load import read

    return read(Path(path), format=format)


def _checked(
    path: str,
    level: str,
    format: str | None,  # noqa: A002  # as above
    load: Callable[[str, str | None], Loaded],
    *,
    certify: bool,
) -> Checked:
    from specs.history.formats.errors import ExtraMissing, HistoryFileError
    from specs.history.isolation.decide import NotApplicable, decide
    from specs.history.isolation.facts import UnsupportedHistory
    from specs.history.isolation.levels import level_of
    from specs.history.isolation.telling import anomalies_of

    begun = time.monotonic()
    try:
        loaded = load(path, format)
        history = loaded.history
        if not history.transactions:
            return Checked(path=path, level=level, error="there is no transaction in it")
        if level_of(level).family == "timestamps":
            holds, anomalies, more = _by_timestamps(history, level)
            replayed = False
        else:
            decision = decide(history, level_of(level))
            holds, anomalies, more = decision.holds, anomalies_of(decision), 0
            replayed = certify and _replay(decision)
    except (HistoryFileError, ExtraMissing, NotApplicable) as error:
        return Checked(path=path, level=level, error=str(error))
    except UnsupportedHistory as error:
        told = _outside(history, error)
        return Checked(path=path, level=level, error=told)
    return Checked(
        path=path,
        level=level,
        format=loaded.format,
        holds=holds,
        assumptions=loaded.assumptions,
        transactions=history.transactions,
        operations=history.operations,
        anomalies=anomalies[:ANOMALIES_MAX],
        more=more + max(0, len(anomalies) - ANOMALIES_MAX),
        replayed=replayed,
        seconds=time.monotonic() - begun,
    )


def _by_timestamps(history: History, level: str) -> tuple[bool, tuple[Anomaly, ...], int]:
    """Check a history by what it states: whether it holds, what does not, how much is untold."""
    from specs.history.isolation.levels import level_of
    from specs.history.isolation.stamped_telling import anomalies_of_timestamps
    from specs.history.isolation.timestamps import check_timestamps

    verdict = check_timestamps(history, level_of(level))
    told = anomalies_of_timestamps(verdict)
    return verdict.holds, told, sum(verdict.counts.values()) - len(told)


def _replay(decision: Decision) -> bool:
    """Replay the schedule of an acceptance; say whether there was one to replay."""
    from specs.history.replay import replay_snapshots

    level, schedule = decision.level, decision.schedule
    if level.family != "order" or schedule is None:
        return False
    events = zip(decision.facts.row[schedule // 2].tolist(), (schedule % 2).tolist(), strict=True)
    replay_snapshots(
        decision.facts.history,
        list(events),
        sessions=level.sessions,
        real_time=level.real_time,
        serial=level.merged,
    )
    return True


def _outside(history: Any, error: Any) -> str:
    """Say why no verdict would mean anything, with the operations that show it."""
    told = []
    for row in error.operations:
        owner = int(history.first.searchsorted(row, side="right")) - 1
        line = "" if history.line is None else f", line {int(history.line[row])}"
        told.append(f"operation {row} of transaction {owner}{line}")
    return f"{error.why}" + (f": {' and '.join(told)}" if told else "")


def _anomaly(anomaly: Anomaly) -> dict[str, Any]:
    return {
        "kind": anomaly.name.kind,
        "name": anomaly.name.title,
        "transactions": list(anomaly.transactions),
        "cycle": [
            {"from": source, "to": target, "kind": kind, "key": key, "because": because}
            for source, target, kind, key, because in anomaly.edges
        ],
        "explanation": list(anomaly.lines),
    }
