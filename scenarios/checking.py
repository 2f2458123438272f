"""Check histories: read each, decide its levels, prove the verdicts, and keep what shows them.

What cannot be read or lies outside the theory is an error of that history alone: the others are
checked, and the call ends with the code of wrong input.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
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
    """What became of one history at one level."""

    path: str
    level: str
    format: str = ""
    holds: bool = False
    stopped: str = ""
    """The limit that stopped it before there was a verdict."""
    complete: bool = True
    """Whether everything in the history was judged."""
    assumptions: tuple[str, ...] = ()
    transactions: int = 0
    operations: int = 0
    anomalies: tuple[Anomaly, ...] = ()
    more: int = 0
    """Anomalies that are not told."""
    replayed: bool = False
    """Whether an acceptance was replayed by the engine that knows no checker."""
    refutations: tuple[dict[str, Any], ...] = ()
    """Of each anomaly, the tree of reasons that a program that knows no checker confirmed."""
    seconds: float = 0.0
    error: str = ""
    """Why there is no verdict: the file, or what it holds, is not what the level needs."""
    reproduce: str = ""
    """The command that finds the same violation."""
    evidence: tuple[dict[str, Any], ...] = ()
    """Of each anomaly, its arrows and its operations as JSON has them."""
    pictures: tuple[str, ...] = ()
    """The anomalies as SVG, where they were asked for."""
    certificate: tuple[tuple[int, int, int | None], ...] = ()
    """The schedule of an acceptance, where it was asked for: row, begin (0) or commit (1), line."""
    kept: dict[str, int] = field(default_factory=dict)
    """Of a stream, how much was remembered at most."""

    @property
    def exit(self) -> Exit:
        """Return the exit code that this history alone calls for."""
        if self.error:
            return Exit.USAGE
        if self.verdict is None:
            return Exit.UNDECIDED
        return Exit.MET if self.verdict else Exit.UNMET

    @property
    def verdict(self) -> bool | None:
        """Return whether the level holds; None where a limit came first, or an error."""
        if self.error or (self.stopped and not self.anomalies):
            return None
        return self.holds

    def document(self) -> dict[str, Any]:
        """Return the verdict as JSON has it."""
        told = zip(self.anomalies, self.evidence, strict=True)
        return {
            "path": self.path,
            "format": self.format,
            "level": self.level,
            "holds": self.verdict,
            "complete": self.complete,
            "assumptions": list(self.assumptions),
            "transactions": self.transactions,
            "operations": self.operations,
            "anomalies": [_anomaly(anomaly, evidence) for anomaly, evidence in told],
            "anomalies_untold": self.more,
            "replayed": self.replayed,
            "refutations": list(self.refutations),
            "seconds": round(self.seconds, 6),
            "reproduce": self.reproduce or None,
            **({"stopped": self.stopped} if self.stopped else {}),
            **({"kept": self.kept} if self.kept else {}),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What became of all histories of a call."""

    histories: tuple[Checked, ...]
    warnings: list[str] = field(default_factory=list)
    interrupted: bool = False

    @property
    def exit(self) -> Exit:
        """Return the exit code of the call."""
        codes = [each.exit for each in self.histories]
        return worst([*codes, Exit.INTERRUPTED] if self.interrupted else codes)

    def document(self) -> dict[str, Any]:
        """Return everything as JSON has it, but for the head."""
        return {
            "histories": [each.document() for each in self.histories if not each.error],
            "errors": [
                {"path": each.path, "message": each.error, "level": each.level}
                for each in self.histories
                if each.error
            ],
        }


