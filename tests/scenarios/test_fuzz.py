"""`bulkhead fuzz`: what it says, what it leaves, and how it ends."""

import json

import pytest

from tests.scenarios.commands import bulkhead


def test_finding_is_told_kept_and_replayed(tmp_path):
    call = ("fuzz", "omid", "--mutant", "no_begin_barrier", "--examples", "200")
    answer = bulkhead(*call, "--out", "found", cwd=tmp_path)
    assert answer.returncode == 1, answer.stderr
    assert "no_begin_barrier planted" in answer.stdout
    (folder,) = (tmp_path / "found").iterdir()
    assert f"bulkhead run found/{folder.name}/scenario.toml replays it" in answer.stderr
    again = bulkhead("run", str(folder / "scenario.toml"), "--out", "none", cwd=tmp_path)
    assert again.returncode == 1, again.stderr
    assert "✗ violated decided_at_begin" in again.stdout


def test_reference_has_nothing_to_find(tmp_path):
    answer = bulkhead("fuzz", "omid", "--examples", "50", "--json", cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    document = json.loads(answer.stdout)
    assert (document["examples"], document["found"], document["folder"]) == (50, None, None)
    assert {path.name for path in tmp_path.iterdir()} <= {"runs"}


def test_same_seed_makes_the_same_finding(tmp_path):
    call = ("fuzz", "omid", "--how", "scenarios", "--mutant", "no_reply_order", "--seed", "3")
    first, second = (
        json.loads(bulkhead(*call, "--json", "--out", "none", cwd=tmp_path).stdout)
        for _ in range(2)
    )
    assert first["scenario"]
    first.pop("seconds"), second.pop("seconds")
    assert first == second


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("ozid",), 'unknown system "ozid" (did you mean "omid"?)'),
        (("omid", "--variant", "omid-lll"), 'unknown variant "omid-lll" (did you mean "omid-ll"?)'),
        (("omid", "--mutant", "no_begin_barier"), 'did you mean "no_begin_barrier"'),
        (("omid", "--budget", "3x"), '"3x" is not a duration'),
        (("omid", "--examples", "0"), "--examples"),
    ],
)
def test_wrong_input_is_refused_in_one_line(tmp_path, arguments, said):
    answer = bulkhead("fuzz", *arguments, cwd=tmp_path)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr
