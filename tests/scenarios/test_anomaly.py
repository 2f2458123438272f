"""Every kind of anomaly is drawn with its transactions, operations, lines and arrows."""

import pytest

from scenarios.checking import check
from tests.reports.reading import parsed
from tests.scenarios.histories import LISTS, LOST, SKEW

SVG = "{http://www.w3.org/2000/svg}"


def ok(process, *operations, outcome="ok"):
    return f"{{:type :{outcome}, :f :txn, :process {process}, :value [{' '.join(operations)}]}}\n"


KINDS = {
    "g1a": (ok(0, "[:w 1 5]", outcome="fail") + ok(1, "[:r 1 5]"), "si"),
    "g1b": (ok(0, "[:w 1 5]", "[:w 1 6]") + ok(1, "[:r 1 5]"), "si"),
    "internal": (ok(0, "[:w 1 5]", "[:r 1 6]") + ok(1, "[:w 1 6]"), "si"),
    "future-read": (ok(0, "[:r 1 5]", "[:w 1 5]"), "si"),
    "garbage-read": (ok(0, "[:r 1 5]"), "si"),
    "g1c": (ok(0, "[:w 1 5]", "[:r 2 5]") + ok(1, "[:w 2 5]", "[:r 1 5]"), "si"),
    "lost-update": (LOST, "si"),
    "write-skew": (SKEW, "ser"),
    "incompatible-order": (LISTS, "si"),
    "fractured-read": (ok(0, "[:w 1 5]", "[:w 2 5]") + ok(1, "[:r 1 5]", "[:r 2 nil]"), "si"),
    "long-fork": (
        ok(0, "[:w 1 5]")
        + ok(1, "[:w 2 5]")
        + ok(2, "[:r 1 5]", "[:r 2 nil]")
        + ok(3, "[:r 2 5]", "[:r 1 nil]"),
        "si",
    ),
    "no-order": (
        ok(0, "[:w 1 5]", "[:w 2 5]")
        + ok(1, "[:w 1 6]", "[:w 3 6]")
        + ok(2, "[:r 1 5]", "[:r 3 6]")
        + ok(3, "[:r 1 6]", "[:r 2 5]"),
        "si",
    ),
}


@pytest.mark.parametrize("kind", KINDS)
def test_anomaly_is_named_and_drawn(tmp_path, kind):
    text, level = KINDS[kind]
    (tmp_path / "h.edn").write_text(text)
    (checked,) = check([str(tmp_path / "h.edn")], level=level, keep=True).histories
    assert checked.anomalies[0].name.kind == kind
    assert len(checked.pictures) == len(checked.anomalies)
    words = [element.text or "" for element in parsed(checked.pictures[0]).iter(f"{SVG}text")]
    for row in checked.anomalies[0].transactions:
        assert f"T{row}" in words
    marked = [operation["text"] for operation in checked.evidence[0]["operations"]]
    assert marked
    assert [each for each in marked if each not in words] == []
    assert any(word.startswith("line ") for word in words)


def test_each_order_of_two_writers_has_a_panel_or_a_reason(tmp_path):
    text, level = KINDS["no-order"]
    (tmp_path / "h.edn").write_text(text)
    (checked,) = check([str(tmp_path / "h.edn")], level=level, keep=True).histories
    words = [element.text or "" for element in parsed(checked.pictures[0]).iter(f"{SVG}text")]
    heads = [word for word in words if word.startswith(("Either", "Or ", "Why "))]
    assert len(heads) >= 1
    assert sum(word.startswith("So T") for word in words) >= 2


def test_reason_of_an_order_is_a_tree_down_to_operations(tmp_path):
    text, level = KINDS["no-order"]
    (tmp_path / "h.edn").write_text(text)
    (checked,) = check([str(tmp_path / "h.edn")], level=level).histories

    def leaves(arrows):
        for arrow in arrows:
            if arrow["reason"] is not None:
                yield from leaves(arrow["reason"])
            elif arrow["kind"] in ("wr", "rw") and not arrow["assumed"]:
                yield arrow

    found = list(leaves(checked.evidence[0]["cycle"]))
    assert found
    assert all(len(arrow["operations"]) == 2 for arrow in found)


def test_failed_and_unknown_transactions_say_so(tmp_path):
    (tmp_path / "h.edn").write_text(KINDS["g1a"][0])
    (checked,) = check([str(tmp_path / "h.edn")], level="si", keep=True).histories
    assert ">failed<" in checked.pictures[0]


def test_long_transactions_show_only_what_matters(tmp_path):
    many = [f"[:w {key} 1]" for key in range(10, 30)]
    (tmp_path / "h.edn").write_text(
        ok(0, "[:w 1 5]", "[:w 2 5]", *many) + ok(1, "[:r 1 5]", "[:r 2 nil]")
    )
    (checked,) = check([str(tmp_path / "h.edn")], level="si", keep=True).histories
    assert "… 20 more operations" in checked.pictures[0]
    assert "writes 10 = 1" not in checked.pictures[0]


def test_pictures_are_the_same_every_time(tmp_path):
    (tmp_path / "h.edn").write_text(KINDS["no-order"][0])
    first, second = (
        check([str(tmp_path / "h.edn")], level="si", keep=True).histories[0].pictures
        for _ in range(2)
    )
    assert first == second


def test_cycles_of_every_choice_are_told_and_drawn_with_the_orders_they_assume(
    tmp_path, monkeypatch
):
    # Without pruning the solver refutes every choice, cycle by cycle.
    monkeypatch.setattr("specs.history.isolation.decide.CELLS_MAX", 0)
    (tmp_path / "h.edn").write_text(KINDS["no-order"][0])
    (checked,) = check([str(tmp_path / "h.edn")], level="si", keep=True).histories
    (anomaly,) = checked.anomalies
    assert anomaly.name.title == "no order of two writers works: fractured read"
    heads = [line for line in anomaly.lines if line.startswith(("If", "But if"))]
    assert sorted(heads) == [
        "But if T1 writes 1 = 6 before T0 writes 1 = 5:",
        "If T0 writes 1 = 5 before T1 writes 1 = 6:",
    ]
    assert "  T2 reads 1 = 5, not T1's 1 = 6, so it begins before T1 commits." in anomaly.lines
    words = [element.text or "" for element in parsed(checked.pictures[0]).iter(f"{SVG}text")]
    assert "Either T0 comes before T1 on 1:" in words
    assert "Or T1 comes before T0 on 1:" in words
    assert {arrow["loop"] for arrow in checked.evidence[0]["cycle"]} == {0, 1}
