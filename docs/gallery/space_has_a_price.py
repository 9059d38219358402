"""What space in the quickstart's fulfilment centre is worth, and what happens with more of it."""

# %%
# # Space has a price
#
# The quickstart's fulfilment centre is small. The plan says what one more m³ would save per day, week by week. The sale
# of chairs in week 9 makes space dear.

import meio

quick = ["planning.refinement_rounds=0"]
scenario = meio.load("scenarios/quickstart.yaml", quick)
plan = meio.plan(scenario)
meio.plotting.prices(scenario, plan)

# %%
# The same figures as a table: `price` is in dollars per m³ and day, `use` and `capacity` in m³.

prices = meio.tables(scenario, plan)["prices"]
prices.query("resource == 'storage'").drop(columns=["refined_price", "storage_type"]).round(2)

# %%
# With 5 m³ instead of 3, the price falls.

larger = meio.load("scenarios/quickstart.yaml", [*quick, "nodes.FC.storage_m3.standard=5"])
larger_plan = meio.plan(larger)
for name, one in {"3 m³": plan, "5 m³": larger_plan}.items():
    print(f"{name}: planned cost {one.planned_cost:,.0f} USD, dearest m³ {one.prices.storage.max():.2f} USD a day")
