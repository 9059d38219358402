"""A small finished run as its output folder would hold it: summary, facts and tables, for tests of the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

SYSTEMS = ("plan", "independent_newsvendor", "national_pool")
SPEEDS = ("same_day", "two_day", "standard")
PERIODS = np.arange(1, 14)


def sample_summary() -> dict[str, Any]:
    """A summary with a simulation and two baselines."""
    cost = {"mean": 812_345.0, "ci95": [809_000.0, 815_690.0]}
    fill_rate = dict(zip(SPEEDS, (0.93, 0.985, 0.999), strict=True))
    fill_rate_ci95 = {speed: [rate - 0.001, rate + 0.001] for speed, rate in fill_rate.items()}
    baseline = {
        "cost": {"mean": 905_000.0, "ci95": [901_000.0, 909_000.0]},
        "cost_saving": {"mean": 92_655.0, "ci95": [90_100.0, 95_210.0]},
        "outbound_cost_per_unit": 6.91,
        "outbound_cost_per_unit_ci95": [6.88, 6.94],
        "fill_rate": fill_rate,
        "fill_rate_ci95": fill_rate_ci95,
    }
    return {
        "scenario": {
            "name": "sample", "hash": "5ab1e", "products": 1000, "nodes": 6, "zones": 4, "speeds": 3, "periods": 13,
        },
        "plan": {
            "lower_bound": 780_000.0, "bound_kind": "statistical", "planned_cost": 801_000.0,
            "bound_conditions": ["opening stock is what the scenario gives"], "dual_value": 800_500.0, "dual_gap": 8e-4,
            "iterations": 23, "seconds": 12.3, "binding_prices": 17, "capacity_violation_max": 0.004,
        },
        "simulation": {
            "replications": 10, "days": 91, "orders": 1_234_567, "orders_per_second": 2.5e5, "seed": 7, "cost": cost,
            "controllable_cost": {"mean": 95_000.0, "ci95": [93_000.0, 97_000.0]}, "fill_rate": fill_rate,
            "on_time": fill_rate, "fill_rate_ci95": fill_rate_ci95, "on_time_ci95": fill_rate_ci95,
            "outbound_cost_per_unit": 5.12, "outbound_cost_per_unit_ci95": [5.1, 5.14],
            "precision": None, "warm_up_days": 0, "warm_up_days_suggested": 0,
            "capacity_use_max": 0.99, "units_lost": 8123.0,
        },
        "gap": {"total": 0.0398, "controllable": 0.3405},
        "baselines": dict.fromkeys(SYSTEMS[1:], baseline),
        "closed_loop": None,
    }  # fmt: skip


def sample_facts() -> dict[str, Any]:
    """What run.json holds."""
    return {
        "scenario": {"path": "scenarios/sample.yaml", "hash": "5ab1e", "overrides": []},
        "data_hashes": {"products.csv": "0a1b"},
        "currency": "USD",
        "period_days": 7,
        "seed": 7,
        "command": "meio run scenarios/sample.yaml -o out/sample",
        "finished": "2026-01-05T08:00:00+00:00",
        "files": [],
        "timings": {"load": 0.4, "plan": 12.3, "simulate": 4.9},
        "versions": {"meio": "0.1.0", "python": "3.11"},
    }


def sample_tables() -> dict[str, pd.DataFrame]:
    """The tables the report reads, by path without ending."""
    return {**_network(), **_plan(), **_measures(), **_traffic(), **_stakes()}


def write_sample_run(folder: Path) -> Path:
    """Write the sample, with a sensitivity, as an output folder."""
    tables = {**sample_tables(), "sensitivity": sample_sensitivity()}
    return _write(folder, {"summary": sample_summary(), "run": sample_facts()}, tables)


def write_sample_study(folder: Path) -> Path:
    """Write a sample study as an output folder."""
    return _write(folder, {"summary": sample_study_summary(), "run": sample_facts()}, sample_study())


def _write(folder: Path, texts: dict[str, dict[str, Any]], tables: dict[str, pd.DataFrame]) -> Path:
    for name, content in texts.items():
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.json").write_text(json.dumps(content), "utf-8")
    for name, table in tables.items():
        (folder / name).parent.mkdir(exist_ok=True)
        table.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def sample_sensitivity() -> pd.DataFrame:
    """What three capacities are worth; the last was not checked."""
    return pd.DataFrame(
        [
            ("storage", "newark", "sortable", 9000.0, 9800.0, 8900.0, 10700.0, -8700.0, -9600.0, -7800.0),
            ("storage", "reno", "sortable", 4000.0, 4400.0, 3500.0, 5300.0, -3800.0, -4700.0, -2900.0),
            ("inbound", "newark", None, 700.0, *[np.nan] * 6),
        ],
        columns=[
            "resource", "at", "storage_type", "worth_of_share", "simulated_minus", "simulated_minus_low",
            "simulated_minus_high", "simulated_plus", "simulated_plus_low", "simulated_plus_high",
        ],
    ).assign(period=pd.array([None] * 3, dtype="Int64"), share=0.05)  # fmt: skip


def sample_study_summary() -> dict[str, Any]:
    """What the report reads of a study's summary."""
    return {"study": {"name": "sample-study", "description": "", "currency": "USD"}}


