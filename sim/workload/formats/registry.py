"""Every format of recordings that know no transactions, by name."""

from __future__ import annotations

from typing import Final

from sim.workload.formats import keys, rows
from sim.workload.formats.request import Format

FORMATS: Final[dict[str, Format]] = {form.name: form for form in (*keys.FORMATS, *rows.FORMATS)}
"""By the name that scenario files use."""


def recognised(head: bytes) -> Format | None:
    """Return the format that the first bytes of a file show, if any."""
    return next((form for form in FORMATS.values() if form.looks and form.looks(head)), None)
