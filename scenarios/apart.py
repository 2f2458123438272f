"""Read a history in a process of its own, where the reader may end its process.

Parquet is read by Arrow, which is not made for damaged files: it may fill the memory, or end the
process. So a command lets a child read such a file, with bounds on its memory and processor time,
and takes over what the child hands back as npz. Whatever becomes of the child, the answer is a
history or one line.
"""

from __future__ import annotations

import io
import json
import os
import resource
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from specs.history.formats.errors import CUT, ExtraMissing, HistoryFileError

if TYPE_CHECKING:
    from specs.history.formats.load import Loaded

_CHILD: Final = (sys.executable, "-P", "-m", "scenarios.apart")
_MEMORY_BYTES: Final = 1 << 30
_MEMORY_RATIO: Final = 100
"""What a file may take: so much, and so many times its own size."""
_CPU_S: Final = 60
_CPU_BYTES: Final = 1 << 20
"""Every so many bytes of a file may take one second more."""


def read_apart(path: Path, *, format: str | None = None) -> Loaded:  # noqa: A002  # the option's name
    """Read a history as `load.read` does, in a child process.

    Raises `HistoryFileError` where the child did not survive it.
    """
    from specs.history.formats import npz
    from specs.history.formats.load import Loaded

    call = [*_CHILD, str(path), *([format] if format else [])]
    # Arrow's own allocator wants more address space than it uses.
    environment = {**os.environ, "ARROW_DEFAULT_MEMORY_POOL": "system"}
    child = subprocess.run(call, capture_output=True, check=False, env=environment)  # noqa: S603  # our own module
    head, _, content = child.stdout.partition(b"\n")
    if child.returncode or not head:
        found = f"no whole table of ours (reading it ended with {child.returncode})"
        raise HistoryFileError(found, CUT)
    answer = json.loads(head)
    if "wrong" in answer:
        raise HistoryFileError(*answer["wrong"])
    if "extra" in answer:
        raise ExtraMissing(answer["extra"])
    history, oracle = npz.read(io.BytesIO(content))
    return Loaded(
        history=history,
        oracle=oracle,
        format=answer["format"],
        assumptions=tuple(answer["assumptions"]),
    )


def main() -> None:
    """Read the file that the arguments name, and write one line and the history to the parent."""
    from specs.history.formats import npz
    from specs.history.formats.load import read

    path, format_ = Path(sys.argv[1]), (*sys.argv[2:], None)[0]
    _limit(path)
    content = io.BytesIO()
    answer: dict[str, Any]
    try:
        loaded = read(path, format=format_)
        npz.write(content, loaded.history, loaded.oracle)
        answer = {"format": loaded.format, "assumptions": loaded.assumptions}
    except HistoryFileError as error:
        answer = {"wrong": error.args}
    except ExtraMissing as error:
        answer = {"extra": error.extra}
    sys.stdout.buffer.write(json.dumps(answer).encode() + b"\n" + content.getvalue())


def _limit(path: Path) -> None:
    """Bound what this process may take for a file."""
    size = path.stat().st_size if path.is_file() else 0
    for limit, most in (
        (resource.RLIMIT_AS, _MEMORY_BYTES + _MEMORY_RATIO * size),
        (resource.RLIMIT_CPU, _CPU_S + size // _CPU_BYTES),
    ):
        soft, hard = resource.getrlimit(limit)
        bounds = [each for each in (soft, hard, most) if each != resource.RLIM_INFINITY]
        resource.setrlimit(limit, (min(bounds), hard))


if __name__ == "__main__":
    main()
