"""Make a scenario of any size: its YAML file, and its tables beside it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import NamedTuple

import numpy as np
import pandas as pd

from meio.folder import FACTS, GENERATED, files_in, replaced
from meio.generator.assortment import ROW_GROUP
from meio.generator.flows import Flows
from meio.generator.mixes import make_rates, make_speed_mix, make_zone_mix
from meio.generator.network import UNEVENNESS, lane_lines, node_lines
from meio.generator.places import read_places
from meio.generator.sites import FEWEST_SITES, lay_out, of_kind, same_day_site, share_by_site
from meio.generator.tables import write_product_tables

SCENARIO = "scenario.yaml"
HORIZON_ENDS = date(2026, 12, 28)
LARGE = 20_000  # products; beyond, refinement takes longer than all the rest
PLANNING = """planning:
  max_iterations: 30
  target_gap: 5e-3"""
NOT_REFINED = """
  refinement_rounds: 0 # moving single targets on sampled paths would take longer than all the rest"""
MOST_PLACES = 100
RANGES = {
    "products": (1, 999_999_999),  # as many as names of one length
    "nodes": (FEWEST_SITES, MOST_PLACES),
    "zones": (1, MOST_PLACES),
    "periods": (1, 520),
    "seed": (0, 2**63),
    "tightness": (0.01, 100),
}


class RequestError(ValueError):
    """A number that is out of its range."""


class Request(NamedTuple):
    """What was asked for, as `generate` says."""

    products: int
    nodes: int
    zones: int
    periods: int
    seed: int
    tightness: float


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
        Folder to write; an earlier generated scenario there is replaced.
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
    RequestError
        When a number is out of its range.
    OutputError
        When the folder holds anything but a generated scenario, or cannot be written.
    """
    asked = Request(products, nodes, zones, periods, seed, tightness)
    _check(asked)
    with replaced(Path(folder), kind=GENERATED) as draft:
        flows = write_product_tables(draft, products, periods, seed)
        _write_network(draft, flows, asked)
        facts = {GENERATED: asked._asdict(), "files": sorted([*files_in(draft), FACTS])}
        (draft / FACTS).write_text(json.dumps(facts, indent=2) + "\n", "utf-8")
    return Path(folder) / SCENARIO


def _check(asked: Request) -> None:
    for name, value in asked._asdict().items():
        least, most = RANGES[name]
        if not least <= value <= most:
            raise RequestError(f"{name}: found {value:g}, expected a number from {least:g} to {most:,}")


def _write_network(folder: Path, flows: Flows, asked: Request) -> None:
    """Write the small tables and the scenario file."""
    places = read_places()
    zones = places.iloc[: asked.zones].rename_axis("zone")
    zone_mix = make_zone_mix(zones, asked.seed)
    sites = lay_out(asked.nodes, zones, places)
    speed_mix = make_speed_mix(same_day_site(sites, zones).index)
    sold = flows.frame().query("units > 0").index
    tables = {
        "zones": zones.reset_index(),
        "rates": make_rates(),
        "zone_mix": zone_mix.loc[sold].melt(var_name="zone", value_name="share", ignore_index=False).reset_index(),
        "speed_mix": speed_mix[speed_mix["group"].isin(sold)],
    }
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.csv", index=False, lineterminator="\n")
    shares = share_by_site(zone_mix, sites, zones)
    uneven = np.random.default_rng([asked.seed, 3]).permutation(np.linspace(*UNEVENNESS, len(sites)))
    slack = pd.Series(uneven / asked.tightness, sites.index)
    text = _filled(asked, sites, node_lines(sites, shares, flows, asked.periods, slack))
    (folder / SCENARIO).write_text(text, encoding="utf-8", newline="\n")


def _filled(asked: Request, sites: pd.DataFrame, nodes: str) -> str:
    """Fill the template."""
    template = Template(files("meio.generator").joinpath("template.yaml").read_text(encoding="utf-8"))
    return template.substitute(
        command="meio generate " + " ".join(f"--{name} {value}" for name, value in asked._asdict().items()) + " -o DIR",
        name=f"generated-{asked.products}x{asked.nodes}",
        products=f"{asked.products:,}",
        nodes=asked.nodes,
        zones=asked.zones,
        periods=asked.periods,
        start=HORIZON_ENDS - timedelta(weeks=asked.periods),
        node_lines=nodes,
        lane_lines=lane_lines(sites),
        same_day_sites=", ".join(of_kind(sites, "same_day_site").index),
        fulfilment_centres=", ".join(of_kind(sites, "fulfilment_centre").index),
        row_group=f"{ROW_GROUP:,}",
        planning=PLANNING + NOT_REFINED * (asked.products > LARGE),
    )
