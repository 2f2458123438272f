"""Where every key and value of a TOML file stands, for messages that point at the line.

`tomllib` gives the values but forgets their places. This reads the same text with the
tree-sitter grammar and keeps nothing but places: a path like ("faults", 0, "start") leads to the
line and column of its key and of its value.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tree_sitter import Node

Path = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """A line and a column, both counted from 1; columns count characters."""

    line: int
    column: int


class Positions:
    """The places of all keys and values of one text."""

    def __init__(self, text: str) -> None:
        self._lines = text.encode().split(b"\n")
        self._keys: dict[Path, Place] = {(): Place(1, 1)}
        self._values: dict[Path, Place] = {}
        self._arrays: defaultdict[Path, int] = defaultdict(int)
        self._read(text)

    def key(self, path: Path) -> Place:
        """Return where the key of the longest known beginning of the path stands."""
        return self._longest(self._keys, path)

    def value(self, path: Path) -> Place:
        """Return where the value stands, or the key of the table that should hold it."""
        return self._values.get(path) or self.key(path)

    def known(self, path: Path) -> bool:
        """Say whether the text has exactly this path."""
        return path in self._keys or path in self._values

    def _longest(self, places: dict[Path, Place], path: Path) -> Place:
        while path not in places:
            path = path[:-1]
        return places[path]

    def _read(self, text: str) -> None:
        import tree_sitter_toml
        from tree_sitter import Language, Parser

        tree = Parser(Language(tree_sitter_toml.language())).parse(text.encode())
        for node in tree.root_node.named_children:
            if node.type == "pair":
                self._pair(node, ())
            elif node.type in ("table", "table_array_element"):
                self._table(node)

    def _table(self, node: Node) -> None:
        header, *rest = [child for child in node.named_children if child.type != "comment"]
        path = self._resolve(_names(header))
        if node.type == "table_array_element":
            number = self._arrays[path]
            self._arrays[path] += 1
            self._keys.setdefault(path, self._place(header))
            path = (*path, number)
        self._keys[path] = self._place(header)
        for pair in rest:
            self._pair(pair, path)

    def _resolve(self, names: list[str]) -> Path:
        """Lead a header through arrays of tables: it means the last table of each so far."""
        path: Path = ()
        for i, name in enumerate(names):
            path = (*path, name)
            if i < len(names) - 1 and path in self._arrays:
                path = (*path, self._arrays[path] - 1)
        return path

    def _pair(self, node: Node, within: Path) -> None:
        key, value = [child for child in node.named_children if child.type != "comment"][:2]
        path = within
        for name in _names(key):
            path = (*path, name)
            self._keys.setdefault(path, self._place(key))
        self._value(value, path)

    def _value(self, node: Node, path: Path) -> None:
        self._values[path] = self._place(node)
        if node.type == "array":
            parts = [part for part in node.named_children if part.type != "comment"]
            for i, part in enumerate(parts):
                self._value(part, (*path, i))
        elif node.type == "inline_table":
            for part in node.named_children:
                if part.type == "pair":
                    self._pair(part, path)

    def _place(self, node: Node) -> Place:
        row, column = node.start_point
        before = self._lines[row][:column].decode(errors="replace")
        return Place(row + 1, len(before) + 1)


def _names(node: Any) -> list[str]:
    """Return the names of a bare, quoted or dotted key."""
    if node.type == "dotted_key":
        return [name for child in node.named_children for name in _names(child)]
    text = node.text.decode()
    return [text[1:-1] if node.type == "quoted_key" else text]
