"""How customer packages travelled: packages per order, from how far, and at what cost."""

from __future__ import annotations

import math

import pandas as pd

from meio.wording import label


def shipping_table(network: pd.DataFrame, bands: pd.DataFrame, currency: str) -> list[list[str]]:
    """Return the shipping measures of each system as rows of text, the heading first, means over the replications.

    Parameters
    ----------
    network : DataFrame
        Columns system, packages_per_order, cost_per_unit, local_share and distance_km_mean.
    bands : DataFrame
        Columns system, up_to_km and share (of the units shipped), one row a replication and distance band.
    currency : str
        For the units.
    """
    means = network.groupby("system", sort=False)[
        ["packages_per_order", "cost_per_unit", "local_share", "distance_km_mean"]
    ].mean()
    shares = bands.pivot_table("share", "up_to_km", "system")[means.index]
    return [
        ["", *map(label, means.index)],
        ["packages per order", *(f"{value:.2f}" for value in means["packages_per_order"])],
        [f"total cost per unit shipped, {currency}", *(f"{value:,.2f}" for value in means["cost_per_unit"])],
        ["units from the site nearest to the customer", *(f"{value:.1%}" for value in means["local_share"])],
        ["mean distance of a unit, km", *(f"{value:,.0f}" for value in means["distance_km_mean"])],
        *(
            [f"units of the band up to {up_to_km:,.0f} km", *(f"{share:.1%}" for share in row)]
            for up_to_km, row in zip(shares.index, shares.to_numpy(), strict=True)
            if math.isfinite(up_to_km)
        ),
    ]
