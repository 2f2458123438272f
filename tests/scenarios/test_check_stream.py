"""`bulkhead check --stream`: violations as they become certain, in bounded memory."""

import io
import json
import sys

import pytest

from scenarios.entry import enter
from scenarios.streaming import REMEMBERED_MAX, check_stream
from tests.scenarios.histories import STAMPED, chronos

HEAD = '{"schema": "bulkhead.history/1", "sessions": ["a", "b"], "initial_value": 0}\n'


def line(session, start, commit, *operations):
    told = {"session": session, "outcome": "committed"}
    told |= {"start_timestamp": start, "commit_timestamp": commit}
    told |= dict.fromkeys(("invoked_ns", "begun_ns", "committing_ns", "finished_ns"))
    return json.dumps(told | {"operations": [[*each, None, None] for each in operations]}) + "\n"


def stream(tmp_path, text, **options):
    path = tmp_path / "stream"
    path.write_text(text)
    return check_stream(str(path), **options)


def test_breach_is_told_with_names_and_lines(tmp_path):
    checked = stream(tmp_path, STAMPED)
    assert not checked.holds
    (anomaly,) = checked.anomalies
    assert anomaly.name.kind == "ext"
    assert anomaly.lines == (
        (
            "T3, which starts at 3, reads x = nil, but the last to commit by then was T1, which "
            "writes x = 7 and commits at 2."
        ),
        "T3: session 1, line 2.",
        "T1: session 0, line 1.",
    )


def test_lines_of_our_own_are_read_too(tmp_path):
    text = HEAD + line(0, 1, 4, ["w", "x", 1]) + line(1, 2, 3, ["w", "x", 2])
    checked = stream(tmp_path, text, level="si-timestamps")
    (anomaly,) = checked.anomalies
    assert anomaly.name.kind == "noconflict"
    assert (checked.format, checked.transactions, checked.operations) == ("jsonl", 2, 2)


def test_valid_stream_holds_and_says_what_it_kept(tmp_path):
    text = HEAD + "".join(line(0, 2 * n, 2 * n + 1, ["w", 5, n + 1]) for n in range(2200))
    checked = stream(tmp_path, text, lateness=10)
    assert checked.holds
    assert checked.kept["versions"] < 30
    assert checked.kept["keys"] == 1


def test_what_comes_too_late_is_an_error_that_says_what_would_do(tmp_path):
    text = HEAD + line(0, 100, 101, ["w", 1, 1]) + line(1, 50, 60, ["w", 2, 1])
    checked = stream(tmp_path, text, lateness=20)
    assert checked.error == (
        "line 3: a transaction started at 50, too long before others that came earlier; "
        "--lateness 50 takes it"
    )
    assert stream(tmp_path, text, lateness=50).holds


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no stream"),
        ("hello", "no stream"),
        (HEAD, "there is no transaction in it"),
        (HEAD + "{", "line 2: no JSON"),
        (HEAD + "[]\n", "line 2: [] is no transaction"),
        (HEAD + line(7, 1, 2), "line 2: session 7, but line 1 names 2"),
        (HEAD + line(0, 1, 2, ["x", 1, 1]), "line 2: "),
        (HEAD + line(0, 1, 2, ["w", [], 1]), "line 2: a key is [], not"),
        (HEAD + line(0, 5, 2, ["w", 1, 1]), "line 2: a transaction commits at 2, before"),
        (HEAD + line(0, None, None, ["w", 1, 1]), "line 2: a committed transaction states no"),
        ('[{"tid": 1}]', "line 1: "),
        ('[{"sid": 1, "sts": {"p": -1}, "ops": []}]', "line 1: "),
        ('[{"sid": 1, "sts": {"p": 1}, "ops": [{"t": "w", "k": 1, "v": 2}]}]', "no commit"),
        ("[" + chronos(1, 0, 1, 2, ("w", 1, None)) + "]", "writes null"),
        ("[" + chronos(1, 0, 1, 2, ("w", 1, 2)), "line 1: "),
    ],
)
def test_wrong_stream_is_an_error(tmp_path, text, message):
    checked = stream(tmp_path, text)
    assert message in checked.error
    assert "\n" not in checked.error
    assert checked.exit == 2


def test_breach_far_apart_is_told_with_what_is_remembered(tmp_path):
    late = REMEMBERED_MAX + 5
    parts = [line(0, 2, 3, ["w", "x", 1])]
    parts += [line(0, 2 * n, 2 * n + 1) for n in range(2, late)]
    parts.append(line(1, 2 * late, 2 * late + 1, ["r", "x", 0]))
    checked = stream(tmp_path, HEAD + "".join(parts), lateness=1)
    (anomaly,) = checked.anomalies
    assert "was transaction 0, which did what is no longer remembered" in anomaly.lines[0]


class Pipe(io.RawIOBase):
    """A pipe that gives one line at a time, and says how many were taken."""

    def __init__(self, text):
        self.lines = text.encode().splitlines(keepends=True)
        self.taken = 0

    def readable(self):
        return True

    def readinto(self, buffer):
        if self.taken == len(self.lines):
            return 0
        content = self.lines[self.taken]
        self.taken += 1
        buffer[: len(content)] = content
        return len(content)


@pytest.mark.parametrize("form", ["jsonl", "chronos"])
def test_breach_is_told_before_the_stream_ends(monkeypatch, form):
    if form == "jsonl":
        text = HEAD + line(0, 1, 4, ["w", 1, 1]) + line(1, 2, 3, ["w", 1, 2])
        text += "".join(line(0, n, n, ["r", 9, 0]) for n in range(10, 40))
    else:
        rows = [chronos(1, 0, 1, 4, ("w", 1, 1)), chronos(2, 1, 2, 3, ("w", 1, 2))]
        rows += [chronos(n, 0, n, n, ("r", 9, None)) for n in range(10, 40)]
        text = "[" + ",\n".join(rows) + "]"
    pipe = Pipe(text)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(pipe)))
    when = []
    checked = check_stream("-", level="si-timestamps", tell=lambda _: when.append(pipe.taken))
    assert not checked.holds
    assert when[0] <= 4
    assert pipe.taken > 30


def test_command_tells_violations_then_closes(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "s.json").write_text(STAMPED)
    assert enter(["check", "--stream", "s.json"]) == 1
    out = capsys.readouterr().out.splitlines()
    assert out[0] == "s.json"
    assert out[1].startswith("  violates session-si-timestamps: a read does not return")
    assert any("assumed: no transaction starts more than 10,000" in each for each in out)
    assert enter(["check", "--stream", "s.json", "--json"]) == 1
    document = json.loads(capsys.readouterr().out)
    assert document["histories"][0]["holds"] is False
    assert document["histories"][0]["kept"]["transactions"] == 3
    assert enter(["check", "--stream", "absent.json"]) == 2


def test_interrupt_says_what_was_found_so_far(tmp_path, monkeypatch, capsys):
    class Interrupted(Pipe):
        def readinto(self, buffer):
            if self.taken == 3:
                raise KeyboardInterrupt
            return super().readinto(buffer)

    text = HEAD + line(0, 1, 2, ["w", 1, 1]) + line(1, 3, 4, ["r", 1, 1])
    pipe = Interrupted(text)
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BufferedReader(pipe)))
    assert enter(["check", "--stream", "-"]) == 130
    out, err = capsys.readouterr()
    assert "nothing violates session-si-timestamps so far" in out
    assert "interrupted" in err
