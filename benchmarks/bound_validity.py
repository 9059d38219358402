"""Check the certified lower bound against every policy tried on random small networks.

Run as ``python benchmarks/bound_validity.py [--networks N] [--seed N] [--json]``. The networks have 1 to 3 stocking
layers and 1 to 3 speeds, orders that are lost, late or wait, fixed and random lead times with and without overtaking,
capacities that bind, packs, opening stock and every family of demand. Each policy is simulated; where the 95% interval
of its mean cost lies below the bound, it is simulated again on 4 and then 16 times as many fresh paths. The figures are
one JSON object on the last line; the exit code is 1 when a violation persists, or less than 80% of the networks have a
bound.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from meio.optimizer.certificate import certify
from meio.optimizer.prices import capacities, no_prices

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
from certificate_cases import certificate_network, policies, verdict

LEAST_CLAIMED = 0.8
REPLICATIONS = 40


def main() -> int:
    """Check all networks and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--networks", type=int, default=300)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    began = time.perf_counter()
    rows = [check(options.seed * 1_000_000 + number, not options.json) for number in range(options.networks)]
    figures = figures_of(rows) | {"seconds": round(time.perf_counter() - began, 1)}
    passed = {
        "valid": not figures["violations"],
        "claimed": figures["claimed"] >= LEAST_CLAIMED * figures["networks"],
    }
    if not options.json:
        for bar, holds in passed.items():
            print(f"{bar:<10} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures | {"passed": passed}))
    return 0 if all(passed.values()) else 1


def check(seed: int, tell: bool) -> dict[str, object]:
    """Return what became of one network's bound."""
    compiled = certificate_network(seed)
    candidates = policies(compiled, seed)
    prices = next((one.plan.prices for one in candidates if one.name == "plan"), no_prices(capacities(compiled).limit))
    certificate = certify(compiled, prices)
    row: dict[str, object] = {
        "network": seed,
        "planned": any(one.name == "plan" for one in candidates),
        "kind": certificate.kind,
        "reasons": [text for text in certificate.conditions if text.startswith("not claimed")],
        "policies": 0,
        "violations": [],
    }
    if certificate.kind == "none":
        return row
    verdicts = {one.name: verdict(compiled, one, certificate.lower_bound, REPLICATIONS, seed) for one in candidates}
    row["policies"] = len(verdicts)
    row["violations"] = [f"network {seed}: {name}" for name, result in verdicts.items() if result.violated]
    best = min(result.mean for result in verdicts.values())
    row["best_over_bound"] = best / certificate.lower_bound if certificate.lower_bound > 0 else None
    for text in row["violations"] if tell else ():
        print(f"{text}: bound {certificate.lower_bound:.2f}, {verdicts[text.partition(': ')[2]]}")
    return row


def figures_of(rows: list[dict[str, object]]) -> dict[str, object]:
    """Return the figures of all networks."""
    ratios = [row["best_over_bound"] for row in rows if row.get("best_over_bound") is not None]
    return {
        "networks": len(rows),
        "planned": sum(bool(row["planned"]) for row in rows),
        "claimed": sum(row["kind"] == "valid" for row in rows),
        "policies": sum(row["policies"] for row in rows),
        "not_claimed": Counter(text for row in rows for text in row["reasons"]),
        "violations": [text for row in rows for text in row["violations"]],
        "best_over_bound": {
            "networks": len(ratios),
            "median": round(float(np.median(ratios)), 4) if ratios else None,
            "lowest": round(float(np.min(ratios)), 4) if ratios else None,
        },
    }


if __name__ == "__main__":
    sys.exit(main())
