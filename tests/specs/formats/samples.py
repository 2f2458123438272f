"""Histories that several tests write and read."""

import io
import zipfile
from dataclasses import replace
from importlib import import_module

import numpy as np
from hypothesis import strategies as st

from sim.history import (
    NIL,
    NONE,
    OPERATION_COLUMNS,
    ORACLE_COLUMNS,
    TRANSACTION_COLUMNS,
    Conserved,
    HistoryBuilder,
    OperationKind,
    OracleBuilder,
    OracleKind,
    Outcome,
)
from specs.history.formats.labels import labels_of

INT64 = st.integers(-(2**63), 2**63 - 1)
NUMBERS = st.integers(NONE, 2**63 - 1)
NAMES = st.lists(st.text(max_size=6), min_size=1, max_size=3).map(tuple)
REGISTERS = (OperationKind.READ, OperationKind.WRITE)
OPERATIONS = st.tuples(st.sampled_from(REGISTERS), NUMBERS, INT64, NUMBERS, NUMBERS)


@st.composite
def histories(draw):
    """Any history that the columns can hold, sensible or not."""
    names = draw(NAMES)
    builder = HistoryBuilder()
    for _ in range(draw(st.integers(0, 5))):
        session = draw(st.integers(0, len(names) - 1))
        numbers = draw(st.tuples(*[NUMBERS] * (len(TRANSACTION_COLUMNS) - 2)))
        row = (session, draw(st.sampled_from(Outcome)), *numbers)
        builder.add(row, draw(st.lists(OPERATIONS, max_size=4)))
    return builder.build(
        session_names=names,
        initial_value=draw(INT64),
        conserved=draw(
            st.none() | st.builds(Conserved, keys=st.integers(0, 2**63 - 1), total=INT64)
        ),
    )


LABELS = st.lists(
    st.text(max_size=4) | st.integers(-(2**70), 2**70), min_size=1, max_size=6, unique=True
)


@st.composite
def labelled(draw):
    """Any history with lists, names, lines, and whatever else a file may state or lack."""
    history = draw(histories())
    rows = history.operations
    keys, values = draw(st.none() | LABELS), draw(st.none() | LABELS)
    kind = np.array(draw(st.lists(st.sampled_from(OperationKind), min_size=rows, max_size=rows)))
    is_list = kind == OperationKind.READ_LIST
    lengths = [draw(st.integers(0, 3)) if listed else 0 for listed in is_list]
    numbers = st.integers(0, 2**63 - 1 if values is None else len(values) - 1)
    elements = [draw(numbers) for _ in range(sum(lengths))]
    value = [NIL if listed else draw(numbers | st.just(NIL)) for listed in is_list]
    lines = draw(st.none() | st.lists(st.integers(1, 99), min_size=rows, max_size=rows))
    has_lists = bool(is_list.any())
    return replace(
        history,
        kind=kind.astype(np.int8),
        key=history.key if keys is None else np.maximum(history.key, 0) % len(keys),
        value=np.array(value, dtype=np.int64),
        initial_value=draw(numbers | st.just(NIL)),
        has_initial=draw(st.booleans()),
        has_sessions=draw(st.booleans()),
        element_first=np.cumsum([0, *lengths]) if has_lists else None,
        elements=np.array(elements, dtype=np.int64) if has_lists else None,
        key_labels=None if keys is None else labels_of(keys),
        value_labels=None if values is None else labels_of(values),
        line=None if lines is None else np.array(lines, dtype=np.int64),
    )


@st.composite
def oracles(draw):
    """Any oracle log that the columns can hold."""
    names = draw(NAMES)
    builder = OracleBuilder()
    for _ in range(draw(st.integers(0, 6))):
        builder.add(
            draw(st.sampled_from(OracleKind)),
            draw(NUMBERS),
            draw(st.integers(0, len(names) - 1)),
            draw(NUMBERS),
            draw(NUMBERS),
            draw(NUMBERS),
            draw(INT64),
        )
    return builder.build(node_names=names)


@st.composite
def recordings(draw):
    """A history as real time allows it: sessions do one thing at a time, values are unique."""
    sessions = draw(st.integers(1, 3))
    now, written, rows = [0] * sessions, 0, []
    for start in range(draw(st.integers(0, 6))):
        session = draw(st.integers(0, sessions - 1))
        begin_ns = now[session] + draw(st.integers(0, 2))
        now[session] = begin_ns + draw(st.integers(0, 2))
        outcome = draw(st.sampled_from(Outcome))
        lost = outcome == Outcome.UNKNOWN and draw(st.booleans())
        end_ns = NONE if lost else now[session]
        operations = []
        for key in draw(st.lists(st.integers(0, 2), max_size=3)):
            written += 1
            operations.append(
                draw(
                    st.sampled_from(
                        (
                            (OperationKind.WRITE, key, written, start, begin_ns),
                            (OperationKind.READ, key, 0, NONE, begin_ns),
                            (OperationKind.READ, key, 0, 99, begin_ns),
                        )
                    )
                )
            )
        row = (session, outcome, start, NONE, begin_ns, begin_ns, begin_ns, end_ns)
        rows.append((now[session], row, operations))
    builder = HistoryBuilder()
    for _, row, operations in sorted(rows, key=lambda entry: entry[0]):
        builder.add(row, operations)
    return builder.build(session_names=tuple(f"client.{i}" for i in range(sessions)))


