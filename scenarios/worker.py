"""The child process of the pool: a JSON message a line in, a JSON answer a line out.

Whatever else writes to standard output in this process goes to standard error, so that nothing
can break the answers apart. No state of one task is left to the next.
"""

from __future__ import annotations

import json
import os
import sys


def main() -> None:
    """Answer messages until the driver closes the pipe."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)
        from scenarios import job, measurement

        tasks = {"run": job.perform, "measure": measurement.perform}
        for line in sys.stdin:
            message = json.loads(line)
            perform = tasks[message.pop("task", "run")]
            answers.write(json.dumps(perform(message), ensure_ascii=False) + "\n")
            answers.flush()


if __name__ == "__main__":
    main()
