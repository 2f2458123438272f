"""Which aborts were called for: a transaction that another one's commit really overlapped.

Conflict tables of bounded size, hashes and entries left by aborted transactions refuse more than
first committer wins asks for (Shacham et al., FAST'17, section 4.2). What was called for can be
told afterwards: somebody wrote one of the transaction's keys, and committed after its start and
before its end.
"""

from __future__ import annotations

import numpy as np

from sim.history import NONE, OperationKind
from specs.history.case import Case
from specs.history.numbering import Flags


def overlapped(case: Case) -> Flags:
    """Tell which history transactions wrote a key that a concurrent one committed first."""
    history = case.history
    flags: Flags = np.zeros(history.transactions, dtype=np.bool_)
    writes = np.flatnonzero(history.kind == OperationKind.WRITE)
    owner, keys = case.owner[writes], case.operation_keys[writes].astype(np.int64)
    commits = case.history_commits[owner]
    done = np.flatnonzero((commits != NONE) & (case.history_numbers[owner] >= 0))
    if not len(done):
        return flags
    order = done[np.lexsort((commits[done], keys[done]))]
    key_of, commit_of = keys[order], commits[order]
    accepted_ns = _accepted_ns(case)[case.history_numbers[owner[order]]]
    # One sorted line of (key, commit timestamp): the next entry is the first commit above.
    stamps = np.unique(np.concatenate([commits[done], history.start_timestamp[owner]]))
    scale = len(stamps) + 1
    line = key_of * scale + np.searchsorted(stamps, commit_of)
    starts = history.start_timestamp[owner]
    sought = keys * scale + np.searchsorted(stamps, starts)
    place = np.searchsorted(line, sought, side="right")
    inside = np.flatnonzero((place < len(line)) & (starts != NONE))
    place = place[inside]
    who = owner[inside]
    same_key = key_of[place] == keys[inside]
    another = owner[order[place]] != who
    before = accepted_ns[place] < history.finished_ns[who]
    flags[who[same_key & another & before]] = True
    return flags


def _accepted_ns(case: Case) -> np.ndarray:
    """Return when each transaction number's commit was accepted, or decided without a manager."""
    rows = np.where(case.issued >= 0, case.issued, case.outcomes.decided)
    return np.where(rows >= 0, case.oracle.at_ns[rows], np.iinfo(np.int64).max)
