"""The layers of the house: every contract holds, and each breaks when an arrow is turned round."""

import configparser
import os
import shutil
import subprocess
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sim", "specs", "models", "reports", "scenarios")

# contract, the file that gets one more line, the line
OFFENDERS = [
    ("floors", "sim/kernel/core.py", "import scenarios"),
    ("floors", "sim/omid/world.py", "import specs"),
    ("floors", "specs/__init__.py", "import reports"),
    ("sim", "sim/kernel/core.py", "import sim.omid.settings"),
    ("sim", "sim/history.py", "import sim.kernel.core"),
    ("workload", "sim/workload/types.py", "import sim.kernel.core"),
    ("specs", "specs/__init__.py", "import sim.omid.world"),
    ("specs", "specs/__init__.py", "import simpy"),
    ("reports", "reports/__init__.py", "import sim.kernel.trace"),
    ("pure", "sim/omid/world.py", "import time"),
    ("pure", "sim/kernel/node.py", "import random"),
    ("pure", "sim/history.py", "import os"),
    ("ambient", "specs/__init__.py", "import threading"),
    ("light", "sim/omid/world.py", "import z3"),
]


def lint(folder: Path, *contracts: str) -> subprocess.CompletedProcess[str]:
    """Run the contract linter on the packages in a folder."""
    command = [str(Path(sysconfig.get_path("scripts")) / "lint-imports"), "--no-cache"]
    for contract in contracts:
        command += ["--contract", contract]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture
def copy(tmp_path):
    """Return a folder with a copy of the five packages and their contracts."""
    shutil.copy(ROOT / ".importlinter", tmp_path)
    for package in PACKAGES:
        shutil.copytree(
            ROOT / package, tmp_path / package, ignore=shutil.ignore_patterns("__pycache__")
        )
    return tmp_path


def test_every_contract_is_kept():
    answer = lint(ROOT)
    assert answer.returncode == 0, answer.stdout


@pytest.mark.parametrize(("contract", "file", "line"), OFFENDERS)
def test_contract_breaks_when_an_arrow_is_turned_round(copy, contract, file, line):
    with (copy / file).open("a") as source:
        source.write(f"\n{line}\n")
    answer = lint(copy, contract)
    assert answer.returncode == 1
    assert "0 kept, 1 broken" in answer.stdout, answer.stdout + answer.stderr


def test_every_contract_has_a_planted_offender():
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    contracts = {name.rsplit(":", 1)[1] for name in parser.sections() if ":contract:" in name}
    assert contracts == {contract for contract, _, _ in OFFENDERS}
