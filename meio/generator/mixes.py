"""How demand falls on zones and speeds, and what a package costs."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.generator.groups import GROUPS

WEIGHT_LIMITS_KG = [0.25, 0.5, 1, 2, 5, 10, 20, 40]
RATES = {  # money per package: at the start, by band, per kg, per kg and band
    "courier": (6.2, 0.0, 0.55, 0.0),
    "ground": (3.7, 0.35, 0.22, 0.11),
    "air": (8.4, 1.30, 0.60, 0.30),
}
BANDS = {"courier": 1, "ground": 6, "air": 6}


def make_zone_mix(zones: pd.DataFrame, seed: int) -> pd.DataFrame:
    """Share of a group's demand, a row a group and a column a zone: population, and a taste that leans one way."""
    random = np.random.default_rng([seed, 2])
    position = zones[["lat", "lon"]].to_numpy()
    position = (position - position.mean(axis=0)) / position.std(axis=0).clip(min=1.0)
    lean = random.normal(0, 0.12, (len(GROUPS), 2)) @ position.T
    weight = zones["population"].to_numpy() * np.exp(lean + random.normal(0, 0.05, lean.shape))
    shares = (weight / weight.sum(axis=1, keepdims=True)).round(6)
    shares[:, 0] += 1 - shares.sum(axis=1)
    return pd.DataFrame(shares.round(6), pd.Index(list(GROUPS), name="group"), zones.index)


def make_speed_mix(same_day_zones: pd.Index) -> pd.DataFrame:
    """Share of a group's demand in a zone by speed; zone `*` is every zone where same-day delivery is not offered."""
    rows = []
    for name, group in GROUPS.items():
        for zone in ["*", *(same_day_zones if group.same_day else [])]:
            same_day = 0.0 if zone == "*" else group.same_day
            standard = round(1 - same_day - group.two_day, 3)
            shares = {"same_day": same_day, "two_day": group.two_day, "standard": standard}
            rows += [(name, zone, speed, share) for speed, share in shares.items() if share]
    return pd.DataFrame(rows, columns=["group", "zone", "speed", "share"])


def make_rates() -> pd.DataFrame:
    """Rate card: a straight line in weight and distance band, rounded to five cents."""
    rows = []
    for service, (start, by_band, by_kg, by_kg_band) in RATES.items():
        for band in range(1, BANDS[service] + 1):
            for limit in WEIGHT_LIMITS_KG:
                cost = start + by_band * band + limit * (by_kg + by_kg_band * band)
                rows.append((service, band, limit, round(20 * cost) / 20))
    return pd.DataFrame(rows, columns=["service", "band", "max_weight_kg", "cost"])
