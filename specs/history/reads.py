"""Properties of single reads: nothing aborted, nothing half-way, and one's own writes."""

from __future__ import annotations

import numpy as np

from sim.history import NONE, Integers, OperationKind, Outcome
from specs.history.case import Case
from specs.history.numbering import Numbers
from specs.history.snapshot import may_be_collected
from specs.history.story import tell
from specs.history.verdict import Verdict, broken, kept
from specs.history.wording import client_name


def _foreign_reads(case: Case) -> Numbers:
    """Return the reads that returned a version of another transaction."""
    history = case.history
    reads = np.flatnonzero((history.kind == OperationKind.READ) & (history.version != NONE))
    own = history.version[reads] == history.start_timestamp[case.owner[reads]]
    foreign: Numbers = reads[~own].astype(np.int32)
    return foreign


def check_no_aborted_reads(case: Case) -> Verdict:
    """Judge that no version of a transaction that never committed is read.

    Readers that aborted are free to have seen anything.
    """
    history = case.history
    reads = _foreign_reads(case)
    answerable = case.reader_committed | (history.outcome == Outcome.UNKNOWN)
    reads = reads[answerable[case.owner[reads]]]
    dirty = reads[case.outcomes.commit_of(history.version[reads]) == NONE]
    if not len(dirty):
        return kept("no_aborted_reads", premise=len(reads))
    read = int(dirty[np.argmin(history.at_ns[dirty])])
    reader, writer = int(case.owner[read]), int(history.version[read])
    start, key = int(history.start_timestamp[reader]), int(history.key[read])
    evidence = tell(
        case,
        f"T{start} ({client_name(case, reader)}) read key {key} from T{writer}, which never "
        "committed.",
        transactions=(start, writer),
        keys=(key,),
        timestamps=(start,),
        operations=(read,),
        remarks={read: f"WRONG, T{writer} never committed"},
        others=len(dirty) - 1,
    )
    return broken("no_aborted_reads", premise=len(reads), evidence=evidence)


def check_no_intermediate_reads(case: Case) -> Verdict:
    """Judge that a read returns the last value that the writer wrote to the key.

    The initial version must show the initial value. A writer that the history does not know,
    or whose client crashed before it could record the write, is not judged.
    """
    history = case.history
    reads = _foreign_reads(case)
    wrote = _final_writes(case, reads)
    known = wrote >= 0
    reads, wrote = reads[known], wrote[known]
    initial = np.flatnonzero((history.kind == OperationKind.READ) & (history.version == NONE))
    garbage = initial[history.value[initial] != history.initial_value]
    stale = np.flatnonzero(history.value[reads] != history.value[wrote])
    premise = len(reads) + len(initial)
    if not len(stale) and not len(garbage):
        return kept("no_intermediate_reads", premise=premise)
    others = len(stale) + len(garbage) - 1
    operations: tuple[int, ...]
    if len(stale):
        read, write = int(reads[stale[0]]), int(wrote[stale[0]])
        writer = int(history.version[read])
        due, operations = f"T{writer} last wrote {int(history.value[write])}", (write, read)
    else:
        read, writer = int(garbage[0]), NONE
        due, operations = f"the initial value is {history.initial_value}", (read,)
    reader = int(case.owner[read])
    start, key = int(history.start_timestamp[reader]), int(history.key[read])
    evidence = tell(
        case,
        f"T{start} ({client_name(case, reader)}) read {int(history.value[read])} from key {key}; "
        f"{due}.",
        transactions=[number for number in (start, writer) if number != NONE],
        keys=(key,),
        timestamps=(start,),
        operations=operations,
        remarks={read: "WRONG"},
        others=others,
    )
    return broken("no_intermediate_reads", premise=premise, evidence=evidence)


