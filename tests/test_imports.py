"""What is loaded when: the command answers fast because heavy libraries wait for their use."""

import os
import pkgutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
HEAVY = {
    "capstone",
    "hypothesis",
    "matplotlib",
    "networkx",
    "pandas",
    "pyarrow",
    "pydantic",
    "rich",
    "scipy",
    "torch",
    "unicorn",
    "z3",
}
# On top of these, nothing but the standard library and what the package itself needs.
SIMULATOR_MAY_LOAD = {"numpy", "simpy"}


def loaded_by(code: str) -> set[str]:
    """Return the names of all modules that a fresh interpreter holds after running the code."""
    program = f"{code}\nimport sys\nprint('\\n'.join(sys.modules))"
    answer = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=ROOT.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(answer.stdout.split())


def imported_by_command(*arguments: str) -> set[str]:
    """Return the modules that Python itself reports as imported by the installed command."""
    answer = subprocess.run(
        [str(Path(sysconfig.get_path("scripts")) / "bulkhead"), *arguments],
        env={**os.environ, "PYTHONPROFILEIMPORTTIME": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line for line in answer.stderr.splitlines() if line.startswith("import time:")]
    return {line.rsplit("|", 1)[1].strip() for line in lines}


def tops(modules: set[str]) -> set[str]:
    return {module.split(".")[0] for module in modules}


def modules_under(package: str) -> list[str]:
    """Return the package and all modules below it, in order of name."""
    found = pkgutil.walk_packages([str(ROOT / package)], prefix=f"{package}.")
    return [package, *sorted(module.name for module in found)]


def subpackages_of_sim() -> list[str]:
    found = pkgutil.walk_packages([str(ROOT / "sim")], prefix="sim.")
    return ["sim", *sorted(module.name for module in found if module.ispkg)]


@pytest.mark.parametrize("arguments", [("--help",), ("--version",), ("run", "--help")])
def test_help_loads_no_heavy_library(arguments):
    imported = imported_by_command(*arguments)
    assert "scenarios.cli" in imported
    assert not tops(imported) & (HEAVY | {"numpy", "simpy", "sqlite3", "multiprocessing"})


def test_probe_of_the_command_sees_what_is_imported():
    assert "click" in tops(imported_by_command("--help"))


@pytest.mark.parametrize("package", ["sim", "specs", "models", "reports", "scenarios"])
def test_package_itself_loads_no_heavy_library(package):
    loaded = loaded_by(f"import {package}")
    assert package in loaded
    assert not tops(loaded) & (HEAVY | {"numpy", "simpy"})


@pytest.mark.parametrize("package", subpackages_of_sim())
def test_init_of_sim_imports_nothing_eagerly(package):
    loaded = loaded_by(f"import {package}")
    ours = {module for module in loaded if module.split(".")[0] == "sim"}
    parents = {package.rsplit(".", up)[0] for up in range(package.count(".") + 1)}
    assert ours == parents


@pytest.mark.parametrize("package", ["sim", "specs", "models", "reports"])
def test_no_module_below_the_command_loads_a_heavy_library_at_import(package):
    loaded = loaded_by(f"import {', '.join(modules_under(package))}")
    assert not tops(loaded) & HEAVY


def test_simulators_stand_on_numpy_and_simpy_alone():
    before = tops(loaded_by(""))
    loaded = tops(loaded_by(f"import {', '.join(modules_under('sim'))}")) - before
    foreign = loaded - set(sys.stdlib_module_names) - SIMULATOR_MAY_LOAD - {"sim"}
    assert {name for name in foreign if not name.startswith("_")} == set()


def test_specifications_load_no_simulator():
    loaded = loaded_by(f"import {', '.join(modules_under('specs'))}")
    assert "simpy" not in tops(loaded)
    assert not {name for name in loaded if name.startswith(("sim.kernel.core", "sim.omid.world"))}
