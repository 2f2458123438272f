"""The recorded histories of the benchmark, and what others were seen to take for them.

The peers' figures are wall seconds of whole processes, one run each, from another run on another
day; of theirs, two were run under load. They give the order of magnitude, and no more.
"""

from __future__ import annotations

import csv
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Final

CAVEAT: Final = (
    "Peers: wall seconds of whole processes as quoted from another run on a machine of two noisy\n"
    "cores, one run each; TO is a time limit. Ours are CPU seconds of reading and checking."
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One history of the data, and how long VeriStrong, PolySI and Viper took, in that order."""

    name: str
    path: str
    peers: tuple[str, str, str] = ("", "", "")


_UNIFORM: Final = "polysi/fig8_9_10/25_400_8_10000_{}_uniform.bincode.xz"
_SMALL: Final = "polysi/fig7/20_100_15_10000_{}_00000.bincode.xz"

RECORDED: Final = (
    Recorded(name="uniform-95", path=_UNIFORM.format("0.95"), peers=("1.67", "6.56", "")),
    Recorded(name="uniform-50", path=_UNIFORM.format("0.5"), peers=("15.18", "50.44", "")),
    Recorded(name="uniform-30", path=_UNIFORM.format("0.3"), peers=("47.66", "TO 180", "")),
    Recorded(
        name="rubis-10000",
        path="cobra/one-shot-10k/rubis-10000.tar.xz",
        peers=("6.43", "26.96", ""),
    ),
    Recorded(
        name="twitter-10000",
        path="polysi/fig8_9_10/twitter-10000.tar.xz",
        peers=("30.11", "54.35", ""),
    ),
    Recorded(
        name="tpcc-10000",
        path="cobra/one-shot-10k/tpcc-10000.tar.xz",
        peers=("TO 180", "169.31", ""),
    ),
    Recorded(name="chengRW-10000", path="cobra/one-shot-10k/chengRW-10000.tar.xz"),
    Recorded(
        name="viper-10000",
        path="veristrong-fig11/viper-10000.tar.xz",
        peers=("9.05", "17.47", "TO 180"),
    ),
    Recorded(name="zipf-2000", path=_SMALL.format("0.5_zipf"), peers=("6.17", "19.38", "")),
    Recorded(name="hotspot-2000", path=_SMALL.format("0.5_hotspot"), peers=("15.59", "67.74", "")),
    Recorded(name="no-reads-2000", path=_SMALL.format("0_uniform"), peers=("TO 240", "25.67", "")),
    Recorded(name="twitter-100000", path="cobra/scaling/twitter-100000.tar.xz"),
    Recorded(name="rubis-100000", path="cobra/scaling/rubis-100000.tar.xz"),
    Recorded(name="chengRM-100000", path="cobra/scaling/chengRM-100000.tar.xz"),
    Recorded(name="chengRW-100000", path="cobra/scaling/chengRW-100000.tar.xz"),
)


def folder() -> Path | None:
    """Return where the recorded histories are, None where nobody says."""
    data = os.environ.get("BULKHEAD_DATA", "")
    histories = Path(data) / "histories"
    return histories if data and histories.is_dir() else None


def expected(histories: Path) -> dict[tuple[str, str], bool]:
    """Return by path and level whether a history is valid, as the table of the data says."""
    with (histories / "verdicts.csv").open(newline="") as file:
        return {
            (row["path"], row["level"]): row["verdict"] == "valid" for row in csv.DictReader(file)
        }
