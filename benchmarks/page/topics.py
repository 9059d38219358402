"""The topics of the page: which script measures them, what its figures say, and what they mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

from page.row import Row, rate, seconds, times

Figures = Mapping[str, Any]


class Topic(NamedTuple):
    """A section of the page."""

    title: str
    script: str
    arguments: Sequence[str]
    rows: Callable[[Figures], list[Row]]
    meaning: str
    budget: float
    """Seconds on two cores that do nothing else"""


def extensive_rows(figures: Figures) -> list[Row]:
    """Planner and linear program."""
    large = figures["large"]
    program = large["build_seconds"] + large["solve_seconds"]
    within = figures["prices_within_bar"]
    explained = (
        f"{figures['prices_degenerate']} more are one of several optima, {figures['prices_unexplained']} are not"
    )
    return [
        Row(
            f"prices of {large['products']} products, 6 nodes: build and solve",
            seconds(large["own_seconds"]),
            seconds(program),
            times(large["times_faster_than_build_and_solve"]),
        ),
        Row(
            "the same, against solving alone",
            seconds(large["own_seconds"]),
            seconds(large["solve_seconds"]),
            times(large["times_faster_than_solve"]),
        ),
        Row(
            f"dual value and optimum, {figures['instances'] + 1} instances",
            "bundle method",
            "HiGHS",
            "",
            f"at most {figures['difference_max']:.2g} apart",
        ),
        Row("prices of capacities that bind", "bundle method", "HiGHS", "", f"{within} within 10%; {explained}"),
    ]


def plan_rows(figures: Figures) -> list[Row]:
    """Plans of two methods, simulated."""
    return [
        Row(
            f"{name}: simulated cost, CPU seconds",
            f"{row['cost']:,.0f} in {seconds(row['seconds'])}",
            f"{row['program_cost']:,.0f} in {seconds(row['program_seconds'])}",
            times(row["times_as_fast"]),
            f"{row['saving']:.1%} ± {1.96 * row['saving_standard_error']:.1%} cheaper",
        )
        for name, row in figures["instances"].items()
    ]


def kernel_rows(figures: Figures) -> list[Row]:
    """Newsvendor subproblems."""
    found = []
    for classes, name in ((1, "one class of customers"), (3, "three nested classes")):
        row = figures[f"classes_{classes}"]
        same = f"{row['levels_that_differ']} levels differ; costs within {row['largest_difference']:.1g}"
        ours, theirs = rate(row["per_second"], "solved"), rate(row["scipy_per_second"], "solved")
        found.append(Row(name, ours, theirs, times(row["times_scipy"]), same))
    return found


def site_rows(figures: Figures) -> list[Row]:
    """A network planned as a whole, and site by site."""
    theirs = seconds(figures["newsvendor_seconds"])
    products = f"{figures['products']:,} products"
    saved = f"{figures['saving']:.1%} ± {figures['saving_half_interval']:.1%} cheaper"
    return [
        Row(
            f"simulated cost of us-retail, {products}",
            f"{figures['cost'] / 1e6:.2f} million",
            f"{figures['newsvendor_cost'] / 1e6:.2f} million",
            f"{figures['cost'] / figures['newsvendor_cost']:.3f}",
            saved,
        ),
        Row(
            "time to make its targets",
            seconds(figures["seconds"]),
            theirs,
            times(figures["newsvendor_seconds"] / figures["seconds"]),
        ),
        Row(
            "the same without sampled paths",
            seconds(figures["seconds_unrefined"]),
            theirs,
            times(figures["newsvendor_seconds"] / figures["seconds_unrefined"]),
        ),
    ]


def simulator_rows(figures: Figures) -> list[Row]:
    """Orders against SimPy, node-periods against stockpyl."""
    ours = rate(figures["engine"]["orders_per_second"], "orders")
    names = {"simpy": "orders, SimPy that books each", "simpy_by_day": "orders, SimPy that books once a day"}
    found = []
    for key, name in names.items():
        row = figures[key]
        theirs, apart = rate(row["orders_per_second"], "orders"), f"money within {row['largest_difference']:.1g}"
        found.append(Row(name, ours, theirs, times(row["times_as_fast"]), apart))
    for name, row in figures["chains"].items():
        ours = rate(row["node_periods_per_second_many_products"], "node-periods")
        theirs = rate(row["stockpyl_node_periods_per_second"], "node-periods")
        ratio, apart = times(row["times_as_fast_many_products"]), f"cost within {row['largest_difference']:.1g}"
        found.append(Row(f"{name}, stockpyl", ours, theirs, ratio, apart))
    if not figures["chains"]:
        found.append(Row("chains and trees, stockpyl", "", "could not be installed"))
    return found


def optimizer_rows(figures: Figures) -> list[Row]:
    """Chains and trees in stockpyl."""
    found = []
    for name, row in figures["instances"].items():
        if "levels_apart" in row:
            same = f"levels within {row['levels_apart']:.2g}, cost within {row['cost_apart']:.1g}"
        else:
            same = (
                f"cost {row['cost']:.2f} and {row['stockpyl_cost']:.2f} first come, first served; "
                f"in stockpyl's simulator {row['cost_in_stockpyl']:.2f} and {row['stockpyl_cost_in_stockpyl']:.2f}"
            )
        ours, theirs = seconds(row["seconds"]), seconds(row["stockpyl_seconds"])
        found.append(Row(name, ours, theirs, times(row["times_as_fast"]), same))
    return found


def environment_rows(figures: Figures) -> list[Row]:
    """Agents in gym-invmgmt."""
    mean, num = figures["mean"], len(figures["environments"])
    found = [
        Row(
            f"mean of {num} environments, its {rival} agent",
            f"{mean['targets']:.3f}",
            f"{mean[rival]:.3f}",
            f"{mean['targets'] / mean[rival]:.2f}",
            f"better in {figures['wins'][rival]} of {num}",
        )
        for rival in ("base-stock", "echelon")
    ]
    program = figures["published_program"]
    found.append(
        Row(
            "the same, its rolling stochastic program (as published, not run here)",
            f"{mean['targets']:.3f}",
            f"{program:.3f}",
            f"{mean['targets'] / program:.3f}",
            f"oracle within {figures['oracle_from_published']:.1g} of the published",
        )
    )
    found.append(Row("how ours plays, chosen on 10 other seeds", figures["rule"], ""))
    found += [
        Row(name, f"{row['targets']:.3f}", f"{row['echelon']:.3f}", f"{row['targets'] / row['echelon']:.2f}")
        for name, row in figures["environments"].items()
    ]
    return found


def start_rows(figures: Figures) -> list[Row]:
    """Processes from nothing."""
    taken = figures["seconds"]
    rival = taken.get("import stockpyl")
    ratio = times(rival / taken["import meio"]) if rival else ""
    return [
        Row(
            "import meio, import stockpyl",
            seconds(taken["import meio"]),
            seconds(rival) if rival else "could not be installed",
            ratio,
        ),
        Row("meio --help, an empty Python", seconds(taken["meio --help"]), seconds(taken["python"])),
        Row("first plan of the quickstart, kernels compiled before", seconds(taken["first plan"]), ""),
        Row("first plan ever: compiles its kernels", seconds(taken["first plan, nothing compiled"]), ""),
    ]


TOPICS = {
    "extensive": Topic(
        "Capacity prices: one linear program on HiGHS",
        "extensive_form.py",
        ("--instances", "5", "--products", "60"),
        extensive_rows,
        "Both price the same sampled model. The linear program (Pyomo, HiGHS) knows all products at once; ours "
        "takes it apart by prices. It is a check of prices, not of targets: the planner's own model has no samples. "
        "CPU seconds.",
        150.0,
    ),
    "plans": Topic(
        "Plans of small networks: one linear program on HiGHS",
        "extensive_plans.py",
        (),
        plan_rows,
        "`meio plan` and `meio plan --method extensive`, which plans all products at once over 50 samples of demand, "
        "simulated on the same orders. In every sample the program assigns orders knowing all demand, and its samples "
        "are few: the gap in cost is one between models, not between solvers.",
        120.0,
    ),
    "newsvendors": Topic(
        "Newsvendor subproblems: SciPy",
        "kernels.py",
        (),
        kernel_rows,
        "One product at one node in one period: the level of least cost, its cost and its curvature. SciPy's calls "
        "are vectorised over all subproblems. The planner solves each many times over, once a round of prices.",
        40.0,
    ),
    "sites": Topic(
        "Planning as a network: newsvendors at every site",
        "site_newsvendors.py",
        (),
        site_rows,
        "Ours plans all sites together under shared capacity; the other side gives each site a newsvendor from "
        "SciPy for the demand nearest to it. Both are simulated on the same orders. The times are not of the same "
        "work: a newsvendor knows no prices, no spill and no sample paths.",
        240.0,
    ),
    "simulator": Topic(
        "Simulator: SimPy and stockpyl",
        "simulator_speed.py",
        (),
        simulator_rows,
        "The same network, policy and demand in both; both must come to the same money. Rates are per CPU second on "
        "one core. stockpyl serves one product, ours a hundred at once.",
        180.0,
    ),
    "optimizer": Topic(
        "Chains and trees: stockpyl",
        "optimizer_peers.py",
        (),
        optimizer_rows,
        "Chains: both solve Clark and Scarf's recursion; agreement is of levels and cost. Trees: ours is exact for "
        "first come, first served; stockpyl descends on simulated costs, and its time depends on how long it may "
        "simulate. The costs shown are of both answers, ours first, on the same demand. Its guaranteed-service "
        "solver is another model and left out.",
        240.0,
    ),
    "environment": Topic(
        "An outside environment: gym-invmgmt",
        "outside_environment.py",
        (),
        environment_rows,
        "Mean profit over that of an oracle that knows all demand, 10 published seeds, 30 periods. Ours are targets "
        "of `meio.plan`, played as echelon base stock and faded out at the end of the horizon; how exactly is chosen "
        "among 18 rules on 10 seeds that no score is taken on, though the rules were thought of with the published "
        "seeds in view. All agents know the means of demand. The single environments below the means are "
        "against its echelon agent. Two of the 22 published environments are left out, as their demand does not come "
        "with the package; over all 22 the published scores are 0.703 (base-stock), 0.724 (echelon) and 0.949 "
        "(stochastic program). Ours also knows by what share a shortage lowers goodwill, which the published agents "
        "do not use. On the base network the oracle parks stock that nobody will buy on the way, where it costs less "
        "than on a shelf; ours does not.",
        150.0,
    ),
    "start": Topic(
        "Cold start",
        "cold_start.py",
        (),
        start_rows,
        "Wall-clock seconds of whole processes. Kernels are compiled once a machine and kept on disk.",
        300.0,
    ),
}
