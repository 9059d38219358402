"""Plan with forecasts, and with a moving average and normal errors; simulate both on the orders that then came.

Run as ``python benchmarks/forecast_planning.py RAW_DIR [--products N] [--blocks N] [--models NAME…] [--seed N]
[--json]``; RAW_DIR holds the public files that ``scenarios/online-retail/prepare.py`` reads. The best-selling products
are dealt into blocks, each with the network of that scenario and its share of every capacity. Twice, from 12 September
and from 24 October 2011, each block is planned for six weeks from what was known on that day, once with each demand,
and both plans are simulated on the recorded orders under the same policy. The figures are one JSON object on the last
line; the exit code is 1 when the bar is missed: a total cost below the moving average's with a 95% interval of the
paired differences, over blocks and seasons, that excludes zero.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from ruamel.yaml import YAML
from scipy import stats

import meio
from meio.demand.folder import write_forecast
from meio.demand.forecasting import AUTO, forecast_demand
from meio.demand.history_read import read_history
from meio.demand.spans import QuantileForecast
from meio.network.scenario import load_scenario
from meio.simulation.measures import SimulationResult

SCENARIO = Path(__file__).parents[1] / "scenarios" / "online-retail"
FIRST_WEEK = pd.Timestamp("2011-09-05")  # of the scenario, whose capacities differ by week
ORIGINS, WEEKS = (pd.Timestamp("2011-09-12"), pd.Timestamp("2011-10-24")), 6
WINDOW = 6  # weeks: up to 42 days from a vendor and a week's review, no longer than what is forecast
AVERAGED = 8  # weeks of the moving average
REPLICATIONS = 3


@dataclass(frozen=True)
class Raw:
    """Real orders and the made-up network's tables."""

    daily: pd.DataFrame
    products: pd.DataFrame
    supply: pd.DataFrame
    orders: pd.DataFrame
    nodes: dict[str, Any]


def main() -> int:
    """Run every block and print the figures."""
    options = arguments()
    command = [sys.executable, SCENARIO / "prepare.py", options.raw]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own script
    raw, began, rows = read_raw(Path(options.raw), options.products), time.perf_counter(), []
    with tempfile.TemporaryDirectory() as folder:
        for origin in ORIGINS:
            forecast, average = demands(raw, Path(folder), origin, options)
            for block in blocks(raw, options.blocks, options.seed):
                for row in compared(raw, Path(folder), origin, block, forecast, average, options.seed):
                    rows.append(row)
                    if not options.json:
                        print(" ".join(f"{name}={value}" for name, value in row.items()), flush=True)
    figures = figures_of(pd.DataFrame(rows)) | {"seconds": round(time.perf_counter() - began, 1)}
    print(json.dumps(figures))
    return 0 if figures["passed"]["cost"] else 1


