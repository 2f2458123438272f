"""A reader of EDN that is fed line by line, as strict as histories need and no stricter.

What comes out are the forms at the top of a file, or inside one vector at the top: whole numbers
as `int`, nil as None, every other single thing as its text, and collections as `Group`. Tags are
dropped and what they tag stays; `#_` drops the form behind it. Text that only prints like EDN
(`#object[...]`, patterns, unreadable names) passes, for it stands in the errors of real runs.
JSON is read in the same way: a colon separates like a comma, and null is nil.

Nesting and the parts of one form are bounded, and memory with them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final, NamedTuple

from specs.history.formats.errors import HistoryFileError

DEPTH_MAX: Final = 64
PARTS_MAX: Final = 1 << 22
"""Things inside one form at the top."""
_DIGITS_MAX: Final = 100
"""Longer numbers are texts: nothing here computes with them."""

_MEND: Final = "an operation is one map, each bracket and quote in it closed"
_END: Final = r"(?![^\s,;\"\[\](){}\\])"
_TOKEN: Final = rf"""[\s,]*+ (?:
    (?P<number>[+-]?(?:0|[1-9][0-9]*+)N?){_END}
    | (?P<open>\#?\{{|[\[(])
    | (?P<close>[\])}}])
    | "(?P<string>(?:[^"\\]++|\\.)*+)(?P<quote>"?)
    | (?P<odd>\#['<\#][^\s,;"\[\](){{}}\\]*+ | \\\S\w*+)
    | (?P<tag>\#_|\#[\w.*+!?$%&=<>/:'-]*+)
    | (?P<zero>[+-]?0[0-9]++N?){_END}
    | (?P<word>[^\s,;"\[\](){{}}\\\x00-\x1f\x7f]++)
    | (?P<end>;.*+|\Z)
    )"""
_EDN: Final = re.compile(_TOKEN, re.VERBOSE | re.DOTALL)
_JSON: Final = re.compile(
    _TOKEN.replace(r"\s,", r"\s,:").replace(";.*+|", ""), re.VERBOSE | re.DOTALL
)
_SPACE: Final = re.compile(r"[\s,]*+")
_QUOTED: Final = re.compile(r'(?P<string>(?:[^"\\]++|\\.)*+)(?P<quote>"?)', re.DOTALL)
"""The rest of a text that began in an earlier line."""
_RUN: Final = re.compile(r"(?:[\s,]*+(?:0|[1-9][0-9]{0,17}+)(?=[\s,\])]))*+")
"""Plain numbers at the beginning of a vector, which may be many."""

_CLOSING: Final = {"[": "]", "(": ")", "{": "}", "#{": "}", "": ""}
_NAMES: Final = {
    "[": "a vector",
    "(": "a list",
    "{": "a map",
    "#{": "a set",
    "": "a form behind a tag",
}


class Group(NamedTuple):
    """A collection: `kind` is how it opens, and a map holds names and values in turn."""

    kind: str
    items: list[Group | int | str | None]
    line: int


Form = Group | int | str | None


class _Open(NamedTuple):
    """A form that has begun; one of no kind is a tag, takes the next form, and is gone."""

    kind: str
    items: list[Form]
    line: int
    drops: bool = False
    outer: bool = False
    """The vector at the top, whose items come out one by one."""


class Forms:
    """The state between two lines.

    `regular` matches a map that the caller reads on its own; where one could begin, its match
    comes out in place of the form.
    """

    def __init__(self, *, regular: re.Pattern[str] | None = None, json: bool = False) -> None:
        self._regular = regular
        self._token = (_JSON if json else _EDN).match
        self._nil = "null" if json else "nil"
        self._stack: list[_Open] = []
        self._string: list[str] | None = None
        self._string_line = 0
        self._parts = 0
        self._at = 0
        self._value: Form = None

    @property
    def idle(self) -> bool:
        """Say whether the next form stands at the top."""
        stack = self._stack
        return self._string is None and (not stack or (len(stack) == 1 and stack[0].outer))

    def feed(self, text: str, number: int) -> Iterator[Form | re.Match[str]]:
        """Take one line without its line break, and yield the top forms that end in it."""
        self._at = 0
        while True:
            if self._regular is not None and self.idle:
                while found := self._regular.match(text, self._at):
                    yield found
                    self._at = found.end()
            token = (self._token if self._string is None else _QUOTED.match)(text, self._at)
            if token is None:
                at = _SPACE.match(text, self._at).end()  # type: ignore[union-attr]  # it matches ""
                found_text = f"the character {text[at]!a} at column {at + 1}"
                raise HistoryFileError(found_text, _MEND, number)
            self._at = token.end()
            if token.lastgroup == "end":
                return
            if self._take(token, number) and self._place(self._value, number):
                yield self._value
            if self._string is not None:
                return

    def finish(self) -> None:
        """Refuse a file that ends inside a form."""
        if self.idle and not self._stack:
            return
        inner = self._stack[1:] if self._stack and self._stack[0].outer else self._stack
        if not inner and self._string is not None:
            found, line = "the file ends inside a text that begins here", self._string_line
        else:
            begun = (inner or self._stack)[0]
            found, line = f"the file ends inside {_NAMES[begun.kind]} that begins here", begun.line
        raise HistoryFileError(found, "the file was cut short; write it again", line)

    def _take(self, token: re.Match[str], number: int) -> bool:
        """Do what a token asks for; true if a value ends with it."""
        match token.lastgroup:
            case "open":
                self._open(token, number)
                return False
            case "tag":
                self._push(_Open("", [], number, drops=token["tag"] == "#_"), token)
                return False
            case "close":
                closed = self._close(token, number)
                self._value = Group(closed.kind, closed.items, closed.line)
                return not closed.outer
            case "quote":
                return self._quote(token, number)
            case "zero":
                found = f"the number {token['zero'][:40]} begins with a zero"
                raise HistoryFileError(found, "write numbers without leading zeros", number)
        self._value = self._single(token)
        return True

    def _open(self, token: re.Match[str], number: int) -> None:
        kind = token["open"]
        begun = _Open(kind, [], number, outer=kind == "[" and not self._stack)
        self._push(begun, token)
        if kind in "[(" and not begun.outer:
            run = _RUN.match(token.string, self._at)
            assert run is not None, "a run may be empty"
            begun.items.extend(map(int, run[0].replace(",", " ").split()))
            self._count(len(begun.items), number)
            self._at = run.end()

    def _push(self, begun: _Open, token: re.Match[str]) -> None:
        if len(self._stack) == DEPTH_MAX:
            found = f"more than {DEPTH_MAX} forms inside each other at column {token.end()}"
            raise HistoryFileError(found, _MEND, begun.line)
        self._stack.append(begun)

    def _close(self, token: re.Match[str], number: int) -> _Open:
        where = f"{token['close']!r} at column {token.end()}"
        if not self._stack:
            raise HistoryFileError(f"{where} closes nothing", _MEND, number)
        begun = self._stack.pop()
        if _CLOSING[begun.kind] != token["close"]:
            found = f"{where} inside {_NAMES[begun.kind]} that begins in line {begun.line}"
            raise HistoryFileError(found, _MEND, number)
        return begun

    def _quote(self, token: re.Match[str], number: int) -> bool:
        """Read on in a text; true if it ends here."""
        if self._string is None:
            self._string, self._string_line = [], number
        self._string.append(token["string"])
        if token["quote"]:
            self._value = '"' + "\n".join(self._string) + '"'
            self._string = None
            return True
        if token.end() < len(token.string):
            raise HistoryFileError("a backslash at the end of the line", _MEND, number)
        self._count(1, number)
        return False

    def _single(self, token: re.Match[str]) -> int | str | None:
        text = token[token.lastgroup or 0]
        if token.lastgroup == "number":
            digits = text.removesuffix("N").removeprefix("+")
            return int(digits) if len(digits) <= _DIGITS_MAX else digits
        return None if text == self._nil else text

    def _place(self, value: Form, number: int) -> bool:
        """Put a whole form where it belongs; true if that is the top."""
        stack, dropped = self._stack, False
        while stack and not stack[-1].kind and not dropped:
            dropped = stack.pop().drops
        if len(stack) > 1 or (stack and not stack[0].outer):
            if not dropped:
                self._count(1, number)
                stack[-1].items.append(value)
            return False
        self._parts = 0
        return not dropped

    def _count(self, parts: int, number: int) -> None:
        self._parts += parts
        if self._parts > PARTS_MAX:
            found = f"an operation of more than {PARTS_MAX} parts"
            raise HistoryFileError(found, "an operation is one transaction", number)
