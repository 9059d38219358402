"""An experiment from what is asked to what is found: `meio.experiment` and its tables."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from meio.experiments.lab import FEWEST_PAIRS, FEWEST_PRODUCTS, Lab, Trial, num_pairs, run_trials
from meio.experiments.request import Design, Request, SystemRequest, read_request, request_of
from meio.experiments.sample_size import components, products_table, smallest_effect, weeks_table
from meio.experiments.systems import System
from meio.folder import FACTS, files_in, replaced
from meio.network.compile import compile_scenario
from meio.network.compiled import CompiledScenario
from meio.network.model import Scenario
from meio.network.problems import Place, ScenarioError, problem_at, shown
from meio.network.scenario import load_scenario
from meio.optimizer.baselines import baseline_plans
from meio.output import read_plan, recorded_versions
from meio.plans import Plan
from meio.refinement.planner import plan
from meio.simulation.statistics import mean_ci95
from meio.summary import json_text

Progress = Callable[[str, int, int], None]
_BASELINES = ("independent_newsvendor", "national_pool")


@dataclass(frozen=True, eq=False)
class ExperimentResult:
    """What the experiments found; money per product and week, treatment less control.

    Attributes
    ----------
    request : Request
        What was asked.
    currency : str
    summary : dict
        By design: ``effect`` (mean of the adjusted estimates, interval over experiments), ``rollout`` (the whole
        network switched, on the same customers) and ``interference`` (effect less rollout, paired), each with ``mean``
        and ``ci95``; ``control_mean``; ``found``, share of experiments with a p-value of at most 5%;
        ``smallest_effect`` that one experiment of this size finds with the wished power; ``variance_left``, of the
        adjusted estimates relative to the plain ones.
    frame : data frame, one row an experiment and way to estimate
        ``design``, ``replication`` (from 1), ``estimator`` (plain or adjusted), ``estimate``, ``ci_low``, ``ci_high``
        (95%), ``p_value``, ``control_mean``, ``rollout``.
    sample_size : data frame
        ``design``, ``weeks`` and ``products`` needed for the wished effect and power.
    """

    request: Request
    currency: str
    summary: dict[str, Any]
    frame: pd.DataFrame = field(repr=False)
    sample_size: pd.DataFrame = field(repr=False)


def experiment(
    request: Request | Path | str | Mapping[str, Any],
    folder: Path | str | None = None,
    *,
    workers: int | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """Try two planning systems side by side in one simulated world.

    Parameters
    ----------
    request : path or mapping
        An experiment file, or its keys and values (the scenario's path is then relative to the working folder).
    folder : path, optional
        Where to write the tables; none: nowhere.
    workers : int, optional
        Threads; none: one a core. The result does not depend on it.
    progress : callable, optional
        Told the step, how much of it is done, and how much there is.

    Raises
    ------
    ScenarioError
        With every problem of the file or the scenario, or when there are too few products or weeks.
    OutputError
        When a plan's folder cannot be read, or `folder` cannot be written.
    """
    if isinstance(request, Path | str):
        request = read_request(Path(request))
    elif not isinstance(request, Request):
        request = request_of(dict(request))
    scenario = load_scenario(request.scenario, request.overrides)
    compiled = compile_scenario(scenario)
    treatment = _system(request, request.treatment, scenario, compiled, workers)
    same = request.control == request.treatment
    control = treatment if same else _system(request, request.control, scenario, compiled, workers)
    result = experiment_with(compiled, treatment, control, request, scenario.file.costs.currency, workers, progress)
    if folder is not None:
        write_experiment(Path(folder), result)
    return result


def experiment_with(
    compiled: CompiledScenario,
    treatment: System,
    control: System,
    request: Request,
    currency: str = "USD",
    workers: int | None = None,
    progress: Progress | None = None,
) -> ExperimentResult:
    """The same for two systems that are at hand; the request's own are not looked at."""
    lab = Lab(compiled, treatment, control, request)
    _check_size(lab)
    trials: dict[Design, list[Trial]] = {}
    for design in dict.fromkeys(request.designs):
        step, total = f"experiment_{design}", request.replications

        def tell(done: int, step: str = step, total: int = total) -> None:
            if progress is not None:
                progress(step, done, total)

        trials[design] = run_trials(lab, design, workers, tell)
    return ExperimentResult(
        request,
        currency,
        {design: _summary(of, request.power) for design, of in trials.items()},
        pd.concat([_frame(design, of) for design, of in trials.items()], ignore_index=True),
        pd.concat([_sample_size(lab, design, of) for design, of in trials.items()], ignore_index=True),
    )


def write_experiment(folder: Path, result: ExperimentResult) -> None:
    """Write an experiment's tables into a folder of their own, replacing an earlier output.

    Raises
    ------
    OutputError
        When the folder holds anything else or cannot be written.
    """
    with replaced(folder) as draft:
        for name, table in {"experiments": result.frame, "sample_size": result.sample_size}.items():
            table.to_parquet(draft / f"{name}.parquet", index=False)
            table.to_csv(draft / f"{name}.csv", index=False)
        asked = json.loads(result.request.model_dump_json())
        (draft / "experiment.json").write_text(json_text(asked) + "\n", "utf-8")
        (draft / "summary.json").write_text(json_text(result.summary) + "\n", "utf-8")
        facts = {
            "kind": "experiment",
            "currency": result.currency,
            "versions": recorded_versions(),
            "files": sorted([*files_in(draft), FACTS]),
        }
        (draft / FACTS).write_text(json_text(facts) + "\n", "utf-8")


def _system(
    request: Request, asked: SystemRequest, scenario: Scenario, compiled: CompiledScenario, workers: int | None
) -> System:
    policy = asked.policy or scenario.file.simulation.policy
    if policy == "batch":
        problem = problem_at(Place(str(request.scenario)), "policy", "'batch'", "nearest, priced or reserve")
        raise ScenarioError([problem])
    if asked.plan == "planner":
        return System(_planned(request, asked, compiled, workers), policy)
    if asked.plan in _BASELINES:
        return System(baseline_plans(compiled)[asked.plan], policy)
    return System(read_plan(Path(asked.plan), compiled), policy)


def _planned(request: Request, asked: SystemRequest, compiled: CompiledScenario, workers: int | None) -> Plan:
    """A plan for what the system is told, which must fit the world's network."""
    told = load_scenario(request.scenario, [*request.overrides, *asked.overrides])
    arrays = compile_scenario(told)
    if (arrays.names, arrays.num_periods) != (compiled.names, compiled.num_periods):
        expected = "only what leaves products, nodes, lanes and periods as they are"
        raise ScenarioError([problem_at(Place("--set"), "overrides", shown(list(asked.overrides)), expected)])
    return plan(arrays, told.file.planning, policy=told.file.simulation.policy, workers=workers)


def _check_size(lab: Lab) -> None:
    request, problems = lab.request, []
    place, num_products = Place(str(request.scenario)), len(lab.compiled.names.products)
    if "products" in request.designs:
        if num_products < FEWEST_PRODUCTS:
            expected = f"at least {FEWEST_PRODUCTS}, or designs: [weeks]"
            problems.append(problem_at(place, "products", str(num_products), expected))
        first = request.pre_weeks + request.washout_weeks
        if lab.num_weeks <= first:
            expected = f"more than pre_weeks and washout_weeks, {first}"
            problems.append(problem_at(place, "horizon", f"{lab.num_weeks} weeks", expected))
    if "weeks" in request.designs:
        if request.washout_weeks >= request.block_weeks:
            expected = f"less than block_weeks, {request.block_weeks}"
            problems.append(problem_at(place, "washout_weeks", str(request.washout_weeks), expected))
        if num_pairs(lab) < FEWEST_PAIRS:
            expected = f"pre_weeks and at least {FEWEST_PAIRS} pairs of blocks of {request.block_weeks}"
            problems.append(problem_at(place, "horizon", f"{lab.num_weeks} weeks", expected))
    if problems:
        raise ScenarioError(problems)


def _summary(trials: Sequence[Trial], power: float) -> dict[str, Any]:
    effects = [trial.effects["adjusted"] for trial in trials]
    rollout = np.array([trial.rollout for trial in trials])
    estimates = np.array([effect.estimate for effect in effects])
    errors = {name: np.array([trial.effects[name].standard_error for trial in trials]) for name in trials[0].effects}
    error, plain = (float(np.sqrt((errors[name] ** 2).mean())) for name in ("adjusted", "plain"))
    return {
        "experiments": len(trials),
        "control_mean": float(np.mean([trial.control_mean for trial in trials])),
        "effect": _estimate(estimates),
        "rollout": _estimate(rollout),
        "interference": _estimate(estimates - rollout),
        "found": float(np.mean([effect.p_value <= 0.05 for effect in effects])),
        "smallest_effect": smallest_effect(error, power),
        "variance_left": (error / plain) ** 2 if plain > 0 else 1.0,
    }


def _estimate(values: np.ndarray[Any, np.dtype[np.float64]]) -> dict[str, Any]:
    mean, low, high = mean_ci95(values)
    return {"mean": mean, "ci95": [low, high] if np.isfinite(low) else None}


def _frame(design: Design, trials: Sequence[Trial]) -> pd.DataFrame:
    rows = [
        (
            design,
            number,
            estimator,
            effect.estimate,
            effect.low,
            effect.high,
            effect.p_value,
            trial.control_mean,
            trial.rollout,
        )
        for number, trial in enumerate(trials, start=1)
        for estimator, effect in trial.effects.items()
    ]
    columns = [
        "design",
        "replication",
        "estimator",
        "estimate",
        "ci_low",
        "ci_high",
        "p_value",
        "control_mean",
        "rollout",
    ]
    return pd.DataFrame(rows, columns=columns)


def _sample_size(lab: Lab, design: Design, trials: Sequence[Trial]) -> pd.DataFrame:
    request = lab.request
    effect = abs(float(np.mean([trial.control_mean for trial in trials]))) * request.effect_percent / 100.0
    if design == "products":
        between, within = np.mean([components(trial.outcome, trial.group) for trial in trials], axis=0).tolist()
        return products_table(between, within, len(trials[0].outcome), effect, request.power)
    differences = [trial.outcome[:, 0] - trial.outcome[:, 1] for trial in trials]
    spread = float(np.sqrt(np.mean([np.mean(each**2) for each in differences])))
    return weeks_table(spread, len(lab.compiled.names.products), request.block_weeks, effect, request.power)
