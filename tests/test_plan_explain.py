"""Why a target is what it is, and clear errors for what is not there."""

import pytest
from toy import toy_scenario

from meio.explain import explain
from meio.folder import OutputError
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.optimizer.planner import plan
from meio.plan import Plan


@pytest.fixture(scope="module")
def compiled() -> CompiledScenario:
    return compile_scenario(toy_scenario())


@pytest.fixture(scope="module")
def planned(compiled: CompiledScenario) -> Plan:
    return plan(compiled)


def test_facts_of_a_product_at_a_node(compiled: CompiledScenario, planned: Plan) -> None:
    facts = explain(compiled, planned, "mug", "city")
    periods = facts.pop("periods")
    lane = {"hub→city": (2.0, 0.6), "north→city": (1.125, 0.5)}[facts["lane"]]
    assert facts["product"] == "mug"
    assert facts["lead_time_days"] == lane[0]
    assert facts["transport_cost_per_unit"] == pytest.approx(lane[1])
    assert facts["window_days"] == lane[0] + 1.0
    assert facts["holding_cost_per_unit_day"] == pytest.approx(2.0 * 0.002 + 0.2 / 365.0 * 4.0)
    assert [row["period"] for row in periods] == [1, 2, 3, 4]
    weekly = [70.0, 70.0, 140.0, 70.0]
    mug, city = compiled.names.products.index("mug"), compiled.names.nodes.index("city")
    for row, mean, target in zip(periods, weekly, planned.targets[mug, city], strict=True):
        assert row["target"] == target
        assert row["national_demand_over_window"] == pytest.approx(mean / 7.0 * facts["window_days"])


def test_one_period(compiled: CompiledScenario, planned: Plan) -> None:
    every = explain(compiled, planned, "book", "north")["periods"]
    assert explain(compiled, planned, "book", "north", 3)["periods"] == [every[2]]


@pytest.mark.parametrize(
    ("product", "node", "period", "message"),
    [
        ("mugg", "city", None, "product 'mugg' is not in the scenario; did you mean 'mug'?"),
        ("mug", "sooth", None, "node 'sooth' is not in the scenario; did you mean 'south'?"),
        ("mug", "zzz", None, "node 'zzz' is not in the scenario"),
        ("mug", "city", 0, "period 0 is not in the horizon: expected 1 to 4"),
        ("mug", "city", 5, "period 5 is not in the horizon: expected 1 to 4"),
        ("sofa", "city", None, "the plan does not stock sofa at city: no lane brings it there"),
    ],
)
def test_errors(
    compiled: CompiledScenario, planned: Plan, product: str, node: str, period: int | None, message: str
) -> None:
    with pytest.raises(OutputError) as raised:
        explain(compiled, planned, product, node, period)
    assert str(raised.value) == message
