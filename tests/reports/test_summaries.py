"""Tables, stories, the live line, the matrix and the reports for continuous integration."""

import io
import json
import subprocess
import sys

import pytest

from reports.grid import Grid, markdown, plain
from reports.junit import junit_xml
from reports.matrix import Cell, Matrix, matrix_json, matrix_markdown
from reports.matrix_picture import matrix_svg
from reports.progress import Live
from reports.results import RunResult, VerdictResult
from reports.story import LINES_MAX, stories, story
from reports.summary import markdown_summary
from reports.table import run_summary, runs_summary, seed_range
from tests.reports import examples
from tests.reports.examples import document, result
from tests.reports.reading import parsed

VIOLATED = {"mutant": "no_invalidation", "violated": ("snapshot_reads",)}


def test_a_run_summary_tells_everything_a_person_asks_for():
    text = run_summary(result(**VIOLATED))
    for words in (
        "omid/failover-inflight-commit",
        "variant omid, mutant no_invalidation",
        "3f9a2c1be04d",
        "12,345 committed, 123 aborted, 2 unknown",
        "60 s in 3.22 s",
        "11.4 s to the first commit",
        "○ not exercised",
        "expectations: 5 of 6 met",
        "not met: snapshot_reads: expected holds, found violated",
        "marks: failovers 1, invalidations 3",
    ):
        assert words in text
    lines = text.splitlines()
    first = next(line for line in lines if "✗ violated" in line or "✓ holds" in line)
    assert first.split() == ["snapshot_reads", "✗", "violated", "512", "unexpected"]


def test_a_violation_that_was_expected_is_as_expected():
    run = result(**VIOLATED, expect={"snapshot_reads": "violated"})
    assert run.met
    assert "expectations: 6 of 6 met" in run_summary(run)
    assert "unexpected" not in run_summary(run)


def test_plain_text_has_no_colour_and_colour_repeats_only_words():
    bare = run_summary(result(**VIOLATED))
    assert "\x1b" not in bare
    coloured = run_summary(result(**VIOLATED), colour=True)
    assert "\x1b[31m✗ violated" in coloured
    ascii_only = run_summary(result(**VIOLATED), ascii_only=True)
    assert ascii_only.isascii()
    assert "x violated" in ascii_only


@pytest.mark.parametrize("colour", [True, False])
def test_names_cannot_smuggle_colours_or_markup_into_a_terminal(colour):
    evil = document()
    evil["scenario"] = "[bold]a\x1b[2Jb"
    evil["verdicts"][0]["property"] = "[red]x\x1b[2J"
    text = run_summary(RunResult.of(evil), colour=colour)
    assert "\x1b[2J" not in text
    assert "[red]x" in text


def test_many_runs_are_one_row_a_scenario_with_the_first_unexpected_seed():
    runs = [result(seed=seed) for seed in range(5)]
    runs += [result(seed=seed, **VIOLATED) for seed in (9, 4)]
    text = runs_summary(runs)
    rows = [line.split() for line in text.splitlines() if line.startswith("omid/")]
    assert rows[0][1:] == ["omid", "5", "0..4", "5/5", "nothing", "none", "16.1", "s"]
    assert rows[1][-6:] == ["0/2", "snapshot_reads", "(2)", "4", "6.43", "s"]
    assert "7 runs: 5 as expected, 2 unexpected" in text


def test_a_run_stopped_by_a_limit_is_undecided_and_a_bug_is_a_bug():
    stopped = document(outcome="undecided")
    for row in stopped["expectations"]:
        row |= {"actual": "undecided", "met": False}
    run = RunResult.of(stopped)
    assert run.status == "undecided"
    assert "undecided: snapshot_reads: expected holds" in run_summary(run)
    bug = RunResult.of(document(outcome="bug"))
    assert bug.status == "bug"
    assert "2 runs: 1 undecided, 1 bug" in runs_summary([run, bug])


def test_a_document_of_an_older_version_can_still_be_read():
    run = RunResult.of({"scenario": "x", "verdicts": [{"property": "p", "holds": True}]})
    assert run.verdicts == (VerdictResult(name="p", holds=True),)
    assert "p" in run_summary(run)


