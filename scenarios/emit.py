"""Write our own model as TOML: a narrow emitter that the loader's reader turns back exactly.

It knows text, whole numbers, finite decimals, truth values, arrays and tables, which is all
that a scenario holds. The order of keys is the order of the model, so that one scenario has one
text, which the digest of a run covers.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

_BARE = re.compile(r"[A-Za-z0-9_-]+")
_WIDE = 100


def document(tables: Mapping[str, Any]) -> str:
    """Return the TOML text of nested tables; values that are None are left out."""
    return "\n".join(_table(tables, ())).strip("\n") + "\n"


def _table(table: Mapping[str, Any], path: tuple[str, ...]) -> Iterator[str]:
    present = {key: value for key, value in table.items() if value is not None}
    plain = {key: value for key, value in present.items() if not _has_own_header(value)}
    for key, value in plain.items():
        yield f"{_key(key)} = {_value(value, room=_WIDE - len(key) - 3)}"
    for key, value in present.items():
        inner = (*path, key)
        header = ".".join(map(_key, inner))
        if key in plain:
            continue
        for part in value if isinstance(value, list | tuple) else [value]:
            yield ""
            yield f"[[{header}]]" if isinstance(value, list | tuple) else f"[{header}]"
            yield from _table(part, inner)


def _has_own_header(value: Any) -> bool:
    """Say whether a value is written under a header of its own: a table, or several."""
    if isinstance(value, list | tuple):
        return bool(value) and all(isinstance(part, Mapping) for part in value)
    return isinstance(value, Mapping) and not _is_short(value)


def _is_short(table: Mapping[str, Any]) -> bool:
    """Say whether a table reads best within its line: a law of latency, a bound."""
    return 0 < len(table) <= 4 and ("kind" in table or set(table) <= {"min", "max"})


def _key(key: str) -> str:
    return key if _BARE.fullmatch(key) else _string(key)


def _value(value: Any, room: int = _WIDE) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case str():
            return _string(value)
        case int() | float():
            return repr(value)
        case Mapping():
            inner = (f"{_key(k)} = {_value(v)}" for k, v in value.items() if v is not None)
            return f"{{ {', '.join(inner)} }}" if value else "{}"
        case list() | tuple():
            parts = [_value(part) for part in value]
            line = f"[{', '.join(parts)}]"
            if len(line) <= room or not parts:
                return line
            return "[\n" + "".join(f"    {part},\n" for part in parts) + "]"
    raise TypeError(f"a scenario holds no {type(value).__name__}")


def _string(text: str) -> str:
    """Quote as TOML's basic string; JSON's escapes are a part of TOML's."""
    quoted = json.dumps(text, ensure_ascii=False)
    return re.sub(r"[\x7f-\x9f\u2028\u2029]", lambda found: f"\\u{ord(found[0]):04X}", quoted)
