"""Two plans for two sizes of a building, on the same random orders."""

# %%
# # Is the larger building worth it?
#
# Two plans, for 1 m³ and for 3 m³ of storage. Each is simulated on the same customer orders, so the difference is known
# much better than either cost.

import meio

quick = ["planning.refinement_rounds=0"]
results = {}
for space in (1, 3):
    scenario = meio.load("scenarios/quickstart.yaml", [*quick, f"nodes.FC.storage_m3.standard={space}"])
    results[f"{space} m³"] = meio.simulate(scenario, meio.plan(scenario), seed=1)

results["3 m³"]

# %%
# `meio.compare` gives every measure with its 95% interval, and the difference from the first system with its own.

frame = meio.compare(results)
shown = frame["measure"].isin(["cost", "fill_rate:express", "fill_rate:standard", "outbound_cost_per_unit"])
frame[shown & (frame["system"] == "3 m³")].drop(columns="system").round(3)

# %%
# Where the money goes, without the goods themselves:

meio.plotting.costs(results)
