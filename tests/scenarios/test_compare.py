"""`bulkhead compare`: one workload and one chance through several variants."""

import json

import pytest

from reports.intervals import interval, student_t
from scenarios.measurement import ABORTS, Plan, take
from scenarios.schema.scenario import stated
from scenarios.verbs.compare import compare
from tests.scenarios.commands import bulkhead

SMALL = """
title = "A few clients on a few keys"
system = "omid"
seed = 5
topology = { clients = 4 }
workload = { kind = "mix", transactions = 120, keys = 12 }
"""
SCRIPT = """
title = "One after the other"
system = "omid"
topology = { clients = 2 }
network = { latency = { kind = "constant", time = "100us" } }

[workload]
kind = "script"
sessions = [["at 100ms: write 1", "at 200ms: write 2"], ["at 300ms: read 1"]]
"""
OVERLAP = """
title = "Two that write one key at the same time"
system = "omid"
topology = { clients = 2 }

[workload]
kind = "script"
sessions = [["at 100ms: write 1, write 2, write 3"], ["at 100ms: write 1, write 4, write 5"]]
"""


@pytest.fixture
def here(tmp_path):
    (tmp_path / "small.toml").write_text(SMALL)
    (tmp_path / "script.toml").write_text(SCRIPT)
    (tmp_path / "overlap.toml").write_text(OVERLAP)
    return tmp_path


def document(here, *arguments):
    answer = bulkhead("compare", *arguments, "--json", "--out", "none", cwd=here)
    assert answer.returncode == 0, answer.stderr
    return json.loads(answer.stdout)


def measured(path, variant="omid", clients=2):
    from scenarios.load import load

    source = load(path)
    return take(
        Plan(
            scenario=stated(source.scenario),
            name="one",
            folder=str(path.parent),
            variant=variant,
            clients=clients,
            seed=0,
        )
    )


def test_document_has_a_mean_for_each_variant_and_number_of_clients(here):
    told = document(here, "small.toml", "--variants", "omid,omid-ll", "--repeat", "2")
    assert told["schema"] == "bulkhead.compare/1"
    assert told["clients"] == [1, 2, 4, 8, 16]
    assert told["seeds"] == [5, 6]
    assert len(told["means"]) == 10
    assert len(told["runs"]) == 20
    for run in told["runs"]:
        assert run["committed"] + run["aborted"] + run["unknown"] == 120
        assert sum(run["aborts"].values()) == run["aborted"]


def test_phases_add_up_to_the_latency(here):
    run = measured(here / "small.toml", clients=4)
    assert sum(run.phases_ns.values()) == pytest.approx(run.latency_ns)


def test_comparison_does_not_depend_on_the_workers(here):
    one = document(here, "small.toml", "--variants", "omid", "--clients", "3", "--workers", "1")
    two = document(here, "small.toml", "--variants", "omid", "--clients", "3", "--workers", "2")
    assert one["digest"] == two["digest"]
    assert one["runs"] == two["runs"]


def test_one_seed_gives_every_variant_the_same_workload(here):
    found = compare(str(here / "script.toml"), ["omid", "omid-as-printed"], repeat=1)
    first, second = found.measurements
    assert first.committed == second.committed == 3
    assert first.latency_ns == second.latency_ns


def test_every_message_of_a_transaction_is_counted_by_its_ends(here):
    run = measured(here / "script.toml")
    # Two writers put one cell and one field each, the reader reads once: request and reply.
    assert run.messages["client - region"] == 2 * 5
    # Three begins and two commits.
    assert run.messages["client - tm"] == 2 * 5


def test_entries_that_begins_bring_are_told_where_a_variant_sends_some(here):
    # The writer learns where the epoch begins, then of its own first commit; the reader, which
    # knows nothing, of the epoch and both commits.
    assert measured(here / "script.toml", "omid1").begin_entries == 1 + 1 + 3
    told = document(here, "small.toml", "--variants", "omid,tephra", "--clients", "4")
    ours, tephra = (each["entries_per_begin"]["mean"] for each in told["means"])
    assert ours == 0
    assert 0 < tephra <= 3
    shown = bulkhead(
        "compare", "small.toml", "--variants", "omid,tephra", "--clients", "4", cwd=here
    )
    assert "entries/begin" in shown.stdout
    shown = bulkhead("compare", "small.toml", "--variants", "omid", "--clients", "4", cwd=here)
    assert "entries/begin" not in shown.stdout


def test_conflict_that_another_commit_called_for_is_a_true_one(here):
    run = measured(here / "overlap.toml")
    assert (run.committed, run.aborted) == (1, 1)
    assert run.aborts == dict.fromkeys(ABORTS, 0) | {"true_conflict": 1}


def test_refusal_by_a_full_bucket_alone_is_a_false_conflict(here):
    text = OVERLAP.replace("write 1, write 4, write 5", "write 6, write 4, write 5")
    tight = text + "\n[omid]\nconflict_table_entries = 1\nbucket_entries = 1\n"
    (here / "tight.toml").write_text(tight)
    run = measured(here / "tight.toml")
    assert run.aborts["true_conflict"] == 0
    assert run.aborts["false_conflict"] == run.aborted > 0


def test_result_folder_has_tables_pictures_and_the_scenario(here):
    answer = bulkhead(
        "compare", "small.toml", "--variants", "omid,omid-ll", "--repeat", "2", cwd=here
    )
    assert answer.returncode == 0
    names = {path.name for path in (here / "runs" / "latest").iterdir()}
    pictures = {"load.svg", "latency.svg", "aborts.svg", "messages.svg"}
    assert names == {"compare.json", "compare.txt", "scenario.toml"} | pictures
    assert (here / "runs" / "latest" / "compare.txt").read_text() == answer.stdout


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["small.toml", "--variants", "omid,omid-lll"], 'unknown variant "omid-lll" (did you mean'),
        (["small.toml", "--variants", ","], "nothing to compare: name variants"),
        (["small.toml", "--variants", "omid", "--clients", "2,x"], '"2,x" is no list of numbers'),
        (["script.toml", "--variants", "omid", "--clients", "2"], "has clients of its own"),
        (["nowhere.toml", "--variants", "omid"], "no such file"),
    ],
)
def test_wrong_usage_is_told_before_anything_runs(here, arguments, told):
    answer = bulkhead("compare", *arguments, cwd=here)
    assert answer.returncode == 2
    assert told in answer.stderr
    assert not (here / "runs" / "latest").exists()


def test_interval_is_that_of_student():
    found = interval([9.0, 10.0, 11.0])
    assert found.mean == 10
    assert found.half_width == pytest.approx(4.303 / 3**0.5)
    assert student_t(40) == pytest.approx(2.021, abs=2e-3)


def test_interval_of_one_value_has_no_width():
    assert interval([3.0]).half_width != interval([3.0]).half_width


def test_run_that_a_limit_cuts_short_is_no_measurement(here):
    (here / "cut.toml").write_text(SMALL + "\n[limits]\nevents_max = 500\n")
    answer = bulkhead("compare", "cut.toml", "--variants", "omid", "--out", "none", cwd=here)
    assert answer.returncode == 3
    assert "omid with seed 5 was stopped by a limit (events): raise it" in answer.stderr
