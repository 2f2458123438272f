"""Which Bulkhead this is: the release, and the very code that runs."""

from __future__ import annotations

from functools import cache
from hashlib import blake2b
from importlib.metadata import version as installed_version
from importlib.util import find_spec
from pathlib import Path
from typing import Final

DISTRIBUTION: Final = "bulkhead"
PACKAGES: Final = ("sim", "specs", "models", "reports", "scenarios")
_DECIDING: Final = ("sim", "specs", "scenarios")


@cache
def version() -> str:
    """Return the release."""
    return installed_version(DISTRIBUTION)


@cache
def code_version() -> str:
    """Return the release and a hash of the code that decides results.

    Results of other code must never pass for results of this one.
    """
    digest = blake2b(digest_size=8)
    for package in _DECIDING:
        root = origin(package).parent
        for path in sorted(root.rglob("*.py")):
            digest.update(path.relative_to(root).as_posix().encode() + b"\0")
            digest.update(path.read_bytes() + b"\0")
    return f"{version()}+{digest.hexdigest()}"


def origin(package: str) -> Path:
    """Return the file that a package is imported from, without importing it."""
    spec = find_spec(package)
    assert spec is not None, "the five packages are one distribution"
    assert spec.origin is not None, "none of them is a namespace"
    return Path(spec.origin)
