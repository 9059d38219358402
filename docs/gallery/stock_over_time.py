"""Where the stock lies, week by week, and how the optimizer got there."""

# %%
# # Stock over time
#
# Mean stock on hand at the close of a day, by node. A scenario without initial stock starts with every target on hand,
# so the first weeks hold more than later ones; `warm_up_days_suggested` says how long that lasts.

import meio

scenario = meio.load("scenarios/quickstart.yaml", ["planning.refinement_rounds=0"])
plan = meio.plan(scenario)
result = meio.simulate(scenario, plan, seed=2)
print(f"warm-up suggested: {result.warm_up_days_suggested} days")
meio.plotting.inventory(result)

# %%
# The plan itself: the planned cost falls and the dual value rises until they meet.

meio.plotting.convergence(plan)

# %%
# The network on the map:

meio.plotting.network_map(scenario)
