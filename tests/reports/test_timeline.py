"""The space-time diagram: well-formed, accessible, complete, and without labels that touch."""

import re
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.glyphs import GLYPHS
from reports.layout import LINE_HEIGHT, lay_out
from reports.spacetime import MARK_KINDS, SPAN_KINDS
from reports.timeline import (
    MESSAGES_MAX,
    Arrow,
    Mark,
    Span,
    Timeline,
    TimelineError,
    Window,
    draw,
)
from tests.reports.reading import parsed

SVG = "{http://www.w3.org/2000/svg}"
NODES = ("tm.1", "tm.2", "ct.0")


def timeline(**changes):
    base = Timeline(
        title="Nothing went wrong",
        subtitle="made by hand",
        nodes=NODES,
        start_ns=0,
        end_ns=10_000_000,
        spans=(Span(node="tm.1", start_ns=0, end_ns=5_000_000, kind="lease", label="epoch 1"),),
        marks=(Mark(node="ct.0", at_ns=1_000_000, kind="table_put", label="T1 committed at 2"),),
        messages=(Arrow(source="tm.1", sent_ns=900_000, target="ct.0", received_ns=1_000_000),),
        faults=(Window(start_ns=2_000_000, end_ns=3_000_000, label="pause", nodes=("tm.1",)),),
    )
    return replace(base, **changes)


def titles(root):
    return [element.text or "" for element in root.iter(f"{SVG}title")]


def test_the_picture_is_accessible_and_self_contained():
    text = draw(timeline())
    root = parsed(text)
    assert root.get("role") == "img"
    named = root.get("aria-labelledby").split()
    spoken = {element.get("id"): element.text for element in root if element.get("id")}
    assert spoken[named[0]] == "Nothing went wrong"
    assert "T1 committed at 2" in spoken[named[1]]
    assert not root.findall(f".//{SVG}script")
    assert re.findall(r"https?://[^\"<\s]+", text) == ["http://www.w3.org/2000/svg"]
    assert all(link.startswith("url(#timeline-") for link in re.findall(r"url\([^)]*\)", text))


def test_equal_timelines_are_equal_bytes():
    assert draw(timeline()) == draw(timeline())


def test_names_that_look_like_markup_stay_text():
    evil = '<script>alert("x")</script>&\x1b'
    text = draw(
        timeline(
            title=evil,
            subtitle=evil,
            nodes=(evil, *NODES),
            marks=(Mark(node=evil, at_ns=5, kind="note", label=evil, detail=evil),),
            faults=(Window(start_ns=0, end_ns=5, label=evil, nodes=(evil,)),),
            messages=(Arrow(source=evil, sent_ns=1, target="tm.1", received_ns=2, label=evil),),
            notes=(evil,),
            captions=(evil, "", "", ""),
        )
    )
    assert not parsed(text).findall(f".//{SVG}script")
    assert "\x1b" not in text


def test_a_bad_mark_is_red_framed_and_explained_on_hover():
    bad = Mark(node="tm.2", at_ns=5, kind="read", label="reads key 1", severity="bad")
    text = draw(timeline(marks=(bad,)))
    root = parsed(text)
    assert any("reads key 1" in title for title in titles(root))
    assert "#D55E00" in text
    assert "must not happen" in text
    assert "Violation: reads key 1" in text
    assert "must not happen" not in draw(timeline())


def test_every_part_has_a_title_for_hovering():
    found = " ".join(titles(parsed(draw(timeline()))))
    for words in ("epoch 1", "T1 committed at 2", "tm.1 to ct.0", "pause"):
        assert words in found


def test_every_kind_of_mark_has_a_shape_of_its_own():
    assert GLYPHS.keys() == MARK_KINDS.keys()
    looks = {(glyph.path, glyph.filled) for glyph in GLYPHS.values()}
    assert len(looks) == len(GLYPHS)


def test_every_kind_is_drawn_and_named_in_the_legend():
    marks = tuple(
        Mark(node="tm.1", at_ns=i, kind=kind, label=kind) for i, kind in enumerate(MARK_KINDS)
    )
    spans = tuple(
        Span(node="tm.2", start_ns=i, end_ns=i + 1, kind=kind) for i, kind in enumerate(SPAN_KINDS)
    )
    text = draw(timeline(marks=marks, spans=spans))
    for words in (*MARK_KINDS.values(), *SPAN_KINDS.values()):
        assert f">{words}<" in text


