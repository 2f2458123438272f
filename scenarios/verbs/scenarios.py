"""`bulkhead scenarios`: what ships, by name: scenarios, variants, mutants, properties."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from scenarios.console import Console, common

SCHEMA: Final = "bulkhead.scenarios/1"


def scenarios() -> dict[str, list[dict[str, Any]]]:
    """Return everything that ships, by kind, each with its name and one line about it."""
    from scenarios.library import shipped
    from sim.omid.mechanisms import MECHANISMS
    from sim.omid.mutants import MUTANTS
    from sim.omid.variants import VARIANTS
    from specs.history.properties import PROPERTIES

    return {
        "scenarios": [{"name": each.name, "summary": each.summary} for each in shipped().values()],
        "variants": [
            {"name": each.name, "summary": each.summary, "source": each.source}
            for each in VARIANTS.values()
        ],
        "mutants": [
            {
                "name": each.name,
                "number": each.number,
                "mechanism": each.mechanism,
                "property": each.property,
                "variants": list(each.variants),
                "benign": each.benign,
                "summary": each.summary,
            }
            for each in MUTANTS.values()
        ],
        "properties": [
            {"name": each.name, "summary": each.summary, "source": each.source}
            for each in PROPERTIES.values()
        ],
        "mechanisms": [
            {
                "name": each.name,
                "properties": list(each.properties),
                "source": each.source,
                "summary": each.summary,
            }
            for each in MECHANISMS
        ],
    }


@click.command(
    name="scenarios", short_help="List what ships: scenarios, variants, mutants, properties."
)
@click.option("--json", "as_json", is_flag=True, help="Print one JSON document, and nothing else.")
@common
def command(*, console: Console, as_json: bool) -> int:
    """List what ships: scenarios, variants, mutants, properties and mechanisms."""
    from scenarios.results import called
    from scenarios.version import version

    found = scenarios()
    if as_json:
        head = {
            "schema": SCHEMA,
            "version": version(),
            "command": called(),
            "exit_code": 0,
            "warnings": [],
        }
        console.out(json.dumps(head | found, indent=2, ensure_ascii=False) + "\n")
        return 0
    for kind, entries in found.items():
        width = max((len(entry["name"]) for entry in entries), default=0)
        console.out(f"{kind}:\n")
        for entry in entries:
            console.out(f"  {entry['name']:<{width}}  {entry['summary']}\n")
        console.out("\n")
    return 0
