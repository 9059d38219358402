"""Systems compared in pairs agree with NumPy on the replications, and refuse what cannot be paired."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from test_cli_summary import result

from meio.comparison import COLUMNS, compare


def simulated(*totals: float, seed: int = 3):
    """A simulation with these total costs, as complete as a comparison needs it."""
    made = result(*totals, seed=seed)
    count = len(totals)
    service = pd.DataFrame(
        {
            "replication": np.repeat(np.arange(1, count + 1), 2),
            "speed": ["fast", "slow"] * count,
            "demand": [10, 20] * count,
            "filled": [9, 10] * count,
            "on_time": [8, 10] * count,
        }
    )
    network = made.network.assign(
        units_shipped=np.arange(count) + 5, packages=5, delivery_days_mean=1.0, distance_km_mean=10.0, local_share=1.0
    )
    return replace(made, service=service, network=network, currency="EUR")


def row(frame: pd.DataFrame, system: str, measure: str) -> pd.Series:
    return frame.set_index(["system", "measure"]).loc[(system, measure)]


def test_difference_is_a_paired_t_interval():
    old, new = [100.0, 120.0, 90.0, 140.0], [95.0, 118.0, 84.0, 133.0]
    found = row(compare({"old": simulated(*old), "new": simulated(*new)}), "new", "cost")
    paired = stats.ttest_rel(new, old).confidence_interval(0.95)
    assert found["mean"] == pytest.approx(np.mean(new))
    assert found["difference"] == pytest.approx(-5.0)
    assert (found["difference_low"], found["difference_high"]) == pytest.approx((paired.low, paired.high))
    assert found["unit"] == "EUR"


def test_first_system_is_the_base():
    frame = compare({"old": simulated(100.0, 120.0), "new": simulated(90.0, 115.0), "newer": simulated(80.0, 60.0)})
    assert list(frame.columns) == list(COLUMNS)
    assert frame["system"].unique().tolist() == ["old", "new", "newer"]
    assert (frame.query("system == 'old'")[["difference", "difference_low", "difference_high"]] == 0).all(axis=None)
    assert row(frame, "newer", "cost")["difference"] == pytest.approx(-40.0)


def test_rates_are_of_all_units():
    frame = compare({"old": simulated(100.0, 120.0), "new": simulated(90.0, 115.0)})
    assert row(frame, "old", "fill_rate")["mean"] == pytest.approx(19 / 30)
    assert row(frame, "old", "fill_rate:slow")["mean"] == pytest.approx(0.5)
    assert row(frame, "old", "outbound_cost_per_unit")["mean"] == pytest.approx(20 / 11)
    assert row(frame, "old", "outbound_cost_per_unit")["unit"] == "EUR/unit"


@pytest.mark.parametrize(
    ("systems", "message"),
    [
        ({"old": simulated(1.0, 2.0)}, "found 1 system, expected two or more"),
        ({"old": simulated(1.0, 2.0), "new": simulated(1.0, 2.0, seed=4)}, "new 2 replications of seed 4"),
        ({"old": simulated(1.0, 2.0), "new": simulated(1.0, 2.0, 3.0)}, "new 3 replications of seed 3"),
    ],
)
def test_what_cannot_be_paired_is_refused(systems, message: str):
    with pytest.raises(ValueError, match=message):
        compare(systems)
