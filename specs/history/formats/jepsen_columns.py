"""Operations in the normal form of `jepsen_rows`, made columns, many transactions at a time.

No list or operation ever becomes an object of its own. Names are numbers already. Where all of
them are short and none is negative, every digit of a block is found at once, and the letters
around a number say what it is. Any other block becomes one JSON array of numbers: functions, nil
and the beginning of a list are negative numbers there that no name has.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Final

import numpy as np
import numpy.typing as npt

from sim.history import NIL, NONE, Integers, OperationKind
from specs.history.formats.reading import ranges

Letters = npt.NDArray[np.uint8]

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

_SHORT_BYTES: Final = 4096
"""Texts that are not longer become numbers in less time as JSON."""
_DIGITS_MAX: Final = 18
_SPACE, _OPENING, _CLOSING = b" []"
_CODES: Final = np.full(256, NONE, dtype=np.int64)
"""The last letters of functions, which stand before keys and nothing else."""
_CODES[list(b"dwr")] = OperationKind.APPEND, OperationKind.WRITE, OperationKind.READ


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
    lines = "\n".join([*texts, ""])
    at_once = _by_letters(lines.encode()) if len(lines) > _SHORT_BYTES else None
    return at_once or _by_words(texts)


def _by_letters(lines: bytes) -> Operations | None:
    """Return the columns of transactions, one in each line; None for numbers of other forms.

    It is for whoever reads word by word to say what is wrong.
    """
    letters = np.frombuffer(lines, dtype=np.uint8)
    if b"-" in lines or _has_odd_spaces(letters):
        return None
    is_digit = letters - np.uint8(ord("0")) < 10  # lower ones wrap around
    edges = np.flatnonzero(is_digit[1:] != is_digit[:-1]) + 1
    begin, end = edges[::2], edges[1::2]
    number = _numbers(letters, begin, end - begin)
    if number is None:
        return None
    code = _CODES[letters[begin - 2]]
    place = np.flatnonzero(code >= 0)
    kind, third = code[place], letters[end[place] + 1]
    is_list = third == _OPENING
    kind[is_list] = OperationKind.READ_LIST
    has_value = ~is_list & (third != ord("n"))
    value = np.full(len(place), NIL, dtype=np.int64)
    value[has_value] = number[place[has_value] + 1]
    element = code < 0
    element[place[has_value] + 1] = False
    before = np.r_[0, np.cumsum(element)]
    breaks = np.flatnonzero(letters == ord("\n"))
    return Operations(
        first=np.r_[0, np.searchsorted(begin[place], breaks)],
        kind=kind,
        key=number[place],
        value=value,
        element_first=np.r_[before[place], before[-1]],
        elements=number[element],
    )


def _has_odd_spaces(letters: Letters) -> bool:
    """Say whether a space begins or ends a list, or follows another one."""
    before, after = letters[:-1], letters[1:]
    space = before == _SPACE
    odd = space & ((after == _SPACE) | (after == _CLOSING))
    odd |= (before == _OPENING) & (after == _SPACE)
    return bool(odd.any())


def _numbers(letters: Letters, begin: Integers, length: Integers) -> Integers | None:
    """Return the numbers that begin at these letters; None where there are none, or odd ones."""
    most = int(length.max(initial=0))
    number = (letters[begin] - np.uint8(ord("0"))).astype(np.int64)
    if not 0 < most <= _DIGITS_MAX or ((number == 0) & (length > 1)).any():
        return None
    longer = np.flatnonzero(length > 1)
    for digit in range(1, most):
        number[longer] = 10 * number[longer] + (letters[begin[longer] + digit] - np.uint8(ord("0")))
        longer = longer[length[longer] > digit + 1]
    return number


def _by_words(texts: Sequence[str]) -> Operations:
    """Return the columns of transactions by way of JSON."""
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
