"""Turn the real files of `online-retail` into the tables of its scenario, beside this file.

README.md says what is real and what is synthesised::

    python scenarios/online-retail/prepare.py RAW_DIR
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from ruamel.yaml import YAML

from meio.network.geography import great_circle_km

HERE = Path(__file__).parent
FILES = {
    "orders": "daily_demand_sku_country.parquet",
    "transactions": "transactions.parquet",
    "lead_times": "leadtimes_scms.csv.gz",
    "rates": "usps_commercial_rates.csv.gz",
    "bands": "usps_zone_distance.csv",
    "population": "zip3_population.csv",
}
Floats = NDArray[np.float64]

SEED = 541910
DEMAND_MULTIPLIER = 1.0  # 1: the real number of orders
FIRST_DAY, WEEKS = pd.Timestamp("2011-09-05"), 13  # the last full weeks of the history, Monday to Sunday
LEVEL_CREDIBILITY = 20.0  # orders in the year at which the last weeks' level counts half
SHAPE_CREDIBILITY = 100.0  # orders in the weeks at which a product's own weekly curve counts half
DISPERSION_CREDIBILITY = 50.0  # orders in the year at which a product's own dispersion counts half
BUSY_ORDERS = 100.0  # orders in the year that make a product a busy one
USD_PER_GBP = 1.60  # about the rate of 2011
PRICE_RANGE_USD = (2.0, 200.0)
KM_PER_MILE, KG_PER_LB = 1.609344, 0.45359237
NUM_ZONES = 50
OFF_MAINLAND = {"AK", "HI", "PR", "VI", "GU", "AS", "MP", "AE", "AP", "AA"}
VENDORS = {"air_vendor": ("Air", 14.0), "truck_vendor": ("Truck", 24.0), "ocean_vendor": ("Ocean", 42.0)}  # mean days
USUAL_VENDOR = {"ocean_vendor": 0.5, "truck_vendor": 0.3, "air_vendor": 0.2}  # share of the products
LEAD_TIME_LEVELS = np.arange(0.05, 1, 0.1)
SHORTEST_LEAD_DAYS = 3.0
TRUCK_KM_PER_DAY = 800.0


def read_order_counts(raw: Path) -> pd.DataFrame:
    """Order lines by product (rows) and day (columns, every day of the history)."""
    orders = pd.read_parquet(raw / FILES["orders"])
    counts = orders.pivot_table(index="stock_code", columns="date", values="lines", aggfunc="sum", fill_value=0)
    days = pd.date_range(counts.columns.min(), counts.columns.max())
    return counts.reindex(columns=days, fill_value=0).sort_index()


def smooth_weeks(weekly: Floats) -> Floats:
    """Weekly counts [..., week] smoothed by weights 1, 2, 1, the total of each row kept."""
    padded = np.concatenate([weekly[..., :1], weekly, weekly[..., -1:]], axis=-1)
    smooth = (padded[..., :-2] + 2 * padded[..., 1:-1] + padded[..., 2:]) / 4
    total = smooth.sum(axis=-1, keepdims=True)
    return smooth * np.divide(weekly.sum(axis=-1, keepdims=True), total, out=np.zeros_like(total), where=total > 0)


def weekly_means(weekly: Floats, year: Floats) -> Floats:
    """Smooth mean demand [product, week] from the weeks' counts and the year's total of each product.

    A slow product takes its level from the whole year and its curve from all products together; the more orders it
    has, the more it follows its own. The grand total is the observed one.
    """
    recent = weekly.sum(axis=1)
    trust = year / (year + LEVEL_CREDIBILITY)
    level = trust * recent + (1 - trust) * year * recent.sum() / year.sum()
    profile = smooth_weeks(weekly.sum(axis=0)) / weekly.sum()
    own = (recent / (recent + SHAPE_CREDIBILITY))[:, None]
    mean = own * smooth_weeks(weekly) + (1 - own) * level[:, None] * profile
    return mean * weekly.sum() / mean.sum()


def dispersions(daily: Floats) -> Floats:
    """Variance over mean of a day's orders [product], shrunk to the busy products' median, at least 1.

    Measured around the product's level times the season of all products, on the days the shop was open, in each third
    of the history; of the three the median, which a launch or a sell-out does not move.
    """
    thirds = np.array_split(daily[:, daily.sum(axis=0) > 0], 3, axis=1)
    own = np.nanmedian([index_of_dispersion(third) for third in thirds], axis=0)
    orders = daily.sum(axis=1)
    usual = np.median(own[orders >= BUSY_ORDERS])
    trust = orders / (orders + DISPERSION_CREDIBILITY)
    return np.asarray(np.maximum(trust * own + (1 - trust) * usual, 1.0))


def index_of_dispersion(daily: Floats) -> Floats:
    """Squared deviations from level times season, over orders [product]; NaN without orders."""
    season = pd.Series(daily.sum(axis=0)).rolling(24, center=True, min_periods=1).mean().to_numpy()
    orders = daily.sum(axis=1)
    expected = orders[:, None] * season / season.sum()
    return np.divide(((daily - expected) ** 2).sum(axis=1), orders, out=np.full(len(orders), np.nan), where=orders > 0)


def make_demand(counts: pd.DataFrame) -> pd.DataFrame:
    """Table `product_demand`."""
    year = counts.to_numpy(np.float64)
    weeks = counts[pd.date_range(FIRST_DAY, periods=7 * WEEKS)].to_numpy(np.float64).reshape(-1, WEEKS, 7)
    mean = weekly_means(weeks.sum(axis=2), year.sum(axis=1))
    columns = {
        "product": counts.index.repeat(WEEKS),
        "period": np.tile(np.arange(1, WEEKS + 1), len(counts)),
        "mean": (DEMAND_MULTIPLIER * mean).ravel().round(4),
        "dispersion": dispersions(year).repeat(WEEKS).round(3),
    }
    return pd.DataFrame(columns)


def make_products(raw: Path, counts: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Table `products`: the price is the median value of an order line; size, weight and cost are synthesised."""
    lines = pd.read_parquet(raw / FILES["transactions"]).query("qty > 0 and unit_price_gbp > 0")
    value = USD_PER_GBP * (lines["qty"] * lines["unit_price_gbp"]).groupby(lines["stock_code"]).median()
    price = value.reindex(counts.index).clip(*PRICE_RANGE_USD).to_numpy()
    size = 0.5 * np.log(price / np.median(price)) + random.normal(0, 0.45, len(price))
    weight = 0.6 * np.exp(size + random.normal(0, 0.3, len(price)))
    columns = {
        "product": counts.index,
        "group": "giftware",
        "volume_m3": (0.004 * np.exp(size + random.normal(0, 0.3, len(price)))).round(5),
        "weight_kg": weight.clip(0.05, 20).round(3),
        "unit_cost": (price * random.uniform(0.4, 0.55, len(price))).round(2),
        "price": price.round(2),
        "storage_type": "standard",
    }
    return pd.DataFrame(columns)


