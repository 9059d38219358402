"""What the levels of one product and period cost and use of the shared capacity, added to the sums of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from meio.network.compiled import Floats, Ints
from meio.network.jit import borrowing_kernel
from meio.optimizer.cluster_kernels import Classes
from meio.optimizer.demand_kernels import shifted
from meio.optimizer.model import PlanningModel
from meio.optimizer.node_kernels import level_response
from meio.optimizer.product_kernels import Workspace, on_hand_days
from meio.optimizer.subproblem_kernels import Tables

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Aggregates, Decisions


@borrowing_kernel
def add_nodes(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    given: bool,
    work: Workspace,
    decisions: Decisions,
    totals: Aggregates,
) -> float:
    """Keep the levels of the nodes that serve customers, add what they use; return what their stock costs per day."""
    cost, period_days = 0.0, model.period_days
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    lead_days, review_days, sources = model.lead_days, model.review_days, model.lane_source_idx
    holding, consumed = work.holding, work.consumed
    for node in range(lane.size):
        charge, source = work.charge[node], work.region[node]
        if charge == np.inf:
            continue
        level, served = work.levels[node], work.served[node]
        cost += (charge + (holding[source, period] if source != node else 0.0)) * level
        totals.paid[period] += (work.fall[node] * level + work.paid[node] * served) * period_days
        if not given:
            decisions.level[product, node, period] = level
        decisions.worth[product, node, period] = work.worth[node]
        shelf = max(0.0, level - on_hand_days(lead_days[lane[node]], review_days[lane[node]]) * served)
        totals.storage[node, storage_type, period] += volume * shelf
        totals.customers[node, period] += served
        taken_from = node
        while taken_from < lane.size:
            consumed[taken_from, period] += served
            taken_from = sources[lane[taken_from]]
    return cost


@borrowing_kernel
def add_responses(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    step: float,
    classes: Classes,
    tables: Tables,
    work: Workspace,
    totals: Aggregates,
) -> None:
    """Add how the nodes' stock and flow fall when their prices rise: the dual's curvature."""
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    sizes, gains, region, lattice = tables.size, tables.gain, work.region, work.lattice
    window_mean, lead_mean, spill_cost = classes.window_mean, classes.lead_mean, classes.spill_cost
    for node in range(lane.size):
        charge, rate = work.charge[node], classes.rate[node]
        if charge == np.inf:
            continue
        response = level_response(sizes, gains, region, lattice, charge, step, node)
        totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
        totals.response_volume[lane[node], storage_type, period] += volume * response
        ahead = model.period_days * rate  # what a rising inbound price may pull forward at once
        totals.response_units[lane[node], period] += max(response, ahead / max(charge, 1e-9))
        cycle, gap = 0.0, 0.0
        for speed in range(model.num_speeds):
            units = window_mean[node, speed] - lead_mean[node, speed]
            cycle += units
            gap += spill_cost[node, speed] * units
        if cycle > 0.0:
            totals.response_flow[node, period] += rate / max(2.0 * gap / cycle, 1e-6)


@borrowing_kernel
def add_layers(
    model: PlanningModel,
    product: int,
    period: int,
    lane: Ints,
    given: bool,
    work: Workspace,
    decisions: Decisions,
    totals: Aggregates,
) -> float:
    """Keep the levels of upstream nodes, add what they use; return what their stock costs per day."""
    cost, layers = 0.0, work.layers
    storage_type, volume = model.storage_type_idx[product], model.volume_m3[product]
    for node in range(lane.size):
        if not work.is_upstream[node]:
            continue
        holding, fall = work.holding[node, period], work.fall[node]
        level, unallocated = layers.level[node], layers.unallocated[node]
        cost += layers.short[node] + holding * unallocated + fall * level
        totals.paid[period] += fall * level * model.period_days
        serves = work.charge[node] < np.inf
        own = work.levels[node] if serves else 0.0
        if not given:
            decisions.level[product, node, period] = own + level
        share = own / max(own + level, 1e-12)
        own_worth = work.worth[node] if serves else 0.0
        decisions.worth[product, node, period] = share * own_worth + (1.0 - share) * layers.worth[node]
        totals.storage[node, storage_type, period] += volume * unallocated
        response = np.sqrt(max(level, 1.0)) / max(holding, 1e-9)
        totals.response_volume2[lane[node], storage_type, period] += volume * volume * response
        totals.response_flow[node, period] += layers.passed[node]
    return cost


@borrowing_kernel
def add_replenishment(
    model: PlanningModel, product: int, lane: Ints, consumed: Floats, levels: Floats, given: bool, totals: Aggregates
) -> None:
    """Add what arrives on each lane: what was consumed one lead time ago, and what raises or lowers the level.

    Levels that are chosen may fall at once, which keeps use linear in them. Those that are followed fall no faster
    than demand takes them, and what is left of them is stored.
    """
    kind, volume, period_days = model.storage_type_idx[product], model.volume_m3[product], model.period_days
    for node in range(lane.size):
        if lane[node] < 0:
            continue
        lead = model.lead_days[lane[node]] / period_days
        position = levels[node, 0]
        for period in range(model.num_periods):
            taken, level = shifted(consumed[node], period - lead), levels[node, period]
            left = position - taken * period_days
            position = max(level, left) if given and period > 0 else level
            totals.lane[lane[node], period] += taken if period == 0 else (position - left) / period_days
            totals.carried[node, kind, period] += volume * (position - level)
