#!/bin/sh
# Install into .venv what the given lock files name, every file checked against its hash.
# uv is several times faster; pip does the same where uv has no wheel or fails.
set -eu
python=.venv/bin/python
files=$(printf -- '-r %s ' "$@") # Lock files have no spaces in their names.
if [ -x .venv/bin/uv ]; then
    # shellcheck disable=SC2086
    if .venv/bin/uv pip install --quiet --python "$python" \
        --require-hashes --only-binary :all: $files; then
        exit 0
    fi
    echo "uv failed; trying pip." >&2
fi
# shellcheck disable=SC2086
exec "$python" -m pip install --quiet --disable-pip-version-check \
    --require-hashes --only-binary :all: $files
