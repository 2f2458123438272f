"""The picture of an anomaly: well-formed, accessible, complete, and without labels that touch."""

import re
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reports.anomaly import Box, Contradiction, Deed, Link, Panel, draw
from reports.anomaly_layout import lay_out
from tests.reports.reading import parsed

SVG = "{http://www.w3.org/2000/svg}"
KINDS = ("wr", "rw", "ww", "so", "rt")


def box(number, deeds=2):
    did = tuple(Deed(text=f"reads x = {n}", line=f"line {n}", marked=n == 0) for n in range(deeds))
    return Box(name=f"T{number}", place=f"session {number}", deeds=did, left_out=number)


def ring(size, **more):
    """Return a cycle through so many transactions."""
    links = tuple(
        Link(
            source=n,
            target=(n + 1) % size,
            kind=KINDS[n % len(KINDS)],
            title=f"is read by (key {n})",
            reason=f"T{n} writes x = {n}; T{n + 1} reads x = {n}",
        )
        for n in range(size)
    )
    return Panel(boxes=tuple(map(box, range(size))), links=links, **more)


def contradiction(*panels):
    return Contradiction(
        title="Violates si: lost update",
        subtitle="file.edn, 3 transactions",
        panels=panels,
        story=("T1 reads x = 1.", "  (Otherwise: T2 is read by T1.)"),
    )


def words_of(picture):
    return [element.text for element in parsed(picture).iter(f"{SVG}text")]


def apart(first, second):
    """Say whether two frames (left, top, right, bottom) have nothing in common."""
    return (
        first[2] <= second[0]
        or second[2] <= first[0]
        or first[3] <= second[1]
        or second[3] <= first[1]
    )


def touching(placed):
    """Return labels of a layout that touch each other, a box, or another arrow."""
    frames = {route.link: route.frame for route in placed.routes}
    boxes = [
        (placed.left, top, placed.left + placed.box_width, top + height)
        for top, height in placed.boxes
    ]
    found = []
    for link, frame in frames.items():
        found += [
            (link, other) for other in frames if other > link and not apart(frame, frames[other])
        ]
        found += [(link, "box") for each in boxes if not apart(frame, each)]
        for route in placed.routes:
            for (x1, y1), (x2, y2) in pairwise(route.points):
                line = (min(x1, x2) - 1, min(y1, y2) - 1, max(x1, x2) + 1, max(y1, y2) + 1)
                if route.link != link and not apart(frame, line):
                    found.append((link, f"arrow {route.link}"))
    return found


@pytest.mark.parametrize("size", range(2, 11))
def test_labels_of_a_cycle_touch_nothing(size):
    assert touching(lay_out(ring(size))) == []


@settings(max_examples=60, deadline=None)
@given(
    st.integers(3, 6).flatmap(
        lambda size: st.lists(
            st.tuples(st.integers(0, size - 1), st.integers(0, size - 1)).filter(
                lambda ends: ends[0] != ends[1]
            ),
            min_size=2,
            max_size=5,
            unique=True,
        ).map(lambda ends: (size, ends))
    )
)
def test_labels_of_any_small_graph_touch_no_label_and_no_box(graph):
    size, ends = graph
    links = tuple(
        Link(source=a, target=b, kind="wr", title="is read by", reason="T1 writes x = 1")
        for a, b in ends
    )
    placed = lay_out(Panel(boxes=tuple(map(box, range(size))), links=links))
    found = [pair for pair in touching(placed) if not str(pair[1]).startswith("arrow")]
    assert found == []


def test_a_label_on_a_box_would_be_seen():
    placed = lay_out(ring(3))
    from dataclasses import replace

    routes = [replace(route, label_x=placed.left, label_y=40.0) for route in placed.routes]
    assert touching(replace(placed, routes=tuple(routes))) != []


def test_picture_is_accessible_and_self_contained():
    text = draw(contradiction(ring(3)))
    root = parsed(text)
    assert root.get("role") == "img"
    assert "T1 reads x = 1." in root.findtext(f"{SVG}desc")
    assert re.findall(r"https?://[^\"<\s]+", text) == ["http://www.w3.org/2000/svg"]
    assert all(link.startswith("url(#anomaly-") for link in re.findall(r"url\([^)]*\)", text))


def test_picture_has_names_operations_lines_and_arrows():
    words = words_of(draw(contradiction(ring(4, heading="Either T1 first:", close="So T0 ..."))))
    for word in ("T0", "session 3", "reads x = 0", "line 1", "… 3 more operations"):
        assert word in words
    assert "Either T1 first:" in words
    assert "So T0 ..." in words
    assert sum("is read by" in word for word in words) == 4 + 1


def test_equal_contradictions_are_equal_bytes():
    assert draw(contradiction(ring(5), ring(2))) == draw(contradiction(ring(5), ring(2)))


def test_panels_stand_beside_each_other_until_they_are_too_wide():
    wide = float(parsed(draw(contradiction(ring(2)))).get("width"))
    beside = parsed(draw(contradiction(ring(2), ring(2))))
    below = parsed(draw(contradiction(*[ring(2)] * 6)))
    assert float(beside.get("width")) > wide
    assert float(below.get("width")) < 6 * 400
    assert float(below.get("height")) > float(beside.get("height"))


def test_arrow_that_goes_back_runs_left_and_one_that_skips_runs_right():
    links = (Link.of(2, 0, "wr", "back"), Link.of(0, 2, "rw", "over"), Link.of(0, 1, "ww", "down"))
    placed = lay_out(Panel(boxes=tuple(map(box, range(3))), links=links))
    way = {route.link: route for route in placed.routes}
    assert min(x for x, _ in way[0].points) < placed.left
    assert max(x for x, _ in way[1].points) > placed.left + placed.box_width
    (x1, _), (x2, _) = way[2].points
    assert x1 == x2


def test_names_that_look_like_markup_stay_text():
    evil = '<script>alert("x")</script>&\x1b'
    panel = Panel(
        boxes=(Box(name=evil, place=evil, note=evil, deeds=(Deed(text=evil, line=evil),)), box(1)),
        links=(Link(source=0, target=1, kind="wr", title=evil, reason=evil),),
        heading=evil,
        close=evil,
    )
    text = draw(Contradiction(title=evil, subtitle=evil, panels=(panel,), story=(evil,)))
    assert not parsed(text).findall(f".//{SVG}script")
    assert "\x1b" not in text
