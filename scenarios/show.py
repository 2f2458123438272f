"""Show what came of a call of `run`: a summary for people, or one JSON document."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from scenarios.call import Call
from scenarios.console import LOG, Console
from scenarios.exits import Exit
from scenarios.folder import write_whole
from scenarios.version import version

_STORIES_MAX: Final = 3


def show(call: Call, console: Console, *, as_json: bool) -> None:
    """Write the result to standard output, and what else there is to say to standard error."""
    if as_json:
        for part in json_parts(call):
            console.out(part)
    elif call.planned:
        _show_plan(call, console)
    else:
        _show_results(call, console)
    for warning in call.warnings:
        LOG.warning(warning)
    if not as_json and call.folder and call.campaign is not None:
        LOG.info("results: %s", call.folder)
    if call.campaign is not None and call.campaign.interrupted:
        _say_how_to_go_on(call)


def write_reports(call: Call, *, junit: Path | None, summary: Path | None) -> None:
    """Write the JUnit report and the Markdown summary that were asked for."""
    if junit is not None:
        from reports.junit import junit_xml
        from reports.results import RunResult

        results = [RunResult.of(document) for document in call.documents()]
        write_whole(junit, junit_xml(results, errors=_bugs(call)))
    if summary is not None:
        from reports.summary import markdown_summary

        text = markdown_summary(call.results(), command=call.command, version=version())
        write_whole(summary, text.encode())


def json_parts(call: Call) -> Iterator[str]:
    """Yield the text of the document run by run, for there may be a great many."""
    head = json.dumps(call.document(), indent=2, ensure_ascii=False)
    assert head.endswith('"runs": []\n}'), "the runs stand last"
    yield head.removesuffix("]\n}")
    for number, document in enumerate(call.documents()):
        yield ("," if number else "") + "\n" + json.dumps(document, ensure_ascii=False)
    yield "\n]\n}\n"


def _bugs(call: Call) -> list[tuple[str, str]]:
    return [("bulkhead", warning) for warning in call.warnings if "failed on us" in warning]


def _show_plan(call: Call, console: Console) -> None:
    """Print what would be run: the resolved scenario when it is one, else a list."""
    if len(call.planned) == 1 and call.planned[0]["runs"] == 1:
        console.out(call.planned[0]["resolved"])
        return
    for each in call.planned:
        first, last = each["seeds"]
        seeds = f"seed {first}" if first == last else f"seeds {first} to {last}"
        console.out(f"{each['scenario']}: {seeds}, {each['runs']:,} runs\n")


def _show_results(call: Call, console: Console) -> None:
    from reports.story import stories
    from reports.table import run_summary, runs_summary

    results = call.results()
    for note in call.notes if call.answer is not None else ():
        LOG.debug(note)
    if call.answer is not None:
        text = run_summary(
            results[0], colour=console.colour, width=console.width, ascii_only=console.ascii_only
        )
        console.out(text)
        _show_notes(call)
    elif results:
        console.out(
            runs_summary(
                results,
                colour=console.colour,
                width=max(console.width, 120),
                ascii_only=console.ascii_only,
            )
        )
    shown = [result for result in results if not result.met or call.answer is not None]
    for result in shown[:_STORIES_MAX]:
        if result.violated:
            told = stories(result, ascii_only=console.ascii_only)
            console.out(f"\n{told}")
        elif call.exit not in (Exit.MET, Exit.UNDECIDED) and result.replay:
            console.out(f"\nReproduce: {result.replay}\n")


def _show_notes(call: Call) -> None:
    """Say what a replay found about its digest."""
    assert call.answer is not None, "one run was made"
    if "digest" in call.answer.record.unmet:
        for note in call.notes:
            LOG.warning(note)


def _say_how_to_go_on(call: Call) -> None:
    assert call.campaign is not None, "many runs were asked for"
    finished = (
        f"interrupted; {len(call.campaign.records):,} of {call.campaign.total:,} runs finished"
    )
    if call.folder:
        LOG.warning("%s and kept", finished)
        LOG.warning("Resume: bulkhead run %s", shlex.quote(call.folder))
    else:
        LOG.warning("%s; --out none keeps nothing", finished)
