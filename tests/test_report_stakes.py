"""The dearest products: ranked by the money in their targets, each with the explanation of its dearest one."""

from __future__ import annotations

import pytest
from toy import toy_scenario

from meio.explanation import explain
from meio.explanation.words import reason_rows
from meio.network.compile import compile_scenario
from meio.optimizer.planner import plan
from meio.plans import targets_frame
from meio.stakes import stakes


def test_products_are_ranked_by_the_worth_of_their_targets_and_explained():
    compiled = compile_scenario(toy_scenario())
    planned = plan(compiled)
    found = stakes(compiled, planned, "EUR")

    unit_cost = dict(zip(compiled.names.products, compiled.products.unit_cost, strict=True))
    targets = targets_frame(planned, compiled)
    targets["money"] = targets["target"] * targets["product"].astype(str).map(unit_cost)
    worth = targets.groupby("product", observed=True)["money"].sum() / compiled.num_periods
    expected = worth[worth > 0].sort_values(ascending=False)

    ranked = found["stakes"].set_index("product")
    assert ranked["money"].to_dict() == pytest.approx(expected.to_dict())
    assert list(ranked["money"]) == sorted(ranked["money"], reverse=True)
    assert ranked["share"].sum() == pytest.approx(1.0)
    for product, row in ranked.iterrows():
        own = targets[targets["product"] == product]
        assert row["target"] * unit_cost[product] == pytest.approx(own["money"].max())
        why = explain(compiled, planned, product, row["node"], row["period"]).periods[0]
        told = found["reasons"].query("product == @product")
        assert list(zip(told["reason"], told["text"], strict=True)) == reason_rows(why, "EUR")
