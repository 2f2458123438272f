"""What the pages about scenarios and results show is what the program does."""

import re
from pathlib import Path

import pytest

from scenarios.inputs import read_inputs
from scenarios.load import parse
from scenarios.names import metric_names
from scenarios.resolve import resolve
from scenarios.schema.faults import TABLES
from tests.scenarios.commands import BANK, bulkhead
from tests.scenarios.test_output import RUN_KEYS

PAGES = Path(__file__).resolve().parents[2] / "docs" / "reference"
FILES = (PAGES / "scenario-files.md").read_text()
RESULTS = (PAGES / "results.md").read_text()
TABLES_AND_FILES = re.findall(r"^```toml\n(.*?)^```", FILES, re.MULTILINE | re.DOTALL)
EXAMPLES = [example for example in TABLES_AND_FILES if "title = " in example]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example_is_a_scenario(example):
    resolve(parse(example.encode(), name="page", folder=Path()))


def test_first_example_runs_as_it_expects(tmp_path):
    (tmp_path / "s.toml").write_text(EXAMPLES[0])
    answer = bulkhead("run", "s.toml", "--out", "none", cwd=tmp_path)
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert read_inputs([str(tmp_path / "s.toml")])


def test_page_names_every_fault():
    rows = re.findall(r"^\| (`.*?`) \|", FILES[FILES.index("## Faults") :], re.MULTILINE)
    named = {name for row in rows for name in re.findall(r"`(\w+)`", row)}
    assert named == set(TABLES)


def test_page_names_every_key_of_a_run():
    for key in RUN_KEYS:
        assert f"`{key}`" in RESULTS, key


def test_query_of_the_page_works(tmp_path):
    import sqlite3

    (tmp_path / "bank.toml").write_text(BANK)
    assert bulkhead("run", "bank.toml", "--repeat", "2", cwd=tmp_path).returncode == 0
    query = re.search(r'"(SELECT .*?)"', RESULTS)[1]
    assert "recovery" in metric_names()
    connection = sqlite3.connect(tmp_path / "runs" / "latest" / "results.sqlite")
    assert len(connection.execute(query).fetchall()) == 2
    connection.close()
