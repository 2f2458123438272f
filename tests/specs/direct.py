"""The properties once more, as their sentences say them: loops over everything, no cleverness.

Each function takes a `Run` and says whether the property of its name holds.
"""

from itertools import pairwise

from sim.history import NONE, OracleKind, Outcome, RowState
from tests.specs.plain import is_committed, is_doomed, own_write_before


def timestamps_unique(run):
    issued = run.of(OracleKind.START_ISSUED, OracleKind.COMMIT_ISSUED)
    epochs = run.of(OracleKind.EPOCH_STARTED)
    for at, row in enumerate(issued):
        for later in issued[at + 1 :]:
            if row.timestamp == later.timestamp:
                return False
            same = run.incarnation(row) == run.incarnation(later)
            if same and row.timestamp > later.timestamp:
                return False
    for older, newer in pairwise(epochs):
        if newer.timestamp <= older.timestamp:
            return False
    for epoch in epochs:
        for row in issued:
            begun = run.incarnation(row)[1]
            of_epoch = run.rows[begun].timestamp if begun >= 0 else NONE
            if begun == epoch.at and row.timestamp < epoch.timestamp:
                return False
            if of_epoch < epoch.timestamp <= row.timestamp:
                return False
    return True


def one_commit_timestamp(run):
    for start in run.starts:
        seen = set()
        for row in run.rows:
            resolved = row.kind == OracleKind.RESOLVED
            if (row.extra if resolved else row.start) != start:
                continue
            put = row.kind == OracleKind.COMMIT_TABLE_PUT and row.extra != RowState.INVALID
            plain = row.kind in (
                OracleKind.COMMIT_FIELD_PUT,
                OracleKind.COMMIT_REPLIED,
                OracleKind.OUTCOME_RESOLVED,
            )
            if put or plain or resolved:
                seen.add(row.timestamp)
        seen |= {t.commit for t in _told(run, Outcome.COMMITTED) if t.start == start}
        if len(seen - {NONE}) > 1:
            return False
    return True


def _told(run, outcome):
    return [
        t
        for t in run.transactions
        if t.outcome == outcome and t.start != NONE and any(not op.read for op in t.operations)
    ]


def _acknowledged(run):
    """(start, commit) of all that somebody was told, and heard."""
    settled = run.of(OracleKind.OUTCOME_RESOLVED)
    gave_up = {row.start for row in settled if row.timestamp == NONE}
    replies = [row for row in run.of(OracleKind.COMMIT_REPLIED) if row.start not in gave_up]
    told = [(row.start, row.timestamp) for row in settled + replies if row.start != NONE]
    told += [(t.start, t.commit) for t in _told(run, Outcome.COMMITTED)]
    return [(start, commit) for start, commit in told if commit != NONE]


def acknowledged_commits_durable(run):
    if any(run.commit(start) != commit for start, commit in _acknowledged(run)):
        return False
    aborted = [t.start for t in _told(run, Outcome.ABORTED)]
    settled = run.of(OracleKind.OUTCOME_RESOLVED)
    aborted += [row.start for row in settled if row.timestamp == NONE and row.start != NONE]
    if any(run.commit(start) != NONE for start in aborted):
        return False
    for row in run.of(OracleKind.CELL_REMOVED, OracleKind.CELL_COLLECTED):
        if row.start not in run.versions(row.key):
            continue
        following = run.next_commit(row.key, row.start)
        replaced = following is not None and following <= row.extra
        if run.forgotten(row.key, row.start) is row:
            continue
        if row.kind == OracleKind.CELL_REMOVED or not replaced:
            return False
    return True


def snapshot_reads(run):
    for transaction, at, op in run.readers():
        if transaction.start == NONE or own_write_before(transaction, at):
            continue
        if is_doomed(run, transaction, op):
            continue
        shown = [v for v in run.versions(op.key) if run.commit(v) < transaction.start]
        if op.version != (shown[-1] if shown else NONE):
            drop = run.forgotten(op.key, shown[-1]) if shown and op.version == NONE else None
            if drop is None or drop.at_ns > op.at_ns:
                return False
    return True


