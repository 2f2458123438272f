"""Traces for other tools: JSON Lines, the Perfetto UI and ShiViz."""

import io
import json
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from reports.counters import counters_of
from reports.jsonl import SCHEMA, TraceFileError, read_trace, write_trace
from reports.leases import leases
from reports.messages import messages_of
from reports.perfetto import View, write_perfetto
from reports.shiviz import EVENTS_MAX, TooManyEvents, shiviz_log
from reports.spacetime import Counter, Span, Window
from tests.reports.figure2 import figure2


def event(at_ns, kind, node, *, peer="", name="put", message=-1, **detail):
    return {
        "at_ns": at_ns,
        "kind": kind,
        "node": node,
        "peer": peer,
        "name": name,
        "message": message,
        "detail": detail,
    }


def message(number, sent, source, target, received, **more):
    return [
        event(sent, "send", source, peer=target, message=number, **more),
        event(received, "deliver", target, peer=source, message=number, **more),
    ]


def document(view, **about):
    stream = io.BytesIO()
    count = write_perfetto(stream, view, about=about)
    text = stream.getvalue()
    assert text.isascii()
    read = json.loads(text)
    assert len(read["traceEvents"]) == count
    return read


def check_strictly(rows):
    """Check what the viewer needs, as its importer reads it: row by row, in order."""
    names = {}
    threads = {}
    for row in rows:
        if row["ph"] == "M":
            names.setdefault((row["name"], row["pid"], row["tid"]), row["args"])
    timed = [row for row in rows if row["ph"] != "M"]
    assert rows[: len(rows) - len(timed)] == [row for row in rows if row["ph"] == "M"]
    open_slices, open_async, flows = {}, {}, {}
    last = -1.0
    for row in timed:
        assert isinstance(row["ts"], int | float)
        assert row["ts"] >= last
        last = row["ts"]
        assert ("process_name", row["pid"], 0) in names
        place = (row["pid"], row["tid"])
        if row["ph"] == "C":
            assert all(isinstance(value, int | float) for value in row["args"].values())
            continue
        assert ("thread_name", *place) in names
        assert threads.setdefault(row["tid"], row["pid"]) == row["pid"], "thread ids are unique"
        assert row["tid"] != row["pid"]
        stack = open_slices.setdefault(place, [])
        if row["ph"] == "X":
            # Compare in whole nanoseconds: microseconds as floats do not add up exactly.
            start = round(row["ts"] * 1000)
            end = start + round(row["dur"] * 1000)
            while stack and stack[-1] <= start:
                stack.pop()
            assert not stack or end <= stack[-1], "slices nest"
            stack.append(end)
        elif row["ph"] in "be":
            key = (row["cat"], row["id"], row["name"])
            if row["ph"] == "b":
                assert key not in open_async
                open_async[key] = row["ts"]
            else:
                assert open_async.pop(key) <= row["ts"]
        elif row["ph"] == "s":
            assert row["id"] not in flows
            flows[row["id"]] = "open"
            assert stack, "a flow leaves a slice"
        elif row["ph"] == "f":
            assert flows[row["id"]] == "open"
            assert row["bp"] == "e"
            assert stack, "a flow enters a slice"
            flows[row["id"]] = "done"
        else:
            assert row["ph"] == "i"
            assert row["s"] == "t"
    assert not open_async, "every b has an e"
    assert set(flows.values()) <= {"done"}, "every flow start has an end"


def test_a_failover_becomes_a_strictly_valid_perfetto_trace():
    figure = figure2(invalidation=True)
    view = View(
        events=figure.events,
        spans=[*leases(figure.oracle), *figure.spans],
        faults=figure.faults,
        counters=counters_of(figure.oracle),
    )
    read = document(view, seed=7)
    assert read["otherData"]["seed"] == 7
    check_strictly(read["traceEvents"])
    names = {row["args"]["name"] for row in read["traceEvents"] if row["name"] == "thread_name"}
    assert {"tm.1", "tm.2", "ct.0", "client.0"} <= names
    flows = [row for row in read["traceEvents"] if row["ph"] == "s"]
    assert len(flows) == len(messages_of(figure.events))


def test_a_flow_directly_follows_the_slice_that_it_leaves():
    rows = document(View(events=message(0, 1500, "tm.1", "ct.0", 2500)))["traceEvents"]
    timed = [row for row in rows if row["ph"] != "M"]
    assert [row["ph"] for row in timed] == ["X", "s", "X", "f"]
    assert [row["ts"] for row in timed] == [1.5, 1.5, 2.5, 2.5]
    assert timed[0]["name"] == "send put to ct.0"


def test_overlapping_spans_become_asynchronous_slices():
    spans = [
        Span(node="tm.1", start_ns=0, end_ns=10_000, kind="lease"),
        Span(node="tm.1", start_ns=5_000, end_ns=20_000, kind="paused"),
        Span(node="tm.1", start_ns=6_000, end_ns=8_000, kind="transaction"),
    ]
    rows = document(View(events=[], spans=spans))["traceEvents"]
    check_strictly(rows)
    assert sorted(row["ph"] for row in rows if row["ph"] != "M") == ["X", "X", "b", "e"]


def test_lost_and_unfinished_messages_have_no_flow():
    events = [
        event(1000, "send", "tm.1", peer="ct.0", message=0),
        event(2000, "drop", "ct.0", peer="tm.1", message=0, reason="partition"),
        event(3000, "send", "tm.1", peer="ct.0", message=1),
    ]
    rows = document(View(events=events))["traceEvents"]
    check_strictly(rows)
    assert not [row for row in rows if row["ph"] in "sf"]
    names = [row["name"] for row in rows if row["ph"] in "Xi"]
    assert names == [
        "send put to ct.0 (partition)",
        "lost: put from tm.1",
        "send put to ct.0 (never arrived)",
    ]


