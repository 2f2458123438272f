"""Walk through one large JSON value piece by piece, so that only a piece is in memory at a time.

The caller knows the shape of the whole: it takes brackets and commas itself, and asks for the
small values between them. A piece may not be larger than `PIECE_MAX`.
"""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterator
from typing import IO, Any, Final

from specs.history.formats.errors import CUT, HistoryFileError
from specs.history.formats.reading import shown

PIECE_MAX: Final = 8 << 20
"""Letters of the largest value that is taken at once."""
_CHUNK: Final = 1 << 20
_SPACE: Final = re.compile(r"[ \t\r\n]*")


class JsonStream:
    """The text of a file with a place in it."""

    def __init__(self, file: IO[bytes], *, form: str) -> None:
        self._file = file
        self._form = form
        self._decode = codecs.getincrementaldecoder("utf-8-sig")().decode
        self._scan = json.JSONDecoder().raw_decode
        self._text = ""
        self._at = 0
        self._ended = False
        self._line, self._counted = 1, 0
        self.began = 1
        """The line in which the value that was taken last begins."""

    @property
    def line(self) -> int:
        """Return the line of the place, from 1 up."""
        self._line += self._text.count("\n", self._counted, self._at)
        self._counted = self._at
        return self._line

    def wrong(self, found: str) -> HistoryFileError:
        """Return an error about what stands at the place."""
        return HistoryFileError(found, self._form, self.line)

    def wrong_value(self, found: str) -> HistoryFileError:
        """Return an error about the value that was taken last."""
        return HistoryFileError(found, self._form, self.began)

    def peek(self) -> str:
        """Return the next letter that is no space, or nothing at the end of the file."""
        while True:
            self._at = _SPACE.match(self._text, self._at).end()  # type: ignore[union-attr]  # it matches everywhere
            if self._at < len(self._text):
                return self._text[self._at]
            if not self._more():
                return ""

    def take(self, letter: str) -> None:
        """Go past a letter that must come next."""
        found = self.peek()
        if found != letter:
            what = f"{found!r} instead of {letter!r}" if found else f"the end, before {letter!r}"
            raise self.wrong(what)
        self._at += 1

    def value(self) -> Any:
        """Return the next value, whatever it is."""
        self.peek()
        self.began = self.line
        while True:
            try:
                value, end = self._scan(self._text, self._at)
            except json.JSONDecodeError as error:
                if not self._more():
                    raise self._no_value(error.pos) from None
            except (RecursionError, ValueError) as error:
                found = "nested too deeply" if isinstance(error, RecursionError) else str(error)
                raise self.wrong(found) from None
            else:
                # A number may go on behind the end of what was read so far.
                if end < len(self._text) or not self._more():
                    self._at = end
                    return value

    def items(self, opening: str, closing: str) -> Iterator[None]:
        """Take a list or an object in brackets; yields where each of its items begins."""
        self.take(opening)
        if self.peek() == closing:
            self._at += 1
            return
        while True:
            yield
            if self.peek() == closing:
                self._at += 1
                return
            self.take(",")

    def members(self) -> Iterator[str]:
        """Take an object; yields the name of each member, whose value the caller takes."""
        for _ in self.items("{", "}"):
            name = self.value()
            if not isinstance(name, str):
                raise self.wrong(f"{shown(name)} is no name")
            self.take(":")
            yield name

    def finish(self) -> None:
        """Refuse whatever comes next."""
        if found := self.peek():
            raise self.wrong(f"{found!r} after the end")

    def _no_value(self, place: int) -> HistoryFileError:
        if not self._ended:
            found = f"a value of more than {PIECE_MAX >> 20} Mi letters"
        elif not self._text[place:].strip():
            found = "the file ends inside a value"
        else:
            found = f"no JSON at {shown(self._text[place : place + 16])}"
        self._at = min(place, len(self._text))
        return self.wrong(found)

    def _more(self) -> bool:
        """Read on, and forget what lies behind the place; without more, leave all as it is."""
        if self._ended or len(self._text) - self._at > PIECE_MAX:
            return False
        _ = self.line  # counts the lines that are forgotten
        raw = self._file.read(_CHUNK)
        self._ended = not raw
        try:
            more = self._decode(raw, self._ended)
        except UnicodeDecodeError as error:
            found = f"not UTF-8 ({error.reason})"
            line = self._line + self._text.count("\n", self._at) + raw.count(b"\n", 0, error.start)
            raise HistoryFileError(found, CUT, line) from None
        if self._ended and not more:
            return False
        self._text = self._text[self._at :] + more
        self._at = self._counted = 0
        return True