def stable_resolution(run):
    answers = {}
    for row in run.of(OracleKind.RESOLVED):
        if row.start != NONE:
            inside = NONE < row.timestamp < row.start
            answers.setdefault((row.start, row.extra), []).append((inside, row.timestamp))
    for transaction, _, op in run.readers():
        pair = (transaction.start, op.version)
        if op.version not in (NONE, transaction.start) and pair in answers:
            answers[pair].append((True, NONE))
    return all(
        len({inside for inside, _ in pairs}) == 1 and len({c for _, c in pairs} - {NONE}) <= 1
        for pairs in answers.values()
    )


def first_committer_wins(run):
    in_order = sorted(run.committed(), key=lambda start: (run.commit(start), start))
    for at, one in enumerate(in_order):
        for later in in_order[at + 1 :]:
            if run.keys_of(one) & run.keys_of(later) and later <= run.commit(one):
                return False
    return True


def decided_at_begin(run):
    for start in run.committed():
        put, commit = run.decision(start), run.commit(start)
        issued = [
            row
            for row in run.of(OracleKind.COMMIT_ISSUED)
            if row.start == start and row.timestamp == commit
        ]
        for begin in run.of(OracleKind.BEGIN_REPLIED):
            early = commit < begin.start and begin.at < put.at
            if issued and early and run.incarnation(issued[0]) == run.incarnation(begin):
                return False
    return True


def commit_fields_agree(run):
    fields = run.of(OracleKind.COMMIT_FIELD_PUT)
    return all(run.commit(row.start) == row.timestamp for row in fields)


def completion_before_removal(run):
    for start in run.starts:
        committed = run.commit(start) != NONE
        removals = [
            row.at
            for row in run.of(OracleKind.COMMIT_TABLE_REMOVED)
            if row.start == start
            and row.extra != RowState.ABSENT
            and (not committed or row.extra == RowState.COMMITTED)
        ]
        if not removals:
            continue
        before = [row for row in run.rows[: removals[0]] if row.start == start]
        for key in {row.key for row in before if row.kind == OracleKind.CELL_PUT} - {NONE}:
            done = {OracleKind.CELL_REMOVED, OracleKind.CELL_COLLECTED}
            done |= {OracleKind.COMMIT_FIELD_PUT} if committed else set()
            if not any(row.key == key and row.kind in done for row in before):
                return False
    return True


def invalid_never_acknowledged(run):
    for start, _ in _acknowledged(run):
        row = run.decision(start)
        if row and row.kind == OracleKind.COMMIT_TABLE_INVALIDATED:
            return False
    return True


def needed_versions_kept(run):
    began = {}
    for row in run.of(OracleKind.START_ISSUED):
        began.setdefault(row.start, row.at)
    for drop in run.of(OracleKind.CELL_COLLECTED):
        if drop.start not in run.versions(drop.key):
            continue
        following = run.next_commit(drop.key, drop.start)
        for t in run.transactions:
            active = began.get(t.start, drop.at) < drop.at and t.finished_ns > drop.at_ns
            reads_it = run.commit(drop.start) < t.start and (
                following is None or t.start < following
            )
            needed = active and t.start >= drop.extra and reads_it
            if needed and run.forgotten(drop.key, drop.start) is not drop:
                return False
    return True


def low_water_mark_safe(run):
    marks = run.of(OracleKind.LOW_WATER_MARK_PERSISTED)
    for at, mark in enumerate(marks):
        if any(later.timestamp < mark.timestamp for later in marks[at:]):
            return False
    epochs = sorted(run.of(OracleKind.EPOCH_STARTED), key=lambda row: (row.timestamp, row.at))

    def manager(timestamp):
        begun = [row.at for row in epochs if row.timestamp <= timestamp]
        return begun[-1] if begun else -1

    first_puts = {}
    for row in run.of(OracleKind.COMMIT_TABLE_PUT):
        first_puts.setdefault(row.start, row)
    for start, put in first_puts.items():
        for mark in marks:
            same = manager(mark.timestamp + 1) == manager(put.timestamp)
            if mark.at < put.at and start <= mark.timestamp and same:
                return False
    for start in run.committed():
        put = run.decision(start).at
        for drop in run.of(OracleKind.CELL_COLLECTED):
            if drop.start == start and drop.timestamp == NONE and drop.at < put:
                return False
    return True


