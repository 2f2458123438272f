"""Operations in the normal form of `jepsen_rows`, made columns, many transactions at a time.

The texts of a block become one JSON array of numbers: names are numbers already, and functions,
nil and the beginning of a list are negative numbers that no name has. No list or operation ever
becomes an object of its own.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np

from sim.history import NIL, NONE, Integers, OperationKind
from specs.history.formats.reading import ranges

_APPEND, _WRITE, _READ, _NIL, _LIST = -1, -2, -3, -4, -5
_WORDS: Final = (
    ("[:append ", f"{_APPEND} "),
    ("[:w ", f"{_WRITE} "),
    ("[:r ", f"{_READ} "),
    ("nil", f"{_NIL}"),
    ("[]", f"{_LIST}"),
    ("[", f"{_LIST} "),
    ("]", ""),
    (" ", ","),
)
_KINDS: Final = np.array(
    [NONE, OperationKind.APPEND, OperationKind.WRITE, OperationKind.READ], dtype=np.int64
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Operations:
    """Columns of the operations of some transactions; offsets begin with 0."""

    first: Integers
    kind: Integers
    key: Integers
    value: Integers
    element_first: Integers
    elements: Integers

    def picked(self, transactions: Integers) -> Operations:
        """Return the columns of these transactions, in this order."""
        first, rows = _spread(self.first, transactions)
        element_first, elements = _spread(self.element_first, rows)
        return Operations(
            first=first,
            kind=self.kind[rows],
            key=self.key[rows],
            value=self.value[rows],
            element_first=element_first,
            elements=self.elements[elements],
        )


def columns_of(texts: Sequence[str]) -> Operations:
    """Return the columns of transactions in normal form.

    Raises `ValueError` or `OverflowError` where a text is not quite normal: a leading zero, two
    spaces, or a number that does not fit.
    """
    counts = [text.count("[:") for text in texts]
    text = " ".join(filter(None, texts))
    for word, number in _WORDS:
        text = text.replace(word, number)
    flat = np.array(json.loads(f"[{text}]"), dtype=np.int64)
    place = np.flatnonzero((flat <= _APPEND) & (flat >= _READ))
    third = flat[place + 2]
    is_list = third == _LIST
    kind = _KINDS[-flat[place]]
    kind[is_list] = OperationKind.READ_LIST
    element = (flat >= 0) | (flat < _LIST)
    element[place + 1] = False
    element[place + 2] = False
    before = np.r_[0, np.cumsum(element)]
    return Operations(
        first=np.cumsum([0, *counts]),
        kind=kind,
        key=flat[place + 1],
        value=np.where(is_list | (third == _NIL), NIL, third),
        element_first=np.r_[before[place], before[-1]],
        elements=flat[element],
    )


def joined(parts: Sequence[Operations]) -> Operations:
    """Return the columns of all parts, one after another."""
    columns = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Operations)
        if not field.name.endswith("first")
    }
    return Operations(
        first=_offsets([part.first for part in parts]),
        element_first=_offsets([part.element_first for part in parts]),
        **columns,
    )


def _offsets(parts: Sequence[Integers]) -> Integers:
    return np.cumsum(np.concatenate([[0], *(np.diff(part) for part in parts)]), dtype=np.int64)


def _spread(first: Integers, picked: Integers) -> tuple[Integers, Integers]:
    """Return the offsets of picked runs, and the rows in them."""
    counts = np.diff(first)[picked]
    return np.concatenate(([0], np.cumsum(counts))), ranges(first[picked], counts)
