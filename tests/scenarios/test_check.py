"""`bulkhead check`: words, document, folder, reports, exit codes and error lines."""

import json
import signal

import pytest

from scenarios.checking import check
from scenarios.entry import enter
from scenarios.exits import Exit
from scenarios.limits import TimeLimit, limited
from specs.history.isolation.levels import LEVELS
from tests.reports.reading import parsed
from tests.scenarios.histories import LISTS, LOST, SKEW, STAMPED, TWICE

KEYS = [
    "path",
    "format",
    "level",
    "holds",
    "complete",
    "assumptions",
    "transactions",
    "operations",
    "anomalies",
    "seconds",
]


@pytest.fixture
def here(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name, text in (
        ("skew.edn", SKEW),
        ("lost.edn", LOST),
        ("lists.edn", LISTS),
        ("twice.edn", TWICE),
        ("stamped.json", STAMPED),
    ):
        (tmp_path / name).write_text(text)
    return tmp_path


def told(capsys, *arguments):
    """Call the command; return its exit code, its output and its messages."""
    code = enter(["check", *map(str, arguments)])
    answer = capsys.readouterr()
    return code, answer.out, answer.err


def test_acceptance_says_its_level(here, capsys):
    code, out, err = told(capsys, "skew.edn")
    assert (code, err) == (0, "")
    assert "satisfies session-si\n" in out
    assert "2 transactions, 6 operations" in out


def test_certified_acceptance_was_replayed(here, capsys):
    code, out, _ = told(capsys, "skew.edn", "--certify")
    assert code == 0
    assert "satisfies session-si, replayed" in out


def test_violation_is_named_told_and_reproduced(here, capsys):
    code, out, _ = told(capsys, "lost.edn", "--level", "si")
    assert code == 1
    assert "violates si: lost update" in out
    assert "T1 and T2 both read :x = 1, which T0 wrote." in out
    assert out.splitlines()[-1] == "Reproduce: bulkhead check lost.edn --level si"
    assert len(out.splitlines()) <= 12


def test_line_that_reproduces_finds_the_same(here, capsys):
    _, out, _ = told(capsys, "skew.edn", "--level", "ser", "--format", "jepsen-edn-rw-register")
    command = out.splitlines()[-1].removeprefix("Reproduce: bulkhead check ")
    code, again, _ = told(capsys, *command.split())
    assert code == 1
    assert again.splitlines()[1:] == out.splitlines()[1:]


@pytest.mark.parametrize("given", [["--level", "si,ser"], ["--level", "si", "--level", "ser"]])
def test_several_levels_are_decided_in_one_call(here, capsys, given):
    code, out, _ = told(capsys, "skew.edn", *given)
    assert code == 1
    assert "satisfies si\n" in out
    assert "violates serializable: write skew" in out


def test_every_level_is_taken_and_said(here, capsys):
    levels = [
        name
        for name, level in LEVELS.items()
        if level.family != "timestamps" and not level.real_time
    ]
    code, out, _ = told(capsys, "lost.edn", "--level", ",".join(levels), "--json")
    document = json.loads(out)
    assert code == document["exit_code"] == 1
    assert [each["level"] for each in document["histories"]] == levels
    holds = {each["level"]: each["holds"] for each in document["histories"]}
    assert [name for name in levels if holds[name]] == ["causal", "read-atomic", "read-committed"]


def test_document_has_the_keys_of_the_contract(here, capsys):
    code, out, err = told(capsys, "lost.edn", "skew.edn", "--json")
    document = json.loads(out)
    assert (code, err) == (1, "")
    assert document["schema"] == "bulkhead.check/1"
    assert document["errors"] == []
    assert all(key in each for each in document["histories"] for key in KEYS)
    (anomaly,) = document["histories"][0]["anomalies"]
    assert anomaly["kind"] == "lost-update"
    assert anomaly["transactions"] == [0, 1, 2]
    assert [each["line"] for each in anomaly["operations"]] == [1, 2, 2, 3, 3]
    assert document["histories"][1]["anomalies"] == []


def test_cycle_goes_down_to_operations_of_the_file(here, capsys):
    _, out, _ = told(capsys, "skew.edn", "--level", "serializable", "--json")
    (anomaly,) = json.loads(out)["histories"][0]["anomalies"]
    first, second = anomaly["cycle"]
    assert (first["from"], first["to"]) == (second["to"], second["from"])
    assert {each["kind"] for each in anomaly["cycle"]} == {"rw"}
    texts = {operation["text"] for each in anomaly["cycle"] for operation in each["operations"]}
    assert texts == {
        "reads :alice = nil",
        "writes :alice = 1",
        "reads :bob = nil",
        "writes :bob = 1",
    }


def test_folder_is_whole_and_has_picture_document_and_words(here, capsys):
    code, _, err = told(capsys, "lost.edn", "--level", "si", "--out", "out")
    assert code == 1
    assert "folder: out/" in err
    folder = here / "out" / "latest"
    assert sorted(path.name for path in folder.iterdir()) == ["check.json", "check.txt", "si.svg"]
    document = json.loads((folder / "check.json").read_text())
    assert document["histories"][0]["artifacts"] == ["si.svg"]
    assert parsed((folder / "si.svg").read_text()).tag.endswith("svg")
    assert "violates si: lost update" in (folder / "check.txt").read_text()


def test_folder_of_an_acceptance_has_its_schedule(here, capsys):
    code, _, _ = told(capsys, "skew.edn", "--out", "out")
    assert code == 0
    lines = (here / "out" / "latest" / "session-si.certificate.jsonl").read_text().splitlines()
    head, *events = map(json.loads, lines)
    assert (head["level"], head["events"]) == ("session-si", 4)
    assert sorted(events) == [["begin", 0, 1], ["begin", 1, 2], ["commit", 0, 1], ["commit", 1, 2]]
    assert [event for event, *_ in events] == ["begin", "begin", "commit", "commit"]


def test_nothing_is_written_unless_asked(here, capsys):
    before = sorted(path.name for path in here.iterdir())
    told(capsys, "lost.edn")
    assert sorted(path.name for path in here.iterdir()) == before


def test_junit_has_a_case_for_each_level(here, capsys):
    code, _, _ = told(capsys, "skew.edn", "twice.edn", "--level", "si,ser", "--junit", "j.xml")
    assert code == 2
    root = parsed((here / "j.xml").read_bytes())
    assert [suite.get("name") for suite in root] == ["skew.edn", "twice.edn"]
    holds, violated = root[0].findall("testcase")
    assert (holds.get("name"), list(holds)) == ("si", [])
    assert "Reproduce: bulkhead check skew.edn --level serializable" in violated[0].text
    assert {case[0].tag for case in root[1].findall("testcase")} == {"error"}


def test_summary_has_a_table_and_the_story(here, capsys):
    told(capsys, "lost.edn", "twice.edn", "--level", "si", "--summary", "s.md")
    text = (here / "s.md").read_text()
    assert text.startswith("## Bulkhead: ✗ 0 verdicts held, 1 violated, 1 without a verdict\n")
    assert "| lost.edn | jepsen-edn-rw-register | 3 | si | ✗ violated | lost update |" in text
    assert "Whichever commits second overwrites what it has not seen." in text


def test_lists_and_timestamps_are_checked_too(here, capsys):
    code, out, _ = told(capsys, "lists.edn")
    assert code == 1
    assert "reads disagree on the order of a list" in out
    code, out, _ = told(capsys, "stamped.json", "--level", "si-timestamps", "--out", "out")
    assert code == 1
    assert "violates si-timestamps: a read does not return what was committed last (EXT)" in out
    assert (here / "out" / "latest" / "si-timestamps.svg").is_file()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["missing.edn"], "missing.edn: No such file or directory; name a history"),
        (["twice.edn"], "twice.edn: two writes give one key the same value"),
        (["empty.edn"], "empty.edn: there is no transaction in it"),
        (["stamped.json", "--level", "strong-si"], "does not state when transactions began"),
        (["skew.edn", "--level", "si-timestamps"], "start timestamp"),
        (["skew.edn", "--format", "cobra"], "cobra keeps a history in a folder"),
        (["skew.edn", "--level", "serialisable"], 'did you mean "serializable"?'),
        (["skew.edn", "--format", "ednn"], '--format: unknown format "ednn"'),
        (["skew.edn", "--timeout", "soon"], '--timeout: "soon" is not'),
        (["skew.edn", "--lateness", "5"], "--lateness: only a stream"),
        (["skew.edn", "--stream", "--level", "si"], "--level: a stream is checked at one level"),
        (["skew.edn", "--stream", "--certify"], "--certify: a stream is not kept"),
        (["-", "-"], "-: standard input can be read once"),
        ([], "Missing argument"),
    ],
)
def test_wrong_input_is_one_line_and_exit_2(here, capsys, arguments, message):
    (here / "empty.edn").write_text("")
    code, out, err = told(capsys, *arguments)
    assert code == 2
    assert out == ""
    assert message in err
    assert err.count("\n") == 1


