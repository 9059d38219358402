"""What less and more of a capacity change where targets stay, and worths held to it."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from meio.network.compiled import CompiledScenario
from meio.plans import Plan
from meio.sensitivities.capacity import Capacity, scaled
from meio.sensitivities.check import Terms
from meio.sensitivities.worth import PLACE, ranked
from meio.simulation.engine import simulate
from meio.simulation.statistics import Estimate, mean_ci95

OTHER_ORDERS = 2**60  # seed of the orders, from the check's: no figure is held against the orders it was made on
_SEEDS = 2**63
_WORTHS = ["worth_of_one", "worth_of_share"]


def held(
    table: pd.DataFrame,
    compiled: CompiledScenario,
    plan: Plan,
    count: int,
    terms: Terms,
    progress: Callable[[int], None],
) -> pd.DataFrame:
    """Hold the worths of the most valuable capacities to the change of simulated cost with targets kept.

    With less of a capacity, adapting targets until they fit costs what its price says, and keeping them costs what
    simulation says. A planner may do either, so the least loss is at most either. Capacities are tried by falling
    price until no other can be among the `count` most valuable.

    Parameters
    ----------
    table : DataFrame
        As `meio.sensitivities.worth.worth_table` makes it, with its ``share``.
    progress : callable
        Called with the number of capacities tried, after each.

    Returns
    -------
    DataFrame
        Ranked anew, with columns more: ``by_price``, price × change (money; rows of the whole horizon), ``kept`` with
        ``…_low`` and ``…_high`` (`kept_change`; missing: not tried). Where all of the interval lies below `by_price`,
        worths are its upper end, those of each period less in proportion.
    """
    whole = table[table["period"].isna()]
    tried: dict[Capacity, Estimate] = {}
    worths: list[float] = []
    for *place, by_price, share in whole[[*PLACE, "worth_of_share", "share"]].itertuples(index=False):
        if not by_price > 0.0 or len([worth for worth in worths if worth >= by_price]) >= count:
            break
        capacity = Capacity(*place)
        tried[capacity] = kept_change(compiled, plan, capacity, share, terms)
        worths.append(_worth(by_price, tried[capacity]))
        progress(len(tried))
    return _held(table, tried)


def kept_change(compiled: CompiledScenario, plan: Plan, capacity: Capacity, share: float, terms: Terms) -> Estimate:
    """Half the difference of simulated cost between a share less and more, the plan as it is, money, 95% interval."""
    less, more = (
        simulate(
            scaled(compiled, capacity, factor),
            plan,
            replications=terms.replications,
            seed=(terms.seed + OTHER_ORDERS) % _SEEDS,
            policy=terms.policy,
            workers=terms.workers,
        ).cost["total"]
        for factor in (1.0 - share, 1.0 + share)
    )
    return mean_ci95(0.5 * (less - more))


def _worth(by_price: float, kept: Estimate) -> float:
    return max(0.0, min(by_price, kept[2]))


def _held(table: pd.DataFrame, tried: dict[Capacity, Estimate]) -> pd.DataFrame:
    whole, columns = table["period"].isna(), ["kept", "kept_low", "kept_high"]
    found = pd.DataFrame([(*place, *kept) for place, kept in tried.items()], columns=[*PLACE, *columns])
    after = table.assign(by_price=table["worth_of_share"].where(whole)).merge(found, on=PLACE, how="left")
    part = pd.Series(1.0, index=after.index)
    for place, kept in tried.items():
        of_it = (after[PLACE] == list(place)).all(axis=1)
        by_price = float(after.loc[of_it, "by_price"].max())
        part[of_it] = _worth(by_price, kept) / by_price
    after[_WORTHS] = after[_WORTHS].mul(part, axis=0)
    after.loc[after["period"].notna(), columns] = float("nan")
    return ranked(after)
