"""A file that is no scenario is refused with every problem at its place, in file order."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.errors import UsageError
from scenarios.load import load, parse
from scenarios.positions import Place, Positions
from tests.scenarios.commands import BANK


def problems(text, name="s.toml"):
    with pytest.raises(UsageError) as caught:
        parse(text.encode(), name=name, folder=Path())
    return caught.value.lines()


def with_lines(*lines):
    return BANK + "\n" + "\n".join(lines) + "\n"


# BANK has nine lines; with_lines begins at the eleventh.
@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("sed = 3\n" + BANK, 's.toml:1:1: unknown key "sed" (did you mean "seed"?)'),
        (
            BANK.replace('lease = "1s"', 'leese = "1s"'),
            's.toml:5:10: unknown key "leese" in omid (did you mean "lease"?)',
        ),
        (
            BANK.replace('lease = "1s"', "lease = 1"),
            's.toml:5:18: omid.lease: 1 has no unit: write a duration as text, like "250ms"',
        ),
        (
            BANK.replace('"1s"', '"1 sec"'),
            (
                's.toml:5:18: omid.lease: "1 sec" is not a duration: '
                'write a number with ns, us, µs, ms, s, min or h, "250ms"'
            ),
        ),
        (
            BANK.replace('"1s"', '"-1s"'),
            's.toml:5:18: omid.lease: "-1s" is negative: a duration is at least 0',
        ),
        (
            BANK.replace('"1s"', '"0s"'),
            's.toml:5:18: omid.lease: "0s" is no time at all: a duration above 0 is needed here',
        ),
        (
            BANK.replace('"bank"', '"bnak"'),
            's.toml:8:8: unknown workload "bnak" (did you mean "bank"?)',
        ),
        (
            BANK.replace("= 60", '= "60"'),
            (
                's.toml:9:16: workload.transactions: expected a whole number, found "60" '
                "(how many transactions in all)"
            ),
        ),
        (
            BANK.replace("= 60", "= -60"),
            (
                "s.toml:9:16: workload.transactions: "
                "input should be greater than or equal to 1, found -60"
            ),
        ),
        (
            BANK.replace('"omid"', '"odim"'),
            's.toml:2:10: system: "odim" is not valid (one of: omid)',
        ),
        (
            with_lines("[[faults]]", 'kind = "pauze"'),
            's.toml:12:8: unknown fault "pauze" (did you mean "pause"?)',
        ),
        (
            with_lines("[[faults]]", 'node = "tm.1"'),
            's.toml:11:3: faults[1] needs "kind"',
        ),
        (
            with_lines("[[faults]]", 'kind = "pause"', 'node = "tm.1"', 'start = "1s"'),
            's.toml:11:3: faults[1] needs "length": how long it lasts',
        ),
        (
            with_lines("[[faults]]", 'kind = "pause"', 'node = "tm.1"', 'length = "1s"'),
            "s.toml:11:3: faults[1]: a pause begins at start or at a point, one of the two",
        ),
        (
            with_lines(
                "[[faults]]", 'kind = "pause"', 'node = "tm.9"', 'start = "1s"', 'length = "1s"'
            ),
            's.toml:13:8: unknown node "tm.9" (did you mean "tm.2"?)',
        ),
        (
            with_lines(
                "[[faults]]", 'kind = "pause"', 'node = "server"', 'start = "1s"', 'length = "1s"'
            ),
            (
                's.toml:13:8: unknown node "server" '
                "(nodes: coordinator, tm, region, ct, cleaner, client)"
            ),
        ),
        (
            with_lines("[[faults]]", 'kind = "crash"', 'node = "tm.1"', 'point = "flush.cheked"'),
            's.toml:14:9: tm.1 has no point "flush.cheked" (did you mean "flush.checked"?)',
        ),
        (
            with_lines("[clocks]", '"tm.7" = "20ppm"'),
            's.toml:12:10: unknown node "tm.7" (did you mean "tm.2"?)',
        ),
        (
            with_lines("[expect]", 'snapshot_read = "holds"'),
            's.toml:12:1: unknown property "snapshot_read" (did you mean "snapshot_reads"?)',
        ),
        (
            with_lines("[expect]", 'snapshot_reads = "broken"'),
            's.toml:12:18: expect.snapshot_reads: "broken" is not valid (one of: holds, violated)',
        ),
        (
            with_lines("[expect]", 'marks = ["writeskew"]'),
            's.toml:12:10: unknown mark "writeskew" (did you mean "write_skew"?)',
        ),
        (
            with_lines("[expect]", 'recovry = { max = "4s" }'),
            's.toml:12:1: unknown metric "recovry" (did you mean "recovery"?)',
        ),
        (
            with_lines("[expect]", 'own_writes = "violated"', 'mechanism = "invalidatio"'),
            's.toml:13:13: unknown mechanism "invalidatio" (did you mean "invalidation"?)',
        ),
        (
            with_lines("[expect]", 'mechanism = "invalidation"'),
            's.toml:12:13: "invalidation" is the reason of no expected violation',
        ),
        (
            'mutant = "no_invaldation"\n' + BANK,
            's.toml:1:10: unknown mutant "no_invaldation" (did you mean "no_invalidation"?)',
        ),
        (
            'mutant = "no_invalidation"\nvariant = "omid-as-printed"\n' + BANK,
            (
                's.toml:1:10: mutant "no_invalidation" does not apply to variant '
                '"omid-as-printed", only to omid'
            ),
        ),
        (
            BANK + "clients = 40\n",
            "s.toml:10:11: the workload has 40 clients, the topology 4",
        ),
        (
            BANK.replace('"bank"', '"ycsb"') + "operations_min = 3\n",
            "s.toml:10:18: operations_min = 3: expected 1 to operations_max = 1",
        ),
        (
            BANK.replace('kind = "bank"', 'dataset = "cobra/tpc"'),
            's.toml:8:11: unknown data set "cobra/tpc" (did you mean "cobra/tpcc"?)',
        ),
        (BANK + "x = \n", "s.toml:10:5: not valid TOML: Invalid value"),
        (BANK + "[workload]\n", "s.toml:10:10: not valid TOML: Cannot declare ('workload',) twice"),
        (
            with_lines("[expect]", "committed = { min = 1.5 }"),
            (
                "s.toml:12:21: expect.committed.min: 1.5 is no bound: "
                'write a whole number, or a duration like "4s"'
            ),
        ),
    ],
)
def test_problem_is_told_on_one_line_with_its_place(text, line):
    assert problems(text) == [line]


def test_first_ten_problems_are_told_in_file_order():
    told = problems("".join(f'z{i} = "{i}"\n' for i in range(14)) + BANK)
    assert [line.split(":")[1] for line in told[:-1]] == [str(i) for i in range(1, 11)]
    assert told[-1] == "and 4 more"


def test_bytes_that_are_no_text_are_refused():
    with pytest.raises(UsageError, match=r"s\.toml:2:1: the file is not UTF-8 text"):
        parse(b"title = 1\n\xff\xfe\n", name="s.toml", folder=Path())


def test_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UsageError, match=r"cannot read .*absent\.toml: no such file or directory"):
        load(tmp_path / "absent.toml")


def test_columns_count_characters_and_arrays_of_tables_are_counted():
    text = 'a.b = "x"\n[[c]]\n"ü" = { d = [1, 22] }\n[[c]]\n[c.e]\nf = 1\n'
    positions = Positions(text)
    assert positions.value(("a", "b")) == Place(1, 7)
    assert positions.value(("c", 0, "ü", "d", 1)) == Place(3, 17)
    assert positions.key(("c", 1, "e", "f")) == Place(6, 1)
    assert positions.key(("c", 1, "missing")) == Place(4, 3)


LINES = [
    *BANK.splitlines(),
    *("[faults]", "[[faults]]", "[[nemesis]]", "[expect]", "[clocks]", "[[network.links]]"),
    *('kind = "pause"', 'kind = "hold"', 'node = "tm.1"', 'start = "1s"', 'length = "-1s"'),
    *("sessions = [[]]", 'file = "/"', "dataset = 3", "otherwise = {}", "marks = [1]", "x = nan"),
    *("latency = { kind = [] }", 'nodes = "tm.1"', "a.b.c = 1", '"" = ""', "]", "é", '"""', "= 1"),
]


@given(st.lists(st.sampled_from(LINES), max_size=20))
def test_whatever_a_file_holds_it_is_a_scenario_or_refused_line_by_line(lines):
    told = []
    try:
        parse("\n".join(lines).encode(), name="s.toml", folder=Path())
    except UsageError as error:
        told = error.lines()
    assert all(line.startswith(("s.toml:", "and ")) and "\n" not in line for line in told)
