#!/bin/sh
# Print a Python that can make the environment: 3.11 or newer, with venv and ensurepip.
# PYTHON=... narrows the search to one. Debian ships ensurepip in a package of its own.
for python in ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3}; do
    if "$python" -c 'import sys, ensurepip, venv; sys.exit(sys.version_info < (3, 11))' \
        2>/dev/null; then
        echo "$python"
        exit 0
    fi
done
echo "No Python 3.11 or newer with venv and ensurepip was found" \
    "(tried: ${PYTHON:-python3.13 python3.12 python3.11 python3.14 python3})." \
    "Install one, on Debian and Ubuntu: python3 and python3-venv." >&2
exit 2
