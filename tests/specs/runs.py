"""Strategies for small runs that are mostly right, and wrong in every way now and then."""

from hypothesis import strategies as st

from sim.history import (
    NONE,
    TOMBSTONE,
    Conserved,
    HistoryBuilder,
    OperationKind,
    OracleBuilder,
    OracleKind,
    Outcome,
    RowState,
)

NODES = ("tm.1", "tm.2", "region.0")
STARTS = (10, 20, 30, 40)
COMMITS = (15, 25, 35, 45, 55)
KEYS = (0, 1, 2)
LAST_NS = 40


def often(right, others):
    """Draw `right` three times in four, else one of the others."""
    return st.sampled_from([right] * 3 * len(others) + list(others))


def wrote(start, key):
    return start * 10 + key


@st.composite
def rows(draw, kinds, plan):
    """One row of one of the kinds that agrees with the plan more often than not."""
    kind = draw(st.sampled_from(kinds))
    node = draw(st.integers(0, 1))
    start = draw(st.sampled_from(STARTS))
    key = draw(st.sampled_from(KEYS))
    commit = draw(often(plan[start], COMMITS))
    timestamp = extra = NONE
    match kind:
        case OracleKind.START_ISSUED:
            timestamp = draw(often(start, (12, 22, 32)))
        case OracleKind.CELL_PUT:
            extra = draw(often(NONE, (TOMBSTONE,)))
        case OracleKind.COMMIT_TABLE_PUT:
            timestamp, extra = commit, draw(often(RowState.ABSENT, list(RowState)))
        case OracleKind.COMMIT_TABLE_INVALIDATED | OracleKind.COMMIT_TABLE_REMOVED:
            extra = draw(often(RowState.COMMITTED, list(RowState)))
        case OracleKind.COMMIT_FIELD_PUT | OracleKind.COMMIT_REPLIED | OracleKind.COMMIT_ISSUED:
            timestamp = commit
        case OracleKind.OUTCOME_RESOLVED:
            timestamp = draw(st.sampled_from((commit, NONE)))
        case OracleKind.LEASE_HELD:
            timestamp = draw(st.integers(0, LAST_NS))
        case OracleKind.EPOCH_STARTED:
            start, timestamp = NONE, draw(st.sampled_from((1, 8, 17, 27, 37)))
        case OracleKind.LOW_WATER_MARK_PERSISTED:
            start, timestamp = NONE, draw(st.sampled_from((5, 16, 26, 36)))
        case OracleKind.CELL_COLLECTED:
            timestamp = draw(often(commit, (NONE,)))
            extra = draw(st.sampled_from((16, 26, 36, 46)))
        case OracleKind.RESOLVED:
            timestamp, extra = draw(often(commit, (*COMMITS, NONE))), draw(st.sampled_from(STARTS))
    return (kind, node, start, key, timestamp, extra)


@st.composite
def operations(draw, start):
    """Up to five operations of one transaction."""
    result = []
    own = {}
    for at_ns in draw(st.lists(st.integers(0, LAST_NS), max_size=5)):
        key = draw(st.sampled_from(KEYS))
        if draw(st.booleans()):
            own[key] = draw(often(wrote(start, key), (7,)))
            result.append((OperationKind.WRITE, key, own[key], start, at_ns))
            continue
        version = draw(often(start if key in own else NONE, (NONE, *STARTS)))
        right = 0 if version == NONE else wrote(version, key)
        value = draw(often(own.get(key, right), (right, 0, 7)))
        result.append((OperationKind.READ, key, value, version, at_ns))
    return result


@st.composite
def runs(draw, kinds=tuple(OracleKind)):
    """A history of up to four transactions with a log of up to 24 rows of some kinds."""
    plan = dict(zip(STARTS, draw(st.permutations(COMMITS)), strict=False))
    if draw(st.booleans()):
        plan = dict(zip(STARTS, COMMITS, strict=False))
    plan |= {start: start for start in STARTS if draw(st.integers(0, 3)) == 0}
    oracle = OracleBuilder()
    now = 0
    for kind, *columns in draw(st.lists(rows(kinds, plan), max_size=24)):
        now += draw(st.integers(0, 2))
        node, start, key, timestamp, extra = columns
        oracle.add(kind, now, node, start, key, timestamp, extra)
    history = HistoryBuilder()
    for start in draw(st.lists(st.sampled_from(STARTS), unique=True)):
        invoked = draw(st.integers(0, LAST_NS))
        finished = draw(often(invoked + draw(st.integers(0, 10)), (NONE,)))
        outcome = draw(st.sampled_from(list(Outcome)))
        commit = draw(often(plan[start], (NONE, *COMMITS)))
        begun = draw(often(start, (NONE,)))
        row = (0, outcome, begun, commit, invoked, invoked, invoked, finished)
        history.add(row, draw(operations(start)))
    conserved = Conserved(keys=2, total=0) if draw(st.booleans()) else None
    return (
        history.build(session_names=("client.0",), conserved=conserved),
        oracle.build(node_names=NODES),
    )
