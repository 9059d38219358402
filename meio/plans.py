"""The result of planning: targets, lanes and prices; saved, loaded, read as data frames."""

from __future__ import annotations

import json
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple

import numpy as np
import pandas as pd

from meio.network.compiled import CompiledScenario, Floats, Ints
from meio.plan_reading import read_prices, read_targets
from meio.views import card, line
from meio.wording import number, percent

_SCALARS = (
    "name",
    "lower_bound",
    "bound_kind",
    "planned_cost",
    "dual_gap",
    "capacity_violation_max",
    "iterations",
    "seconds",
    "dual_value",
)


@dataclass(frozen=True, eq=False)
class CapacityPrices:
    """Money per unit of capacity and day; the same shapes hold use and capacity.

    Attributes
    ----------
    storage : array [node, storage type, period]
        Per m³ and day.
    inbound, outbound : array [node, period]
        Per unit received, or shipped.
    lane : array [lane, period]
        Per unit shipped on the lane.
    """

    storage: Floats
    inbound: Floats
    outbound: Floats
    lane: Floats


class Refinement(NamedTuple):
    """What improving targets on sampled paths did."""

    products: int
    """Products whose targets moved; 0: the plan was not refined."""
    saved: float
    """Cost that it saved on further paths, on which nothing is full, money over the horizon; in the last full plan."""
    prices: CapacityPrices
    """Of capacities, on the paths: those at which the refined targets are best."""
    shift: Floats
    """[product, node, period]: units that it added to the targets"""


@dataclass(frozen=True, eq=False)
class Plan:
    """Inventory targets and capacity prices for one compiled scenario.

    Attributes
    ----------
    name : str
        What made it: ``plan``, or a baseline's name.
    targets : array of float [product, node, period]
        Order-up-to level of the inventory position, units (whole for count demand).
    lane_idx : array of int [product, node]
        Lane the node orders the product on; -1: the node does not stock it.
    unit_value : array [product, node, period]
        What taking one unit from the node costs the network beyond shipping, for the `priced` assignment, money.
    prices, use : CapacityPrices
        Price paid and expected use of every shared capacity.
    lower_bound : float
        Expected simulated cost that no policy undercuts, money over the horizon; NaN when none is claimed.
    bound_kind : {"valid", "statistical", "none"}
        Whether no policy can cost less than `lower_bound`, probably not, or whether that is not claimed.
    bound_conditions : tuple of str
        What the bound rests on, what weakens it, or why none is claimed; a sentence each.
    dual_value : float
        Best dual value of the planning model, money over the horizon: not a bound on the simulated cost.
    planned_cost : float
        Expected cost of these targets in the planning model, money over the horizon.
    dual_gap : float
        Planned cost and `dual_value` apart, relative to the planned cost: how well the prices fit the plan.
    capacity_violation_max : float
        Largest relative excess of expected use over a capacity.
    convergence : data frame
        One row an evaluation of the dual: iteration, dual_value, planned_cost, dual_gap, violation.
    recovery : data frame
        One row a step from prices to targets: step, cost_before and cost_after (money, in the planning model),
        violation_before and violation_after (largest relative excess over a capacity), seconds.
    refinement : Refinement, optional
        What was improved on sampled paths, if anything. Then `targets`, `unit_value`, `use` and
        `capacity_violation_max` are those after it (an excess that the plan had there before, or that chance explains,
        does not count), and `planned_cost` that before.
    currency : str
        Label of money in the scenario.
    """

    name: str
    targets: Floats = field(repr=False)
    lane_idx: Ints = field(repr=False)
    unit_value: Floats = field(repr=False)
    prices: CapacityPrices = field(repr=False)
    use: CapacityPrices = field(repr=False)
    lower_bound: float
    bound_kind: Literal["valid", "statistical", "none"]
    planned_cost: float
    dual_gap: float
    capacity_violation_max: float
    iterations: int
    seconds: float
    convergence: pd.DataFrame = field(repr=False)
    recovery: pd.DataFrame = field(repr=False)
    dual_value: float = math.nan
    bound_conditions: tuple[str, ...] = ()
    refinement: Refinement | None = None
    currency: str = ""

    def __repr__(self) -> str:
        return line(f"Plan '{self.name}'", figures(self))

    def _repr_html_(self) -> str:
        return card(f"Plan '{self.name}'", figures(self))

    def save(self, folder: Path, compiled: CompiledScenario) -> None:
        """Write the plan into an existing folder: four Parquet tables and ``plan.json``.

        Raises
        ------
        OSError
            When the folder cannot be written.
        """
        targets_frame(self, compiled).to_parquet(folder / "targets.parquet", index=False)
        self.save_sums(folder, compiled)

    def save_sums(self, folder: Path, compiled: CompiledScenario) -> None:
        """Write what is not by product: all that `save` writes but ``targets.parquet``."""
        prices_frame(self, compiled).to_parquet(folder / "prices.parquet", index=False)
        self.convergence.to_parquet(folder / "convergence.parquet", index=False)
        self.recovery.to_parquet(folder / "recovery.parquet", index=False)
        scalars = {name: getattr(self, name) for name in (*_SCALARS, "bound_conditions")}
        if math.isnan(self.lower_bound):
            scalars["lower_bound"] = None  # JSON has no NaN
        refinement = self.refinement
        scalars["refinement"] = {"products": refinement.products, "saved": refinement.saved} if refinement else None
        (folder / "plan.json").write_text(json.dumps(scalars, indent=2) + "\n", "utf-8")


