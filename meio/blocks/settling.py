"""From prices to targets, block by block: every block takes its share of each capacity and keeps within it.

In memory, the plan before repair is each product's average level over the last rounds. Here each product does what the
prices of one round tell it, and each round has its share of the products.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import pandas as pd

from meio.blocks.mixture import MARGIN
from meio.blocks.problem import Problem
from meio.network.compiled import Floats, Ints
from meio.optimizer.evaluation import Evaluation, Evaluator
from meio.optimizer.paths import levelled, taken_units
from meio.optimizer.planner import in_whole_units, unit_values
from meio.optimizer.prices import flat, unflat, violation
from meio.optimizer.recovery import pack_storage, review_targets, rounded, unpriced_cost
from meio.optimizer.repair import repaired
from meio.optimizer.selection import of_products
from meio.orders import orders_frame
from meio.plans import CapacityPrices, Plan, targets_frame

if TYPE_CHECKING:
    from meio.optimizer.block_kernels import Decisions

TABLES = ("targets", "orders")
SHARES = "shares.npy"
STEPS = ("round", "repair", "count")
_FOR_ALL = 0.02  # of a full capacity, shared out by products
_SILVER = 0.41421356237309515  # √2 − 1: what rounding spreads by another number must not follow


class Mix(NamedTuple):
    """The rounds that products are shared out among."""

    prices: tuple[CapacityPrices, ...]
    """Of each round"""
    share: Floats
    """[round], of the products; adding up to 1"""


class Mixed(NamedTuple):
    """What a block uses and costs with its products shared out among rounds."""

    use: Floats
    """[resource], of the block's own choice"""
    fixed_storage: Floats
    """[node, storage type, period]: m³ that packs and minimum orders bring beyond the levels"""
    cost: float
    """Money over the horizon, without prices"""


class Terms(NamedTuple):
    """What every block needs to know to settle."""

    mix: Mix
    prices: CapacityPrices
    """At which repair begins, the same for all products"""
    blocks: tuple[int, ...]
    """That shall settle"""
    level_out: bool
    """Whether levels must fall no faster than demand takes them"""
    folder: str
    """Where `SHARES` is, and the parts of tables are written"""


class Settled(NamedTuple):
    """A block's plan in sums; after each of `STEPS`."""

    cost: Floats
    """[step], money over the horizon"""
    use: Floats
    """[step, resource]"""


def settle_block(problem: Problem, terms: Terms) -> Settled | None:
    """Choose, round and repair the levels of a block, and write its part of the tables; None: not to be settled now."""
    if problem.block not in terms.blocks:
        return None
    evaluate, chosen, planned = _repaired(problem, terms)
    counted = unpriced_cost(evaluate, planned.decisions.lane_idx, planned.decisions.level)
    _write(problem, planned, Path(terms.folder))
    use = np.stack([flat(chosen.use), flat(planned.use), flat(planned.use)])
    return Settled(np.array([chosen.cost, planned.cost, counted]), use)


def settled_prices(problem: Problem, terms: Terms) -> CapacityPrices | None:
    """The prices at which a block ends when it settles; None: not to be settled."""
    return _repaired(problem, terms)[2].prices if problem.block in terms.blocks else None


def _repaired(problem: Problem, terms: Terms) -> tuple[Evaluator, Evaluation, Evaluation]:
    """What answers for the block and its share of capacity, its chosen levels in whole units, and those repaired."""
    whole = problem.evaluate
    share, fixed = (unflat(row, whole.shared.limit) for row in _of_block(problem.block, Path(terms.folder)))
    evaluate = Evaluator(whole.model, whole.shared._replace(limit=share), whole.workers, fixed.storage)
    decisions, _, _ = _shared_out(problem, terms.mix)
    level, in_units = decisions.level, in_whole_units(problem.compiled)
    if terms.level_out:
        level = levelled(level, taken_units(evaluate.model, decisions))
    if in_units:
        level = rounded(level, problem.product_idx)
    chosen = evaluate.follow(terms.prices, decisions.lane_idx, level)
    return evaluate, chosen, repaired(evaluate, chosen, in_units, MARGIN)


def _of_block(block: int, folder: Path) -> Floats:
    """What a block may use, and what packs take anyway, [2, resource]: in a file, for there may be many blocks."""
    return np.array(np.load(folder / SHARES, mmap_mode="r")[block])


def mix_block(problem: Problem, mix: Mix) -> Mixed:
    """Answer the rounds of a mix, each for its share of the products."""
    decisions, use, cost = _shared_out(problem, mix)
    return Mixed(use, pack_storage(problem.compiled, problem.evaluate.model, decisions), cost)


def _shared_out(problem: Problem, mix: Mix) -> tuple[Decisions, Floats, float]:
    """Decisions, use and cost with every product in one of the rounds."""
    evaluate, turn = problem.evaluate, round_of(problem.product_idx, mix.share)
    places = np.unique(turn).tolist()
    answers = []
    for place in places:
        rows = np.flatnonzero(turn == place)
        some = Evaluator(of_products(evaluate.model, rows), evaluate.shared, evaluate.workers)
        answers.append((rows, some(mix.prices[place])))
    first = answers[0][1].decisions
    together = first._replace(
        **{name: np.empty((len(turn), *array.shape[1:]), array.dtype) for name, array in first._asdict().items()}
    )
    for rows, answer in answers:
        for whole, part in zip(together, answer.decisions, strict=True):
            whole[rows] = part
    use = np.sum([flat(answer.use) for _, answer in answers], axis=0)
    return together, use, sum(answer.cost for _, answer in answers)


def round_of(product_idx: Ints, share: Floats) -> Ints:
    """Round of each product of a catalogue, [product]: each has about its share of any run of them."""
    return np.searchsorted(np.cumsum(share)[:-1], (product_idx * _SILVER) % 1.0, side="right")


def shares(use: Floats, products: Floats, limit: CapacityPrices) -> Floats:
    """What each block may use, [block, resource]: what it uses of all use, both [block, resource], and of what is free.

    What is free, and a little of what is not, goes by the number of `products` [block]: a block that used nothing of a
    full capacity cannot keep to nothing. Repair may end `MARGIN` above a share, so what is shared out is as much less.
    """
    use = np.maximum(use, 0.0)  # in a block's relaxed answer, levels that fall give back what came in
    total, capacity = use.sum(axis=0), (1.0 - MARGIN) * flat(limit)
    bounded = np.isfinite(capacity)
    by_use = (1.0 - _FOR_ALL) * np.minimum(total, np.where(bounded, capacity, 0.0))
    part = use / np.where(total > 0.0, total, 1.0)
    free = np.where(bounded, capacity, 0.0) - by_use
    return np.where(bounded, by_use * part + free * (products / products.sum())[:, None], np.inf)


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