def sample_study() -> dict[str, pd.DataFrame]:
    """Three variants under two policies, one of them failed; costs add up to their total."""
    policies, moves = ("priced", "nearest"), {"base": 0.0, "less_storage": 30_000.0, "early_cut-off": -12_000.0}
    changed = {"less_storage": ("0.8", ""), "early_cut-off": ("", "2")}
    variants = [
        (name, policy, "done", "", 10, *changed.get(name, ("", ""))) for name in moves for policy in policies
    ] + [("denver", policy, "failed", "nodes.denver: no lane supplies it", 0, "", "") for policy in policies]
    rows = []
    for policy, of_policy in zip(policies, (0.0, 9_000.0), strict=True):
        for variant, move in moves.items():
            shift = of_policy if variant == "base" else move
            first = variant == "base" and policy == policies[0]
            measures = {"cost": (8e5, shift, "USD"), "fill_rate": (0.98, -shift / 2e6, "share")} | {
                f"cost:{kind}": (8e5 * share, share * shift, "USD")
                for kind, share in (("holding", 0.2), ("lost", 0.5), ("outbound", 0.3))
            }
            for measure, (base, difference, unit) in measures.items():
                mean, half = base + difference, 0.004 * base if unit == "USD" else 0.001
                against = np.full(3, np.nan) if first else difference + half * np.array([0.0, -0.5, 0.5])
                rows.append((variant, policy, measure, unit, mean, mean - half, mean + half, *against))
    return {
        "variants": pd.DataFrame(
            variants,
            columns=["variant", "policy", "status", "error", "replications", "nodes.FC.storage_m3",
                     "speeds.same_day.days"],
        ),
        "results": pd.DataFrame(
            rows,
            columns=["variant", "policy", "measure", "unit", "mean", "ci_low", "ci_high", "difference",
                     "difference_low", "difference_high"],
        ),
    }  # fmt: skip


def _network() -> dict[str, pd.DataFrame]:
    nodes = [
        ("mill", "vendor", 33.9, -118.2), ("hub_east", "distribution_centre", 40.3, -76.9),
        ("hub_west", "distribution_centre", 36.2, -115.1), ("newark", "fulfilment_centre", 40.7, -74.2),
        ("reno", "fulfilment_centre", 39.5, -119.8), ("manhattan", "same_day_site", 40.75, -74.0),
    ]  # fmt: skip
    lanes = [
        ("mill", "hub_east"),
        ("mill", "hub_west"),
        ("hub_east", "newark"),
        ("hub_west", "reno"),
        ("newark", "manhattan"),
    ]
    zones = [("new_york", 40.7, -74.0, 19e6), ("chicago", 41.9, -87.6, 9e6), ("los_angeles", 34.1, -118.2, 13e6)]
    return {
        "network/nodes": pd.DataFrame(nodes, columns=["node", "kind", "lat", "lon"]),
        "network/lanes": pd.DataFrame(lanes, columns=["source", "destination"]),
        "network/zones": pd.DataFrame(zones, columns=["zone", "lat", "lon", "population"]),
    }


def _plan() -> dict[str, pd.DataFrame]:
    places = [("storage", "newark", "sortable"), ("storage", "reno", "sortable"), ("inbound", "newark", None)]
    use = pd.DataFrame(
        [
            {
                "resource": resource, "at": at, "storage_type": storage_type, "period": period, "capacity": 1000.0,
                "planned": 1000 * load, "mean": 985 * load, "p95": 1030 * load, "price": max(0.0, load - 0.95) * 2,
            }
            for rank, (resource, at, storage_type) in enumerate(places)
            for period, load in zip(PERIODS, 0.9 - 0.3 * rank + 0.1 * np.sin(PERIODS / 3), strict=True)
        ]
    )  # fmt: skip
    iterations = np.arange(1, 24)
    return {
        "prices": use[["resource", "at", "storage_type", "period", "price", "capacity"]],
        "usage": use.drop(columns="price"),
        "convergence": pd.DataFrame(
            {
                "iteration": iterations,
                "dual_value": 780_000 - 90_000 * np.exp(-iterations / 3),
                "planned_cost": 801_000 - 40_000 * np.exp(-iterations / 5),
                "dual_gap": np.exp(-iterations / 3),
                "violation": 0.4 * np.exp(-iterations / 4),
            }
        ),
        "recovery": pd.DataFrame(
            [("average", 790_000.0, 790_500.0, 0.2, 0.1, 0.3), ("repair", 790_500.0, 791_000.0, 0.1, 0.0, 1.5)],
            columns=["step", "cost_before", "cost_after", "violation_before", "violation_after", "seconds"],
        ),
    }


