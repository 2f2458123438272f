"""Small histories, written in every format that is read; the foreign ones have no other writer.

A format takes what it can say: some know no failed transaction, some no list, some no text.
"""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib import import_module
from types import MappingProxyType
from typing import Any, Final

from scenarios.hunt.readers.small import Small, Step, history_of
from sim.history import OperationKind, Outcome
from sim.kernel.streams import Stream, chance, pick

Files = Mapping[str, bytes]
"""The logs of a folder by their names, or one file without a name."""

FILE: Final = ""
_INITIAL: Final = 0xBEBEEBEE
_WRITES: Final = (OperationKind.WRITE, OperationKind.APPEND)


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A format: how it is written, what it is detected as, and what it can say."""

    write: Callable[[Small, Stream], Files]
    detected: tuple[str, ...]
    insisted: str
    """The name for `--format`."""
    lists: bool = False
    registers: bool = True
    outcomes: tuple[Outcome, ...] = (Outcome.COMMITTED,)
    texts: bool = False
    initial: bool = True

    def takes(self, model: Small) -> bool:
        """Say whether the format can say all of a history."""
        return (
            (self.lists if model.lists else self.registers)
            and not model.has(*(set(Outcome) - set(self.outcomes)))
            and (self.texts or not model.texts)
            and (self.initial or not model.reads_initial)
        )


def _one(content: bytes) -> Files:
    return {FILE: content}


def _ours(module: str) -> Callable[[Small, Stream], Files]:
    def write(model: Small, _: Stream) -> Files:
        file = io.BytesIO()
        import_module(f"specs.history.formats.{module}").write(file, history_of(model))
        return _one(file.getvalue())

    return write


def _edn(model: Small, stream: Stream) -> Files:
    """Write EDN as our writer does, or as other programs do."""
    content = _ours("edn")(model, stream)[FILE]
    if chance(stream, 1, 3):
        content = content.replace(b" :", b", :").replace(b"{:index", b"#jepsen.history.Op{:index")
    if chance(stream, 1, 4):
        content = b"[" + content.rstrip(b"\n") + b"]\n"
    return _one(content)


def _dbcop(model: Small, _: Stream) -> Files:
    parts = [struct.pack("<5Q", 1, 2, 3, 4, 5)]
    parts += [struct.pack("<Q", len(text)) + text for text in (b"fuzz", b"2022", b"2023")]
    parts.append(struct.pack("<Q", len(model.sessions)))
    for session in model.sessions:
        transactions = model.of_session(session)
        parts.append(struct.pack("<Q", len(transactions)))
        for each in transactions:
            parts.append(struct.pack("<Q", len(each.steps)))
            for step in each.steps:
                key, value = _numbers(model, step)
                parts.append(struct.pack("<BQQB", step.kind in _WRITES, key, value or 0, 1))
            parts.append(bytes([each.outcome == Outcome.COMMITTED]))
    return _one(b"".join(parts))


def _dbcop_json(model: Small, _: Stream) -> Files:
    def event(step: Step) -> Any:
        kind = "Write" if step.kind in _WRITES else "Read"
        key, value = _names(model, step)
        return {kind: {"variable": key, "version": value}}

    data = [
        [
            {
                "events": [event(step) for step in each.steps],
                "committed": each.outcome == Outcome.COMMITTED,
            }
            for each in model.of_session(session)
        ]
        for session in model.sessions
    ]
    return _one(json.dumps({"params": {"id": 0}, "info": "fuzz", "data": data}).encode())


def _cobra(model: Small, _: Stream) -> Files:
    """Write the logs of Cobra; the number of a write is its value."""
    writer = {
        step.value: number
        for number, each in enumerate(model.transactions, 1)
        for step in each.steps
        if step.kind in _WRITES
    }
    logs: dict[str, bytes] = {}
    for place, session in enumerate(model.sessions):
        parts = []
        for number, each in enumerate(model.transactions, 1):
            if each.session != session:
                continue
            parts.append(b"S" + struct.pack(">Q", number))
            for step in each.steps:
                key, value = _numbers(model, step)
                numbers: tuple[int, ...] = (value, key, 7 * (value or 1) % (1 << 64))
                if value is None:
                    numbers = (_INITIAL, _INITIAL, key, 7)
                elif step.kind not in _WRITES:
                    numbers = (writer[step.value], *numbers)
                letter = b"W" if step.kind in _WRITES else b"R"
                parts.append(letter + struct.pack(f">{len(numbers)}Q", *numbers))
            if each.outcome == Outcome.COMMITTED:
                parts.append(b"C" + struct.pack(">Q", number))
        logs[f"T{place}.log"] = b"".join(parts)
    return logs


def _viper(model: Small, _: Stream) -> Files:
    logs = {}
    for place, session in enumerate(model.sessions):
        lines = []
        for each in model.of_session(session):
            rows = [
                ["w" if step.kind in _WRITES else "r", *_names(model, step), True]
                for step in each.steps
            ]
            lines.append(json.dumps({"value": rows}) + "\n")
        logs[f"json/J{place}.log"] = "".join(lines).encode()
    return logs


def _text(*, plume: bool) -> Callable[[Small, Stream], Files]:
    def write(model: Small, stream: Stream) -> Files:
        absent = pick(stream, ("0", "null")) if plume else "0"
        lines = []
        for number, each in enumerate(model.transactions):
            last = number if each.outcome == Outcome.COMMITTED else -1
            for step in each.steps:
                key, value = _numbers(model, step)
                letter = "w" if step.kind in _WRITES else "r"
                said = absent if value is None else value
                lines.append(f"{letter}({key},{said},{each.session},{last})\n")
        return _one("".join(lines).encode())

    return write


def _awdit(model: Small, _: Stream) -> Files:
    sessions = []
    for session in model.sessions:
        transactions = []
        for each in model.of_session(session):
            rows = [
                " ".join(map(str, ("w" if step.kind in _WRITES else "r", *_names(model, step))))
                for step in each.steps
            ]
            transactions.append("".join(f"{row}\n" for row in rows))
        sessions.append("-----\n".join(transactions))
    return _one("=====\n".join(sessions).encode())


_CODES: Final = {
    OperationKind.READ: "r",
    OperationKind.WRITE: "w",
    OperationKind.APPEND: "a",
    OperationKind.READ_LIST: "read",
}


def _chronos(model: Small, stream: Stream) -> Files:
    quoted = chance(stream, 1, 3)

    def clock(number: int) -> dict[str, Any]:
        return {"p": str(number) if quoted else number, "l": 0}

    def operation(step: Step) -> dict[str, Any]:
        key, value = _names(model, step)
        return {"t": _CODES[step.kind], "k": key, "v": value}

    return _one(
        json.dumps(
            [
                {
                    "tid": number,
                    "sid": each.session,
                    "sts": clock(2 * number + 1),
                    "cts": clock(2 * number + 2),
                    "ops": [operation(step) for step in each.steps],
                }
                for number, each in enumerate(model.transactions)
            ]
        ).encode()
    )


def _veristrong(model: Small, _: Stream) -> Files:
    lines = []
    for number, each in enumerate(model.transactions):
        for step in each.steps:
            key, value = _names(model, step)
            rest = [len(value), *value] if isinstance(value, list) else [value]
            letter = "R" if isinstance(value, list) else "A"
            lines.append(" ".join(map(str, (each.session, number, letter, key, *rest))) + "\n")
    return _one(f"{len(lines)}\n".encode() + "".join(lines).encode())


def _names(model: Small, step: Step) -> tuple[Any, Any]:
    """Return the key and the value of a step by the names that a file gives them."""
    value = step.value
    key = model.key_name(step.key)
    if isinstance(value, tuple):
        return key, [model.value_name(element) for element in value]
    return key, None if value is None else model.value_name(value)


def _numbers(model: Small, step: Step) -> tuple[Any, Any]:
    """Return the key and the value of a step of a register, for formats that know numbers."""
    assert not isinstance(step.value, tuple), "these formats know no lists"
    return _names(model, step)


_ANY: Final = tuple(Outcome)
_ENDED: Final = (Outcome.COMMITTED, Outcome.ABORTED)
_OPEN: Final = (Outcome.COMMITTED, Outcome.UNKNOWN)

FORMS: Final[Mapping[str, Form]] = MappingProxyType(
    {
        **{
            name: Form(
                write=_ours(name),
                detected=(name,),
                insisted=name,
                lists=True,
                outcomes=_ANY,
                texts=True,
            )
            for name in ("npz", "jsonl", "parquet")
        },
        "edn-rw-register": Form(
            write=_edn,
            detected=("jepsen-edn-rw-register",),
            insisted="jepsen-edn-rw-register",
            outcomes=_ANY,
            texts=True,
        ),
        "edn-list-append": Form(
            write=_edn,
            # Where nothing was appended nothing tells a list.
            detected=("jepsen-edn-list-append", "jepsen-edn-rw-register"),
            insisted="jepsen-edn-list-append",
            lists=True,
            registers=False,
            outcomes=_ANY,
            texts=True,
        ),
        "dbcop": Form(write=_dbcop, detected=("dbcop",), insisted="dbcop", outcomes=_ENDED),
        "dbcop-json": Form(
            write=_dbcop_json,
            detected=("dbcop",),
            insisted="dbcop",
            outcomes=_ENDED,
            texts=True,
        ),
        "cobra": Form(write=_cobra, detected=("cobra",), insisted="cobra", outcomes=_OPEN),
        "viper": Form(write=_viper, detected=("viper",), insisted="viper", texts=True),
        "polysi-text": Form(
            write=_text(plume=False),
            detected=("polysi-text", "plume-text"),
            insisted="polysi-text",
        ),
        "plume-text": Form(
            write=_text(plume=True),
            detected=("polysi-text", "plume-text"),
            insisted="plume-text",
            outcomes=_ENDED,
        ),
        "awdit": Form(write=_awdit, detected=("awdit",), insisted="awdit", initial=False),
        "chronos-json": Form(
            write=_chronos,
            detected=("chronos-json",),
            insisted="chronos-json",
            lists=True,
            texts=True,
        ),
        "veristrong-list": Form(
            write=_veristrong,
            detected=("veristrong-list",),
            insisted="veristrong-list",
            lists=True,
            registers=False,
        ),
    }
)
"""Every format that is read, by a name of its own."""
