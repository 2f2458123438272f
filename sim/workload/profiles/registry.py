"""Every format of descriptions that drive generators, by name."""

from __future__ import annotations

from typing import Final

from sim.workload.profiles import cachelib, properties, twitter
from sim.workload.profiles.profile import Profile

PROFILES: Final[dict[str, Profile]] = {
    profile.name: profile for profile in (cachelib.PROFILE, properties.PROFILE, twitter.PROFILE)
}
"""By the name that scenario files use."""


def described_by(head: bytes) -> Profile | None:
    """Return the profile that the first bytes of a file show, if any."""
    return next((each for each in PROFILES.values() if each.looks(head)), None)
