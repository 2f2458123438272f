"""A scenario is settled before it runs: its data, its faults, its clients."""

from pathlib import Path

import numpy as np
import pytest

from scenarios.errors import UsageError
from scenarios.load import parse
from scenarios.resolve import resolve
from sim.kernel.faults import ClockDrift
from sim.workload.types import Access, TraceBuilder
from sim.workload.writers.npz import write_npz
from tests.scenarios.commands import BANK, bulkhead

TRACED = """\
title = "A recorded trace"
system = "omid"
topology = { clients = 4 }

[workload]
file = "trace.npz"
"""
NEMESIS = """
[[nemesis]]
kind = "pause"
nodes = ["tm.*"]
count_min = 3
count_max = 3
end = "1s"
"""


def settled(text, folder=Path(), **options):
    return resolve(parse(text.encode(), name="s.toml", folder=folder), **options)


def problem(text, folder=Path(), **options):
    with pytest.raises(UsageError) as caught:
        settled(text, folder, **options)
    (line,) = caught.value.lines()
    return line


@pytest.fixture
def traced(tmp_path):
    """Write a trace of ten transactions by four clients."""
    builder = TraceBuilder()
    for number in range(10):
        builder.add(number % 4, [(Access.READ, number, 0), (Access.WRITE, number + 1, 0)])
    with (tmp_path / "trace.npz").open("wb") as file:
        write_npz(builder.build(name="mine", source="a test"), file)
    return tmp_path


FENCED = """\
title = "A fence"
system = "omid"
variant = "omid"
topology = { clients = 1 }

[workload]
kind = "script"
sessions = [["fence, read 1"]]
"""


def test_fences_are_refused_where_the_variant_has_none():
    assert settled(FENCED).trace.fence.all()
    told = problem(FENCED.replace('"omid"\ntopology', '"omid-as-printed"\ntopology'))
    assert 'the workload has fences, which variant "omid-as-printed" has not' in told
    assert "omid, omid-apache" in told


def test_checkpoints_are_refused_where_the_variant_has_none_or_too_little_room():
    text = FENCED.replace("fence, read 1", "write 1, checkpoint, write 1")
    told = problem(text)
    assert 'the workload has checkpoints, which variant "omid" has not' in told
    assert "omid-apache" in told
    apache = text.replace('"omid"\ntopology', '"omid-apache"\ntopology')
    assert settled(apache).trace.checkpoints_max() == 1
    many = apache.replace("checkpoint", ", ".join(["checkpoint"] * 50))
    assert "a transaction has 50 checkpoints; the most are 49" in problem(many)


def test_nemesis_becomes_faults_that_depend_on_the_seed_alone():
    first = settled(BANK + NEMESIS, seed=1).scenario
    assert len(first.faults) == 3
    assert first.nemesis == ()
    assert settled(BANK + NEMESIS, seed=1).scenario.faults == first.faults
    assert settled(BANK + NEMESIS, seed=2).scenario.faults != first.faults


def test_drift_of_clocks_is_a_fault_from_the_beginning_and_the_last_pattern_counts():
    text = BANK + '\n[clocks]\n"tm.*" = "10ppm"\n"tm.2" = "-20ppm"\n'
    assert settled(text).setup().faults == (
        ClockDrift(node="tm.1", start_ns=0, ppm=10),
        ClockDrift(node="tm.2", start_ns=0, ppm=-20),
    )


def test_trace_of_ones_own_is_found_beside_the_scenario_and_named_by_its_content(traced):
    found = settled(TRACED, traced)
    assert found.trace.transactions == 10
    assert found.scenario.workload.file == str(traced / "trace.npz")
    assert found.scenario.workload.content in found.canonical()
    assert str(traced) not in found.canonical()
    assert "mine, a test; 10 transactions" in found.notes[0]
    again = settled(found.text())
    assert again.canonical() == found.canonical()


def test_trace_that_changed_is_refused_at_a_replay(traced):
    text = settled(TRACED, traced).text()
    builder = TraceBuilder()
    builder.add(0, [(Access.READ, 1, 0)])
    with (traced / "trace.npz").open("wb") as file:
        write_npz(builder.build(name="mine", source="a test"), file)
    assert "the workload trace is not the one of the scenario" in problem(text)


def test_part_of_a_trace_holds_all_clients_and_fewer_clients_share_the_work(traced):
    part = settled(TRACED + "transactions = 4\n", traced).trace
    assert sorted(part.client.tolist()) == [0, 1, 2, 3]
    folded = settled(TRACED + "clients = 2\n", traced).trace
    assert folded.clients == 2
    assert folded.transactions == 10


