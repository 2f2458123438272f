"""Every format of recordings that know no transactions, by name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.exits import ExitEvent
from sim.workload.formats import keys, kvm, rows, xen
from sim.workload.formats.request import Format

FORMATS: Final[dict[str, Format]] = {
    form.name: form
    for family in (keys.FORMATS, rows.FORMATS, kvm.FORMATS, xen.FORMATS)
    for form in family
}
"""By the name that scenario files use."""

EXITS: Final[dict[str, Callable[[BinaryIO, Path], Iterator[ExitEvent]]]] = {
    "kvmexit": kvm.exit_events,
    "xentrace": xen.binary_events,
    "xen_npz": xen.npz_events,
}
"""Those that hold exits of virtual machines: what gives their events in order of time."""


def recognised(head: bytes) -> Format | None:
    """Return the format that the first bytes of a file show, if any."""
    return next((form for form in FORMATS.values() if form.looks and form.looks(head)), None)