def arguments() -> argparse.Namespace:
    """Return the options of the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("raw", metavar="RAW_DIR")
    parser.add_argument("--products", type=int, default=1000)
    parser.add_argument("--blocks", type=int, default=10)
    parser.add_argument("--models", nargs="+", default=list(AUTO))
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--json", action="store_true", help="print nothing but the figures")
    return parser.parse_args()


def read_raw(folder: Path, num_products: int) -> Raw:
    """Read the orders of the products that sold most before the first origin."""
    daily = pd.read_parquet(folder / "daily_demand_sku_country.parquet")
    daily = daily.groupby(["date", "stock_code"], as_index=False)["lines"].sum()
    daily = daily.set_axis(["date", "product", "units"], axis=1).assign(date=lambda rows: pd.to_datetime(rows["date"]))
    known = daily[daily["date"] < ORIGINS[0]]
    kept = known.groupby("product")["units"].sum().nlargest(num_products).index
    tables = [
        pd.read_csv(SCENARIO / f"{name}.csv", dtype={"product": str}) for name in ("products", "supply", "orders")
    ]
    tables = [table[table["product"].isin(kept)] for table in tables]
    nodes = YAML(typ="safe").load(SCENARIO / "scenario.yaml")["nodes"]
    return Raw(daily[daily["product"].isin(kept)], *tables, nodes)


def demands(
    raw: Raw, folder: Path, origin: pd.Timestamp, options: argparse.Namespace
) -> tuple[QuantileForecast, pd.DataFrame]:
    """Return the forecast, and the table of the moving average, from what was known at an origin."""
    raw.daily.to_parquet(folder / "history.parquet")
    raw.products[["product", "price"]].to_parquet(folder / "attributes.parquet")
    history = read_history(folder / "history.parquet", folder / "attributes.parquet", end=origin)
    made = forecast_demand(history, WEEKS, [WINDOW], models=options.models, seed=options.seed)
    if not options.json:
        print(f"{origin.date()} models {made.models}", flush=True)
    return made.forecast, moving_average(history.series["product"], np.nan_to_num(history.units))


def moving_average(products: pd.Series, units: np.ndarray) -> pd.DataFrame:
    """Mean of the last weeks, and the standard deviation of its errors in earlier weeks, one week ahead."""
    running = pd.DataFrame(units.T).rolling(AVERAGED).mean().to_numpy().T
    error = units[:, AVERAGED:] - running[:, AVERAGED - 1 : -1]
    sd = np.sqrt((error**2).mean(axis=1))
    return pd.DataFrame({"product": products, "period": "*", "mean": running[:, -1], "sd": sd})


def blocks(raw: Raw, count: int, seed: int) -> list[np.ndarray]:
    """Deal the products into blocks of about the same demand: each run of best sellers at random, one a block."""
    ranked = raw.daily.groupby("product")["units"].sum().sort_values(ascending=False, kind="stable").index.to_numpy()
    random = np.random.default_rng(seed)
    dealt = np.concatenate([random.permutation(count) for _ in range(-(-len(ranked) // count))])[: len(ranked)]
    return [ranked[dealt == block] for block in range(count)]


def compared(
    raw: Raw,
    folder: Path,
    origin: pd.Timestamp,
    block: np.ndarray,
    forecast: QuantileForecast,
    average: pd.DataFrame,
    seed: int,
) -> Iterator[dict[str, Any]]:
    """Plan and simulate a block with both demands; a row for each."""
    own = np.flatnonzero(forecast.series["product"].isin(block))
    of_block = QuantileForecast(
        forecast.series.iloc[own].reset_index(drop=True),
        forecast.start,
        forecast.period_days,
        forecast.spans,
        forecast.quantile[own],
    )
    (folder / "forecast").mkdir(exist_ok=True)
    write_forecast(
        folder / "forecast", of_block, next(span for span in forecast.spans if span.last == WINDOW > span.first)
    )
    average[average["product"].isin(block)].to_csv(folder / "average.csv", index=False)
    mix = YAML(typ="safe").load(SCENARIO / "scenario.yaml")["demand"]["speed_mix"]
    demand = {
        "forecast": {"forecast": "forecast", "speed_mix": mix},
        "moving_average": {"distribution": "normal", "products": "average.csv", "speed_mix": mix},
    }
    write_network(raw, folder, origin, block)
    for name, given in demand.items():
        YAML(typ="safe").dump({"extends": "network.yaml", "demand": given}, folder / f"{name}.yaml")
        scenario = load_scenario(folder / f"{name}.yaml")
        plan = meio.plan(scenario)
        result = meio.simulate(scenario, plan, seed=seed)
        yield {"origin": str(origin.date()), "block": str(block[0]), "demand": name, **measured(result)}


def write_network(raw: Raw, folder: Path, origin: pd.Timestamp, block: np.ndarray) -> None:
    """Write the scenario of a block without its demand: its products, its orders, its share of the capacities."""
    scenario = YAML(typ="safe").load(SCENARIO / "scenario.yaml")
    prepared = YAML(typ="safe").load(SCENARIO / "prepared.yaml")
    for name in ("products", "supply"):
        table = getattr(raw, name)
        table[table["product"].isin(block)].to_csv(folder / f"{name}.csv", index=False)
    warm_up = scenario["horizon"]["warm_up_days"]
    first, last = origin - pd.Timedelta(days=warm_up), origin + pd.Timedelta(weeks=WEEKS)
    placed = pd.to_datetime(raw.orders["placed"])
    of_block = raw.orders["product"].isin(block) & (placed >= first) & (placed < last)
    raw.orders[of_block].to_csv(folder / "orders.csv", index=False)
    volume = share(block)
    week = (origin - FIRST_WEEK).days // 7
    for node in scenario["nodes"].values():
        if "storage_m3" in node:
            node["storage_m3"] = {kind: volume * room for kind, room in node["storage_m3"].items()}
        if "inbound_units_per_day" in node:
            node["inbound_units_per_day"] = [
                volume * units for units in node["inbound_units_per_day"][week : week + WEEKS]
            ]
    del scenario["extends"], scenario["demand"]
    scenario["horizon"] |= prepared["horizon"] | {"start": origin.date(), "periods": WEEKS}
    scenario["outbound"] |= prepared["outbound"] | {"rates": str(SCENARIO / "rates.csv")}
    scenario |= {"zones": str(SCENARIO / "zones.csv"), "lanes": prepared["lanes"]}
    scenario["simulation"] |= {"orders": "orders.csv", "replications": REPLICATIONS}
    YAML(typ="safe").dump(scenario, folder / "network.yaml")


def share(block: np.ndarray) -> float:
    """Share of all orders of the scenario's weeks that are for these products: of every capacity they get as much."""
    everything = pd.read_csv(SCENARIO / "product_demand.csv", dtype={"product": str})
    own = everything["product"].isin(block)
    return float(everything.loc[own, "mean"].sum() / everything["mean"].sum())


def measured(result: SimulationResult) -> dict[str, float]:
    """Mean cost, its parts that a forecast moves, and service."""
    cost, service = result.cost.mean(numeric_only=True), result.service
    filled = service["filled"].sum() / service["demand"].sum()
    parts = {name: round(float(cost[name]), 2) for name in ("total", "holding", "overflow", "late", "lost", "outbound")}
    return parts | {"demand_units": float(service["demand"].sum()), "fill_rate": round(float(filled), 4)}


def figures_of(rows: pd.DataFrame) -> dict[str, Any]:
    """Return totals by demand, and the saving of the forecast with the interval of paired differences."""
    costs = rows.pivot_table(index=["origin", "block"], columns="demand", values="total")
    saved = costs["moving_average"] - costs["forecast"]
    half = float(stats.t.ppf(0.975, len(saved) - 1) * saved.std(ddof=1) / np.sqrt(len(saved)))
    base = float(costs["moving_average"].mean())
    interval = [float(saved.mean()) - half, float(saved.mean()) + half]
    sums = rows.groupby("demand")[["total", "holding", "overflow", "late", "lost", "outbound"]].sum()
    filled = (
        rows.assign(filled=rows["fill_rate"] * rows["demand_units"]).groupby("demand")[["filled", "demand_units"]].sum()
    )
    return {
        "cost": {name: {part: round(value, 1) for part, value in row.items()} for name, row in sums.iterrows()},
        "fill_rate": (filled["filled"] / filled["demand_units"]).round(4).to_dict(),
        "pairs": len(saved),
        "saving_share": [round(value / base, 5) for value in (float(saved.mean()), *interval)],
        "cheaper_pairs": int((saved > 0).sum()),
        "passed": {"cost": interval[0] > 0},
    }


if __name__ == "__main__":
    sys.exit(main())