def two_transactions():
    """A writer that commits and a reader whose end nobody knows, with a log of two rows."""
    history = HistoryBuilder()
    history.add((0, Outcome.COMMITTED, 5, 6, 10, 20, 50, 60), [(OperationKind.WRITE, 4, 7, 5, 40)])
    history.add(
        (1, Outcome.UNKNOWN, 8, NONE, 70, 80, NONE, NONE),
        [(OperationKind.READ, 4, 7, 5, 90), (OperationKind.READ, 3, 0, NONE, 95)],
    )
    oracle = OracleBuilder()
    oracle.add(OracleKind.START_ISSUED, 15, 0, 5, NONE, 5)
    oracle.add(OracleKind.CELL_PUT, 35, 1, 5, 4)
    return (
        history.build(session_names=("client.0", "client.1")),
        oracle.build(node_names=("tm.1", "région.0")),
    )


def many(transactions):
    """A history of many small transactions in two sessions."""
    builder = HistoryBuilder()
    for i in range(transactions):
        row = (i % 2, Outcome.COMMITTED, 2 * i, 2 * i + 1, 5 * i, 5 * i, 5 * i, 5 * i + 3)
        builder.add(row, [(OperationKind.WRITE, i % 7, i + 1, 2 * i, 5 * i)] * (i % 2))
    return builder.build(session_names=("a", "b"))


def packed(form, history, oracle=None):
    """Return the bytes of a history in a format."""
    file = io.BytesIO()
    import_module(f"specs.history.formats.{form}").write(file, history, oracle)
    return file.getvalue()


def unpacked(form, content):
    """Return history and oracle log from the bytes of a format."""
    return import_module(f"specs.history.formats.{form}").read(io.BytesIO(content))


def same_history(one, other, *, lines=False):
    """Whether two histories are equal, the lines of their files left out unless asked for."""
    columns = (*TRANSACTION_COLUMNS, ("first", np.int64), *OPERATION_COLUMNS)
    facts = ("session_names", "initial_value", "conserved", "has_initial", "has_sessions")
    optional = ("element_first", "elements", "key_labels", "value_labels")
    return (
        _same(one, other, columns)
        and all(getattr(one, f) == getattr(other, f) for f in facts)
        and all(
            _listed(getattr(one, name)) == _listed(getattr(other, name))
            for name in (*optional, *(("line",) if lines else ()))
        )
    )


def _listed(column):
    return None if column is None else column.tolist()


def as_called(history):
    """What a history says, keys and values by the names that the file gives them."""

    def name(labels, number):
        return number if labels is None or number < 0 else labels.tolist()[number]

    def value(row):
        if history.kind[row] != OperationKind.READ_LIST:
            return name(history.value_labels, int(history.value[row]))
        ends = history.element_first[row : row + 2].tolist()
        elements = history.elements[slice(*ends)].tolist()
        return [name(history.value_labels, element) for element in elements]

    operations = [
        (
            int(history.kind[row]),
            name(history.key_labels, int(history.key[row])),
            value(row),
            int(history.version[row]),
            int(history.at_ns[row]),
        )
        for row in range(history.operations)
    ]
    return {
        "transactions": {n: getattr(history, n).tolist() for n, _ in TRANSACTION_COLUMNS},
        "first": history.first.tolist(),
        "operations": operations,
        "initial": name(history.value_labels, history.initial_value),
        "has": (history.has_initial, history.has_sessions),
        "sessions": history.session_names,
        "conserved": history.conserved,
    }


def same_oracle(one, other):
    if one is None or other is None:
        return one is other
    return _same(one, other, ORACLE_COLUMNS) and one.node_names == other.node_names


def _same(one, other, columns):
    return all(
        getattr(one, name).dtype == getattr(other, name).dtype == dtype
        and np.array_equal(getattr(one, name), getattr(other, name))
        for name, dtype in columns
    )


def zipped(members, content=None, *, without=""):
    """A zip file of members, instead of and beside those of another one."""
    known = {}
    if content is not None:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            known = {name: archive.read(name) for name in archive.namelist()}
    known.pop(f"{without}.npy", None)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**known, **members}.items():
            archive.writestr(name, data)
    return target.getvalue()


def shaped(name, rows):
    """A member that promises so many rows, and has none."""
    file = io.BytesIO()
    head = {"descr": "<i8", "fortran_order": False, "shape": (rows,)}
    np.lib.format.write_array_header_1_0(file, head)
    return {f"{name}.npy": file.getvalue()}


def typed(name):
    """A member of another type than any column has."""
    file = io.BytesIO()
    np.lib.format.write_array(file, np.zeros(3), allow_pickle=False)
    return {f"{name}.npy": file.getvalue()}
