"""Run simulated nodes on one deterministic event loop.

The modules, lowest first: `fixed` and `normal_table` (integer mathematics), `streams` (chance),
`distributions`, `clock`, `station`, `digest`, `trace`, `core` (the event loop), `calls`, `rpc`,
`alarms`, `node`, `link`, `network`, `faults` (with its parts) and `nemesis`. Nothing is imported
before it is asked for.
"""

from importlib import import_module
from typing import Any

_HOMES = {
    "Call": "calls",
    "Clock": "clock",
    "Digest": "digest",
    "FaultTimeline": "timeline",
    "Gather": "rpc",
    "Kernel": "core",
    "Link": "network",
    "LinkModel": "network",
    "Nemesis": "nemesis",
    "Network": "network",
    "NoReply": "calls",
    "Node": "node",
    "Reach": "rpc",
    "Script": "rpc",
    "Sleep": "rpc",
    "Station": "station",
    "Streams": "streams",
    "Trace": "trace",
    "Wait": "rpc",
}

__all__ = [
    "Call",
    "Clock",
    "Digest",
    "FaultTimeline",
    "Gather",
    "Kernel",
    "Link",
    "LinkModel",
    "Nemesis",
    "Network",
    "NoReply",
    "Node",
    "Reach",
    "Script",
    "Sleep",
    "Station",
    "Streams",
    "Trace",
    "Wait",
]


def __getattr__(name: str) -> Any:
    """Import the module that holds a public name when the name is first used."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