def _final_writes(case: Case, reads: Numbers) -> Integers:
    """Return the operation that last wrote what each read returned, -1 where none is known."""
    width = max(1, len(case.keys))
    writes = np.flatnonzero(case.program.final)
    identity = case.history_numbers[case.owner[writes]].astype(np.int64) * width
    identity += case.operation_keys[writes]
    order = np.argsort(identity, kind="stable")
    identity = identity[order]
    wanted = case.outcomes.starts.of(case.history.version[reads]).astype(np.int64) * width
    wanted += case.operation_keys[reads]
    place = np.searchsorted(identity, wanted, side="right") - 1
    if not len(identity):
        return place
    found = (place >= 0) & (identity[place] == wanted) & (wanted >= 0)
    return np.where(found, writes[order[place]], -1)


def check_own_writes(case: Case) -> Verdict:
    """Judge that a read after an own write of the key returns that write.

    Left out are reads by transactions that may not commit because the low water mark has
    passed them: compaction may have dropped what they wrote.
    """
    history = case.history
    reads = np.flatnonzero((history.kind == OperationKind.READ) & (case.program.own_write >= 0))
    reads = reads[case.reader_committed[case.owner[reads]] | ~may_be_collected(case, reads)]
    writes = case.program.own_write[reads]
    same = history.version[reads] == history.start_timestamp[case.owner[reads]]
    wrong = np.flatnonzero(~same | (history.value[reads] != history.value[writes]))
    if not len(wrong):
        return kept("own_writes", premise=len(reads))
    read, write = int(reads[wrong[0]]), int(writes[wrong[0]])
    owner = int(case.owner[read])
    start, key = int(history.start_timestamp[owner]), int(history.key[read])
    evidence = tell(
        case,
        f"T{start} ({client_name(case, owner)}) wrote {int(history.value[write])} to key {key} "
        f"and then read {int(history.value[read])} from it.",
        transactions=(start,),
        keys=(key,),
        timestamps=(start,),
        operations=(write, read),
        remarks={read: "WRONG"},
        others=len(wrong) - 1,
    )
    return broken("own_writes", premise=len(reads), evidence=evidence)


def check_bank_sum(case: Case) -> Verdict:
    """Judge that every committed snapshot of all accounts shows the conserved total.

    A transaction is judged when it read every account before its first write.
    """
    history, conserved = case.history, case.history.conserved
    if conserved is None:
        return kept("bank_sum", premise=0)
    reads = _snapshot_of_accounts(case, conserved.keys)
    owner = case.owner[reads]
    counts = np.bincount(owner, minlength=history.transactions)
    sums = np.zeros(history.transactions, dtype=np.int64)
    np.add.at(sums, owner, history.value[reads])
    whole = np.flatnonzero((counts == conserved.keys) & case.reader_committed)
    wrong = whole[sums[whole] != conserved.total]
    if not len(wrong):
        return kept("bank_sum", premise=len(whole))
    owner_of = int(wrong[0])
    start = int(history.start_timestamp[owner_of])
    evidence = tell(
        case,
        f"T{start} ({client_name(case, owner_of)}) read all {conserved.keys} accounts and found "
        f"{int(sums[owner_of])} in them instead of {conserved.total}.",
        transactions=(start,),
        keys=range(min(conserved.keys, 16)),
        timestamps=(start,),
        operations=reads[owner == owner_of][:12].tolist(),
        others=len(wrong) - 1,
    )
    return broken("bank_sum", premise=len(whole), evidence=evidence)


def _snapshot_of_accounts(case: Case, accounts: int) -> Integers:
    """Return each transaction's first read of every account, up to its first write."""
    history = case.history
    write = history.kind == OperationKind.WRITE
    writes_so_far = np.cumsum(write, dtype=np.int32)
    before = np.append(np.int32(0), writes_so_far)[history.first[:-1]]
    pure = writes_so_far == before[case.owner]
    account = (history.key >= 0) & (history.key < accounts)
    return np.flatnonzero(pure & account & ~write & case.program.first_access)
