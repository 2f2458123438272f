import numpy as np
import pytest

from scenarios import data
from sim.kernel.streams import Streams
from sim.workload.generate.settings import SettingError
from sim.workload.generate.ycsb import MIXES, Ycsb
from sim.workload.types import Access


def generate(**settings):
    return Ycsb(**({"transactions": 20_000, "clients": 8} | settings)).generate(Streams(1))


def share(found: int, total: int) -> float:
    return found / total


@pytest.mark.parametrize("letter", MIXES)
def test_each_mix_has_the_shares_and_the_distribution_of_its_property_file(letter):
    try:
        path = data.verify(f"ycsb/workload{letter.lower()}")
    except data.MissingDataError as error:
        pytest.skip(str(error))
    lines = [line.split("#")[0].strip() for line in path.read_text().splitlines()]
    said = dict(line.split("=", 1) for line in lines if line)
    mix = MIXES[letter]
    for name, share_ppm in (
        ("readproportion", mix.read_ppm),
        ("updateproportion", mix.update_ppm),
        ("scanproportion", mix.scan_ppm),
        ("insertproportion", mix.insert_ppm),
        ("readmodifywriteproportion", mix.read_modify_write_ppm),
    ):
        assert round(float(said.get(name, 0)) * 1_000_000) == share_ppm, name
    assert said["requestdistribution"] == mix.distribution
    defaults = Ycsb(transactions=1, clients=1)
    assert defaults.records == int(said["recordcount"])
    assert defaults.scan_length_max == int(said.get("maxscanlength", 100))


@pytest.mark.parametrize("letter", MIXES)
def test_the_shares_of_a_mix_make_a_whole(letter):
    assert sum(MIXES[letter].shares_ppm) == 1_000_000


@pytest.mark.parametrize(("letter", "writes"), [("A", 0.5), ("B", 0.05), ("C", 0), ("D", 0.05)])
def test_single_operations_come_in_the_shares_of_the_mix(letter, writes):
    trace = generate(mix=letter)
    assert trace.operations == trace.transactions
    assert abs(share(int((trace.kind == Access.WRITE).sum()), trace.operations) - writes) < 0.02


def test_a_read_modify_write_is_a_read_and_then_a_write_of_one_key():
    trace = generate(mix="F")
    length = np.diff(trace.first)
    assert set(length.tolist()) == {1, 2}
    assert abs(share(int((length == 2).sum()), len(length)) - 0.5) < 0.02
    pairs = trace.first[:-1][length == 2]
    assert np.all(trace.kind[pairs] == Access.READ)
    assert np.all(trace.kind[pairs + 1] == Access.WRITE)
    assert np.array_equal(trace.key[pairs], trace.key[pairs + 1])
    assert np.all(trace.kind[trace.first[:-1][length == 1]] == Access.READ)


@pytest.mark.parametrize("letter", ["D", "E"])
def test_inserts_write_the_next_new_keys_in_row_order(letter):
    trace = generate(mix=letter, records=500)
    inserted = trace.key[trace.kind == Access.WRITE]
    assert len(inserted) > 800
    assert np.array_equal(inserted, 500 + np.arange(len(inserted)))


def test_no_read_asks_for_a_key_that_no_earlier_row_inserts():
    trace = generate(mix="D", records=50)
    writes = trace.kind == Access.WRITE
    visible = 50 + np.cumsum(writes) - writes
    assert np.all(trace.key[~writes] < visible[~writes])


def test_a_scan_reads_consecutive_keys_and_stops_at_the_newest():
    trace = generate(mix="E", records=300, scan_length_max=40)
    newest = 299
    lengths = []
    for begin, end in zip(trace.first[:-1].tolist(), trace.first[1:].tolist(), strict=True):
        keys = trace.key[begin:end].tolist()
        if trace.kind[begin] == Access.WRITE:
            newest = keys[0]
            continue
        assert keys == list(range(keys[0], keys[0] + len(keys)))
        assert keys[-1] <= newest
        lengths.append(len(keys))
    assert min(lengths) == 1
    assert max(lengths) == 40


@pytest.mark.parametrize("sizes", ["uniform", "zipfian"])
def test_transactions_have_the_sizes_asked_for(sizes):
    trace = generate(mix="A", operations_min=2, operations_max=5, sizes=sizes)
    counts = np.bincount(np.diff(trace.first))
    assert counts[:2].sum() == 0
    assert len(counts) == 6
    if sizes == "uniform":
        assert np.all(np.abs(counts[2:] - 5000) < 400)
    else:
        assert counts[2] > counts[3] > counts[4] > counts[5] > 1000


def test_another_distribution_than_the_mix_names_may_be_asked_for():
    zipfian = np.bincount(generate(mix="C").key, minlength=1000)
    uniform = np.bincount(generate(mix="C", distribution="uniform").key, minlength=1000)
    assert zipfian.max() > 2000
    assert uniform.max() < 60


def test_clients_take_turns():
    assert generate().client[:10].tolist() == [0, 1, 2, 3, 4, 5, 6, 7, 0, 1]


def test_the_notes_say_how_scans_inserts_and_updates_were_turned_into_operations():
    assert any("consecutive" in note for note in generate(mix="E").notes)
    assert any("new key" in note for note in generate(mix="D").notes)
    assert any("then a write of the same key" in note for note in generate(mix="F").notes)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"mix": "a"}, "mix = 'a': expected one of A, B, C, D, E, F"),
        ({"distribution": "zipfan"}, "did you mean 'zipfian'?"),
        ({"transactions": 0}, "transactions = 0: expected 1 to 100,000,000"),
        ({"clients": 0}, "clients = 0"),
        ({"records": 0}, "records = 0"),
        ({"records": 30_000_001}, "records = 30000001: expected 1 to 30,000,000"),
        ({"operations_min": 3, "operations_max": 2}, "expected 1 to operations_max = 2"),
        ({"theta_ppm": 0}, "theta_ppm = 0: expected 10,000 to 3,000,000"),
        ({"sizes": "big"}, "sizes = 'big'"),
    ],
)
def test_settings_that_make_no_workload_are_refused_by_name(settings, message):
    with pytest.raises(SettingError) as refusal:
        generate(**settings)
    assert message in str(refusal.value)
