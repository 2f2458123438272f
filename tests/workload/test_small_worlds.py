import numpy as np
import pytest

from sim.history import Conserved
from sim.kernel.streams import Streams
from sim.workload.generate.bank import Bank
from sim.workload.generate.counters import Counters
from sim.workload.generate.mix import Mix
from sim.workload.generate.pairs import Pairs
from sim.workload.generate.settings import SettingError
from sim.workload.types import Access

SIZE = {"transactions": 10_000, "clients": 5}


def generate(kind, **settings):
    return kind(**(SIZE | settings)).generate(Streams(2))


def rows(trace):
    """Yield kinds, keys and amounts of each transaction."""
    for begin, end in zip(trace.first[:-1].tolist(), trace.first[1:].tolist(), strict=True):
        yield (
            trace.kind[begin:end].tolist(),
            trace.key[begin:end].tolist(),
            trace.amount[begin:end].tolist(),
        )


def test_a_transfer_moves_money_between_two_accounts_and_creates_none():
    trace = generate(Bank, accounts=3, initial=50, amount_max=7, audits_ppm=0)
    pairs, amounts = set(), set()
    for kinds, keys, moved in rows(trace):
        assert kinds == [Access.ADD, Access.ADD]
        assert moved[0] + moved[1] == 0
        pairs.add(tuple(keys))
        amounts.add(moved[1])
    assert pairs == {(0, 1), (0, 2), (1, 0), (1, 2), (2, 0), (2, 1)}
    assert amounts == set(range(1, 8))


def test_an_audit_reads_every_account_and_the_sum_is_stated():
    trace = generate(Bank, accounts=4, initial=50, audits_ppm=250_000)
    audits = [keys for kinds, keys, _ in rows(trace) if Access.READ in kinds]
    assert all(keys == [0, 1, 2, 3] for keys in audits)
    assert abs(len(audits) - 2500) < 220
    assert trace.initial_value == 50
    assert trace.conserved == Conserved(keys=4, total=200)


def test_running_all_transfers_one_by_one_keeps_the_sum():
    trace = generate(Bank, accounts=6, initial=10)
    balance = np.full(6, trace.initial_value)
    np.add.at(balance, trace.key, trace.amount)
    assert balance.sum() == trace.conserved.total


def test_counters_are_incremented_by_one_and_read_together():
    trace = generate(Counters, counters=3, reads_ppm=200_000)
    seen = set()
    for kinds, keys, amounts in rows(trace):
        if kinds == [Access.ADD]:
            assert amounts == [1]
            seen.add(keys[0])
        else:
            assert kinds == [Access.READ] * 3
            assert keys == [0, 1, 2]
    assert seen == {0, 1, 2}


def test_the_mix_has_readers_that_reread_blind_writers_and_updaters():
    trace = generate(Mix, keys=4, width_max=3)
    shapes = {"reader": 0, "writer": 0, "updater": 0}
    for kinds, keys, _ in rows(trace):
        writes = kinds.count(Access.WRITE)
        if not writes:
            shapes["reader"] += 1
            assert keys[-1] == keys[0]
            distinct = keys[:-1]
        elif writes == len(kinds):
            shapes["writer"] += 1
            distinct = keys
        else:
            shapes["updater"] += 1
            assert kinds == [Access.READ] * writes + [Access.WRITE] * writes
            assert keys[:writes] == keys[writes:]
            distinct = keys[:writes]
        assert 2 <= len(distinct) <= 3
        assert len(set(distinct)) == len(distinct)
        assert set(distinct) <= {0, 1, 2, 3}
    assert all(2700 < count < 4300 for count in shapes.values())


def test_only_transactions_that_write_roll_back_in_the_mix():
    trace = generate(Mix, rollbacks_ppm=500_000)
    writing = np.array([Access.WRITE in kinds for kinds, _, _ in rows(trace)])
    assert not trace.rollback[~writing].any()
    assert abs(trace.rollback[writing].mean() - 0.5) < 0.04
    assert generate(Mix, rollbacks_ppm=0).rollback is None


def test_a_share_of_the_writes_of_the_mix_deletes_and_the_rest_stays_as_it_was():
    plain, deleting = generate(Mix), generate(Mix, deletes_ppm=300_000)
    written = plain.kind == Access.WRITE
    assert set(deleting.kind[written].tolist()) == {Access.WRITE, Access.DELETE}
    assert abs((deleting.kind[written] == Access.DELETE).mean() - 0.3) < 0.02
    assert (deleting.kind[~written] == plain.kind[~written]).all()
    assert (deleting.key == plain.key).all()


def test_a_share_of_the_mix_has_one_key_which_is_not_read_twice():
    plain, trace = generate(Mix), generate(Mix, singles_ppm=300_000)
    singles = [kinds for kinds, keys, _ in rows(trace) if len(set(keys)) == 1]
    read, write = [Access.READ], [Access.WRITE]
    assert all(singles.count(shape) > 700 for shape in (read, write, read + write))
    assert abs(len(singles) - 3000) < 250
    assert len(singles) == sum(singles.count(shape) for shape in (read, write, read + write))
    wide = [keys for _, keys, _ in rows(trace) if len(set(keys)) > 1]
    assert len(wide) == 10_000 - len(singles)
    assert wide[0] in [keys for _, keys, _ in rows(plain)]


def test_a_pair_is_read_whole_and_written_by_half():
    trace = generate(Pairs, pairs=2)
    shapes = set()
    for kinds, keys, _ in rows(trace):
        assert kinds == [Access.READ, Access.READ, Access.WRITE]
        shapes.add(tuple(keys))
    assert shapes == {(0, 1, 0), (0, 1, 1), (2, 3, 2), (2, 3, 3)}


@pytest.mark.parametrize(
    ("kind", "settings", "message"),
    [
        (Bank, {"accounts": 1}, "accounts = 1: expected 2 to 10,000"),
        (Bank, {"audits_ppm": 1_000_001}, "audits_ppm = 1000001"),
        (Counters, {"counters": 0}, "counters = 0"),
        (Mix, {"keys": 1}, "keys = 1: expected 2 to 64"),
        (Mix, {"keys": 3, "width_max": 4}, "width_max = 4: expected 2 to 3"),
        (Mix, {"readers_ppm": 900_000}, "what readers_ppm leaves of a million, 100,000"),
        (Pairs, {"pairs": 0}, "pairs = 0"),
    ],
)
def test_settings_that_make_no_workload_are_refused_by_name(kind, settings, message):
    with pytest.raises(SettingError) as refusal:
        generate(kind, **settings)
    assert message in str(refusal.value)