def _traffic() -> dict[str, pd.DataFrame]:
    """Flows that grow week by week, stock, and what customers got."""
    lanes = ("mill→hub_east", "mill→hub_west", "hub_east→newark", "hub_west→reno", "newark→manhattan")
    use = [
        (system, period, lane, "lane", np.inf, 100.0 * (rank + 1) * period, 0.0, 0.0)
        for system in SYSTEMS
        for rank, lane in enumerate(lanes)
        for period in PERIODS
    ]
    stock = [
        (system, period, node, "sortable", 1000.0 * (rank + 1) + 10 * period, 5.0)
        for system in SYSTEMS
        for rank, node in enumerate(("manhattan", "newark", "reno", "hub_east"))
        for period in PERIODS
    ]
    shipped = [
        (system, node, zone, units)
        for system in SYSTEMS
        for node, zone, units in (
            ("newark", "new_york", 90.0),
            ("manhattan", "new_york", 30.0),
            ("reno", "chicago", 50.0),
        )
    ]
    return {
        "measures/use": pd.DataFrame(
            use, columns=["system", "period", "place", "resource", "capacity", "mean", "p95", "max"]
        ),
        "measures/inventory": pd.DataFrame(
            stock, columns=["system", "period", "node", "storage_type", "units_mean", "m3_mean"]
        ),
        "measures/shipments": pd.DataFrame(shipped, columns=["system", "node", "zone", "units_per_day"]),
    }


def _stakes() -> dict[str, pd.DataFrame]:
    stakes = [("lamp", 3485.0, 0.33, "hub_east", 9, 252.0), ("<b>kettle", 2740.0, 0.26, "newark", 7, 152.0)]
    reasons = [
        (product, reason, text)
        for product, *_ in stakes
        for reason, text in (("demand", "148.7 ± 42.9 units"), ("moved", "238.5 units without prices, makes 252"))
    ]
    return {
        "stakes": pd.DataFrame(stakes, columns=["product", "money", "share", "node", "period", "target"]),
        "reasons": pd.DataFrame(reasons, columns=["product", "reason", "text"]),
    }


def _measures() -> dict[str, pd.DataFrame]:
    kinds = dict.fromkeys(
        ("purchase", "lane_transport", "outbound", "holding", "overflow", "late", "lost", "backorder"), 0.0
    )
    money = {
        **kinds,
        "purchase": 6e5,
        "lane_transport": 4e4,
        "outbound": 1.1e5,
        "holding": 3e4,
        "lost": 2e4,
        "overflow": 3e3,
    }
    cost = pd.DataFrame(
        [
            {"system": system, "replication": replication, **{kind: x * (1 + 0.1 * rank) for kind, x in money.items()}}
            for rank, system in enumerate(SYSTEMS)
            for replication in (1, 2)
        ]
    ).assign(stock_change=-5e3)
    service = pd.DataFrame(
        [
            {
                "system": system,
                "replication": 1,
                "speed": speed,
                "demand": 1000,
                "filled": 990 - 20 * rank,
                "on_time": 980,
            }
            for rank, system in enumerate(SYSTEMS)
            for speed in SPEEDS
        ]
    )
    network = pd.DataFrame(
        {
            "system": SYSTEMS, "replication": 1, "packages_per_order": (1.05, 1.2, 1.1), "cost_per_unit": 31.2,
            "local_share": 0.8, "distance_km_mean": 312.4,
        }
    )  # fmt: skip
    bands = pd.DataFrame(
        [(system, 1, up_to_km, share) for system in SYSTEMS for up_to_km, share in ((500.0, 0.7), (np.inf, 0.3))],
        columns=["system", "replication", "up_to_km", "share"],
    )
    return {
        "measures/network": network,
        "measures/bands": bands,
        "measures/cost": cost.assign(total=cost[[*money, "stock_change"]].sum(axis=1)),
        "measures/service": service,
    }
