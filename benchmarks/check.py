"""Measure `bulkhead check`: CPU time and memory, with reading, a process for every history.

    python benchmarks/check.py [--json] [--only TEXT] [--levels LEVEL,...] [--quick]

Recorded histories are taken from the folder that BULKHEAD_DATA names, and their verdicts compared
with its table; generated ones are valid as they are made. `black-box` knows what clients saw,
`white-box` the timestamps. The first level is the one whose figures stand under the history's
name; other levels stand below it. `--quick` leaves out what has more than 10,000 transactions.
Exit code 1 says that a verdict was wrong.
"""

from __future__ import annotations

import argparse
import json
import platform
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from checked import recorded, stated
from checked.generate import snapshots, write_lists, writer_pairs

LEVELS: Final = ("session-si", "si", "serializable", "causal")
AIMS: Final = {"10,000 transactions": 1, "100,000 transactions": 25, "lists": 3, "white-box": 5}
QUICK: Final = 10_000
SIZES: Final = (1_000, 10_000, 100_000, 1_000_000)
TRANSACTIONS: Final = 100_000
BLIND_KEYS: Final = 2_400
_RSS_UNIT: Final = 1 if sys.platform == "darwin" else 1024

Figures = dict[str, Any]


def _simulated(path: Path) -> Figures:
    """Run our own simulator: Omid over YCSB."""
    from protocol import build

    from specs.history.formats.npz import write

    world = build(TRANSACTIONS)
    assert world.run() == "", "the run did not end"
    with path.open("wb") as file:
        write(file, world.outcome().history)
    return {}


def _blind(path: Path) -> Figures:
    """Write blindly to a few keys: millions of pairs of writers, and nothing orders them."""
    history = snapshots(TRANSACTIONS, operations=4, keys=BLIND_KEYS)
    _save(path, history)
    return {"writer_pairs": writer_pairs(history)}


def _lists(path: Path) -> Figures:
    """Append to lists, in EDN."""
    with path.open("wb") as file:
        write_lists(file, TRANSACTIONS)
    return {}


def _growing(transactions: int) -> Callable[[Path], Figures]:
    def make(path: Path) -> Figures:
        _save(path, snapshots(transactions, operations=5, keys=transactions))
        return {}

    return make


def _save(path: Path, history: Any) -> None:
    from specs.history.formats.npz import write

    with path.open("wb") as file:
        write(file, history)


MADE: Final[dict[str, Callable[[Path], Figures]]] = {
    "simulator-100000": _simulated,
    "blind-100000": _blind,
    "lists-edn-100000": _lists,
    **{f"black-box-{size}": _growing(size) for size in SIZES},
}


def measure(path: Path, level: str) -> Figures:
    """Read and check one history here; memory is the process's peak."""
    from specs.history.formats.load import read
    from specs.history.isolation.decide import decide
    from specs.history.isolation.levels import level_of

    begin = time.process_time()
    history = read(path).history
    read_seconds = time.process_time() - begin
    decision = decide(history, level_of(level))
    return {
        "seconds": round(time.process_time() - begin, 3),
        "read_seconds": round(read_seconds, 3),
        "transactions": history.transactions,
        "operations": history.operations,
        "holds": decision.holds,
    }


def yardstick() -> Figures:
    """Say how fast this machine is right now."""
    begin = time.process_time()
    total = 0
    for number in range(10_000_000):
        total += number
    return {"seconds_10m_additions": round(time.process_time() - begin, 3)}


def apart(*arguments: str) -> Figures:
    """Measure in a process of its own."""
    command = [sys.executable, __file__, *arguments]
    answer = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603  # our own file
    figures: Figures = json.loads(answer.stdout)
    return figures


