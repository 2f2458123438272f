"""Load a workload trace from a file, whatever its format: the door for recorded traces.

The format is found from the first bytes, never from the name, unless `Reading.format` says it.
Our npz and JSON Lines and Cobra's npz hold transactions; every other recording holds requests,
of which a rule makes transactions; a description holds neither, and a generator draws them.
Whatever is text may be plain, gzip, xz or Zstandard, and is read no further than the transactions
that are asked for.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO, Final

from sim.kernel.streams import Streams
from sim.workload.arrange import dense_clients
from sim.workload.boundaries import Rule, duration_words, transactions_of
from sim.workload.exits import ExitTrace, exit_trace
from sim.workload.formats.registry import EXITS, FORMATS, recognised
from sim.workload.formats.request import Format
from sim.workload.generate.settings import SettingError, check_name
from sim.workload.profiles.profile import REQUESTS, TRANSACTIONS, Drawing, Profile
from sim.workload.profiles.registry import PROFILES, described_by
from sim.workload.readers.cobra import read_cobra
from sim.workload.readers.columns import Columns
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.jsonl import read_jsonl
from sim.workload.readers.npz import read_npz
from sim.workload.readers.opened import HEAD_BYTES, opened
from sim.workload.types import TransactionTrace

OWN: Final = ("jsonl", "npz", "cobra")
"""Formats that hold transactions."""

_ZIP: Final = b"PK"
_NAMED: Final = ", ".join(name for name, form in FORMATS.items() if form.looks is None)
_TOLD: Final = (*(name for name, form in FORMATS.items() if form.looks), *PROFILES)
_KNOWN: Final = (
    f"a trace is JSON Lines, npz or one of {', '.join(_TOLD)}; "
    f"those without a mark of their own must be named: format = {_NAMED}"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How to read a file: its format, where its content does not show it, and the rule.

    A description draws from `seed`, over `keys` keys, as its `part` says.
    """

    format: str | None = None
    rule: Rule = field(default_factory=Rule)
    part: str | None = None
    keys: int | None = None
    seed: int = 0

    def check(self) -> None:
        """Refuse a format that nobody knows."""
        if self.format is not None:
            check_name("format", self.format, (*OWN, *FORMATS, *PROFILES))


def load(path: Path, reading: Reading | None = None) -> TransactionTrace:
    """Read the trace in a file, and number its clients from 0.

    Raise `TraceFileError` when there is none: it says where, what was found and how to mend it;
    `SettingError` when the format has no use for a setting.
    """
    reading = reading or Reading()
    reading.check()
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    if not head:
        raise TraceFileError(path, "the file is empty", _KNOWN)
    known: Format | Profile | None = recognised(head) or described_by(head)
    if reading.format is not None:
        known = FORMATS.get(reading.format) or PROFILES.get(reading.format)
    if isinstance(known, Profile):
        trace = _draw(path, known, reading)
    elif known is not None:
        trace = _read_requests(path, known, _undescribed(reading).rule)
    elif head.startswith(_ZIP):
        trace = _whole(_read_npz(path), reading)
    elif head.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{"):
        trace = _whole(_read_jsonl(path), reading)
    else:
        raise TraceFileError(path, f"the content begins with {head[:8]!r}", _KNOWN)
    return dense_clients(trace)


def load_exits(path: Path, form: str | None = None) -> ExitTrace:
    """Read the exits of virtual machines in a file; its format is found unless it is given."""
    if form is not None:
        check_name("format", form, EXITS)
    with opened(path) as file:
        head = file.read(HEAD_BYTES)
    found = FORMATS[form] if form else recognised(head)
    if found is None or found.name not in EXITS:
        mend = f"exits are recorded as {', '.join(EXITS)}"
        raise TraceFileError(path, f"the content begins with {head[:8]!r}", mend)
    with opened(path) as file:
        name = path.name.split(".")[0]
        return exit_trace(EXITS[found.name](file, path), name=name, source=found.summary)


def _whole(trace: TransactionTrace, reading: Reading) -> TransactionTrace:
    """Return a trace of transactions; a rule that makes some has nothing to do with it."""
    _unused(_undescribed(reading).rule, "the trace holds transactions, not requests", "requests")
    return trace


def _undescribed(reading: Reading) -> Reading:
    """Refuse settings of a description, where there is a recording."""
    for name, given in (("part", reading.part), ("keys", reading.keys)):
        if given is not None:
            raise SettingError(name, given, "none: the trace is a recording, not a description")
    return reading


def _unused(rule: Rule, why: str, *more: str) -> None:
    """Refuse settings that only a recording of requests has a use for."""
    for name in ("window_ns", "writes_ppm", "speedup", *more):
        given = getattr(rule, name)
        if given is not None:
            said = name.removesuffix("_ppm").removesuffix("_ns")
            shown = duration_words(given) if name == "window_ns" else given
            raise SettingError(said, shown, f"none: {why}")


def _draw(path: Path, profile: Profile, reading: Reading) -> TransactionTrace:
    """Draw the workload that a description stands for."""
    rule = reading.rule
    _unused(rule, "a description is drawn from, not cut into transactions")
    drawing = Drawing(
        transactions=rule.transactions or TRANSACTIONS,
        clients=rule.clients or 1,
        requests=rule.requests or REQUESTS,
        keys=reading.keys,
        part=reading.part,
    )
    with opened(path) as file:
        generator = profile.described(file, path, drawing)
    return generator.generate(Streams(reading.seed))


def _read_npz(path: Path) -> TransactionTrace:
    with Columns(path) as columns:
        if "header" in columns:
            return read_npz(columns)
        if "txn" in columns:
            return read_cobra(columns)
        found = f"columns {', '.join(columns.names)}" if columns.names else "no columns"
        raise TraceFileError(path, found, _KNOWN)


def _read_jsonl(path: Path) -> TransactionTrace:
    with opened(path) as file:
        return read_jsonl(file, path)


def _read_requests(path: Path, form: Format, rule: Rule) -> TransactionTrace:
    def read(file: BinaryIO) -> TransactionTrace:
        name = path.name.split(".")[0]
        requests = form.requests(file, path)
        return transactions_of(requests, form, rule, name=name, source=f"{form.summary}")

    with opened(path) as file:
        trace = read(file)
    if not trace.transactions:
        raise TraceFileError(path, "no request", f"{form.name}: {form.words}")
    return trace