@pytest.mark.parametrize(
    ("seeds", "text"),
    [([], ""), ([7], "7"), ([3, 1, 2], "1..3"), ([1, 5], "1 and 1 more")],
)
def test_seeds_are_told_in_short(seeds, text):
    assert seed_range(seeds) == text


def test_a_story_is_at_most_fifteen_lines_and_then_the_command():
    long = VerdictResult(
        name="p", holds=False, sentence="It\nbroke.", lines=tuple(f"line {i}" for i in range(40))
    )
    told = story(long, reproduce="bulkhead run x").splitlines()
    assert told[0] == "✗ violated p: It broke."
    assert len(told) == LINES_MAX + 1
    assert told[-1] == "Reproduce: bulkhead run x"
    assert told[-2] == "  line 39"
    assert "  ... 27 lines left out" in told


def test_a_story_that_fits_is_told_whole():
    told = stories(result(**VIOLATED)).splitlines()
    assert told[1:-1] == [f"  {line}" for line in examples.STORY]


def test_the_unexpected_violation_is_told_first():
    run = result(
        violated=("timestamps_unique", "snapshot_reads"),
        expect={"timestamps_unique": "violated"},
    )
    told = stories(run)
    assert told.startswith("✗ violated snapshot_reads")
    assert "Also violated: timestamps_unique" in told


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_live_line_is_silent_where_there_is_no_terminal():
    stream = io.StringIO()
    with Live(stream) as live:
        live.run(name="x", simulated_ns=5, finished=1, total=2)
        live.runs(name="x", done=1, total=2, violations=0)
    assert stream.getvalue() == ""


def test_the_live_line_shows_time_transactions_and_verdicts_and_goes_away():
    stream = Terminal()
    now = iter(range(100))
    with Live(stream, clock=lambda: float(next(now))) as live:
        live.run(name="[x]", simulated_ns=3 * 10**9, finished=10, total=200)
        live.run(
            name="[x]", simulated_ns=4 * 10**9, finished=200, total=200, verdicts="all hold so far"
        )
    text = stream.getvalue()
    assert "[x]" in text
    assert "3 s simulated, 10 of 200 transactions" in text
    assert "4 s simulated, all hold so far" in text
    assert text.endswith("\x1b[2K")


def test_the_live_line_of_a_campaign_tells_violations_and_what_is_left():
    stream = Terminal()
    now = iter([0.0, 0.0, 10.0, 10.0, 10.0, 10.0])
    with Live(stream, clock=lambda: next(now)) as live:
        live.runs(name="fuzz", done=10, total=40, violations=1)
    assert "10 of 40 runs, 1 violation, 30 s left" in stream.getvalue()


def test_the_live_line_is_drawn_at_most_ten_times_a_second():
    stream = Terminal()
    clock = [0.0]
    with Live(stream, clock=lambda: clock[0]) as live:
        for i in range(1000):
            clock[0] = i / 1000
            live.runs(name="x", done=i, total=2000, violations=i)
    assert stream.getvalue().count("violations") <= 12


def test_the_matrix_names_every_mutant_with_word_sign_runs_and_seconds():
    text = matrix_markdown(examples.matrix())
    assert "| no_invalidation | snapshot_reads | ✗ violated | snapshot_reads |" in text
    assert "| no_healing (benign) | nothing | ✓ holds | nothing | nowhere | 200 | 41.7 s |" in text
    assert "Not caught" not in text


def test_a_mutant_that_nobody_caught_is_named():
    cell = Cell(
        mutant="no_x", scenario="s", property="p", word="holds", runs=1, violated=0, seconds=1.0
    )
    matrix = Matrix(
        title="t", subtitle="s", cells=(cell,), mutants=("no_x", "no_y"), properties=("p",)
    )
    text = matrix_markdown(matrix)
    assert "Not caught: no_x, no_y." in text
    assert "| no_y | nothing | – not run |" in text