def test_wrong_file_keeps_no_other_from_its_verdict(here, capsys):
    code, out, err = told(capsys, "missing.edn", "lost.edn", "--json")
    document = json.loads(out)
    assert code == document["exit_code"] == 2
    assert [each["path"] for each in document["errors"]] == ["missing.edn"]
    assert [each["holds"] for each in document["histories"]] == [False]
    assert "missing.edn" in err


def test_folder_that_cannot_be_written_is_refused_before_anything_is_read(here, capsys):
    code, out, err = told(capsys, "lost.edn", "--out", "lost.edn/out")
    assert (code, out) == (2, "")
    assert err.startswith("bulkhead: cannot write lost.edn/out: ")


def test_limit_ends_without_a_verdict(here, capsys, monkeypatch):
    def slow(*_, **__):
        while True:
            pass

    monkeypatch.setattr("specs.history.isolation.decide.decide", slow)
    code, out, _ = told(capsys, "lost.edn", "--timeout", "20ms", "--junit", "j.xml", "--json")
    assert code == Exit.UNDECIDED == 3
    (history,) = json.loads(out)["histories"]
    assert history["holds"] is None
    assert history["stopped"] == "stopped after 0.02 s"
    assert parsed((here / "j.xml").read_bytes()).find(".//skipped") is not None


