"""What customers of each speed get, under two policies."""

# %%
# # What customers get
#
# One pool of stock serves two promises, and a disruption closes the fulfilment centre for three days.

import meio

quick = ["planning.refinement_rounds=0"]
closed = ["simulation.disruptions=[{node: FC, begins: 2025-02-10, ends: 2025-02-12}]"]
calm = meio.load("scenarios/quickstart.yaml", quick)
storm = meio.load("scenarios/quickstart.yaml", [*quick, *closed])
plan = meio.plan(calm)
results = {"as planned": meio.simulate(calm, plan, seed=3), "three days closed": meio.simulate(storm, plan, seed=3)}
meio.plotting.service(results)

# %%
# The cost of the three days, in USD over 13 weeks, with its 95% interval:

frame = meio.compare(results).query("system == 'three days closed' and measure == 'cost'")
frame[["difference", "difference_low", "difference_high", "unit"]].round(0)