def test_the_matrix_is_one_json_document_with_all_cells():
    read = json.loads(matrix_json(examples.matrix()))
    assert read["schema"] == "bulkhead.matrix/1"
    assert len(read["cells"]) == 36
    assert {row["mutant"] for row in read["mutants"] if row["caught"]} == {
        "no_invalidation",
        "no_epoch_check",
    }


def test_the_matrix_picture_holds_a_word_and_a_sign_in_every_cell():
    matrix = examples.matrix()
    root = parsed(matrix_svg(matrix))
    words = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert words.count("✗ violated") == 2
    assert words.count("✓ holds") == 28
    assert words.count("○ not exercised") == 6
    assert "37/200, 41.7 s" in words


def test_junit_fails_what_was_not_expected_and_ends_with_the_command():
    runs = [result(seed=9, **VIOLATED), result(seed=4, **VIOLATED), result()]
    root = parsed(junit_xml(runs))
    assert root.get("failures") == "1"
    assert root.get("tests") == "12"
    failure = root.find(".//failure")
    assert "(seed 4)" in failure.get("message")
    assert failure.text.splitlines()[0] == "2 runs of 2 failed."
    assert failure.text.splitlines()[-1].startswith("Reproduce: bulkhead run ")
    skipped = [
        case.get("name") for case in root.iter("testcase") if case.find("skipped") is not None
    ]
    assert skipped == ["needed_versions_kept"] * 2


def test_junit_fails_a_violation_that_was_expected_but_did_not_come():
    run = result(expect={"snapshot_reads": "violated"})
    failure = parsed(junit_xml([run])).find(".//failure")
    assert failure.get("message") == "holds, expected violated (seed 7)"
    assert failure.text.endswith("Reproduce: bulkhead run runs/20261125T031500Z-3f9a2c1b")


def test_junit_counts_bugs_and_broken_input_as_errors():
    bug = RunResult.of(document(outcome="bug"))
    root = parsed(junit_xml([bug], errors=[("a.toml", "bad\x00 key\nline 2")]))
    assert root.get("errors") == "2"
    messages = [error.get("message") for error in root.iter("error")]
    assert messages == ["Bulkhead itself failed", "bad\ufffd key"]


def test_junit_of_nothing_is_still_a_document():
    assert parsed(junit_xml([])).get("tests") == "0"


def test_the_summary_page_leads_with_the_verdict_and_tells_the_story():
    text = markdown_summary(
        [result(**VIOLATED), result()], command="bulkhead run x", version="0.1.0"
    )
    assert text.startswith("## Bulkhead: ✗ 2 runs: 1 as expected, 1 unexpected\n")
    assert "```text\n✗ violated snapshot_reads" in text
    good = markdown_summary([result()], command="c", version="v")
    assert good.startswith("## Bulkhead: ✓ 1 run: 1 as expected\n")
    assert "```" not in good
    assert "nothing was run" in markdown_summary([], command="c", version="v")


def test_a_story_cannot_break_out_of_its_fence():
    run = document(**VIOLATED)
    run["verdicts"][3]["evidence"]["lines"] = ["```", "# not a heading"]
    text = markdown_summary([RunResult.of(run)], command="c", version="v")
    assert "````text" in text


def test_a_grid_keeps_columns_aligned_and_cells_in_their_cells():
    grid = Grid(heads=("a", "b"), rows=(("x|y\nz", "1"), ("<b>", "10")), right=frozenset({1}))
    assert plain(grid).splitlines()[2:] == ["x|y z   1", "<b>    10"]
    assert markdown(grid).splitlines()[2:] == ["| x\\|y z | 1 |", "| &lt;b> | 10 |"]


def test_importing_the_reports_loads_no_heavy_library():
    program = (
        "import sys, pkgutil, importlib, reports;"
        "[importlib.import_module('reports.' + m.name) for m in pkgutil.iter_modules("
        "reports.__path__)];"
        "heavy = {'matplotlib', 'rich', 'junitparser', 'simpy', 'networkx'} & set(sys.modules);"
        "ours = {n.split('.')[0] for n in sys.modules} & {'specs', 'models', 'scenarios'};"
        "inside = {n for n in sys.modules if n.startswith('sim.')} - {'sim.history'};"
        "print(sorted(heavy | ours | inside))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
