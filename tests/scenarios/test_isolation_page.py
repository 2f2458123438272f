"""The page about isolation, and what README shows of it, is what the program does."""

import re
import shlex
from pathlib import Path

import pytest

from scenarios.entry import enter
from specs.history.formats.load import FORMATS
from specs.history.isolation.levels import LEVELS, SHORT

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs" / "isolation.md").read_text()
COMMANDS = re.findall(r"^ {4}bulkhead (check .*)$", PAGE, re.MULTILINE)
CODES = {"write-skew.edn": 0}
"""By what a command ends with, other than 1."""


@pytest.mark.parametrize("command", COMMANDS)
def test_command_of_the_page_finds_what_its_example_holds(command, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    words = shlex.split(command)
    if "--out" in words:
        words[words.index("--out") + 1] = str(tmp_path)
    assert enter(words) == CODES.get(words[-1].rpartition("/")[2], 1), capsys.readouterr().err


def test_readme_shows_what_the_command_says(monkeypatch, capsys):
    readme = (ROOT / "README.md").read_text()
    section = readme[readme.index("## Check any history") : readme.index("## Everyday use")]
    (command,) = re.findall(r"^ {4}\.venv/bin/bulkhead (check .*)$", section, re.MULTILINE)
    shown = re.findall(r"^ {4}(?!\.venv)(.*)$", section, re.MULTILINE)
    monkeypatch.chdir(ROOT)
    assert enter(shlex.split(command)) == 1
    seconds = re.compile(r"\d+\.\d\d s\)")
    said = seconds.sub("s)", capsys.readouterr().out).splitlines()
    assert said == [seconds.sub("s)", line) for line in shown]


def test_python_of_the_page_runs(monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)
    exec(code, {})  # noqa: S102  # our own page
    assert capsys.readouterr().out == "si True []\nserializable False ['write skew (G2-item)']\n"


def test_page_has_every_level_and_format():
    for name in (*LEVELS, *FORMATS):
        assert f"`{name}`" in PAGE, name
    assert f"(`{SHORT and 'ser'}`)" in PAGE


def test_help_names_every_level():
    from scenarios.verbs.check import command

    told = " ".join((command.help or "").split())
    assert [name for name in LEVELS if name not in told] == []
