"""`bulkhead schema`: the JSON Schema of scenario files, with which editors complete and check."""

from __future__ import annotations

import json
from typing import Any, Final

import click

from scenarios.console import Console, common

DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def schema() -> dict[str, Any]:
    """Return the JSON Schema of scenario files."""
    from scenarios.schema.scenario import Scenario

    return {"$schema": DIALECT, **Scenario.model_json_schema()}


@click.command(name="schema", short_help="Print the JSON Schema of scenario files, for editors.")
@common
def command(*, console: Console) -> int:
    """Print the JSON Schema of scenario files.

    Save it as bulkhead.schema.json and begin a scenario with `#:schema bulkhead.schema.json`.
    """
    console.out(json.dumps(schema(), indent=2) + "\n")
    return 0
