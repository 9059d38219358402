"""The environments of gym-invmgmt's published benchmark, but for the two whose demand needs a data set from elsewhere.

Runs under gym-invmgmt's own Python. Two networks; stationary demand, or trend and season, or these with a shock; with
or without goodwill (demand that shrinks after a shortage); unserved demand waits or is lost (Barati and Hu 2026,
blocks A_Core and B_PaperReplication of their grid).
"""

from __future__ import annotations

from typing import Any, NamedTuple

from gym_invmgmt import CoreEnv

SEEDS = (42, 123, 456, 789, 1011, 2022, 3033, 4044, 5055, 6066)
PERIODS, BASE_MEAN = 30, 20
NETWORKS = {"base": "network", "serial": "serial"}
EFFECTS = {
    "stationary": (),
    "trend+seasonal": ("trend", "seasonal"),
    "trend+seasonal+shock": ("trend", "seasonal", "shock"),
}


class Case(NamedTuple):
    """One environment."""

    network: str
    demand: str
    goodwill: bool
    backlog: bool

    def environment(self, **changes: Any) -> CoreEnv:
        """A new one; `changes` replace its arguments."""
        demand = {"effects": list(EFFECTS[self.demand]), "base_mu": BASE_MEAN, "use_goodwill": self.goodwill}
        given = {"scenario": NETWORKS[self.network], "demand_config": demand, "backlog": self.backlog} | changes
        return CoreEnv(num_periods=PERIODS, **given)


def cases() -> list[Case]:
    """All of them: 16 and, with stationary demand, 4."""
    return [
        Case(network, demand, goodwill, backlog)
        for network in NETWORKS
        for demand, effects in EFFECTS.items()
        for goodwill in ((False, True) if effects else (False,))
        for backlog in (True, False)
    ]
