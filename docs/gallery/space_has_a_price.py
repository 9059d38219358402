"""What space in the quickstart's fulfilment centre is worth, and what happens with more of it."""

# %%
# # Space has a price
#
# Here the quickstart's fulfilment centre has 1 m³ instead of 3. The plan says what one more m³ would save per day, week by
# week; the sale of chairs in week 9 makes it dearest.

import meio

tight = ["planning.refinement_rounds=0", "nodes.FC.storage_m3.standard=1"]
scenario = meio.load("scenarios/quickstart.yaml", tight)
plan = meio.plan(scenario)
meio.plotting.prices(scenario, plan)

# %%
# The same figures as a table: `price` is in dollars per m³ and day, `use` and `capacity` in m³.

prices = meio.tables(scenario, plan)["prices"].query("resource == 'storage'")
prices[["at", "period", "price", "use", "capacity"]].round(2)

# %%
# With more space the price falls, and so does the planned cost:

for space in (1, 1.5, 2, 3):
    override = f"nodes.FC.storage_m3.standard={space}"
    variant = meio.plan(meio.load("scenarios/quickstart.yaml", [*tight, override]))
    dearest = variant.prices.storage.max()
    print(f"{space} m³: planned cost {variant.planned_cost:,.0f} USD, dearest m³ {dearest:.2f} USD a day")
