"""The child process of the pool: a JSON message a line in, a JSON answer a line out.

Whatever else writes to standard output in this process goes to standard error, so that nothing
can break the answers apart. No state of one task is left to the next.
"""

from __future__ import annotations

import json
import os
import sys
from importlib import import_module
from typing import Final

_TASKS: Final = {
    "run": "scenarios.job",
    "measure": "scenarios.measurement",
    "read": "scenarios.hunt.readers.example",
}


def main() -> None:
    """Answer messages until the driver closes the pipe."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        for line in sys.stdin:
            message = json.loads(line)
            # One process does one kind of task, and loads what that needs.
            perform = import_module(_TASKS[message.pop("task", "run")]).perform
            answers.write(json.dumps(perform(message), ensure_ascii=False) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