def make_supply(products: pd.DataFrame, demand: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Table `supply`: a usual vendor for each product, and the air vendor at a tenth more."""
    weekly = demand.groupby("product")["mean"].mean().reindex(products["product"]).to_numpy()
    pack = np.select([weekly >= 20, weekly >= 5], [12, 6], 2)
    usual = random.choice(list(USUAL_VENDOR), len(products), p=list(USUAL_VENDOR.values()))
    first = pd.DataFrame({"product": products["product"], "vendor": usual, "unit_cost": products["unit_cost"]})
    first = first.assign(minimum_order=pack, pack=pack)
    by_air = first.assign(vendor="air_vendor", unit_cost=(1.1 * first["unit_cost"]).round(2))
    return pd.concat([first, by_air[usual != "air_vendor"]])


def make_orders(
    raw: Path, products: pd.Series, zones: pd.DataFrame, scenario: dict[str, Any], random: np.random.Generator
) -> pd.DataFrame:
    """Table `orders`: the invoices of the simulated days, a unit for each order line; zone and speed are drawn."""
    lines = pd.read_parquet(raw / FILES["transactions"]).query("qty > 0 and unit_price_gbp > 0")
    first = FIRST_DAY - pd.Timedelta(days=scenario["horizon"]["warm_up_days"])
    simulated = lines["ts"].between(first, FIRST_DAY + pd.Timedelta(weeks=WEEKS), inclusive="left")
    kept = simulated & lines["stock_code"].isin(products) & ~lines["invoice"].str.startswith("C")
    orders = lines[kept].groupby(["invoice", "stock_code"], sort=False, as_index=False).size()
    placed, mix = lines[kept].groupby("invoice")["ts"].min(), scenario["demand"]["speed_mix"]
    odds = zones["population"] / zones["population"].sum()
    zone = pd.Series(random.choice(zones["zone"].to_numpy(object), len(placed), p=odds), placed.index)
    speeds = random.choice([row["speed"] for row in mix], len(placed), p=[row["share"] for row in mix])
    columns = {
        "order": orders["invoice"],
        "placed": orders["invoice"].map(placed).dt.strftime("%Y-%m-%d %H:%M"),
        "zone": orders["invoice"].map(zone),
        "speed": orders["invoice"].map(pd.Series(speeds, placed.index)),
        "product": orders["stock_code"],
        "units": orders["size"],
    }
    return pd.DataFrame(columns)


def make_zones(raw: Path, random: np.random.Generator) -> pd.DataFrame:
    """Table `zones`: mainland three-digit ZIP areas clustered by k-means, weighted by population."""
    areas = pd.read_csv(raw / FILES["population"]).query("state not in @OFF_MAINLAND and population > 0")
    lat, lon = np.radians(areas["lat"].to_numpy()), np.radians(areas["lng"].to_numpy())
    points = np.column_stack([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)])
    areas["cluster"] = cluster(points, areas["population"].to_numpy(np.float64), NUM_ZONES, random)
    areas = areas.sort_values("population", ascending=False)
    clusters, weight = areas.groupby("cluster"), areas["population"]
    zones = clusters[["main_city", "state"]].first()
    zones["zone"] = zones["main_city"] + " " + zones["state"]
    zones["population"] = clusters["population"].sum()
    zones["lat"] = ((areas["lat"] * weight).groupby(areas["cluster"]).sum() / zones["population"]).round(3)
    zones["lon"] = ((areas["lng"] * weight).groupby(areas["cluster"]).sum() / zones["population"]).round(3)
    return zones.sort_values("population", ascending=False)[["zone", "lat", "lon", "population"]]


def cluster(points: Floats, weight: Floats, count: int, random: np.random.Generator) -> NDArray[np.int64]:
    """Cluster of each point by Lloyd's k-means with weights, seeded far apart (k-means++)."""
    centres = points[[weight.argmax()]]
    while len(centres) < count:
        odds = weight * ((points[:, None] - centres) ** 2).sum(axis=2).min(axis=1)
        centres = np.vstack([centres, points[random.choice(len(points), p=odds / odds.sum())]])
    for _ in range(100):
        nearest = ((points[:, None] - centres) ** 2).sum(axis=2).argmin(axis=1)
        mass = np.bincount(nearest, weight, count)
        centres = np.column_stack([np.bincount(nearest, weight * axis, count) for axis in points.T]) / mass[:, None]
    return nearest


def make_rates(raw: Path) -> pd.DataFrame:
    """Table `rates`: the published tariff of the mainland's zones, in kg."""
    rates = pd.read_csv(raw / FILES["rates"])
    rates = rates[rates["zone"] <= len(pd.read_csv(raw / FILES["bands"]))]
    rates = rates.assign(max_weight_kg=(rates["max_weight_lb"] * KG_PER_LB).round(5))
    return rates.rename(columns={"zone": "band", "price_usd": "cost"})[["service", "band", "max_weight_kg", "cost"]]


def lead_time_values(raw: Path, mode: str, mean_days: float) -> list[float]:
    """Evenly spaced quantiles of the direct vendor lead times of a mode, rescaled to a mean, in days."""
    history = pd.read_csv(raw / FILES["lead_times"])
    days = history.loc[(history["shipment_mode"] == mode) & (history["vendor_lead_days"] > 0), "vendor_lead_days"]
    values = days.quantile(LEAD_TIME_LEVELS).to_numpy()
    return [round(float(value), 1) for value in np.maximum(values * mean_days / values.mean(), SHORTEST_LEAD_DAYS)]


def make_lanes(raw: Path, nodes: dict[str, Any]) -> list[dict[str, Any]]:
    """Lanes from every vendor to every distribution centre, and to each fulfilment centre from the two nearest."""
    centres = [name for name, node in nodes.items() if node["kind"] == "distribution_centre"]
    lanes = []
    for rank, (vendor, (mode, mean_days)) in enumerate(VENDORS.items()):
        lead_time = {"distribution": "empirical", "values": lead_time_values(raw, mode, mean_days)}
        for place, centre in enumerate(centres):
            review = {"every": 7, "offset": (3 * rank + 2 * place) % 7}
            lanes.append(make_lane(nodes, vendor, centre, lead_time, review))
    for name in (name for name, node in nodes.items() if node["kind"] == "fulfilment_centre"):
        nearest = sorted(centres, key=lambda centre: distance_km(nodes[centre], nodes[name]))
        for rank, centre in enumerate(nearest[:2]):
            days = round(max(0.6 + distance_km(nodes[centre], nodes[name]) / TRUCK_KM_PER_DAY, 1.0), 1)
            lead_time = {"distribution": "lognormal", "mean": days, "cv": 0.25}
            lanes.append(make_lane(nodes, centre, name, lead_time, {"every": rank + 1}))
    return lanes


def make_lane(
    nodes: dict[str, Any], source: str, destination: str, lead_time: dict[str, Any], review: dict[str, int]
) -> dict[str, Any]:
    """Return a lane whose transport costs a handling and a price per m³ that grows with the distance."""
    per_m3 = round(3 + 0.03 * distance_km(nodes[source], nodes[destination]), 1)
    cost = {"per_unit": 0.12, "per_m3": per_m3}
    return {"from": source, "to": destination, "lead_time": lead_time, "cost": cost, "review": review}


def distance_km(one: dict[str, Any], other: dict[str, Any]) -> float:
    """Great-circle distance of two sites."""
    return float(great_circle_km(one["lat"], one["lon"], other["lat"], other["lon"]))


def make_base(raw: Path, nodes: dict[str, Any]) -> dict[str, Any]:
    """Return what the scenario takes from the raw files beside its tables: hours, distance bands and lanes."""
    placed = pd.read_parquet(raw / FILES["transactions"], columns=["ts", "qty"]).query("qty > 0")["ts"]
    hours = placed.dt.hour.value_counts(normalize=True).reindex(range(24), fill_value=0.0)
    bands_km = (pd.read_csv(raw / FILES["bands"])["max_miles"].iloc[:-1] * KM_PER_MILE).round(1)
    return {
        "horizon": {"hourly_profile": hours.round(4).tolist()},
        "outbound": {"distance_bands_km": bands_km.tolist()},
        "lanes": make_lanes(raw, nodes),
    }


def prepare(raw: Path) -> None:
    """Write every table and `prepared.yaml`."""
    random = np.random.default_rng(SEED)
    counts = read_order_counts(raw)
    demand, products = make_demand(counts), make_products(raw, counts, random)
    scenario, zones = YAML(typ="safe").load(HERE / "scenario.yaml"), make_zones(raw, random)
    tables = {
        "zones": zones,
        "products": products,
        "supply": make_supply(products, demand, random),
        "rates": make_rates(raw),
        "product_demand": demand,
        "orders": make_orders(raw, products["product"], zones, scenario, random),
    }
    for name, table in tables.items():
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    YAML(typ="safe").dump(make_base(raw, scenario["nodes"]), HERE / "prepared.yaml")


def main() -> None:
    """Read the command line; a file that is absent ends it with a message."""
    parser = argparse.ArgumentParser(description="Make the tables of online-retail from the raw files.")
    parser.add_argument("raw", metavar="RAW_DIR", type=Path, help="folder with the raw files")
    raw = parser.parse_args().raw
    if absent := [name for name in FILES.values() if not (raw / name).is_file()]:
        parser.error(f"{raw} does not hold {', '.join(absent)}")
    prepare(raw)


if __name__ == "__main__":
    main()
