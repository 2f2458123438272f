"""Five common words as package names: ours must win wherever the command is started.

python-sat, for one, installs a `models.py` beside the console scripts, and the folder of a
console script is the first place where Python looks.
"""

import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("sim", "specs", "models", "reports", "scenarios")
FOREIGN = 'FOREIGN = True\n__path__ = []\nraise ImportError("a foreign package was imported")\n'


@pytest.mark.parametrize("name", PACKAGES)
def test_package_resolves_under_the_checkout(name):
    spec = importlib.util.find_spec(name)
    assert spec is not None
    assert Path(spec.origin).resolve() == ROOT / name / "__init__.py"


def test_no_other_distribution_claims_our_names():
    claimed = importlib.metadata.packages_distributions()
    others = {name: set(claimed.get(name, [])) - {"bulkhead"} for name in PACKAGES}
    assert not any(others.values()), others


@pytest.fixture
def crowded(tmp_path):
    """Return an installed command whose own folder holds modules of our names."""
    environment = tmp_path / "environment"
    venv.create(environment, with_pip=False, symlinks=True)
    scripts = environment / "bin"
    # The new environment sees what this one has installed, our editable install included.
    purelib = sysconfig.get_path(
        "purelib", vars={"base": str(environment), "platbase": str(environment)}
    )
    line = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    (Path(purelib) / "borrowed.pth").write_text(line)
    # No guard inside `scenarios` can help against a foreign `scenarios`.
    for name in set(PACKAGES) - {"scenarios"}:
        (scripts / f"{name}.py").write_text(FOREIGN)
    installed = Path(sysconfig.get_path("scripts")) / "bulkhead"
    body = installed.read_text().split("\n", 1)[1]
    command = scripts / "bulkhead"
    command.write_text(f"#!{scripts / 'python'}\n{body}")
    command.chmod(0o755)
    return command


@pytest.fixture
def foreign_folder(tmp_path):
    """Return a folder with packages of our names, as a user's own project may have."""
    folder = tmp_path / "project"
    for name in PACKAGES:
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text(FOREIGN)
    return folder


def run(command: list[str], folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command as a user would, without what this test run put into the environment."""
    environment = {key: value for key, value in os.environ.items() if "PYTHON" not in key}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_trap_is_set_where_nothing_guards_against_it(crowded, foreign_folder):
    probe = crowded.parent / "probe"
    probe.write_text("import models\n")
    answer = run([str(crowded.parent / "python"), str(probe)], foreign_folder)
    assert "a foreign package was imported" in answer.stderr


def test_installed_command_imports_our_packages_from_anywhere(crowded, foreign_folder):
    answer = run([str(crowded), "doctor", "--json"], foreign_folder)
    assert answer.returncode == 0, answer.stderr
    modules = json.loads(answer.stdout)["modules"]
    assert set(modules) == set(PACKAGES)
    for name, origin in modules.items():
        assert Path(origin).resolve() == ROOT / name / "__init__.py"


def test_module_form_of_the_command_does_the_same(foreign_folder):
    answer = run([sys.executable, "-P", "-m", "scenarios.cli", "doctor", "--json"], foreign_folder)
    assert answer.returncode == 0, answer.stderr
    modules = json.loads(answer.stdout)["modules"]
    assert {Path(origin).resolve().parent for origin in modules.values()} == {
        ROOT / name for name in PACKAGES
    }
