"""The extensive form of the sampled model as a Pyomo program, money a day."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from pyomo.core.expr.numeric_expr import LinearExpression
from pyomo.environ import ConcreteModel, Constraint, NonNegativeReals, Objective, RangeSet, Var

from meio.network.compiled import Floats, Ints
from meio.optimizer.sampled import SampledModel


class _Shipments(NamedTuple):
    """One entry a shipment variable: a sample's demand of a class, served from a node."""

    cell: Ints
    """Product, node and period as one number."""
    supply: Ints
    """Cell and sample as one number."""
    demand: Ints
    """Product, period, sample and class as one number."""
    share: Floats
    """What a unit in this sample adds to the mean flow a day."""
    saving: Floats
    """What a unit in this sample saves against leaving it unserved, money a day."""


def extensive_program(model: SampledModel) -> ConcreteModel:
    """Variables `level`, `flow` (both by cell) and `shipment`; rows `supply`, `demand`, `ships` and `capacity`.

    Shipments that cost more than not serving are left out: no price can make them pay.
    """
    ship = _shipments(model)
    num_cells = int(np.prod(model.cells))
    most = _largest_levels(model)
    program = ConcreteModel()
    program.level = Var(RangeSet(0, num_cells - 1), bounds=lambda _, cell: (0.0, most[cell]))
    program.flow = Var(RangeSet(0, num_cells - 1), domain=NonNegativeReals)
    program.shipment = Var(RangeSet(0, len(ship.cell) - 1), domain=NonNegativeReals)
    level, flow, shipment = (list(part.values()) for part in (program.level, program.flow, program.shipment))
    holding = np.repeat(model.holding_per_day.ravel(), model.cells[2])
    program.cost = Objective(expr=_linear([*holding, *-ship.saving], [*level, *shipment]))
    _add_shipping_rows(program, model, ship, level, flow, shipment)
    shared = model.shared
    program.capacity = Constraint(
        RangeSet(0, len(shared.limit) - 1),
        rule=lambda _, row: (
            None,
            _linear(
                [*shared.level_use[[row]].data, *shared.flow_use[[row]].data],
                [level[cell] for cell in shared.level_use[[row]].indices]
                + [flow[cell] for cell in shared.flow_use[[row]].indices],
            ),
            shared.limit[row],
        ),
    )
    return program


def _add_shipping_rows(
    program: ConcreteModel,
    model: SampledModel,
    ship: _Shipments,
    level: list[Any],
    flow: list[Any],
    shipment: list[Any],
) -> None:
    """In each sample no node ships more than its level makes available, no class gets more than it asks for."""
    turns = np.repeat(model.turns.ravel(), model.cells[2])
    num_samples, asked = model.demand.shape[2], model.demand.ravel()
    supplied, demanded, ships = _Groups(ship.supply), _Groups(ship.demand), _Groups(ship.cell)

    def supply_row(_: Any, row: int) -> Any:
        entries, cell = supplied.entries(row), supplied.key[row] // num_samples
        shipped = [shipment[entry] for entry in entries]
        return None, _linear([*np.ones(len(entries)), -turns[cell]], [*shipped, level[cell]]), 0.0

    def demand_row(_: Any, row: int) -> Any:
        entries = demanded.entries(row)
        served = [shipment[entry] for entry in entries]
        return None, _linear(np.ones(len(entries)), served), float(asked[demanded.key[row]])

    def ships_row(_: Any, row: int) -> Any:
        entries = ships.entries(row)
        shipped = [shipment[entry] for entry in entries]
        return 0.0, _linear([*ship.share[entries], -1.0], [*shipped, flow[ships.key[row]]]), 0.0

    program.supply = Constraint(range(len(supplied.key)), rule=supply_row)
    program.demand = Constraint(range(len(demanded.key)), rule=demand_row)
    program.ships = Constraint(range(len(ships.key)), rule=ships_row)


class _Groups:
    """Entries that share a key."""

    def __init__(self, keys: Ints) -> None:
        self.order = np.argsort(keys, kind="stable")
        self.key, self.start = np.unique(keys[self.order], return_index=True)
        self.end = np.append(self.start[1:], len(keys))

    def entries(self, row: int) -> Ints:
        """Entries of the row-th smallest key."""
        return self.order[self.start[row] : self.end[row]]


def _linear(coefficients: Sequence[float] | Floats, variables: Sequence[Any]) -> LinearExpression:
    """Sum of coefficients times variables."""
    return LinearExpression(constant=0.0, linear_coefs=list(coefficients), linear_vars=list(variables))


def _shipments(model: SampledModel) -> _Shipments:
    saved = model.unserved_cost[:, None, :] - model.service_cost  # [product, node, class]
    asked = model.demand > 0
    product, period, sample, class_idx, node = np.nonzero(
        asked[..., None] & (saved > 0.0).transpose(0, 2, 1)[:, None, None]
    )
    num_samples = model.demand.shape[2]
    cell = np.ravel_multi_index((product, node, period), model.cells)
    share = 1.0 / (num_samples * model.window_days[product])
    return _Shipments(
        cell,
        cell * num_samples + sample,
        np.ravel_multi_index((product, period, sample, class_idx), model.demand.shape),
        share,
        saved[product, node, class_idx] * share,
    )


def _largest_levels(model: SampledModel) -> Floats:
    """Level that makes the largest sampled demand available, [cell]; 0 where the product is not stocked."""
    most = np.zeros_like(model.turns)
    np.divide(model.most_available[:, None], model.turns, out=most, where=model.turns > 0)
    return np.repeat(most.ravel(), model.cells[2])
