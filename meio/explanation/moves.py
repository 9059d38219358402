"""What moves a target from where it would be without capacity prices: prices, packs, repair, refinement."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from meio.explanation.reasons import Move
from meio.explanation.subject import Subject
from meio.network.compiled import Floats, Ints
from meio.optimizer.evaluation import Evaluator
from meio.optimizer.prices import no_prices
from meio.optimizer.recovery import dated, less_packs, rounded
from meio.plans import CapacityPrices


def moves(subject: Subject) -> tuple[Floats, list[tuple[str, Floats]]]:
    """The node's level without prices, [period], and what each cause adds, [period]; together they are the target.

    The product is solved anew each time one more price is charged, in the order of `_priced`, so that parts add up;
    another order would share out differently what prices move together. What is left beyond prices, packs and rounding
    comes from averaging the last evaluations and from repair, or from a replan's own prices; and what refinement on
    sampled paths added.
    """
    evaluate = Evaluator(subject.model, subject.shared, 1)
    free = level = _own_level(subject, evaluate, no_prices(subject.shared.limit))
    parts: list[tuple[str, Floats]] = []
    for cause, prices in _priced(subject):
        after = _own_level(subject, evaluate, prices)
        parts.append((cause, after - level))
        level = after
    packed = less_packs(level[None, None], subject.excess[None, [subject.node]])[0, 0]
    index = np.array([subject.product_idx])
    whole = rounded(packed[None, None], index)[0, 0] if subject.whole_units else packed
    refinement, place = subject.plan.refinement, (subject.product_idx, subject.node)
    shift = refinement.shift[place] if refinement else np.zeros_like(whole)
    repaired = subject.plan.targets[place] - shift
    parts += [("packs", packed - level), ("rounding", whole - packed), ("averaging and repair", repaired - whole)]
    parts.append(("sampled paths", shift))
    return free, parts


def moves_in(parts: Sequence[tuple[str, Floats]], period: int) -> tuple[Move, ...]:
    """Moves of one period."""
    return tuple(Move(cause, float(units[period])) for cause, units in parts)


def _own_level(subject: Subject, evaluate: Evaluator, prices: CapacityPrices) -> Floats:
    """Level of the node itself at these prices, by review period."""
    chosen = evaluate(prices).decisions
    return np.asarray(dated(subject.model, chosen.lane_idx, chosen.level)[0, subject.node])


def _priced(subject: Subject) -> Iterator[tuple[str, CapacityPrices]]:
    """Prices with one cause more each time, up to all of the plan's."""
    full, node = subject.plan.prices, subject.node
    into = np.arange(subject.model.node_ptr[node], subject.model.node_ptr[node + 1])
    now = no_prices(full)
    for kind in ("storage", "inbound", "outbound"):
        now = replace(now, **{kind: _with(getattr(now, kind), getattr(full, kind), [node])})
        yield f"{kind} price here", now
    now = replace(now, lane=_with(now.lane, full.lane, into))
    yield "lane price", now
    if upstream := subject.path[1:]:
        kinds = ("storage", "inbound", "outbound")
        now = replace(now, **{kind: _with(getattr(now, kind), getattr(full, kind), upstream) for kind in kinds})
        yield "prices upstream", replace(now, lane=_with(now.lane, full.lane, subject.lane[upstream]))
    yield "prices elsewhere", full


def _with(prices: Floats, full: Floats, places: Sequence[int] | Ints) -> Floats:
    """Prices [place, …] with those of some places as in full."""
    merged = prices.copy()
    merged[places] = full[places]
    return merged