def check(
    paths: Sequence[str],
    *,
    level: str | Sequence[str] = "session-si",
    format: str | None = None,  # noqa: A002  # the option's name
    certify: bool = False,
    keep: bool = False,
    timeout_s: float | None = None,
    read: Callable[[str, str | None], Loaded] | None = None,
) -> Report:
    """Decide whether histories satisfy an isolation level, or each of several.

    `certify` holds every verdict against programs of their own: it replays the schedule of an
    acceptance, and confirms the tree of reasons of a rejection; `keep` draws every
    anomaly and keeps every schedule. `timeout_s` is the limit of each history and level, on the
    main thread alone. Wrong files are part of the report, not exceptions; an unknown level raises
    KeyError. `read` takes a path and a format to insist on.
    """
    levels = (level,) if isinstance(level, str) else tuple(level)
    wishes = Wishes(format=format, certify=certify, keep=keep, timeout_s=timeout_s)
    return Report(histories=tuple(checks(paths, levels, wishes, read=read)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Wishes:
    """How histories are checked; the fields are the parameters of `check`."""

    format: str | None = None
    certify: bool = False
    keep: bool = False
    timeout_s: float | None = None


def checks(
    paths: Sequence[str],
    levels: Sequence[str],
    wishes: Wishes,
    *,
    read: Callable[[str, str | None], Loaded] | None = None,
) -> Iterator[Checked]:
    """Check one history after the other at every level, and yield what became of each."""
    from scenarios.reading import read_history
    from specs.history.isolation.levels import level_of

    names = list(dict.fromkeys(level_of(level).name for level in levels))
    for path in paths:
        yield from _of_path(path, names, wishes, read or read_history)


def _of_path(
    path: str,
    levels: Sequence[str],
    wishes: Wishes,
    read: Callable[[str, str | None], Loaded],
) -> Iterator[Checked]:
    from scenarios.limits import TimeLimit, limited
    from specs.history.formats.errors import ExtraMissing, HistoryFileError

    begun = time.monotonic()
    plain = Checked(path=path, level=levels[0])
    try:
        with limited(wishes.timeout_s):
            loaded = read(path, wishes.format)
    except (HistoryFileError, ExtraMissing) as error:
        yield replace(plain, error=str(error))
        return
    except TimeLimit as limit:
        yield from (replace(plain, level=each, stopped=f"{limit}, reading") for each in levels)
        return
    reading_s = time.monotonic() - begun
    if not loaded.history.transactions:
        # Every level holds of nothing, but nothing was tested.
        yield replace(plain, holds=True, error="there is no transaction in it")
        return
    for level in levels:
        begun = time.monotonic()
        try:
            with limited(wishes.timeout_s):
                checked = _decided(replace(plain, level=level), loaded, wishes)
        except TimeLimit as limit:
            checked = replace(_about(replace(plain, level=level), loaded), stopped=str(limit))
        yield replace(checked, seconds=reading_s + time.monotonic() - begun)


def _about(plain: Checked, loaded: Loaded) -> Checked:
    return replace(
        plain,
        format=loaded.format,
        assumptions=loaded.assumptions,
        transactions=loaded.history.transactions,
        operations=loaded.history.operations,
    )


def _decided(plain: Checked, loaded: Loaded, wishes: Wishes) -> Checked:
    """Decide one level of a history that was read."""
    from specs.history.isolation.certificates import certify
    from specs.history.isolation.decide import NotApplicable, decide
    from specs.history.isolation.facts import UnsupportedHistory
    from specs.history.isolation.levels import level_of
    from specs.history.isolation.telling import anomalies_of

    history = loaded.history
    decision = None
    try:
        if level_of(plain.level).family == "timestamps":
            holds, anomalies, more = _by_timestamps(history, plain.level)
        else:
            decision = decide(history, level_of(plain.level))
            holds, anomalies, more = decision.holds, anomalies_of(decision), 0
    except NotApplicable as error:
        needs = "" if plain.level in str(error) else f", which {plain.level} needs"
        return replace(plain, error=f"{error}{needs}")
    except UnsupportedHistory as error:
        return replace(plain, error=_outside(history, error))
    certified = certify(decision, anomalies) if decision is not None and wishes.certify else ()
    checked = replace(
        _about(plain, loaded),
        holds=holds,
        anomalies=anomalies[:ANOMALIES_MAX],
        more=more + max(0, len(anomalies) - ANOMALIES_MAX),
        replayed=holds and bool(certified),
        refutations=() if holds else certified,
    )
    return _with_evidence(checked, history, decision, wishes)


def _with_evidence(
    checked: Checked, history: History, decision: Decision | None, wishes: Wishes
) -> Checked:
    """Add what shows a verdict: arrows and pictures of a rejection, the schedule of another."""
    from scenarios.anomaly import evidence_of, picture_of
    from scenarios.reading import reproduction

    if checked.holds:
        kept = _schedule(decision) if decision is not None and wishes.keep else ()
        return replace(checked, certificate=kept)
    facts = None if decision is None else decision.facts
    return replace(
        checked,
        evidence=tuple(evidence_of(each, history, facts) for each in checked.anomalies),
        pictures=tuple(
            picture_of(each, history, facts, level=checked.level, path=checked.path)
            for each in checked.anomalies
            if wishes.keep
        ),
        reproduce=reproduction(checked.path, checked.level, wishes.format),
    )


def _by_timestamps(history: History, level: str) -> tuple[bool, tuple[Anomaly, ...], int]:
    """Check a history by what it states: whether it holds, what does not, how much is untold."""
    from specs.history.isolation.levels import level_of
    from specs.history.isolation.stamped_telling import anomalies_of_timestamps
    from specs.history.isolation.timestamps import check_timestamps

    verdict = check_timestamps(history, level_of(level))
    told = anomalies_of_timestamps(verdict)
    return verdict.holds, told, sum(verdict.counts.values()) - len(told)


def _schedule(decision: Decision) -> tuple[tuple[int, int, int | None], ...]:
    """Return the events of an acceptance: rows, begin or commit, and lines of the file."""
    assert decision.schedule is not None, "an accepted history has a schedule"
    history = decision.facts.history
    rows = decision.facts.row[decision.schedule // 2]
    first, end = history.first[rows], history.first[rows + 1]
    lines: list[int | None] = [None] * len(rows)
    if history.line is not None and len(history.line):
        found = history.line[first.clip(max=len(history.line) - 1)].tolist()
        has = (end > first).tolist()
        lines = [line if there else None for line, there in zip(found, has, strict=True)]
    return tuple(zip(rows.tolist(), (decision.schedule % 2).tolist(), lines, strict=True))


def _outside(history: Any, error: Any) -> str:
    """Say why no verdict would mean anything, with the operations that show it."""
    told = []
    for row in error.operations:
        owner = int(history.first.searchsorted(row, side="right")) - 1
        line = "" if history.line is None else f", line {int(history.line[row])}"
        told.append(f"operation {row} of transaction {owner}{line}")
    return f"{error.why}" + (f": {' and '.join(told)}" if told else "")


def _anomaly(anomaly: Anomaly, evidence: dict[str, Any]) -> dict[str, Any]:
    return {
        "kind": anomaly.name.kind,
        "name": anomaly.name.title,
        "transactions": list(anomaly.transactions),
        "cycle": evidence["cycle"],
        "explanation": list(anomaly.lines),
        "operations": evidence["operations"],
    }
