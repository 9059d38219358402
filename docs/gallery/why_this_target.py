"""Why a target is what it is."""

# %%
# # Why this target?
#
# `meio.explain` takes a target apart. Here: chairs at the fulfilment centre in week 9, when there is a sale.

import meio

scenario = meio.load("scenarios/quickstart.yaml", ["planning.refinement_rounds=0"])
plan = meio.plan(scenario)
reasons = meio.explain(scenario, plan, "chair", "FC", 9).periods[0]
print(f"target {reasons.target:g} units for demand of {reasons.demand.mean:.1f} ± {reasons.demand.sd:.1f}")
print(f"covered with probability {reasons.covered:.1%}")

# %%
# What a unit too many costs per day, and what moved the target away from where it would be if space were free:

print(f"without capacity prices: {reasons.at_no_prices:.1f} units")
for move in reasons.moved_by:
    print(f"{move.cause:<30} {move.units:+.1f} units")
for part, cost in reasons.overage.items():
    print(f"{part:<30} {cost:.3f} USD per unit and day")
