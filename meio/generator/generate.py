"""Make a scenario of any size: its YAML file, and its tables beside it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template

import numpy as np
import pandas as pd

from meio.folder import FACTS, files_in, replaced
from meio.generator.assortment import ROW_GROUP
from meio.generator.flows import Flows
from meio.generator.mixes import make_rates, make_speed_mix, make_zone_mix
from meio.generator.network import UNEVENNESS, lane_lines, node_lines
from meio.generator.places import read_places
from meio.generator.sites import FEWEST_SITES, lay_out, of_kind, same_day_site, share_by_site
from meio.generator.tables import write_product_tables

SCENARIO = "scenario.yaml"
HORIZON_ENDS = date(2026, 12, 28)
LARGE = 20_000  # products; beyond, sampled refinement takes too long
MOST_PRODUCTS = 999_999_999  # as many as names of one length


def generate(
    folder: str | Path,
    *,
    products: int = 10_000,
    nodes: int = 20,
    zones: int = 20,
    periods: int = 13,
    seed: int = 0,
    tightness: float = 1.0,
) -> Path:
    """Make a scenario for tests of scale: a retailer with a long-tailed catalogue, through its peak.

    Four products in five are slow movers; groups of products have their own sizes, prices, mixes of zones and speeds
    and storage types; vendors' lead times are random; capacities follow from the demand. The tables with rows for
    each product are Parquet and written as they are drawn: memory does not grow with the catalogue. The same arguments
    give the same files, byte for byte, and of two catalogues of the same seed one begins as the other.

    Parameters
    ----------
    folder : str or Path
        Folder to write; an earlier output there is replaced.
    products : int
        Products of the catalogue.
    nodes : int
        Stocking sites, at least 3: distribution centres, fulfilment centres for sortable and for other goods, same-day
        sites. Six vendors come besides.
    zones : int
        Metropolitan zones of customers, the largest ones.
    periods : int
        Weeks; the peak lies in the last of them.
    seed : int
        Of everything that is drawn.
    tightness : float
        Divides all capacities: 1 lets some bind in the peak, more lets more.

    Returns
    -------
    Path
        The scenario file.

    Raises
    ------
    ValueError
        When a number is out of its range.
    OutputError
        When the folder holds what meio did not write, or cannot be written.
    """
    places = read_places()
    num_sites = len(places)
    _check("products", products, 1, MOST_PRODUCTS)
    _check("nodes", nodes, FEWEST_SITES, num_sites)
    _check("zones", zones, 1, len(places))
    _check("periods", periods, 1, 520)
    _check("seed", seed, 0, 2**63)
    _check("tightness", tightness, 0.01, 100.0)
    asked = {"products": products, "nodes": nodes, "zones": zones, "periods": periods, "seed": seed}
    asked |= {"tightness": tightness}
    with replaced(Path(folder)) as draft:
        flows = write_product_tables(draft, products, periods, seed)
        _write_network(draft, places, flows, asked)
        facts = {"generated": asked, "files": sorted([*files_in(draft), FACTS])}
        (draft / FACTS).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return Path(folder) / SCENARIO


def _check(name: str, value: float, least: float, most: float) -> None:
    if not least <= value <= most:
        raise ValueError(f"{name}: found {value:g}, expected a number from {least:g} to {most:,.10g}")


def _write_network(folder: Path, places: pd.DataFrame, flows: Flows, asked: dict[str, float]) -> None:
    """Write the small tables and the scenario file."""
    seed, nodes, num_zones = int(asked["seed"]), int(asked["nodes"]), int(asked["zones"])
    zones = places.iloc[:num_zones].rename_axis("zone")
    zone_mix = make_zone_mix(zones, seed)
    sites = lay_out(nodes, zones, places)
    tables = {
        "zones": zones.reset_index(),
        "rates": make_rates(),
        "zone_mix": zone_mix.melt(var_name="zone", value_name="share", ignore_index=False).reset_index(),
        "speed_mix": make_speed_mix(same_day_site(sites, zones).index),
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    shares = share_by_site(zone_mix, sites, zones)
    uneven = np.random.default_rng([seed, 3]).uniform(*UNEVENNESS, len(sites))
    slack = pd.Series(uneven / asked["tightness"], sites.index)
    text = _filled(asked, sites, node_lines(sites, shares, flows, int(asked["periods"]), slack))
    (folder / SCENARIO).write_text(text, encoding="utf-8", newline="\n")


def _filled(asked: dict[str, float], sites: pd.DataFrame, nodes: str) -> str:
    """Fill the template."""
    template = Template(files("meio.generator").joinpath("template.yaml").read_text(encoding="utf-8"))
    products, periods = int(asked["products"]), int(asked["periods"])
    planning = "planning: {max_iterations: 30, target_gap: 5e-3}"
    if products > LARGE:
        planning = (
            "planning:\n  max_iterations: 30\n  target_gap: 5e-3\n"
            "  refinement_rounds: 0 # moving single targets on sampled paths would take longer than all the rest"
        )
    return template.substitute(
        command="meio generate " + " ".join(f"--{name} {value}" for name, value in asked.items()) + " -o DIR",
        name=f"generated-{products}x{asked['nodes']}",
        products=f"{products:,}",
        nodes=asked["nodes"],
        zones=asked["zones"],
        periods=periods,
        start=HORIZON_ENDS - timedelta(weeks=periods),
        node_lines=nodes,
        lane_lines=lane_lines(sites),
        same_day_sites=", ".join(of_kind(sites, "same_day_site").index),
        fulfilment_centres=", ".join(of_kind(sites, "fulfilment_centre").index),
        row_group=f"{ROW_GROUP:,}",
        planning=planning,
    )
