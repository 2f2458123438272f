"""The files that one run leaves in its folder: result, scenario, history; if traced, pictures."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, Final

from scenarios.capsule import write_capsule
from scenarios.folder import Draft, folder_name, utc_now
from scenarios.results import run_document
from scenarios.run import Finished
from sim.omid.world import Outcome

if TYPE_CHECKING:
    from reports.perfetto import View
    from reports.spacetime import Window
    from sim.history import OracleLog

RESULT_FILE: Final = "result.json"
HISTORY_FILE: Final = "history.npz"
TRACE_FILE: Final = "trace.jsonl"
PERFETTO_FILE: Final = "trace.perfetto.json"
TIMELINE_FILE: Final = "timeline.svg"
THROUGHPUT_FILE: Final = "throughput.svg"


def write_folder(
    finished: Finished, *, out: Path, name: str | None = None
) -> tuple[Finished, Path]:
    """Write the folder of a run whole, and return the run with its artifacts, and the folder."""
    record = finished.record
    with Draft(out) as draft:
        write_capsule(draft, record, scenario=finished.resolved.text())
        if finished.outcome is not None:
            _write_history(draft, finished.outcome)
            if finished.outcome.trace is not None:
                _write_views(draft, finished, finished.outcome)
        artifacts = (*draft.files, RESULT_FILE)
        finished = replace(finished, record=replace(record, artifacts=artifacts))
        document = run_document(
            runs=[finished.record.document()],
            exit_code=finished.record.exit,
            warnings=[],
            command=finished.record.replay or None,
        )
        draft.text(RESULT_FILE, json.dumps(document, indent=2, ensure_ascii=False) + "\n")
        place = draft.finish(name or _name(finished), latest=name is None)
    return finished, place


def _name(finished: Finished) -> str:
    record = finished.record
    if record.digest is None:
        return f"{utc_now()}-stopped"
    return folder_name(record.digest)


def _write_history(draft: Draft, outcome: Outcome) -> None:
    from specs.history.formats import npz

    with draft.open(HISTORY_FILE) as file:
        npz.write(file, outcome.history, outcome.oracle)


def _write_views(draft: Draft, finished: Finished, outcome: Outcome) -> None:
    """Write the trace, and what is drawn of it."""
    from reports.jsonl import write_trace

    events = finished.events
    about = about_run(finished)
    with draft.open(TRACE_FILE) as file:
        write_trace(file, events, about=about)
    with draft.open(PERFETTO_FILE) as file:
        _write_perfetto(file, events, outcome, about)
    draft.text(TIMELINE_FILE, _timeline(finished, outcome, events))
    draft.text(THROUGHPUT_FILE, _throughput(finished, outcome))


def about_run(finished: Finished) -> dict[str, Any]:
    """Return what the head of every view says about its run."""
    record = finished.record
    return {
        "scenario": record.scenario,
        "variant": record.variant,
        "mutant": record.mutant,
        "seed": record.seed,
        "digest": record.digest,
    }


def _write_perfetto(
    file: IO[bytes], events: Sequence[dict[str, Any]], outcome: Outcome, about: dict[str, Any]
) -> None:
    from reports.perfetto import write_perfetto

    view = perfetto_view(
        events, oracle=outcome.oracle, faults=_windows(outcome), end_ns=outcome.simulated_ns
    )
    write_perfetto(file, view, about=about)


def perfetto_view(
    events: Sequence[Mapping[str, Any]],
    *,
    oracle: OracleLog | None,
    faults: Sequence[Window],
    end_ns: int,
) -> View:
    """Return what a trace viewer shows: with an oracle log also leases and counters."""
    from reports.counters import counters_of
    from reports.leases import leases
    from reports.outages import outages_of
    from reports.perfetto import View

    held = leases(oracle) if oracle is not None else []
    return View(
        events=events,
        spans=[*held, *outages_of(events, end_ns=end_ns)],
        faults=faults,
        counters=counters_of(oracle) if oracle is not None else (),
    )


def _timeline(finished: Finished, outcome: Outcome, events: Sequence[dict[str, Any]]) -> str:
    """Draw the first violation, the unexpected ones first; without any, the failover."""
    from reports.failover import Logs, failover_timeline
    from reports.headline import failover_headline
    from reports.outages import outages_of
    from reports.timeline import draw

    assert finished.judgement is not None, "a run with an outcome is judged"
    violated = [verdict for verdict in finished.judgement.verdicts if not verdict.holds]
    violated.sort(key=lambda verdict: verdict.property not in finished.record.unmet)
    evidence = violated[0].evidence if violated else None
    logs = Logs(
        oracle=outcome.oracle,
        history=outcome.history,
        events=events,
        spans=outages_of(events, end_ns=outcome.simulated_ns),
        faults=_windows(outcome),
    )
    found = failover_headline(outcome.oracle) or finished.resolved.scenario.title
    timeline = failover_timeline(
        logs,
        title=evidence.sentence if evidence else found,
        subtitle=_subtitle(finished),
        evidence=evidence.events if evidence else (),
        transactions=evidence.transactions if evidence else (),
        keys=evidence.keys if evidence else (),
        property_name=violated[0].property if violated else "",
    )
    return draw(timeline)


def _throughput(finished: Finished, outcome: Outcome) -> str:
    from reports.throughput import series_of, throughput_svg

    return throughput_svg(
        series_of(outcome.history),
        title=finished.resolved.scenario.title,
        subtitle=_subtitle(finished),
        end_ns=outcome.simulated_ns,
        faults=_windows(outcome),
    )


def _windows(outcome: Outcome) -> list[Window]:
    """Return when each fault was at work, in the words of the fault itself."""
    from reports.spacetime import Window

    return [
        Window(
            start_ns=window.begin_ns,
            end_ns=outcome.simulated_ns if window.end_ns is None else window.end_ns,
            label=window.fault.describe(),
            nodes=(window.node,) if window.node else (),
        )
        for window in outcome.fault_windows
    ]


def _subtitle(finished: Finished) -> str:
    record = finished.record
    parts = [record.scenario, f"variant {record.variant}"]
    parts += [f"mutant {record.mutant}"] if record.mutant else []
    return ", ".join([*parts, f"seed {record.seed}", f"digest {(record.digest or '')[:12]}"])
