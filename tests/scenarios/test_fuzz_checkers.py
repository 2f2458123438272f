"""`bulkhead fuzz checkers`: it finds every planted bug, says so, and leaves what repeats it."""

import json

import pytest

from scenarios.hunt.readers.bounds import Bounds, TooMuch
from scenarios.hunt.readers.damage import PLAIN, bomb, damaged, pack
from scenarios.hunt.readers.example import (
    PROPERTIES,
    Tally,
    attempts_of,
    put,
    seeds_from,
    try_example,
)
from scenarios.hunt.readers.forms import FILE, FORMS
from scenarios.hunt.readers.planted import PLANTED
from scenarios.hunt.readers.small import history_of, small, told_history, told_small
from sim.kernel.streams import Streams
from specs.history.formats import load
from tests.scenarios.commands import bulkhead

BOUNDS = {"cpu_s": 20.0, "memory_bytes": 1 << 30}
WHOLE = next(seed for seed in range(99) if attempts_of(seed)[1] is not None)
DAMAGED = next(
    seed for seed in range(99) if attempts_of(seed)[0][0].form == "jsonl" and seed != WHOLE
)


def tried(*seeds, mutant=None, **bounds):
    """What comes of examples, in this process."""
    tally = Tally()
    for seed in seeds:
        try_example(seed, tally, bounds=Bounds(**{**BOUNDS, **bounds}), mutant=mutant)
    return tally


def test_readers_and_checker_stand_some_examples():
    tally = tried(*range(40))
    assert tally.findings == []
    ends = {end for each in tally.ends.values() for end in each}
    assert ends == {"accepted", "rejected", "refused", "whole"}


@pytest.mark.parametrize("mutant", sorted(set(PLANTED) - {"reader_dies", "reader_hoards"}))
def test_planted_bug_is_found(mutant):
    tally = tried(WHOLE, DAMAGED, mutant=mutant, cpu_s=0.2)
    assert PLANTED[mutant] in {finding.property for finding in tally.findings}


def test_memory_is_watched():
    with pytest.raises(TooMuch, match="MiB"), Bounds(cpu_s=9, memory_bytes=32 << 20):
        assert len(b"x" * (64 << 20)) == 64 << 20
    with Bounds(cpu_s=9, memory_bytes=128 << 20) as bounds:
        assert len(b"x" * (64 << 20)) == 64 << 20
    assert 60 << 20 < bounds.peak_bytes < 100 << 20


def test_every_property_has_a_bug_that_breaks_it():
    assert set(PLANTED.values()) == set(PROPERTIES)


@pytest.mark.parametrize("mutant", ["reader_dies", "reader_hoards"])
def test_bug_is_found_by_its_seed_and_kept(tmp_path, mutant):
    call = ("fuzz", "checkers", "--mutant", mutant, "--seed", str(DAMAGED), "--examples", "1")
    answer = bulkhead(*call, "--workers", "1", cwd=tmp_path)
    assert answer.returncode == 1, answer.stderr
    name = PLANTED[mutant]
    assert f"✗ {name}: {PROPERTIES[name]}\n" in answer.stdout
    assert f"Reproduce: bulkhead {' '.join(call)}\n" in answer.stdout
    (folder,) = (tmp_path / "bulkhead-failures").iterdir()
    told = json.loads((folder / "fuzz.json").read_text())
    assert (told["property"], told["seed"], told["mutant"]) == (name, DAMAGED, mutant)
    assert (folder / "history").exists()


def test_what_stands_leaves_nothing_behind_and_one_document(tmp_path):
    call = ("fuzz", "checkers", "--examples", "6", "--shard", "1/2", "--json")
    answer = bulkhead(*call, cwd=tmp_path)
    assert answer.returncode == 0, answer.stderr
    told = json.loads(answer.stdout)
    assert (told["target"], told["examples"], told["failures"]) == ("checkers", 3, [])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("checkers", "--mutant", "reader_raise"), 'did you mean "reader_raises"'),
        (("checkers", "--variant", "omid"), "checkers has no such option"),
        (("checkers", "--shard", "2/2"), "is no share"),
        (("checkers", "--examples", "1", "--shard", "1/2"), "this shard has no example"),
        (("omid", "--workers", "2"), "omid has no such option"),
    ],
)
def test_wrong_usage_is_refused_in_one_line(tmp_path, arguments, said):
    answer = bulkhead("fuzz", *arguments, cwd=tmp_path)
    assert answer.returncode == 2
    assert said in answer.stderr
    assert "Traceback" not in answer.stderr


def test_shards_share_all_examples():
    shards = [list(seeds_from(7, 20, shard=shard, shards=3)) for shard in range(3)]
    assert sorted(seed for shard in shards for seed in shard) == list(range(7, 27))


def test_one_seed_makes_one_example():
    for seed in range(20):
        first, second = (attempts_of(seed) for _ in range(2))
        assert [each.digest for each in first[0]] == [each.digest for each in second[0]]
        assert first == second


@pytest.mark.parametrize("name", FORMS)
def test_format_says_all_of_a_history(tmp_path, name):
    said = 0
    for seed in range(60 if name == "awdit" else 25):
        stream = Streams(seed).at("example")
        model = small(stream)
        if not FORMS[name].takes(model):
            continue
        said += 1
        folder = tmp_path / str(seed)
        folder.mkdir()
        path = put(FORMS[name].write(model, stream), folder)
        loaded = load.read(path)
        assert loaded.format in FORMS[name].detected
        assert told_history(loaded.history) == told_small(model)
    assert said > 2


def test_a_small_history_is_what_is_told_of_it():
    for seed in range(40):
        model = small(Streams(seed).at("example"))
        assert told_history(history_of(model)) == told_small(model)


@pytest.mark.parametrize("name", PLAIN)
def test_damage_changes_most_files(name):
    content = b'{"key": [1, 2, 3], "value": 17}\n[true, "two"]\n{"last": 4}\n'
    changed = {PLAIN[name](content, Streams(seed).at("damage")) for seed in range(10)} - {content}
    assert changed
    assert max(map(len, changed)) < 3 << 20


def test_damage_reaches_behind_check_sums(tmp_path):
    files = FORMS["npz"].write(small(Streams(1).at("example")), Streams(1).at("write"))
    said = []
    for seed in range(60):
        content, _ = damaged(files[FILE], Streams(seed).at("damage"))
        (tmp_path / "history").write_bytes(content)
        try:
            load.read(tmp_path / "history")
        except load.HistoryFileError as error:
            said.append(str(error))
    assert any(line.startswith("column history.") for line in said)


def test_a_bomb_is_small_and_large():
    content, name = bomb(b"x", Streams(3).at("bomb"))
    assert len(content) < 1 << 20
    assert content.startswith(pack(b"x", name)[:2])
