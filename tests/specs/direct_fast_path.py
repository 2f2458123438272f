"""What holds of the fast path, as the sentences of its properties say it: loops, no cleverness."""

from sim.history import NONE, Outcome
from tests.specs.plain import is_committed, own_write_before


def generalized_snapshot_reads(run):
    for t in run.transactions:
        low, high = [NONE], [float("inf")]
        for at, op in enumerate(t.operations):
            versions = run.versions(op.key)
            if op.read and is_committed(run, t) and not own_write_before(t, at):
                drops = {v: run.forgotten(op.key, v) for v in versions if op.version == NONE}
                gone = [v for v, drop in drops.items() if drop and drop.at_ns <= op.at_ns]
                version = gone[-1] if gone else op.version
                if version in versions:
                    low.append(run.commit(version))
                    following = run.next_commit(op.key, version)
                    high += [] if following is None else [following]
                elif op.version == NONE and versions:
                    high.append(run.commit(versions[0]))
            if not op.read and t.start in versions:
                before = versions[: versions.index(t.start)]
                low += [run.commit(before[-1])] if before else []
                high.append(run.commit(t.start))
        if max(low) >= min(high):
            return False
    return True


def key_order(run):
    by_start = {t.start: t for t in run.transactions if t.start != NONE}
    for key in {key for start in run.committed() for key in run.keys_of(start)}:
        versions = run.versions(key)
        for at, late in enumerate(versions):
            for early in versions[at + 1 :]:
                if late not in by_start or early not in by_start:
                    continue
                told = by_start[early].outcome == Outcome.COMMITTED
                if told and NONE < by_start[early].finished_ns < by_start[late].invoked_ns:
                    return False
    return True


def fast_path_versions_ascend(run):
    for version in run.committed():
        row = run.decision(version)
        if run.commit(version) != version:
            continue
        for key in run.keys_of(version):
            for other in run.versions(key):
                if run.decision(other).at < row.at and run.commit(other) >= version:
                    return False
            for t, _, op in run.readers():
                regular = t.start != NONE and run.commit(t.start) != t.start
                earlier = op.key == key and op.at_ns < row.at_ns
                if regular and earlier and t.start >= version:
                    return False
    return True
