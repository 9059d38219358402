"""What an experiment file asks for."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from meio.network.merge import read_merged
from meio.network.problems import Place, Problem, ScenarioError, problem_at, shown

Design = Literal["products", "weeks"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class SystemRequest(_Part):
    """A planning system."""

    plan: str = Field(
        default="planner",
        description="planner, independent_newsvendor, national_pool, or the output folder of a plan of the scenario",
    )
    overrides: tuple[str, ...] = Field(
        default=(), description="PATH=VALUE: what the planner is told differently; the world stays the scenario's"
    )
    policy: Literal["nearest", "priced", "reserve"] | None = Field(
        default=None, description="how orders are assigned; none: as the scenario says"
    )


class Request(_Part):
    """An experiment: two systems, who follows which when, and what is to be found."""

    scenario: Path = Field(description="the scenario's YAML file, relative to this one")
    overrides: tuple[str, ...] = Field(default=(), description="PATH=VALUE for both systems and the world")
    treatment: SystemRequest = SystemRequest()
    control: SystemRequest = SystemRequest()
    designs: tuple[Design, ...] = Field(
        default=("products", "weeks"), min_length=1, description="what is drawn: products, weeks, or both in turn"
    )
    measure: Literal["cost", "profit"] = Field(default="cost", description="money per product and week")
    pre_weeks: int = Field(default=4, ge=0, description="first weeks, in which all follow the control")
    block_weeks: int = Field(default=2, ge=1, description="weeks until the systems may switch; design weeks only")
    washout_weeks: int = Field(default=1, ge=0, description="weeks after a switch that do not count")
    replications: int = Field(default=10, ge=1, description="experiments, each with lots and customers of its own")
    effect_percent: float = Field(default=1.0, gt=0, description="wished to be found, percent of the control's cost")
    power: float = Field(default=0.8, gt=0.05, lt=1, description="share of experiments that are to find it")
    seed: int = Field(default=0, ge=0)


def read_request(path: Path) -> Request:
    """Read an experiment file; its scenario's path comes back relative to the working folder.

    Raises
    ------
    ScenarioError
        With every problem of the file.
    """
    problems: list[Problem] = []
    document = read_merged(path, (), {}, problems)
    if document is None or problems:
        raise ScenarioError(problems)
    try:
        request = Request.model_validate(document.plain())
    except ValidationError as error:
        raise ScenarioError(
            _problem(document.nearest(tuple(one["loc"])).place, one["loc"], one) for one in error.errors()
        ) from None
    return request.model_copy(update={"scenario": path.parent / request.scenario})


def request_of(fields: dict[str, Any]) -> Request:
    """The same from keywords.

    Raises
    ------
    ScenarioError
        With every problem.
    """
    try:
        return Request.model_validate(fields)
    except ValidationError as error:
        place = Place("experiment")
        raise ScenarioError(_problem(place, one["loc"], one) for one in error.errors()) from None


def _problem(place: Place, path: tuple[int | str, ...], one: Any) -> Problem:
    if one["type"] == "extra_forbidden":
        known = [*Request.model_fields, *SystemRequest.model_fields]
        return problem_at(place, path, "an unknown key", f"one of {', '.join(known)}", (str(path[-1]), known))
    found = "nothing" if one["type"] == "missing" else shown(one["input"])
    meaning = Request.model_fields[str(path[0])].description if path and path[0] in Request.model_fields else ""
    text = one["msg"][0].lower() + one["msg"][1:]
    return problem_at(place, path, found, f"{text}{f' ({meaning})' if meaning else ''}")
