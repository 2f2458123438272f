"""State the toy transaction that all versions run, and what they share.

Ten network hops: begin (manager), get and put (two regions), commit (manager, which writes commit
records in batches), and filling the commit field (region). Clients are closed loops. The manager
is a first-in-first-out processor, so are the regions. Every hop asks whether its link is cut.
All versions time out their requests, although none is ever lost.
"""

from dataclasses import dataclass

from sim.kernel.distributions import LogNormal

CLIENTS = 50
REGIONS = 4
KEYS = 10_000

BEGIN_NS = 2_000
COMMIT_NS = 5_000
REGION_NS = 20_000
BATCH_MAX = 32
FLUSH_NS = 1_000_000
WRITE_NS = 2_000_000
TIMEOUT_NS = 1_000_000_000

LATENCY = LogNormal(median_ns=100_000, sigma_ppm=300_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What every version must agree on in kind: transactions done, aborts, simulated time."""

    committed: int
    aborted: int
    simulated_ns: int
    events: int
