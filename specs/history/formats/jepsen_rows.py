"""One line of a Jepsen history as a row of texts, whichever way it was written.

The operations of a row are in a normal form that columns are made of without looking at single
characters again: `[:append 3 1] [:r 3 nil] [:r 4 [1 2]] [:w 5 6]`, one space between things.
Keys and values that are no plain numbers stand there as the negative numbers of `Names`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from specs.history.formats.edn_forms import Form, Forms, Group
from specs.history.formats.errors import HistoryFileError
from specs.history.formats.labels import HIGH, Name, Names

TYPES: Final = {"invoke": 0, "ok": 1, "fail": 2, "info": 3}
"""Types and their numbers; those of completions are the numbers of `sim.history.Outcome`."""

_FIELDS: Final = (":type", ":process", ":f", ":value", ":index")
_CODES: Final = (":r", ":w", ":append")
_LINE_FORM: Final = "a line is {:type :ok, :process 0, :f :txn, :value [[:r 3 nil] [:w 4 7]]}"
_STEP_FORM: Final = "an operation is [:r key value], [:w key value] or [:append key element]"
TXN_FORM: Final = "rw-register and list-append are read; their transactions are :f :txn"
_SHOWN: Final = 40


Row = tuple[str | None, str, str | None, str | None, int]
"""Index, type, process, operations and line of one invocation or completion.

A plain tuple, for it is made for every line; None is what the line does not state.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class RowColumns:
    """Many rows, column by column."""

    index: Sequence[str | None]
    type: Sequence[str]
    process: Sequence[str | None]
    operations: Sequence[str | None]
    line: Sequence[int]


class Rows:
    """Makes rows out of forms, and remembers the names that they use."""

    def __init__(self, *, json: bool = False) -> None:
        self._json = json
        self.keys = Names()
        self.values = Names()
        self.processes = Names()
        self.skipped: tuple[int, str] | None = None
        """Line and function of the first operation that was no transaction."""

    def row(self, form: Form, line: int) -> Row | None:
        """Return the row of a form that ends in a line; None for what clients did not do."""
        if not isinstance(form, Group) or form.kind != "{":
            raise HistoryFileError(f"{shown(form)} where a map should stand", _LINE_FORM, line)
        fields, line = self._fields(form), form.line
        function, process = self._word(fields[":f"]), self._word(fields[":process"])
        if process == ":nemesis":
            return None
        if function not in (None, ":txn"):
            self.skipped = self.skipped or (line, shown(function))
            return None
        type_ = self._word(fields[":type"])
        word = type_[1:] if isinstance(type_, str) else ""
        if word not in TYPES or type_ != f":{word}":
            found = "no :type" if type_ is None else f":type is {shown(type_)}"
            raise HistoryFileError(found, "it is :invoke, :ok, :fail or :info", line)
        value, index = fields[":value"], fields[":index"]
        if value is None and word == "ok":
            raise HistoryFileError("an :ok without a :value", _LINE_FORM, line)
        return (
            str(index) if isinstance(index, int) and 0 <= index <= HIGH else None,
            word,
            None if process is None else str(self.processes.number(name_of(process, line))),
            None if value is None else self.operations(value, line, told=word == "ok"),
            line,
        )

    def operations(self, value: Form, line: int, *, told: bool) -> str:
        """Return the normal form of the operations of a transaction.

        `told` says that every read must state what it read.
        """
        if not isinstance(value, Group) or value.kind not in "[(":
            raise HistoryFileError(f":value is {shown(value)}", _LINE_FORM, line)
        return " ".join([self._operation(step, line, told) for step in value.items])

    def again(self, operations: str, line: int) -> str:
        """Return the normal form of what looked like it; refuse what is no EDN."""
        forms = Forms()
        parsed = [form for form in forms.feed(f"({operations})", line) if isinstance(form, Group)]
        forms.finish()
        return self.operations(parsed[0], line, told=False)

    def _fields(self, form: Group) -> dict[str, Form]:
        """Return the values of the names that matter here."""
        items = form.items
        if len(items) % 2:
            raise HistoryFileError("a map with a name without a value", _LINE_FORM, form.line)
        fields: dict[str, Form] = dict.fromkeys(_FIELDS)
        seen: list[str] = []
        for place in range(0, len(items), 2):
            name = self._word(items[place])
            if isinstance(name, str) and name in fields:
                if name in seen:
                    raise HistoryFileError(f"{name} twice in one map", _LINE_FORM, form.line)
                seen.append(name)
                fields[name] = items[place + 1]
        return fields

    def _word(self, form: Form) -> Form:
        """Return a text of JSON as the keyword that it stands for."""
        if self._json and isinstance(form, str) and form.startswith('"'):
            return ":" + form[1:-1]
        return form

    def _operation(self, step: Form, line: int, told: bool) -> str:
        if not isinstance(step, Group) or step.kind not in "[(" or not step.items:
            raise HistoryFileError(f"the operation {shown(step)}", _STEP_FORM, line)
        code = self._word(step.items[0])
        bare = len(step.items) == 2 and code == ":r" and not told
        if code not in _CODES or not (bare or len(step.items) == 3):
            raise HistoryFileError(f"the operation {shown(step)}", _STEP_FORM, line)
        key = self.keys.number(name_of(step.items[1], line))
        value = None if bare else step.items[2]
        if value is None and code != ":append":
            return f"[{code} {key} nil]"
        if code == ":r" and isinstance(value, Group) and value.kind in "[(":
            number = self.values.number
            elements = " ".join([str(number(name_of(item, line))) for item in value.items])
            return f"[:r {key} [{elements}]]"
        return f"[{code} {key} {self.values.number(name_of(value, line))}]"


def name_of(form: Form, line: int) -> Name:
    """Return what a history calls a single thing: a number, or the text of anything else."""
    if isinstance(form, Group):
        mend = "keys, values and elements are single things: numbers, keywords, texts"
        raise HistoryFileError(f"the collection {shown(form)}", mend, line)
    if form is None:
        return "nil"
    if isinstance(form, str) and form.startswith('"'):
        return _quoted(form)
    return form


def shown(form: Form) -> str:
    """Return a form as one short line."""
    text = json.dumps(_text(form), ensure_ascii=False)[1:-1].replace('\\"', '"')
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def _quoted(text: str) -> str:
    """Return a quoted text as it is written with the fewest escapes; what cannot be, stays."""
    try:
        plain = json.loads(text, strict=False)
        plain.encode()
    except ValueError:
        return text
    return json.dumps(plain, ensure_ascii=False)


def _text(form: Form) -> str:
    if not isinstance(form, Group):
        return "nil" if form is None else str(form)
    inner, length = [], 0
    for item in form.items:
        inner.append(_text(item))
        length += len(inner[-1])
        if length > _SHOWN:
            break
    closing = {"[": "]", "(": ")"}.get(form.kind, "}")
    return form.kind + " ".join(inner) + closing
