"""Property files of YCSB: core workloads and the time-series workload.

A file holds lines `name=value` and comments; what is left out has YCSB's default. The law that it
calls zipfian is that of the generator `ycsb`: key 0 is the most popular one. Fields and their
lengths, tables and measurements say nothing that a transaction knows.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import BinaryIO, Final

from sim.workload.generate.draws import MILLION
from sim.workload.generate.series import TimeSeries
from sim.workload.generate.settings import SettingError
from sim.workload.generate.ycsb import OPERATIONS_MAX, SKEWED_KEYS_MAX, CoreMix, Ycsb
from sim.workload.profiles.profile import Described, Drawing, Profile
from sim.workload.readers.errors import TraceFileError
from sim.workload.readers.opened import numbered_lines

_LINE: Final = re.compile(rb"^\s*(?:workload|recordcount|operationcount)\s*=", re.MULTILINE)
_SHARES: Final = ("read", "update", "scan", "insert", "readmodifywrite")
_LAWS: Final = ("zipfian", "uniform", "latest")


class _Properties:
    """The values of a property file with the lines where they stand."""

    def __init__(self, file: BinaryIO, path: Path) -> None:
        self._path = path
        self._values: dict[str, tuple[int, str]] = {}
        for line, text in numbered_lines(file, path):
            if text.startswith(("#", "!")):
                continue
            name, equals, value = text.partition("=")
            if not equals:
                raise TraceFileError(path, f'"{text[:40]}"', "a line is name=value", line)
            self._values[name.strip()] = (line, value.strip())

    def text(self, name: str, default: str) -> str:
        return self._values.get(name, (0, default))[1]

    def one_of(self, name: str, default: str, known: tuple[str, ...]) -> str:
        value = self.text(name, default)
        if value not in known:
            raise self.problem(name, f"expected one of {', '.join(known)}")
        return value

    def number(self, name: str, default: int, most: int, least: int = 1) -> int:
        value = self.text(name, str(default))
        if not (value.isascii() and value.isdecimal() and len(value) < 20):
            raise self.problem(name, f"expected a number from {least} to {most:,}")
        if not least <= int(value) <= most:
            raise self.problem(name, f"expected a number from {least} to {most:,}")
        return int(value)

    def share_ppm(self, name: str, default: str) -> int:
        try:
            share = Decimal(self.text(name, default))
        except InvalidOperation:
            raise self.problem(name, "expected a share from 0 to 1, like 0.95") from None
        if not share.is_finite() or not 0 <= share <= 1:
            raise self.problem(name, "expected a share from 0 to 1, like 0.95")
        return int(share * MILLION)

    def problem(self, name: str, mend: str) -> TraceFileError:
        line, value = self._values.get(name, (None, ""))
        return TraceFileError(self._path, f'{name} is "{value[:40]}"', mend, line)


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreFile(Ycsb):
    """A core workload with the shares of a property file instead of those of a letter."""

    core: CoreMix

    def core_mix(self) -> CoreMix:
        """Return the shares of the file."""
        return self.core


def described(file: BinaryIO, path: Path, drawing: Drawing) -> Described:
    """Return the generator that a property file describes."""
    drawing.whole("YCSB properties")
    properties = _Properties(file, path)
    kind = properties.text("workload", "site.ycsb.workloads.CoreWorkload").rsplit(".", 1)[-1]
    if kind == "TimeSeriesWorkload":
        return _series(properties, path, drawing)
    if kind != "CoreWorkload":
        raise properties.problem("workload", "expected CoreWorkload or TimeSeriesWorkload")
    law = properties.one_of("requestdistribution", "uniform", _LAWS)
    properties.one_of("scanlengthdistribution", "uniform", ("uniform",))
    defaults = {"read": "0.95", "update": "0.05"}
    shares = {
        each: properties.share_ppm(f"{each}proportion", defaults.get(each, "0")) for each in _SHARES
    }
    if not any(shares.values()):
        raise properties.problem("readproportion", "some operation needs a share above 0")
    core = CoreMix(
        summary="as its property file says",
        distribution=law,
        read_ppm=shares["read"],
        update_ppm=shares["update"],
        scan_ppm=shares["scan"],
        insert_ppm=shares["insert"],
        read_modify_write_ppm=shares["readmodifywrite"],
    )
    records = drawing.keys or properties.number("recordcount", 1000, SKEWED_KEYS_MAX)
    return CoreFile(
        transactions=drawing.transactions,
        clients=drawing.clients,
        mix=path.name.split(".")[0],
        records=records,
        operations_min=drawing.requests,
        operations_max=drawing.requests,
        scan_length_max=properties.number("maxscanlength", 1000, OPERATIONS_MAX),
        core=core,
    )


def _series(properties: _Properties, path: Path, drawing: Drawing) -> TimeSeries:
    series = properties.number("fieldcount", 16, 1 << 20)
    for part in properties.text("tagcardinality", "1,2,4,8").split(","):
        if not (part.strip().isascii() and part.strip().isdecimal() and 0 < int(part) <= 1 << 20):
            raise properties.problem("tagcardinality", "expected numbers like 1,2,4,8")
        series *= int(part)
    interval = properties.number("timestampinterval", 60, 1 << 40)
    records = drawing.keys or properties.number("recordcount", 1_000_000, 1 << 31)
    if records < series:
        raise SettingError("keys", records, f"a value of each of {series:,} series at least")
    return TimeSeries(
        transactions=drawing.transactions,
        clients=drawing.clients,
        name=path.name.split(".")[0],
        requests=drawing.requests,
        series=series,
        records=records,
        span=1 + properties.number("querytimespan", 0, 1 << 40, least=0) // interval,
        read_ppm=properties.share_ppm("readproportion", "0.10"),
        update_ppm=properties.share_ppm("updateproportion", "0.00"),
        insert_ppm=properties.share_ppm("insertproportion", "0.90"),
    )


PROFILE: Final = Profile(
    name="ycsb_properties",
    summary="property file of YCSB",
    looks=lambda head: _LINE.search(head) is not None,
    described=described,
)
"""What tells a property file."""
