"""What is sold and wanted: products, vendors' terms, demand by week, and how it falls on zones, speeds and sites."""

from __future__ import annotations

import numpy as np
import pandas as pd
from places import nearest, of_kind, same_day_site, storing
from scipy.stats import norm

from meio.generator.groups import GROUPS, HEAVIEST_KG

WEEKS = 13
ORDERS_PER_DAY = 5500.0  # whole network, outside the peak
TOP_TENTH_SHARE = 0.5  # of the units, sold by the tenth of the products that sells most
MEDIAN_DISPERSION = 1.5  # variance over mean of a day's demand
PEAK_SHAPE = [0, 0, 0, 0, 0, 0, 0.05, 0.2, 0.75, 0.95, 1.0, 0.9, 0.25]  # by week; weeks 9 to 12 are the peak


NON_SORTABLE_SALES = 0.55  # of what a sortable product sells


def make_products(count: int, random: np.random.Generator) -> pd.DataFrame:
    """Products by name: group, volume_m3, weight_kg, unit_cost, price, storage_type."""
    names = pd.Index([f"P{number:04d}" for number in range(1, count + 1)], name="product")
    group = np.repeat(list(GROUPS), [round(one.share * count) for one in GROUPS.values()])
    traits = pd.DataFrame([GROUPS[name] for name in group], index=names)
    size = random.normal(0, 0.45, count)
    price = traits["price"] * np.exp(0.5 * size + random.normal(0, 0.35, count))
    weight = traits["weight_kg"] * np.exp(0.9 * size + random.normal(0, 0.2, count))
    return pd.DataFrame(
        {
            "group": group,
            "volume_m3": (traits["volume_m3"] * np.exp(size + random.normal(0, 0.2, count))).round(5),
            "weight_kg": np.minimum(weight, traits["storage_type"].map(HEAVIEST_KG)).round(2),
            "unit_cost": (price * random.uniform(0.45, 0.60, count)).round(2),
            "price": price.round(2),
            "storage_type": traits["storage_type"],
        }
    )


def make_daily(products: pd.DataFrame, random: np.random.Generator) -> pd.Series:
    """Mean orders a day outside the peak: lognormal over products, as wide as the top tenth's share asks."""
    count = len(products)
    width = norm.ppf(0.9) - norm.ppf(1 - TOP_TENTH_SHARE)
    level = np.exp(width * norm.ppf((random.permutation(count) + 0.5) / count))
    level = level * np.where(products["storage_type"] == "non_sortable", NON_SORTABLE_SALES, 1.0)
    return pd.Series(ORDERS_PER_DAY * level / level.sum(), products.index)


def make_supply(products: pd.DataFrame, daily: pd.Series, random: np.random.Generator) -> pd.DataFrame:
    """Terms of each product's two vendors, by product: vendor, unit_cost, minimum_order, pack."""
    pack = np.select([daily >= 20, daily >= 5, daily >= 1.5], [24, 12, 6], 4)
    pack = np.where(products["storage_type"] == "non_sortable", np.where(daily >= 5, 4, 2), pack)
    usual, second = ([GROUPS[group].vendors[rank] for group in products["group"]] for rank in (0, 1))
    quoted = products["unit_cost"] * random.uniform(0.98, 1.02, len(products))
    terms = [
        {"vendor": usual, "unit_cost": quoted.round(2), "minimum_order": 2 * pack, "pack": pack},
        {"vendor": second, "unit_cost": (1.07 * quoted).round(2), "minimum_order": pack // 2, "pack": pack // 2},
    ]
    return pd.concat([pd.DataFrame(one, products.index) for one in terms]).sort_index(kind="stable")


def make_demand(products: pd.DataFrame, daily: pd.Series, random: np.random.Generator) -> pd.DataFrame:
    """Demand by product and week: period, mean units a week, and dispersion (variance over mean)."""
    height = np.array([GROUPS[group].peak - 1 for group in products["group"]]) * random.gamma(12, 1 / 12, len(products))
    drift = np.exp(random.normal(0, 0.06, len(products)))[:, None] ** np.linspace(-1, 1, WEEKS)
    mean = 7 * daily.to_numpy()[:, None] * drift * (1 + height[:, None] * np.array(PEAK_SHAPE))
    dispersion = 1 + (MEDIAN_DISPERSION - 1) * np.exp(random.normal(0, 0.4, len(products)))
    weeks = np.tile(np.arange(1, WEEKS + 1), len(products))
    columns = {"period": weeks, "mean": mean.ravel().round(3), "dispersion": np.repeat(dispersion.round(3), WEEKS)}
    return pd.DataFrame(columns, products.index.repeat(WEEKS))


def make_zone_mix(zones: pd.DataFrame, random: np.random.Generator) -> pd.DataFrame:
    """Share of a group's demand, a row a group and a column a zone: population, and a taste that leans one way."""
    position = zones[["lat", "lon"]]
    position = ((position - position.mean()) / position.std()).to_numpy()
    lean = random.normal(0, 0.12, (len(GROUPS), 2)) @ position.T
    weight = zones["population"].to_numpy() * np.exp(lean + random.normal(0, 0.05, lean.shape))
    shares = (weight / weight.sum(axis=1, keepdims=True)).round(6)
    shares[:, 0] += 1 - shares.sum(axis=1)
    return pd.DataFrame(shares.round(6), pd.Index(list(GROUPS), name="group"), zones.index)


def share_by_site(
    products: pd.DataFrame, zone_mix: pd.DataFrame, sites: pd.DataFrame, zones: pd.DataFrame
) -> pd.DataFrame:
    """Share of each product's demand [product, site] if every order goes to the nearest site.

    Same-day orders go to the zone's same-day site, all others to the nearest fulfilment centre that stores the product.
    """
    by_courier = same_day_site(sites, zones)
    shares = pd.DataFrame(0.0, products.index, of_kind(sites, "fulfilment_centre", "same_day_site").index)
    for name, group in GROUPS.items():
        centre = nearest(zones, storing(of_kind(sites, "fulfilment_centre"), group.storage_type))
        same_day = zone_mix.loc[name, by_courier.index] * group.same_day
        by_site = zone_mix.loc[name].sub(same_day, fill_value=0).groupby(centre).sum()
        by_site = pd.concat([by_site, same_day.groupby(by_courier).sum()])
        shares.loc[products["group"] == name, by_site.index] = by_site.to_numpy()
    return shares