def one_lease_holder(run):
    """Look at every nanosecond."""
    rows = run.of(OracleKind.LEASE_HELD, OracleKind.LEASE_RELEASED)
    instants = {row.at_ns for row in rows} | {row.timestamp for row in rows}
    for now in instants:
        holders = set()
        for row in rows:
            if row.kind == OracleKind.LEASE_HELD and row.at_ns <= now < row.timestamp:
                cuts = [
                    r.at_ns
                    for r in rows
                    if r.kind == OracleKind.LEASE_RELEASED and r.node == row.node and r.at > row.at
                ]
                if not cuts or now < cuts[0]:
                    holders.add(row.node)
        if len(holders) > 1:
            return False
    return True


def conflict_detection_sound(run):
    accepted = [row for row in run.of(OracleKind.COMMIT_ISSUED) if row.start != NONE]
    for row in accepted:
        for key in run.keys_of(row.start):
            effective = [
                other
                for other in accepted
                if (other.timestamp, other.at) < (row.timestamp, row.at)
                and run.commit(other.start) == other.timestamp
                and key in run.keys_of(other.start)
            ]
            latest = max(effective, key=lambda other: (other.timestamp, other.at), default=None)
            if latest and latest.start != row.start and latest.timestamp > row.start:
                return False
    return True


def frozen_snapshot(run):
    for epoch in run.of(OracleKind.EPOCH_STARTED):
        begins = [
            row.at for row in run.of(OracleKind.BEGIN_REPLIED) if row.start >= epoch.timestamp
        ]
        for start in run.committed():
            for key in run.keys_of(start):
                puts = [
                    row.at
                    for row in run.of(OracleKind.CELL_PUT)
                    if row.start == start and row.key == key
                ]
                past = start != run.commit(start) < epoch.timestamp
                if begins and puts and past and puts[0] > begins[0]:
                    return False
    return True


def no_aborted_reads(run):
    for t, _, op in run.readers():
        foreign = op.version not in (NONE, t.start)
        counts = t.outcome == Outcome.UNKNOWN or is_committed(run, t)
        if foreign and counts and run.commit(op.version) == NONE:
            return False
    return True


def no_intermediate_reads(run):
    for t, _, op in run.readers():
        if op.version == NONE:
            if op.value != run.initial:
                return False
        elif op.version != t.start:
            writes = [
                write.value
                for writer in run.transactions
                if writer.start == op.version
                for write in writer.operations
                if not write.read and write.key == op.key
            ]
            if writes and writes[-1] != op.value:
                return False
    return True


def own_writes(run):
    for t, at, op in run.readers():
        write = own_write_before(t, at)
        if (
            write
            and not is_doomed(run, t, op)
            and (op.version != t.start or op.value != write.value)
        ):
            return False
    return True


def real_time_order(run):
    for writer in _told(run, Outcome.COMMITTED):
        for t in run.transactions:
            known = NONE < writer.finished_ns < t.invoked_ns
            regular = NONE != t.start != t.commit
            if writer.commit != NONE and regular and known and writer.commit >= t.start:
                return False
    return True


def bank_sum(run):
    if run.conserved is None:
        return True
    for t in run.transactions:
        seen = {}
        for op in t.operations:
            if not op.read:
                break
            if 0 <= op.key < run.conserved.keys:
                seen.setdefault(op.key, op.value)
        whole = len(seen) == run.conserved.keys
        if whole and is_committed(run, t) and sum(seen.values()) != run.conserved.total:
            return False
    return True


def write_skew(run):
    """Pairs of concurrent committed writers that each overwrote what the other read."""
    pairs = set()
    committed = {start: run.commit(start) for start in run.committed()}

    def overwrote(reader, writer):
        keys = {
            op.key
            for t in run.transactions
            if t.start == reader
            for at, op in enumerate(t.operations)
            if op.read and not own_write_before(t, at)
        }
        return bool(keys & run.keys_of(writer))

    for one, commit in committed.items():
        for other, other_commit in committed.items():
            concurrent = other < commit and one < other_commit
            if one < other and concurrent and overwrote(one, other) and overwrote(other, one):
                pairs.add((one, other))
    return len(pairs)
