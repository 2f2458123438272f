"""Draws the picture of the manual: `python -m tests.reports.manual` writes it anew."""

from pathlib import Path

from reports.failover import Logs, failover_timeline
from reports.timeline import draw
from tests.reports.figure2 import READER, WRITER, figure2

PICTURE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "timeline.svg"


def picture():
    """Return the fractured read of FAST'17, figure 2, as SVG."""
    figure = figure2(invalidation=False)
    logs = Logs(
        oracle=figure.oracle,
        history=figure.history,
        events=figure.events,
        spans=figure.spans,
        faults=figure.faults,
    )
    timeline = failover_timeline(
        logs,
        title=f"T{READER} sees T{WRITER}'s write to key 1, but not its write to key 0",
        subtitle="the race of FAST'17, figure 2, without invalidation; logs written by hand",
        evidence=figure.evidence,
        transactions=(READER, WRITER),
        keys=(0, 1),
        property_name="snapshot_reads",
    )
    return draw(timeline)


if __name__ == "__main__":
    PICTURE.write_text(picture())
