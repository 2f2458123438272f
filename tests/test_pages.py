"""Pages tell the truth: every command they show exists, and every table says what the code does."""

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from scenarios.exits import Exit

ROOT = Path(__file__).resolve().parent.parent
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
COMMAND = re.compile(r"(?:^ {4}|`)(?:\.venv/bin/)?bulkhead ([a-z]+)([^`#\n]*)", re.MULTILINE)
MAKE = re.compile(r"(?:^ {4}|`)make ([a-z]+)", re.MULTILINE)


def shown_commands() -> list[tuple[str, str, str]]:
    """Return page, verb and arguments of every `bulkhead` command line on a page."""
    return [
        (page.relative_to(ROOT).as_posix(), verb, arguments.strip())
        for page in PAGES
        for verb, arguments in COMMAND.findall(page.read_text())
    ]


@cache
def help_of(verb: str) -> str:
    answer = subprocess.run(
        [sys.executable, "-P", "-m", "scenarios.cli", verb, "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    return answer.stdout


@pytest.mark.parametrize(("page", "verb", "arguments"), shown_commands())
def test_command_on_a_page_exists_with_its_options(page, verb, arguments):
    known = help_of(verb)
    options = re.findall(r"(--[a-z][a-z-]*)", arguments)
    assert [option for option in options if option not in known] == [], page


def test_pages_show_commands():
    assert {verb for _, verb, _ in shown_commands()} >= {"run", "scenarios", "doctor"}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_make_targets_on_a_page_exist(page):
    targets = re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert set(MAKE.findall(page.read_text())) <= set(targets)


def test_help_of_make_lists_every_target():
    makefile = (ROOT / "Makefile").read_text()
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) - {"help"}
    assert set(re.findall(r'echo "make ([a-z]+)', makefile)) == targets


def test_page_of_exit_codes_lists_exactly_the_codes_of_the_program():
    page = (ROOT / "docs" / "reference" / "exit-codes.md").read_text()
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)] == [
        int(code) for code in Exit
    ]


def test_architecture_fits_under_a_hundred_lines():
    assert (ROOT / "docs" / "architecture.md").read_text().count("\n") < 100


@pytest.mark.parametrize("page", DECISIONS, ids=lambda page: page.stem)
def test_decision_has_context_choice_and_consequence_on_one_page(page):
    text = page.read_text()
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == [
        "Context",
        "Choice",
        "Consequence",
    ]
    assert text.count("\n") <= 60


def test_files_named_by_the_architecture_page_exist():
    page = (ROOT / "docs" / "architecture.md").read_text()
    folder, missing = ROOT, []
    for line in page.splitlines():
        if line.startswith("## "):
            place = line.removeprefix("## ").split(":")[0].split(" ")[0]
            folder = ROOT / place if (ROOT / place).is_dir() else ROOT
        if line.startswith("| `"):
            cell = line.split("|")[1]
            names = re.findall(r"`([^`]+)`", cell)
            missing += [name for name in names if not list(folder.glob(name.rstrip("/")))]
    assert not missing