def test_trace_with_more_clients_than_the_topology_is_refused(traced):
    text = TRACED.replace("clients = 4", "clients = 2")
    assert "the workload trace has 4 clients, the topology 2" in problem(text, traced)


def test_truncated_and_mixed_up_traces_are_refused_on_one_line(traced):
    whole = (traced / "trace.npz").read_bytes()
    for cut in (0, 1, len(whole) // 2, len(whole) - 1):
        (traced / "trace.npz").write_bytes(whole[:cut])
        (traced / "s.toml").write_text(TRACED)
        assert "trace.npz" in problem(TRACED, traced)
    np.savez(traced / "trace.npz", client=np.zeros(3), txn=np.zeros(2))
    assert "trace.npz" in problem(TRACED, traced)
    (traced / "trace.npz").write_text('title = "a scenario"\n')
    answer = bulkhead("run", "s.toml", "--out", "none", cwd=traced)
    assert answer.returncode == 2
    assert answer.stderr.count("\n") == 1


def test_absent_data_is_refused_unless_the_scenario_says_what_to_run_instead(tmp_path, monkeypatch):
    monkeypatch.setenv("BULKHEAD_DATA", str(tmp_path))
    text = TRACED.replace('file = "trace.npz"', 'dataset = "cobra/tpcc"')
    assert "no data set cobra/tpcc" in problem(text)
    instead = settled(text + 'otherwise = { kind = "bank", transactions = 7 }\n')
    assert instead.scenario.workload.kind == "bank"
    assert instead.trace.transactions == 7
    assert "because data set cobra/tpcc is not in" in instead.notes[0]
    assert "otherwise" not in instead.text()


def test_workload_without_transactions_is_refused(traced):
    with (traced / "trace.npz").open("wb") as file:
        write_npz(TraceBuilder().build(name="mine", source="a test"), file)
    assert "no transaction" in problem(TRACED, traced)


def test_mutant_given_by_hand_is_checked():
    assert problem(BANK, mutant="no_reread_") == (
        '--mutant: unknown mutant "no_reread_" (did you mean "no_reread"?)'
    )
    printed = BANK.replace('"omid"\n', '"omid"\nvariant = "omid-as-printed"\n')
    assert "does not apply to variant" in problem(printed, mutant="no_reread")


REQUESTS = TRACED.replace('file = "trace.npz"', 'file = "trace.lirs"')


def test_a_recording_becomes_transactions_by_the_rule_of_the_scenario(tmp_path):
    (tmp_path / "trace.lirs").write_text("".join(f"{number}\n" for number in range(12)))
    rule = 'requests = 3\nwrites = "50%"\ntransactions = 3\nclients = 2\n'
    resolved = settled(REQUESTS + rule, tmp_path)
    assert resolved.trace.first.tolist() == [0, 3, 6, 9]
    assert resolved.trace.client.tolist() == [0, 1, 0]
    told = resolved.workload()
    assert told["transactions"] == 3
    assert "a transaction is at most 3 requests in a row" in told["notes"]
    assert any(note.startswith("50 % of the requests write") for note in told["notes"])
    # What is written out runs as the same workload.
    again = parse(resolved.text().encode(), name="again.toml", folder=tmp_path)
    assert resolve(again).canonical() == resolved.canonical()


def test_a_rule_without_a_meaning_and_a_bad_line_are_told_on_one_line(tmp_path):
    (tmp_path / "trace.lirs").write_text("1\n2\nx\n")
    told = problem(REQUESTS + 'window = "1s"\n', tmp_path)
    assert told == "s.toml: window = '1 s': expected none for the format lirs: it has no times"
    told = problem(REQUESTS, tmp_path)
    assert told.startswith(f'{tmp_path / "trace.lirs"}:3: "x"; a line is a key')


def test_a_description_draws_from_the_seed_of_the_run(tmp_path):
    (tmp_path / "trace.lirs").write_text("recordcount=100\nreadproportion=0.5\n")
    first, second = (settled(REQUESTS, tmp_path, seed=seed) for seed in (1, 2))
    assert first.trace.transactions == 1000
    assert first.trace.key.tolist() != second.trace.key.tolist()
    assert first.canonical() != second.canonical()


def test_local_sequences_have_room_for_every_region():
    fast_path = FENCED.replace('"omid"\ntopology', '"omid-fp"\ntopology').replace(
        "clients = 1 }", "clients = 1, regions = 4 }\nomid = { sequence_bits = 2 }"
    )
    told = problem(fast_path)
    assert "2 bits have 3 versions between two timestamps, too few for 4 regions: 3 bits" in told
    assert settled(fast_path.replace("sequence_bits = 2", "sequence_bits = 3"))
    assert settled(fast_path.replace("omid-fp", "omid-ll"))