def here(what: str, rest: list[str]) -> Figures:
    """Do what a process of its own is asked for."""
    if what == "check":
        figures = measure(Path(rest[0]), rest[1])
    elif what == "make":
        figures = MADE[rest[0]](Path(rest[1]))
    elif what == "white-box":
        figures = stated.from_memory(int(rest[0]))
    elif what == "stream":
        figures = stated.on_line(int(rest[0]))
    else:
        figures = yardstick()
    return figures | {"bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * _RSS_UNIT}


class Bench:
    """Measures one history after the other, and notes wrong verdicts."""

    def __init__(self, *, levels: list[str], only: str, quick: bool) -> None:
        self.levels, self.only, self.quick = levels, only, quick
        self.figures: Figures = {}
        self.skipped: dict[str, str] = {}
        self.wrong: list[str] = []

    def wants(self, name: str) -> bool:
        """Say whether a history is asked for."""
        if self.quick and int(name.rpartition("-")[2]) > QUICK:
            return False
        return self.only in name

    def recorded(self) -> None:
        """Measure the recorded histories."""
        histories = recorded.folder()
        verdicts = {} if histories is None else recorded.expected(histories)
        for each in recorded.RECORDED:
            if not self.wants(each.name):
                continue
            if histories is None or not (histories / each.path).exists():
                where = "BULKHEAD_DATA names no data" if histories is None else "not in the data"
                self.skipped[each.name] = where
                continue
            due = {level: verdicts.get((each.path, level)) for level in self.levels}
            self._check(each.name, histories / each.path, due)
            self.figures[each.name]["peers"] = dict(
                zip(("veristrong", "polysi", "viper"), each.peers, strict=True)
            )

    def made(self, folder: Path) -> None:
        """Measure the generated histories."""
        for name in MADE:
            if not self.wants(name):
                continue
            path = folder / name
            more = apart("make", name, str(path))
            more.pop("bytes")
            # Whether one is serializable is not known beforehand.
            due = {level: None if "serial" in level else True for level in self.levels}
            self._check(name, path, due)
            self.figures[name] |= more
            path.unlink()

    def stated(self) -> None:
        """Measure the checks by timestamps."""
        for name, kind, size in (
            *((f"white-box-{size}", "white-box", size) for size in SIZES),
            ("stream-100000", "stream", TRANSACTIONS),
        ):
            if self.wants(name):
                self.figures[name] = apart(kind, str(size))
                self._judge(name, kind, self.figures[name]["holds"], due=True)

    def _check(self, name: str, path: Path, due: dict[str, bool | None]) -> None:
        more: Figures = {}
        for level, verdict in due.items():
            figures = apart("check", str(path), level)
            self._judge(name, level, figures["holds"], due=verdict)
            if name in self.figures:
                more[level] = {part: figures[part] for part in ("seconds", "bytes", "holds")}
            else:
                self.figures[name] = figures
        if more:
            self.figures[name]["levels"] = more

    def _judge(self, name: str, level: str, holds: bool, *, due: bool | None) -> None:
        if due is not None and holds != due:
            self.wrong.append(f"{name} at {level}: {'valid' if holds else 'violation'}")


def table(bench: Bench) -> str:
    """Return the figures for a reader."""
    other = bench.levels[1:]
    head = f"{'history':18}{'tx':>8}{'CPU s':>8}{'reading':>8}{'MiB':>6}"
    head += "".join(f"{level[:13]:>15}" for level in other)
    lines = [head + f"{'VeriStrong':>12}{'PolySI':>9}{'Viper':>9}"]
    for name, each in bench.figures.items():
        line = f"{name:18}{each['transactions']:>8}{each['seconds']:>8.2f}"
        line += f"{each.get('read_seconds', 0):>8.2f}{each['bytes'] >> 20:>6}"
        levels = each.get("levels", {})
        for level in other:
            at = levels.get(level)
            text = "" if at is None else f"{at['seconds']:.2f}{'' if at['holds'] else ' no'}"
            line += f"{text:>15}"
        peers = each.get("peers", {})
        line += "".join(
            f"{peers.get(name, ''):>{width}}"
            for name, width in (("veristrong", 12), ("polysi", 9), ("viper", 9))
        )
        lines.append(line.rstrip())
    for name, each in bench.figures.items():
        if "writer_pairs" in each:
            lines.append(f"{name}: {each['writer_pairs']:,} pairs of writers of one key")
        if "ratio_argsort" in each:
            lines.append(f"{name}: {each['ratio_argsort']:.1f} times one argsort of its keys")
        if "tx_per_s" in each:
            lines.append(
                f"{name}: {each['tx_per_s']} transactions a second; at most "
                f"{each['transactions_kept_max']} transactions and {each['versions_kept_max']} "
                f"versions of {each['keys']} keys kept"
            )
    lines += [f"{name}: skipped, {why}" for name, why in bench.skipped.items()]
    return "\n".join(lines)


def main() -> int:
    """Print the figures, as a table or as one JSON object."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--only", default="", metavar="TEXT", help="histories named like this")
    parser.add_argument("--levels", default=",".join(LEVELS), help="the first one counts")
    parser.add_argument("--quick", action="store_true", help=f"at most {QUICK} transactions")
    options = parser.parse_args()
    bench = Bench(levels=options.levels.split(","), only=options.only, quick=options.quick)
    machine = apart("yardstick")
    bench.recorded()
    with tempfile.TemporaryDirectory() as folder:
        bench.made(Path(folder))
    bench.stated()
    if options.json:
        versions = {name: version(name) for name in ("numpy", "scipy", "python-sat")}
        figures = bench.figures | {
            "skipped": bench.skipped,
            "wrong": bench.wrong,
            "machine": f"{platform.system()} {platform.machine()}",
            "seconds_10m_additions": machine["seconds_10m_additions"],
            "versions": {"python": platform.python_version()} | versions,
        }
        sys.stdout.write(json.dumps(figures, indent=2) + "\n")
    else:
        aims = ", ".join(f"{what} {seconds} s" for what, seconds in AIMS.items())
        sys.stdout.write(
            f"{table(bench)}\n\n{recorded.CAVEAT}\nAims: {aims}. This machine adds ten million "
            f"numbers in {machine['seconds_10m_additions']} s (0.4 to 0.5 on a quiet one).\n"
        )
    for wrong in bench.wrong:
        sys.stderr.write(f"wrong verdict: {wrong}\n")
    return 1 if bench.wrong else 0


if __name__ == "__main__":
    apart_arguments = ("check", "make", "white-box", "stream", "yardstick")
    if len(sys.argv) > 1 and sys.argv[1] in apart_arguments:
        json.dump(here(sys.argv[1], sys.argv[2:]), sys.stdout)
    else:
        sys.exit(main())
