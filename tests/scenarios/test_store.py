"""The result store is idempotent by seed, and tells when one seed gave two digests."""

import sqlite3

import pytest

from scenarios.errors import UsageError
from scenarios.store import Row, Store

LARGEST = 2**64 - 1


def row(seed, digest="d", **more):
    given = {"scenario": "s", "version": "1", "outcome": "holds", "exit": 0, "body": {"seed": seed}}
    return Row(seed=seed, digest=digest, **{**given, **more})


def test_rows_come_back_in_seed_order(tmp_path):
    with Store(tmp_path / "r.sqlite") as store:
        for seed in (LARGEST, 9, 10, 0):
            store.add(row(seed))
        assert list(store.bodies(scenario="s", version="1")) == [0, 9, 10, LARGEST]


def test_same_result_twice_is_one_row(tmp_path):
    with Store(tmp_path / "r.sqlite") as store:
        store.add(row(1))
        store.add(row(1))
        assert len(store.bodies(scenario="s", version="1")) == 1
        assert store.differences == []


def test_another_digest_for_the_same_key_is_reported_and_the_first_one_stays(tmp_path):
    with Store(tmp_path / "r.sqlite") as store:
        store.add(row(1, "before"))
        store.add(row(1, "after"))
        store.flush()
        assert [str(each) for each in store.differences] == [
            "seed 1 is not deterministic: digest after now, before before"
        ]
        assert store.digests(scenario="s") == {1: "before"}


def test_results_of_other_code_or_another_scenario_do_not_pass_for_ours(tmp_path):
    with Store(tmp_path / "r.sqlite") as store:
        store.add(row(1, "a"))
        store.add(row(1, "b", version="2"))
        store.add(row(1, "c", scenario="t"))
        assert store.bodies(scenario="s", version="1") == {1: {"seed": 1}}
        assert store.differences == []


def test_run_without_a_digest_gives_way_to_one_that_has_one(tmp_path):
    with Store(tmp_path / "r.sqlite") as store:
        store.add(row(1, None, outcome="undecided"))
        assert store.bodies(scenario="s", version="1") == {}
        assert len(store.bodies(scenario="s", version="1", undecided=True)) == 1
        store.add(row(1, "d"))
        assert len(store.bodies(scenario="s", version="1")) == 1
        assert store.differences == []


def test_what_was_flushed_is_there_after_a_crash(tmp_path):
    store = Store(tmp_path / "r.sqlite")
    store.add(row(1))
    store.flush()
    # The process dies here: the file is opened by somebody else and never closed by us.
    with Store(tmp_path / "r.sqlite") as other:
        assert other.bodies(scenario="s", version="1") == {1: {"seed": 1}}
    store.abandon()


def test_verdicts_and_metrics_can_be_asked_for_in_sql(tmp_path):
    body = {"verdicts": [{"property": "p", "holds": False}], "metrics": {"recovery_ns": 7}}
    with Store(tmp_path / "r.sqlite") as store:
        store.add(row(LARGEST, body=body))
    with sqlite3.connect(tmp_path / "r.sqlite") as connection:
        assert connection.execute("SELECT seed, property, holds FROM verdict").fetchall() == [
            (str(LARGEST), "p", 0)
        ]
        assert connection.execute("SELECT name, value FROM metric").fetchall() == [
            ("recovery_ns", 7)
        ]
    connection.close()


def test_file_that_is_no_database_is_refused_on_one_line(tmp_path):
    path = tmp_path / "r.sqlite"
    path.write_bytes(b"no database" * 100)
    with pytest.raises(UsageError, match=r"cannot use .*: file is not a database"):
        Store(path)
