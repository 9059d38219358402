"""What moves on the map from period to period: flows on lanes, and how full each site runs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.wording import label, number, percent

RESOURCES = ("storage", "inbound", "outbound")


def lane_flows(use: pd.DataFrame) -> pd.DataFrame:
    """Return the mean flow on every lane.

    Parameters
    ----------
    use : DataFrame
        Columns period, place (``source→destination``), resource and mean, of one system; as in ``measures/use``.

    Returns
    -------
    DataFrame
        Columns source, destination, period, units_per_day; parallel lanes added up.
    """
    lanes = use[use["resource"] == "lane"]
    ends = lanes["place"].str.replace(r"#\d+$", "", regex=True).str.partition("→")
    flows = pd.DataFrame(
        {"source": ends[0], "destination": ends[2], "period": lanes["period"], "units_per_day": lanes["mean"]}
    )
    return flows.groupby(["source", "destination", "period"], sort=False)["units_per_day"].sum().reset_index()


def site_loads(usage: pd.DataFrame) -> pd.DataFrame:
    """Return how full each site runs: its fullest capacity in each period.

    Parameters
    ----------
    usage : DataFrame
        Columns resource, at, period, capacity, planned and mean (missing without a simulation: then as planned).

    Returns
    -------
    DataFrame
        Columns node, period, share (of the capacity) and resource; sites without a limit are left out.
    """
    limited = usage[usage["resource"].isin(RESOURCES) & np.isfinite(usage["capacity"]) & (usage["capacity"] > 0)]
    shares = limited.assign(share=limited["mean"].fillna(limited["planned"]) / limited["capacity"])
    fullest: pd.DataFrame = (
        shares.sort_values("share", ascending=False, kind="stable").drop_duplicates(["at", "period"]).sort_index()
    )
    return fullest.rename(columns={"at": "node"})[["node", "period", "share", "resource"]].reset_index(drop=True)


def traffic_rows(flows: pd.DataFrame | None, loads: pd.DataFrame, period_name: str) -> list[list[str]]:
    """Return a mean over all periods for every lane, and the fullest period of every site, as rows of text."""
    rows = [["site or lane", "units a day, mean", "fullest capacity", "use there", f"in {period_name}"]]
    for node, own in loads.groupby("node", sort=False):
        peak = own.nlargest(1, "share").to_dict("records")[0]
        rows.append([label(str(node)), "", str(peak["resource"]), percent(peak["share"]), str(peak["period"])])
    if flows is not None:
        means = flows.groupby(["source", "destination"], sort=False)["units_per_day"].mean().reset_index()
        for row in means.to_dict("records"):
            lane = f"{label(row['source'])} → {label(row['destination'])}"
            rows.append([lane, number(row["units_per_day"], 1), "", "", ""])
    return rows