def test_a_duplicated_message_has_a_flow_for_every_arrival():
    events = [*message(0, 1000, "tm.1", "ct.0", 2000)]
    events.append(event(2500, "deliver", "ct.0", peer="tm.1", message=0))
    rows = document(View(events=events))["traceEvents"]
    check_strictly(rows)
    assert len([row for row in rows if row["ph"] == "f"]) == 2


def test_a_long_trace_keeps_the_events_nearest_to_the_first_fault():
    events = [event(i * 1000, "note", "tm.1", name=f"n{i}") for i in range(100)]
    faults = [Window(start_ns=50_000, end_ns=51_000, label="pause")]
    read = document(View(events=events, faults=faults, events_max=11))
    kept = [row["name"] for row in read["traceEvents"] if row["ph"] == "i"]
    assert kept == [f"n{i}" for i in range(45, 56)]
    assert read["otherData"] == {"events_kept": 11, "events": 100}


instants = st.integers(0, 5000)
nodes = st.sampled_from(["tm.1", "tm.2", "ct.0", "coordinator"])
spans = st.builds(
    lambda node, start, length, kind: Span(
        node=node, start_ns=start, end_ns=start + length, kind=kind
    ),
    nodes,
    instants,
    st.integers(0, 3000),
    st.sampled_from(["lease", "paused", "transaction"]),
)
flights = st.tuples(instants, nodes, nodes, st.integers(0, 2000))


@given(st.lists(spans, max_size=12), st.lists(flights, max_size=25), st.lists(instants, max_size=5))
def test_any_spans_and_messages_give_a_strictly_valid_trace(spans, flights, notes):
    events = [
        row
        for number, (sent, source, target, flight) in enumerate(flights)
        for row in message(number, sent, source, target, sent + flight)
    ]
    events += [event(at_ns, "note", "tm.1", name="note") for at_ns in notes]
    faults = [Window(start_ns=at_ns, end_ns=at_ns, label="f") for at_ns in notes]
    events.sort(key=lambda row: row["at_ns"])
    counter = Counter(role="ct", name="rows", at_ns=(0, 5), values=(1, 2))
    view = View(events=events, spans=spans, faults=faults, counters=[counter])
    check_strictly(document(view)["traceEvents"])


def test_json_lines_come_back_as_they_were_written():
    figure = figure2(invalidation=False)
    stream = io.BytesIO()
    assert write_trace(stream, figure.events, about={"seed": 7}) == len(figure.events)
    first = json.loads(stream.getvalue().split(b"\n", 1)[0])
    assert first == {"schema": SCHEMA, "seed": 7}
    stream.seek(0)
    assert list(read_trace(stream)) == figure.events


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        (b"{", "line 1 is not JSON"),
        (b'{"schema":"other"}\n', "line 1 does not say"),
        (b"[]\n", "line 1 does not say"),
        (b'{"schema":"bulkhead.trace/1"}\n{"at_ns":1}\n', "line 2 lacks"),
        (b'{"schema":"bulkhead.trace/1"}\n\xff\n', "line 2 is not JSON"),
    ],
)
def test_a_file_that_is_no_trace_is_refused_with_its_line(text, complaint):
    with pytest.raises(TraceFileError, match=complaint):
        list(read_trace(io.BytesIO(text)))


SHIVIZ = re.compile(r"(?P<event>.*)\n(?P<host>\S*) (?P<clock>{.*})\n")


def test_a_shiviz_log_parses_and_its_clocks_order_messages():
    figure = figure2(invalidation=False)
    log = shiviz_log(figure.events)
    rows = [match.groupdict() for match in SHIVIZ.finditer(log)]
    assert SHIVIZ.sub("", log) == ""
    told = [e for e in figure.events if e["kind"] != "drop"]
    assert len(rows) == len(told)
    own, sent = {}, {}
    for row, source in zip(rows, told, strict=True):
        clock = json.loads(row["clock"])
        assert row["host"] == source["node"]
        assert clock[row["host"]] == own.get(row["host"], 0) + 1
        own[row["host"]] = clock[row["host"]]
        if source["kind"] == "send":
            sent[source["message"]] = clock
        if source["kind"] == "deliver":
            earlier = sent[source["message"]]
            assert all(clock[host] >= ticks for host, ticks in earlier.items())


def test_a_trace_too_long_for_shiviz_is_refused_in_plain_words():
    events = [event(i, "note", "a", name="n") for i in range(EVENTS_MAX + 1)]
    with pytest.raises(TooManyEvents, match=r"2,001 events .* at most 2,000"):
        shiviz_log(events)
    assert shiviz_log(events[:-1]).count("\n") == 2 * EVENTS_MAX


def test_a_host_with_spaces_or_line_breaks_cannot_break_a_shiviz_log():
    log = shiviz_log([event(1, "note", "a b", name="x\ny")])
    assert len(SHIVIZ.findall(log)) == 1
    assert "a_b" in log


def test_counters_follow_leases_and_commit_table_rows():
    counters = {counter.name: counter for counter in counters_of(figure2(invalidation=True).oracle)}
    assert counters["managers that believe in a lease"].values == (1, 0, 1, 0)
    assert counters["commit-table rows"].values == (1,)