def load_plan(folder: Path, compiled: CompiledScenario, targets: Path | None = None) -> Plan:
    """Read a plan that `Plan.save` wrote for the same scenario; its products' targets may lie in a file of their own.

    Raises
    ------
    OSError, ValueError, KeyError
        When a file is missing, damaged, or names what the scenario does not have.
    """
    scalars: dict[str, Any] = json.loads((folder / "plan.json").read_text("utf-8"))
    if scalars["lower_bound"] is None:
        scalars["lower_bound"] = math.nan
    levels, shift, lane_idx, unit_value = read_targets(pd.read_parquet(targets or folder / "targets.parquet"), compiled)
    by_kind = read_prices(pd.read_parquet(folder / "prices.parquet"), compiled)
    prices, refined, use = (CapacityPrices(**arrays) for arrays in by_kind)
    convergence = pd.read_parquet(folder / "convergence.parquet")
    recovery = pd.read_parquet(folder / "recovery.parquet")
    return Plan(
        targets=levels,
        lane_idx=lane_idx,
        unit_value=unit_value,
        prices=prices,
        use=use,
        convergence=convergence,
        recovery=recovery,
        bound_conditions=tuple(scalars["bound_conditions"]),
        refinement=Refinement(**scalars["refinement"], prices=refined, shift=shift) if scalars["refinement"] else None,
        currency=compiled.currency,
        **{name: scalars[name] for name in _SCALARS},
    )


def figures(plan: Plan) -> list[tuple[str, str]]:
    """What a person wants to know first about a plan, by name, with units."""
    stocked, money = int((plan.lane_idx >= 0).sum()), plan.currency
    bound = "" if plan.bound_kind == "none" else f"{number(plan.lower_bound)} {money} "
    return [
        ("planned cost", f"{number(plan.planned_cost)} {money}".strip()),
        ("lower bound", f"{bound}({plan.bound_kind})"),
        ("dual gap", percent(plan.dual_gap, 3)),
        ("targets", f"{stocked:,} product-sites, {plan.targets.shape[2]:,} periods"),
        ("over capacity", f"{percent(plan.capacity_violation_max, 2)} at most"),
        ("refined products", f"{plan.refinement.products if plan.refinement else 0:,}"),
    ]


def targets_frame(plan: Plan, compiled: CompiledScenario) -> pd.DataFrame:
    """Targets of every product at every node that stocks it.

    Returns
    -------
    DataFrame
        Columns product, node, period (from 1), target (units), shift (units of it that refinement on sampled paths
        added), lane, unit_value (money).
    """
    shift = plan.refinement.shift if plan.refinement else np.zeros_like(plan.targets)
    product, node = np.nonzero(plan.lane_idx >= 0)
    num_periods = plan.targets.shape[2]
    names = compiled.names
    return pd.DataFrame(
        {
            "product": _named(names.products, product, num_periods),
            "node": _named(names.nodes, node, num_periods),
            "period": np.tile(np.arange(1, num_periods + 1), len(product)),
            "target": plan.targets[product, node].ravel(),
            "shift": shift[product, node].ravel(),
            "lane": _named(names.lanes, plan.lane_idx[product, node], num_periods),
            "unit_value": plan.unit_value[product, node].ravel(),
        }
    )


def prices_frame(plan: Plan, compiled: CompiledScenario) -> pd.DataFrame:
    """Price, expected use and capacity of every limited capacity.

    Returns
    -------
    DataFrame
        Columns resource (storage, inbound, outbound or lane), at (node or lane), storage_type (empty but for storage),
        period (from 1), price (money per m³ and day, or per unit), refined_price (the same on sampled paths; NaN: not
        refined), use, capacity (m³, or units per day).
    """
    names, nodes, lanes = compiled.names, compiled.nodes, compiled.lanes
    refined = plan.refinement.prices if plan.refinement else _unknown(plan.prices)
    kinds = (plan.prices, refined, plan.use)
    parts = [
        _price_rows("storage", names.nodes, storage_type, [part.storage[:, index] for part in kinds], limit)
        for index, storage_type in enumerate(names.storage_types)
        for limit in [np.where(nodes.stocks_type[:, index, None], nodes.storage_m3[:, index], np.inf)]
    ]
    parts += [
        _price_rows(kind, at, "", [getattr(part, kind) for part in kinds], limit)
        for kind, at, limit in [
            ("inbound", names.nodes, nodes.inbound_units_per_day),
            ("outbound", names.nodes, nodes.outbound_units_per_day),
            ("lane", names.lanes, lanes.capacity_units_per_day),
        ]
    ]
    return pd.concat(parts, ignore_index=True)


def _unknown(like: CapacityPrices) -> CapacityPrices:
    return CapacityPrices(**{kind: np.full_like(part, np.nan) for kind, part in vars(like).items()})


def _price_rows(
    resource: str, at: tuple[str, ...], storage_type: str, figures: list[Floats], capacity: Floats
) -> pd.DataFrame:
    """Rows of one resource whose capacity is limited, from arrays [place, period]: price, refined price and use."""
    place, period = np.nonzero(np.isfinite(capacity))
    cell = (place, period)
    price, refined, use = figures
    return pd.DataFrame(
        {
            "resource": resource,
            "at": pd.Series(np.array(at, dtype=object)[place], dtype="str"),
            "storage_type": storage_type,
            "period": period + 1,
            "price": price[cell],
            "refined_price": refined[cell],
            "use": use[cell],
            "capacity": capacity[cell],
        }
    )


def _named(names: tuple[str, ...], index: Ints, repeats: int) -> pd.Categorical[str]:
    return pd.Categorical.from_codes(np.repeat(index, repeats), categories=pd.Index(names))
