"""A summary says what the workload is, and by what rule a recording became transactions."""

from reports.results import RunResult
from reports.table import run_summary

DOCUMENT = {
    "scenario": "omid/trace",
    "system": "omid",
    "variant": "omid",
    "seed": 1,
    "workload": {
        "name": "arc/oltp",
        "source": "a database",
        "transactions": 3,
        "notes": ["each page of a line is a request", "a transaction is at most 4 requests"],
    },
}


def test_a_summary_says_the_rule_of_the_workload():
    lines = run_summary(RunResult.of(DOCUMENT)).splitlines()
    start = lines.index("workload: arc/oltp, a database")
    assert lines[start + 1 : start + 3] == [
        "  each page of a line is a request",
        "  a transaction is at most 4 requests",
    ]


def test_a_summary_of_a_document_without_a_workload_says_nothing_of_it():
    told = run_summary(RunResult.of({**DOCUMENT, "workload": {}}))
    assert "workload" not in told
