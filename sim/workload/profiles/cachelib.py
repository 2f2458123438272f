"""Models of Meta's caches, as CacheLib's benchmark reads them: a folder of JSON files.

`config.json` holds the shares of operations, the number of keys and the name of the file of
popularities beside it: numbers of keys (`popularityBuckets`) and how often these are asked for
together (`popularityWeights`). A lone get asks for a key that is never there. Sizes of values say
nothing that a transaction knows.
"""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path
from typing import Any, BinaryIO, Final

from sim.workload.generate.draws import MILLION
from sim.workload.generate.popular import KEYS_MAX, Group, Popular
from sim.workload.profiles.profile import Described, Drawing, Profile
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import opened

_BYTES_MAX: Final = 8 << 20
_RATIOS: Final = {
    "getRatio": "read",
    "setRatio": "write",
    "delRatio": "delete",
    "addChainedRatio": "update",
    "loneGetRatio": "miss",
}


def described(file: BinaryIO, path: Path, drawing: Drawing) -> Described:
    """Return the generator that a model describes."""
    drawing.whole("CacheLib's models")
    test = _table(_read(file, path), "test_config", path)
    shares = {action: _ratio_ppm(test, name, path) for name, action in _RATIOS.items()}
    if not any(shares.values()):
        raise TraceFileError(path, "no operation has a ratio", f"expected {', '.join(_RATIOS)}")
    popular = test.get("popDistFile")
    if not isinstance(popular, str) or Path(popular).name != popular:
        mend = "expected the name of a file beside this one"
        raise TraceFileError(path, f"popDistFile is {popular!r}", mend)
    beside = path.with_name(popular)
    with opened(beside) as other:
        table = _read(other, beside)
    sizes = _numbers(table, "popularityBuckets", beside)
    weights = _numbers(table, "popularityWeights", beside)
    if len(sizes) != len(weights):
        found = f"{len(sizes)} popularityBuckets and {len(weights)} popularityWeights"
        raise TraceFileError(beside, found, "expected as many of the one as of the other")
    groups = tuple(
        Group(keys=size, weight=weight) for size, weight in zip(sizes, weights, strict=True)
    )
    return Popular(
        transactions=drawing.transactions,
        clients=drawing.clients,
        name=path.parent.name or "cachelib",
        source="model of a cache of Meta",
        requests=drawing.requests,
        shares=shares,
        keys=drawing.keys or _keys(test, path),
        groups=groups,
        lookaside=test.get("enableLookaside") is True,
        notes=("gets read, sets write, a lone get reads a key that is never there",),
    )


def _read(file: BinaryIO, path: Path) -> dict[str, Any]:
    text = file.read(_BYTES_MAX + 1)
    if len(text) > _BYTES_MAX:
        raise TraceFileError(path, "more than 8 MiB", "a model is small; is this one?")
    try:
        value = json.loads(text, parse_float=Decimal)
    except json.JSONDecodeError as error:
        mend = "the file is JSON"
        raise TraceFileError(path, f"no JSON: {error.msg}", mend, error.lineno) from None
    except (ValueError, RecursionError) as error:
        raise TraceFileError(path, f"no JSON: {error}", "the file is JSON") from None
    if not isinstance(value, dict):
        raise TraceFileError(path, "no JSON object", "a model is one object")
    return value


def _table(value: dict[str, Any], name: str, path: Path) -> dict[str, Any]:
    table = value.get(name)
    if not isinstance(table, dict):
        raise TraceFileError(path, f'no object "{name}"', "a model has one")
    return table


def _ratio_ppm(test: dict[str, Any], name: str, path: Path) -> int:
    value = test.get(name, 0)
    if isinstance(value, bool) or not isinstance(value, int | Decimal) or not 0 <= value <= 1:
        raise TraceFileError(path, f"{name} is {value!s:.40}", "expected a ratio from 0 to 1")
    return int(value * MILLION)


def _keys(test: dict[str, Any], path: Path) -> int:
    keys = test.get("numKeys")
    if type(keys) is not int or not 1 <= keys <= KEYS_MAX:
        raise TraceFileError(path, f"numKeys is {keys!s:.40}", f"expected 1 to {KEYS_MAX:,}")
    return keys


def _numbers(table: dict[str, Any], name: str, path: Path) -> list[int]:
    values = table.get(name)
    if not isinstance(values, list) or not values:
        raise TraceFileError(path, f'no list "{name}"', "popularities have one")
    for place, value in enumerate(values):
        if type(value) is not int or not 0 < value < 1 << 40:
            found = f"{name} has {value!s:.40} at place {place}"
            raise TraceFileError(path, found, "expected numbers from 1 up")
    return values


PROFILE: Final = Profile(
    name="cachelib_model",
    summary="model of a cache of Meta",
    looks=lambda head: head.lstrip().startswith(b"{") and b'"test_config"' in head,
    described=described,
)
"""What tells a model."""