def test_limit_leaves_no_alarm_behind():
    before = signal.getsignal(signal.SIGALRM)
    with limited(60):
        pass
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)
    assert signal.getsignal(signal.SIGALRM) is before


def test_limit_ends_what_takes_longer():
    def spin():
        with limited(0.01):
            while True:
                pass

    with pytest.raises(TimeLimit, match=r"stopped after 0\.01 s"):
        spin()


def test_interrupt_keeps_finished_verdicts(here, capsys, monkeypatch):
    from specs.history.formats import load

    read = load.read

    def read_one(path, **options):
        if path.name == "skew.edn":
            raise KeyboardInterrupt
        return read(path, **options)

    monkeypatch.setattr(load, "read", read_one)
    code, out, err = told(capsys, "lost.edn", "skew.edn")
    assert code == 130
    assert "violates session-si: lost update" in out
    assert "interrupted after 1 verdict" in err


def test_check_is_a_function(here):
    report = check(["lost.edn"], level=["si", "causal"], certify=True, keep=True)
    violated, held = report.histories
    assert report.exit == Exit.UNMET
    assert violated.anomalies[0].name.kind == "lost-update"
    assert "<svg" in violated.pictures[0]
    assert held.holds
    with pytest.raises(KeyError):
        check(["lost.edn"], level="unknown")


def test_own_runs_are_checked_by_their_folder(here, capsys):
    from specs.history.formats import npz
    from specs.history.formats.load import read

    (here / "run").mkdir()
    with (here / "run" / "history.npz").open("wb") as file:
        npz.write(file, read(here / "lost.edn").history, None)
    code, out, _ = told(capsys, "run", "--level", "si")
    assert code == 1
    assert "run (npz; 3 transactions" in out


def test_history_of_any_format_can_be_exported(here, capsys):
    assert enter(["export", "lists.edn", "--to", "jsonl", "--out", "lists.jsonl"]) == 0
    assert told(capsys, "lists.jsonl")[0] == told(capsys, "lists.edn")[0] == 1
    assert enter(["export", "missing.edn", "--to", "jsonl", "--out", "x"]) == 2
    assert not (here / "x").exists()
