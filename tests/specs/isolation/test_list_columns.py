"""Lists all at once say what they say one by one, and are silent where something is wrong."""

import numpy as np
import pytest
from hypothesis import event, given, settings
from hypothesis import strategies as st

from sim.history import Outcome
from specs.history.formats.load import read_file
from specs.history.isolation.facts import Facts, UnsupportedHistory
from specs.history.isolation.list_columns import facts_at_once
from specs.history.isolation.lists import facts_one_by_one

OUTCOMES = ["ok"] * 7 + ["fail", "info"]


@st.composite
def texts(draw: st.DrawFn) -> str:
    """Draw a history in EDN: lists that grow, now and then read wrongly."""
    lists: dict[int, list[int]] = {0: [], 1: []}
    count, lines = 0, []
    for _ in range(draw(st.integers(1, 6))):
        outcome = draw(st.sampled_from(OUTCOMES))
        operations = []
        for key, reads in draw(
            st.lists(st.tuples(st.integers(0, 1), st.booleans()), min_size=1, max_size=4)
        ):
            if not reads:
                count += 1
                operations.append(f"[:append {key} {count}]")
                if outcome != "fail":
                    lists[key].append(count)
                continue
            found = list(lists[key])
            if draw(st.integers(0, 9)) == 0:
                found = draw(st.permutations(found)) if draw(st.booleans()) else found[:-1]
            shown = " ".join(map(str, found))
            operations.append(f"[:r {key} {'nil' if outcome == 'info' else f'[{shown}]'}]")
        process = draw(st.integers(0, 2))
        text = " ".join(operations)
        lines.append(f"{{:type :{outcome}, :process {process}, :f :txn, :value [{text}]}}\n")
    return "".join(lines)


def loaded(text, tmp_path):
    path = tmp_path / "lists.edn"
    path.write_text(text)
    with path.open("rb") as file:
        return read_file(file).history


def relations(facts: Facts):
    """Return everything that facts say, in no order."""
    columns = [
        (facts.writer, facts.writer_key, facts.writer_operation),
        (facts.reader, facts.reader_key, facts.reader_from, facts.reader_operation),
        (facts.follower, facts.followed, facts.follower_key),
        facts.shown,
    ]
    tables = [sorted(zip(*(each.tolist() for each in part), strict=True)) for part in columns]
    return [facts.row.tolist(), facts.vouched.tolist(), facts.session.tolist(), *tables]


def test_all_at_once_is_what_is_found_one_by_one(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lists")
    seen = {True: 0, False: 0}

    @settings(max_examples=150, deadline=None, derandomize=True)
    @given(text=texts())
    def agree(text: str) -> None:
        history = loaded(text, folder)
        if not (history.kind >= 2).any():
            return
        at_once, slowly = facts_at_once(history), facts_one_by_one(history)
        seen[at_once is None] += 1
        event(f"silent: {at_once is None}")
        assert (at_once is None) == bool(slowly.misreads)
        if at_once is not None:
            assert relations(at_once) == relations(slowly)
            assert np.array_equal(at_once.keys, slowly.keys)

    agree()
    assert min(seen.values()) > 5


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ("garbage-read", "[[:append 0 1]]|[[:r 0 [1 2]]]"),
        ("g1b", "[[:append 0 1] [:append 0 2]]|[[:r 0 [1]]]"),
        ("g1b", "[[:append 0 1] [:append 0 2]]|[[:append 0 3]]|[[:r 0 [1 3 2]]]"),
        ("incompatible-order", "[[:append 0 1]]|[[:append 0 2]]|[[:r 0 [1 2]]]|[[:r 0 [2]]]"),
        ("incompatible-order", "[[:append 0 1] [:append 0 2]]|[[:r 0 [2 1]]]"),
        ("incompatible-order", "[[:append 0 1]]|[[:r 0 [1 1]]]"),
        ("internal", "[[:append 0 1] [:r 0 []]]"),
        ("internal", "[[:append 0 1]]|[[:r 0 []] [:r 0 [1]]]"),
        ("future-read", "[[:r 0 [1]] [:append 0 1]]"),
    ],
)
def test_a_wrong_read_is_noticed(wrong, text, tmp_path):
    lines = "".join(
        f"{{:type :ok, :process {place}, :f :txn, :value {value}}}\n"
        for place, value in enumerate(text.split("|"))
    )
    history = loaded(lines, tmp_path)
    assert facts_at_once(history) is None
    assert wrong in [each.kind for each in facts_one_by_one(history).misreads]


def test_what_failed_is_noticed_when_read_and_repeated_appends_are_refused(tmp_path):
    line = "{{:type :{}, :process {}, :f :txn, :value {}}}\n"
    failed = line.format("fail", 0, "[[:append 0 1]]") + line.format("ok", 1, "[[:r 0 [1]]]")
    history = loaded(failed, tmp_path)
    assert history.outcome[0] == Outcome.ABORTED
    assert facts_at_once(history) is None
    twice = line.format("ok", 0, "[[:append 0 1]]") + line.format("ok", 1, "[[:append 0 1]]")
    history = loaded(twice, tmp_path)
    assert facts_at_once(history) is None
    with pytest.raises(UnsupportedHistory):
        facts_one_by_one(history)
