"""Make the scenario `us-retail`: its tables beside this file and its YAML one folder up.

Written by hand are the facts (`zones.csv`: public coordinates and rounded census populations; `sites.csv`), the levels
in `assortment.py`, `layout.py` and `stock.py`, and `template.yaml`. The rest follows from the seed, byte for byte::

    python scenarios/us-retail/generate.py
"""

from __future__ import annotations

from string import Template

import numpy as np
import pandas as pd
from assortment import (
    make_daily,
    make_demand,
    make_products,
    make_supply,
    make_zone_mix,
    share_by_site,
)
from layout import lane_lines, node_lines, vendor_lead_days
from places import HERE, nearest, of_kind, read_sites, read_zones, same_day_site
from stock import make_stock

from meio.generator.mixes import make_rates, make_speed_mix

SEED = 20260928
PRODUCTS = 1000


def with_centres(daily_by_site: pd.DataFrame, sites: pd.DataFrame) -> pd.DataFrame:
    """Daily demand [product, site], distribution centres added: what falls to the sites they are nearest to."""
    served = sites.loc[daily_by_site.columns]
    centre = nearest(served, of_kind(sites, "distribution_centre"))
    return pd.concat([daily_by_site.T.groupby(centre).sum().T, daily_by_site], axis=1)


def main() -> None:
    """Write every table and the scenario."""
    random = np.random.default_rng(SEED)
    sites, zones = read_sites(), read_zones()
    products = make_products(PRODUCTS, random)
    daily = make_daily(products, random)
    zone_mix = make_zone_mix(zones, random)
    daily_by_site = with_centres(share_by_site(products, zone_mix, sites, zones).mul(daily, axis=0), sites)
    stock, orders = make_stock(daily_by_site, products, sites["kind"], vendor_lead_days(sites), random)
    tables = {
        "products": products.reset_index(),
        "supply": make_supply(products, daily, random).reset_index(),
        "rates": make_rates(),
        "product_demand": make_demand(products, daily, random).reset_index(),
        "zone_mix": zone_mix.melt(var_name="zone", value_name="share", ignore_index=False).reset_index(),
        "speed_mix": make_speed_mix(same_day_site(sites, zones).index),
        "initial_stock": stock,
        "open_orders": orders,
    }
    for name, table in tables.items():
        table.to_csv(HERE / f"{name}.csv", index=False, lineterminator="\n")
    write_yaml(sites, daily_by_site, products)


def write_yaml(sites: pd.DataFrame, daily_by_site: pd.DataFrame, products: pd.DataFrame) -> None:
    """Fill the sites and the lanes into the template."""
    units = daily_by_site.groupby(products["storage_type"]).sum().T
    m3 = daily_by_site.mul(products["volume_m3"], axis=0).groupby(products["storage_type"]).sum().T
    of_each = products.groupby("storage_type")["volume_m3"].sum()
    text = Template((HERE / "template.yaml").read_text(encoding="utf-8"))
    filled = text.substitute(nodes=node_lines(sites, units, m3, of_each), lanes=lane_lines(sites, units))
    (HERE.parent / "us-retail.yaml").write_text(filled, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
