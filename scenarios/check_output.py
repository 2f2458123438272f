"""What a check leaves: words for a terminal, one JSON document, a folder, reports for CI."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from scenarios.folder import Draft, folder_name, write_whole

if TYPE_CHECKING:
    from reports.verdicts import HistoryVerdict
    from scenarios.checking import Checked, Report
    from specs.history.isolation.telling import Anomaly

SCHEMA: Final = "bulkhead.check/1"
CERTIFICATE_SCHEMA: Final = "bulkhead.certificate/1"
DOCUMENT_FILE: Final = "check.json"
TEXT_FILE: Final = "check.txt"


def document(report: Report) -> dict[str, Any]:
    """Return a report as JSON."""
    from scenarios.results import called
    from scenarios.version import version

    return {
        "schema": SCHEMA,
        "version": version(),
        "command": called(),
        "exit_code": int(report.exit),
        "warnings": report.warnings,
        **report.document(),
    }


def text(checked: Checked) -> str:
    """Return what a terminal shows of one history at one level."""
    size = f"{checked.transactions:,} transactions, {checked.operations:,} operations"
    lines = [f"{checked.path} ({checked.format}; {size}; {checked.seconds:.2f} s)"]
    if checked.anomalies:
        first = checked.anomalies[0]
        lines += story(first, checked.level)
        others = len(checked.anomalies) - 1 + checked.more
        if others:
            lines.append(f"  and {others:,} more like it; --json tells the first of them")
    elif checked.stopped:
        lines.append(f"  no verdict on {checked.level}: {checked.stopped}")
    else:
        proof = ", replayed" if checked.replayed else ""
        lines.append(f"  satisfies {checked.level}{proof}")
    lines += _remarks(checked)
    return "\n".join(lines) + "\n"


def closing(checked: Checked) -> str:
    """Return what ends a stream, whose violations were told as they were found."""
    count = len(checked.anomalies) + checked.more
    size = f"{checked.transactions:,} transactions, {checked.operations:,} operations"
    lines = [f"{checked.path} ({checked.format}; {size}; {checked.seconds:.2f} s)"]
    if checked.stopped:
        lines.append(f"  ended early: {checked.stopped}")
    if count:
        lines.append(f"  violates {checked.level}: {count:,} of its rules' breaches, told above")
    else:
        word = "nothing violates" if checked.stopped else "satisfies"
        lines.append(f"  {word} {checked.level}{' so far' if checked.stopped else ''}")
    lines += _remarks(checked)
    return "\n".join(lines) + "\n"


def _remarks(checked: Checked) -> Iterator[str]:
    if not checked.complete and not checked.stopped:
        yield "  some reads of transactions with unknown outcomes were not judged"
    if checked.refutations:
        yield "  confirmed from the operations alone"
    yield from (f"  assumed: {sentence}" for sentence in checked.assumptions)
    if checked.reproduce:
        yield f"Reproduce: {checked.reproduce}"


def story(anomaly: Anomaly, level: str) -> list[str]:
    """Return the lines that tell one anomaly."""
    return [f"  violates {level}: {anomaly.name.title}", *(f"    {line}" for line in anomaly.lines)]


def keep(report: Report, out: Path) -> Path:
    """Write verdicts, pictures and schedules into a folder of their own, whole; return it.

    The digest in its name is one of what was decided, so that equal histories have equal names.
    """
    from sim.kernel.digest import Digest

    digest = Digest()
    told = document(report)
    for each in told["histories"]:
        timeless = {name: value for name, value in each.items() if name != "seconds"}
        digest.text("history", json.dumps(timeless, sort_keys=True))
    artifacts = []
    with Draft(out) as draft:
        words = []
        for number, checked in enumerate(report.histories, 1):
            if checked.error:
                words.append(f"{checked.path}: {checked.error}\n")
                continue
            words.append(text(checked))
            stem = f"{number}-{checked.level}" if len(report.histories) > 1 else checked.level
            names = list(_pictures(draft, checked, stem))
            if checked.certificate:
                names.append(f"{stem}.certificate.jsonl")
                draft.text(names[-1], "".join(certificate(checked)))
            artifacts.append(names)
        for each, names in zip(told["histories"], artifacts, strict=True):
            each["artifacts"] = names
        draft.text(DOCUMENT_FILE, json.dumps(told, indent=1, ensure_ascii=False) + "\n")
        draft.text(TEXT_FILE, "\n".join(words))
        return draft.finish(folder_name(digest.hex()))


def _pictures(draft: Draft, checked: Checked, stem: str) -> Iterator[str]:
    for place, picture in enumerate(checked.pictures, 1):
        name = f"{stem}.svg" if place == 1 else f"{stem}-{place}.svg"
        draft.text(name, picture)
        yield name


def certificate(checked: Checked) -> Iterator[str]:
    """Yield the lines of a certificate: a head, then the events in their order."""
    head = {
        "schema": CERTIFICATE_SCHEMA,
        "path": checked.path,
        "format": checked.format,
        "level": checked.level,
        "events": len(checked.certificate),
    }
    yield json.dumps(head) + "\n"
    for row, event, line in checked.certificate:
        yield json.dumps(["commit" if event else "begin", row, line]) + "\n"


def write_reports(report: Report, *, junit: Path | None, summary: Path | None) -> None:
    """Write the JUnit report and the Markdown summary that were asked for."""
    from scenarios.results import called
    from scenarios.version import version

    verdicts = [_verdict(each) for each in report.histories]
    if junit is not None:
        from reports.verdicts import verdicts_junit

        write_whole(junit, verdicts_junit(verdicts))
    if summary is not None:
        from reports.verdicts import verdicts_markdown

        told = verdicts_markdown(verdicts, command=called(), version=version())
        write_whole(summary, told.encode())


def _verdict(checked: Checked) -> HistoryVerdict:
    from reports.verdicts import HistoryVerdict

    first = checked.anomalies[0] if checked.anomalies else None
    return HistoryVerdict(
        path=checked.path,
        level=checked.level,
        holds=checked.verdict,
        format=checked.format,
        transactions=checked.transactions,
        name=first.name.title if first else "",
        lines=first.lines if first else (),
        error=checked.error,
        stopped=checked.stopped,
        seconds=checked.seconds,
        reproduce=checked.reproduce,
    )
