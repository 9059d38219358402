"""The products whose stock ties up most money, each with the reasons for its dearest target."""

from __future__ import annotations

import numpy as np
import pandas as pd

from meio.explanation import explain
from meio.explanation.words import reason_rows
from meio.network.compiled import CompiledScenario
from meio.plans import Plan

MOST_EXPLAINED = 10
COLUMNS = ["product", "money", "share", "node", "period", "target"]


def stakes(compiled: CompiledScenario, plan: Plan, currency: str) -> dict[str, pd.DataFrame]:
    """Find where most money is at stake, and explain it.

    Parameters
    ----------
    compiled : CompiledScenario
        What was planned for.
    plan : Plan
        As the optimizer made it.
    currency : str
        For the reasons.

    Returns
    -------
    dict of str to DataFrame
        ``stakes``: at most ten rows, the most money first. Columns product; money, the worth of stock up to the
        targets of all nodes at unit cost, mean over periods; share of it in that of all products; node and period of
        the product's dearest target; target, units. ``reasons``: columns product, reason and text, in the order to
        read them.
    """
    money = plan.targets * compiled.products.unit_cost[:, None, None]  # [product, node, period]
    by_product = money.sum(axis=1).mean(axis=1)
    ranked = np.argsort(-by_product, kind="stable")[:MOST_EXPLAINED]
    rows, reasons = [], []
    for product_idx in ranked[by_product[ranked] > 0]:
        node_idx, period_idx = np.unravel_index(money[product_idx].argmax(), money.shape[1:])
        product, node, period = (
            compiled.names.products[product_idx],
            compiled.names.nodes[node_idx],
            int(period_idx) + 1,
        )
        target = float(plan.targets[product_idx, node_idx, period_idx])
        worth = float(by_product[product_idx])
        rows.append((product, worth, worth / by_product.sum(), node, period, target))
        why = explain(compiled, plan, product, node, period).periods[0]
        reasons += [(product, reason, text) for reason, text in reason_rows(why, currency)]
    return {
        "stakes": pd.DataFrame(rows, columns=COLUMNS),
        "reasons": pd.DataFrame(reasons, columns=["product", "reason", "text"]),
    }
