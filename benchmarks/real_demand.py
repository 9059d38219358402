"""Plan and simulate the demand of 3,900 real products, and check what the plan claims.

Run as ``python benchmarks/real_demand.py RAW_DIR [--seed N] [--json]``; RAW_DIR holds the public files that
``scenarios/online-retail/prepare.py`` reads. The figures are one JSON object on the last line; the exit code is 1 when
a bar is missed: capacity respected within 1% at the plan's targets, a total cost below both baselines' with a paired
95% interval that excludes zero, and an outbound cost per unit at least 5% below the national pool's.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import pandas as pd

import meio

SCENARIO = Path(__file__).parents[1] / "scenarios" / "online-retail"


def main() -> int:
    """Run the scenario and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", metavar="RAW_DIR")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    options = parser.parse_args()
    command = [sys.executable, SCENARIO / "prepare.py", options.raw]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own script
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        meio.run(SCENARIO / "scenario.yaml", Path(folder) / "out", seed=options.seed)
        figures = figures_of(Path(folder) / "out") | {"seconds": round(time.perf_counter() - began, 1)}
    passed = {
        "capacity": figures["capacity_violation_max"] <= 0.01,
        "saving": all(low > 0 for _, low, _ in figures["saving"].values()),
        "outbound": figures["outbound_cost_per_unit"]["plan"]
        <= 0.95 * figures["outbound_cost_per_unit"]["national_pool"],
    }
    if not options.json:
        for bar, holds in passed.items():
            print(f"{bar:<10} {'holds' if holds else 'MISSED'}")
    print(json.dumps(figures | {"passed": passed}))
    return 0 if all(passed.values()) else 1


def figures_of(folder: Path) -> dict[str, object]:
    """Return the figures of an output folder that the bars are about, and planned beside simulated use."""
    summary = json.loads((folder / "summary.json").read_text("utf-8"))
    use = pd.read_parquet(folder / "usage.parquet")
    use = use[use["period"] > 1]  # the first period still shows where the simulation started
    share = use[["planned", "mean"]].div(use["capacity"], axis=0).groupby(use["resource"]).mean()
    baselines = summary["baselines"]
    return {
        "capacity_violation_max": summary["plan"]["capacity_violation_max"],
        "dual_gap": summary["plan"]["dual_gap"],
        "planned_cost": summary["plan"]["planned_cost"],
        "simulated_cost": summary["simulation"]["cost"]["mean"],
        "use_of_capacity": {
            name: {"planned": row["planned"], "simulated": row["mean"]} for name, row in share.iterrows()
        },
        "saving": {name: [b["cost_saving"]["mean"], *b["cost_saving"]["ci95"]] for name, b in baselines.items()},
        "outbound_cost_per_unit": {"plan": summary["simulation"]["outbound_cost_per_unit"]}
        | {name: b["outbound_cost_per_unit"] for name, b in baselines.items()},
    }


if __name__ == "__main__":
    sys.exit(main())
