"""The house rules that a machine can check, each with a planted offender that it must report."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests import tidy_rules

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sim", "specs", "models", "reports", "scenarios")
EVERYWHERE = (*PACKAGES, "tests", "benchmarks")
SIMULATED = ("sim/kernel", "sim/omid", "sim/history.py", "sim/workload/types.py")

# Rows of numbers have no second room to move to.
DATA_TABLES = {"sim/kernel/normal_table.py"}

# The rules and their planted offenders talk about what they forbid.
TIDY_ITSELF = {"tests/tidy_rules.py", "tests/test_tidy.py"}

Rule = Callable[[str], list[str]]

# A rule, where it applies, and an offender.
RULES: dict[str, tuple[Rule, tuple[str, ...], str]] = {
    "long_file": (tidy_rules.long_file, EVERYWHERE, "x = 1\n" * 401),
    "long_functions": (
        tidy_rules.long_functions,
        EVERYWHERE,
        "class A:\n    def f(self):\n" + "        pass\n" * 60,
    ),
    "empty_names": (tidy_rules.empty_names, EVERYWHERE, "class LeaseMgr:\n    pass\n"),
    "joined_asserts": (tidy_rules.joined_asserts, PACKAGES, "assert a and b\n"),
    "swallowed_errors": (
        tidy_rules.swallowed_errors,
        EVERYWHERE,
        "try:\n    f()\nexcept Exception:\n    pass\n",
    ),
    "unfinished": (tidy_rules.unfinished, EVERYWHERE, "x = 1  # TODO: two\n"),
    "unreasoned_ignores": (
        tidy_rules.unreasoned_ignores,
        EVERYWHERE,
        "x = f()  # type: ignore[arg-type]\n",
    ),
    "ambient_calls": (tidy_rules.ambient_calls, SIMULATED, "order = id(node)\n"),
    "floats": (tidy_rules.floats, SIMULATED, "half = span_ns / 2\n"),
    "set_order": (tidy_rules.set_order, SIMULATED, "for name in {'a', 'b'}:\n    send(name)\n"),
}


def python_files(*places: str) -> list[str]:
    """Return the Python files in the places, as paths from the root."""
    files: set[Path] = set()
    for place in places:
        path = ROOT / place
        files.update([path] if path.is_file() else path.rglob("*.py"))
    return sorted(file.relative_to(ROOT).as_posix() for file in files)


def test_tidy_looks_at_files_of_every_package():
    for package in PACKAGES:
        assert python_files(package)


@pytest.mark.parametrize("name", RULES)
def test_house_rule_is_kept(name):
    rule, places, _ = RULES[name]
    exempt = TIDY_ITSELF | (DATA_TABLES if name == "long_file" else set())
    found = [
        f"{file}:{finding}"
        for file in python_files(*places)
        if file not in exempt
        for finding in rule((ROOT / file).read_text())
    ]
    assert not found, "\n".join(found)


@pytest.mark.parametrize("name", RULES)
def test_house_rule_reports_a_planted_offender(name):
    rule, _, offender = RULES[name]
    assert len(rule(offender)) == 1


@pytest.mark.parametrize("name", RULES)
def test_house_rule_is_silent_on_good_code(name):
    good = (
        "import math\n"
        "def lease(ends_ns: int, names: set[str]) -> list[str]:\n"
        "    assert ends_ns >= 0\n"
        "    first = sorted(name for name in names)\n"
        "    table = f(first)  # type: ignore[arg-type]  # the table fixes the types\n"
        "    return [*first, *table, str(math.isqrt(ends_ns // 2)), str(len(names))]\n"
    )
    assert RULES[name][0](good) == []


@pytest.mark.parametrize(
    "offender",
    [
        "def f(names: frozenset[str]) -> None:\n    for name in names:\n        send(name)\n",
        "class A:\n    def f(self):\n        self.late = set()\n        return list(self.late)\n",
        "order = [name for name in set(names)]\n",
        "order = tuple({1, 2} | more)\n",
        "order = [*{1, 2}]\n",
        "waiting: set[str] = start()\nfirst = waiting.pop()\n",
        "text = ', '.join({'a', 'b'})\n",
    ],
)
def test_every_way_to_depend_on_the_order_of_a_set_is_seen(offender):
    assert tidy_rules.set_order(offender)


@pytest.mark.parametrize(
    "offender",
    [
        "x = 0.5\n",
        "x = float(y)\n",
        "import math\nx = math.log(y)\n",
        "from math import exp\n",
        "x /= 2\n",
    ],
)
def test_every_way_to_a_float_is_seen(offender):
    assert tidy_rules.floats(offender)


@pytest.mark.parametrize(
    "offender",
    ["x = 1  # noqa\n", "x = 1  # noqa: E501\n", "x = 1  # type: ignore\n", "# ruff: noqa\n"],
)
def test_every_ignore_without_a_reason_is_seen(offender):
    assert tidy_rules.unreasoned_ignores(offender)


# rule of the linter, the file it would stand in, an offender
LINTED = [
    ("T201", "sim/omid/manager.py", 'print("hello")\n'),
    ("TID251", "sim/omid/manager.py", "import time\n\nnow = time.time()\n"),
    ("TID251", "specs/history/check.py", "import datetime\n\nnow = datetime.datetime.now()\n"),
    ("TID251", "sim/omid/manager.py", "import random\n"),
    ("TID251", "sim/workload/generate.py", "import numpy as np\n\nx = np.random.default_rng(1)\n"),
    ("TID251", "scenarios/store.py", "import pickle\n"),
    ("TID251", "scenarios/store.py", "import marshal\n"),
    ("TID251", "models/net.py", "import torch\n\nx = torch.load('x')\n"),
    ("S307", "specs/logic/parse.py", "x = eval('1')\n"),
    ("S102", "specs/logic/parse.py", "exec('x = 1')\n"),
    ("E722", "reports/page.py", "try:\n    f()\nexcept:\n    g()\n"),
    ("BLE001", "reports/page.py", "try:\n    f()\nexcept Exception:\n    g()\n"),
    ("D103", "reports/page.py", '"""Draw."""\n\n\ndef draw() -> None:\n    f()\n'),
    ("D101", "sim/kernel/node.py", '"""Nodes."""\n\n\nclass Node:\n    x = 1\n'),
    ("D102", "specs/x.py", 'class A:\n    """A."""\n\n    def f(self) -> None:\n        g()\n'),
    ("D100", "scenarios/load.py", "x = 1\n"),
    ("D400", "scenarios/load.py", '"""Load files"""\n'),
    ("ANN001", "scenarios/load.py", '"""Load."""\n\n\ndef load(path) -> None:\n    """Load."""\n'),
    ("E501", "sim/omid/manager.py", f'"""M."""\n\nx = "{"x" * 100}"\n'),
    ("ERA001", "sim/omid/manager.py", "# x = f(1)\n"),
]


@pytest.mark.parametrize(("code", "file", "offender"), LINTED)
def test_linter_reports_a_planted_offender(code, file, offender):
    command = [sys.executable, "-m", "ruff", "check", "--output-format=concise", "--no-cache"]
    answer = subprocess.run(
        [*command, "--stdin-filename", file, "-"],
        cwd=ROOT,
        input=offender,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f" {code} " in answer.stdout, answer.stdout + answer.stderr
