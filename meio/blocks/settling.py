"""From prices to targets, block by block: every block takes its share of each capacity and keeps within it.

In memory, the plan before repair is each product's average level over the last rounds. Here each product takes its
levels from the prices of one of these rounds, in turn: over many products that uses as much and costs as much.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.problem import Problem
from meio.network.compiled import Floats
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.paths import levelled, taken_units
from meio.optimizer.planner import in_whole_units, unit_values
from meio.optimizer.prices import average_of, flat, unflat, violation
from meio.optimizer.recovery import pack_storage, review_targets, rounded, unpriced_cost
from meio.optimizer.repair import TOLERANCE, repaired
from meio.optimizer.selection import of_products
from meio.orders import orders_frame
from meio.plans import CapacityPrices, Plan, targets_frame

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Decisions

TABLES = ("targets", "orders")
STEPS = ("round", "repair", "count")


class Mixed(NamedTuple):
    """What a block uses and costs with its products at prices in turn."""

    use: Floats
    """[resource], of the block's own choice"""
    fixed_storage: Floats
    """[node, storage type, period]: m³ that packs and minimum orders bring beyond the levels"""
    cost: float
    """Money over the horizon, without prices"""


class Terms(NamedTuple):
    """What every block needs to know to settle."""

    prices: tuple[CapacityPrices, ...]
    """Taken in turn"""
    shares: dict[int, Floats]
    """By block: what it may use, [resource]"""
    fixed_storage: dict[int, Floats]
    """By block: as `Mixed` has it"""
    level_out: bool
    """Whether levels must fall no faster than demand takes them"""
    folder: str
    """Where the parts of tables are written"""


class Settled(NamedTuple):
    """A block's plan in sums; after each of `STEPS`."""

    cost: Floats
    """[step], money over the horizon"""
    use: Floats
    """[step, resource]"""


def settle_block(problem: Problem, terms: Terms) -> Settled | None:
    """Choose, round and repair the levels of a block, and write its part of the tables; None: not to be settled now."""
    if problem.block not in terms.shares:
        return None
    whole = problem.evaluate
    shared = whole.shared._replace(limit=unflat(terms.shares[problem.block], whole.shared.limit))
    evaluate = Evaluator(whole.model, shared, whole.workers, terms.fixed_storage[problem.block])
    prices, (decisions, _, _) = average_of(terms.prices), _in_turn(problem, terms.prices)
    level, in_units = decisions.level, in_whole_units(problem.compiled)
    if terms.level_out:
        level = levelled(level, taken_units(evaluate.model, decisions))
    if in_units:
        level = rounded(level, problem.product_idx)
    chosen = evaluate.follow(prices, decisions.lane_idx, level)
    planned = repaired(evaluate, chosen, in_units)
    counted = unpriced_cost(evaluate, planned.decisions.lane_idx, planned.decisions.level)
    _write(problem, planned, Path(terms.folder))
    use = np.stack([flat(chosen.use), flat(planned.use), flat(planned.use)])
    return Settled(np.array([chosen.cost, planned.cost, counted]), use)


def mix_block(problem: Problem, prices: Sequence[CapacityPrices]) -> Mixed:
    """Answer prices in turn."""
    decisions, use, cost = _in_turn(problem, prices)
    return Mixed(use, pack_storage(problem.compiled, problem.evaluate.model, decisions), cost)


def _in_turn(problem: Problem, prices: Sequence[CapacityPrices]) -> tuple[Decisions, Floats, float]:
    """Decisions, use and cost with every product at one of the prices: the first, the second, … and the first again."""
    evaluate, turn = problem.evaluate, problem.product_idx % len(prices)
    places = np.unique(turn).tolist()
    answers = []
    for place in places:
        rows = np.flatnonzero(turn == place)
        some = Evaluator(of_products(evaluate.model, rows), evaluate.shared, evaluate.workers)
        answers.append((rows, some(prices[place])))
    first = answers[0][1].decisions
    together = first._replace(
        **{name: np.empty((len(turn), *array.shape[1:]), array.dtype) for name, array in first._asdict().items()}
    )
    for rows, answer in answers:
        for whole, part in zip(together, answer.decisions, strict=True):
            whole[rows] = part
    use = np.sum([flat(answer.use) for _, answer in answers], axis=0)
    return together, use, sum(answer.cost for _, answer in answers)


def shares(use: Floats, limit: CapacityPrices) -> Floats:
    """What each block may use, [block, resource]: as much of a capacity as it uses of all use, both [block, resource].

    Repair may end slightly above its aim, so what is shared out is as much less.
    """
    total, capacity = use.sum(axis=0), flat(limit)
    part = np.where(total > 0.0, use / np.where(total > 0.0, total, 1.0), 1.0 / len(use))
    bounded = np.isfinite(capacity)
    return np.where(bounded, (1.0 - TOLERANCE) * np.where(bounded, capacity, 0.0) * part, np.inf)


def recovery_table(settled: Sequence[Settled], before: tuple[float, float], limit: CapacityPrices) -> pd.DataFrame:
    """The steps of all blocks together, as `Plan.recovery` has them; `before` is cost and violation of the rounds."""
    cost = np.sum([block.cost for block in settled], axis=0).tolist()
    use = np.sum([block.use for block in settled], axis=0)
    standing = [before, *zip(cost, [violation(unflat(row, limit), limit) for row in use], strict=True)]
    return pd.DataFrame(
        {
            "step": step,
            "cost_before": earlier[0],
            "cost_after": later[0],
            "violation_before": earlier[1],
            "violation_after": later[1],
            "seconds": np.nan,
        }
        for step, (earlier, later) in zip(STEPS, pairwise(standing), strict=True)
    )


def parts_of(folder: Path, block: int) -> list[Path]:
    """Where a block's part of each of `TABLES` is."""
    return [folder / f"{name}.parquet" / f"part-{block:06d}.parquet" for name in TABLES]


def _write(problem: Problem, planned: Evaluation, folder: Path) -> None:
    """Write the block's part of each table, aside and then under its name."""
    compiled, plan = problem.compiled, _plan_of(problem, planned)
    frames = targets_frame(plan, compiled), orders_frame(plan, compiled)
    for part, frame in zip(parts_of(folder, problem.block), frames, strict=True):
        draft = part.with_name(f".{part.name}")
        frame.to_parquet(draft, index=False)
        draft.replace(part)


def _plan_of(problem: Problem, planned: Evaluation) -> Plan:
    """The plan of the block's products; its sums are not used."""
    compiled, model = problem.compiled, problem.evaluate.model
    nothing = pd.DataFrame()
    return Plan(
        name="plan",
        targets=review_targets(compiled, model, planned, in_whole_units(compiled), problem.product_idx),
        lane_idx=planned.decisions.lane_idx,
        unit_value=unit_values(planned),
        prices=planned.prices,
        use=planned.use,
        lower_bound=np.nan,
        bound_kind="none",
        planned_cost=planned.cost,
        dual_gap=np.nan,
        capacity_violation_max=np.nan,
        iterations=0,
        seconds=0.0,
        convergence=nothing,
        recovery=nothing,
    )
