"""The `bulkhead` command: first the guard, then everything else.

A console script has the folder of all scripts first on its path, and a package of somebody else
may have put a `models.py` there. That folder goes before anything is imported by name.
"""

from __future__ import annotations

import os
import sys
import sysconfig


def drop_scripts_folder() -> None:
    """Take the folder of console scripts off the import path, compared by real path."""
    scripts = os.path.realpath(sysconfig.get_path("scripts"))
    sys.path[:] = [entry for entry in sys.path if os.path.realpath(entry) != scripts]


def main() -> None:
    """Run the command line and leave with its exit code."""
    drop_scripts_folder()
    from scenarios.entry import enter

    sys.exit(enter(sys.argv[1:]))


if __name__ == "__main__":
    main()