def test_too_many_messages_are_capped_with_a_note():
    arrows = tuple(
        Arrow(source="tm.1", sent_ns=i, target="ct.0", received_ns=i + 5)
        for i in range(MESSAGES_MAX + 1)
    )
    text = draw(timeline(messages=arrows))
    assert "Showing 2,000 of 2,001 messages." in text
    assert text.count("tm.1 to ct.0") == MESSAGES_MAX
    assert "Showing" not in draw(timeline(messages=arrows[:-1]))


def test_a_lost_message_is_dashed_and_says_so():
    lost = Arrow(source="tm.1", sent_ns=5, target="ct.0", received_ns=None, label="put")
    text = draw(timeline(messages=(lost,)))
    assert "put: tm.1 to ct.0, sent 0.000000 s, lost" in text
    assert 'stroke-dasharray="4 3"' in text
    assert "lost message" in text


def test_what_lies_outside_the_window_is_cut_or_left_out():
    text = draw(
        timeline(
            start_ns=2_000_000,
            end_ns=4_000_000,
            marks=(Mark(node="ct.0", at_ns=1_999_999, kind="note", label="too early"),),
            faults=(Window(start_ns=0, end_ns=9_000_000, label="a long pause", nodes=()),),
        )
    )
    assert "too early" not in text
    assert "a long pause: 0.002000 s to 0.004000 s" in text


@pytest.mark.parametrize(
    "wrong",
    [
        {"marks": (Mark(node="nobody", at_ns=1, kind="note"),)},
        {"marks": (Mark(node="tm.1", at_ns=1, kind="sneeze"),)},
        {"spans": (Span(node="tm.1", start_ns=1, end_ns=2, kind="nap"),)},
        {"messages": (Arrow(source="tm.1", sent_ns=1, target="x", received_ns=2),)},
        {"faults": (Window(start_ns=0, end_ns=1, label="", nodes=("x",)),)},
        {"start_ns": 11_000_000},
    ],
)
def test_a_timeline_that_contradicts_itself_is_refused(wrong):
    with pytest.raises(TimelineError):
        draw(timeline(**wrong))


def test_an_empty_timeline_can_be_drawn():
    text = draw(Timeline(title="Nothing", subtitle="", nodes=("tm.1",), start_ns=0, end_ns=0))
    assert parsed(text).get("role") == "img"


instants = st.integers(0, 10_000_000_000)
labels = st.text("abc defgh", max_size=70)
marks = st.builds(
    Mark,
    node=st.sampled_from(NODES),
    at_ns=instants,
    kind=st.sampled_from(list(MARK_KINDS)),
    label=labels,
    severity=st.sampled_from(["plain", "bad"]),
)
arrows = st.builds(
    lambda source, target, sent, flight, strong: Arrow(
        source=source,
        sent_ns=sent,
        target=target,
        received_ns=sent + flight,
        label="put",
        strong=strong,
    ),
    st.sampled_from(NODES),
    st.sampled_from(NODES),
    instants,
    st.integers(0, 1_000_000),
    st.booleans(),
)
spans = st.builds(
    lambda node, start, length, kind, label: Span(
        node=node, start_ns=start, end_ns=start + length, kind=kind, label=label
    ),
    st.sampled_from(NODES),
    instants,
    instants,
    st.sampled_from(list(SPAN_KINDS)),
    labels,
)


@given(
    st.lists(marks, max_size=30),
    st.lists(arrows, max_size=20),
    st.lists(spans, max_size=6),
)
def test_labels_of_a_column_never_touch_and_time_always_runs_down(marks, arrows, spans):
    drawn = timeline(
        marks=tuple(marks), messages=tuple(arrows), spans=tuple(spans), end_ns=30_000_000_000
    )
    layout = lay_out(drawn)
    heights = [layout.heights[at_ns] for at_ns in sorted(layout.heights)]
    assert heights == sorted(heights)
    free = {}
    for placed in layout.placed:
        column = placed.label.column
        assert placed.y >= free.get(column, 0.0)
        free[column] = placed.y + len(placed.lines) * LINE_HEIGHT
        assert placed.y + len(placed.lines) * LINE_HEIGHT <= layout.height + LINE_HEIGHT
    parsed(draw(drawn))
