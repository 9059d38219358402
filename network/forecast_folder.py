"""A forecast folder as the demand of a scenario: it stands for the demand table it holds."""

from __future__ import annotations

import json
from dataclasses import replace
from hashlib import sha256
from pathlib import Path
from typing import Any

from meio.network.merge import COMMAND_LINE
from meio.network.model import Horizon
from meio.network.positions import Located, unreadable
from meio.network.problems import Problem, problem_at, shown
from meio.network.validation import valid_part

FORECAST_FACTS = "forecast.json"
FORECAST_DEMAND = "demand.parquet"
FORECAST_DISTRIBUTION = "negative_binomial"
"""Of every demand table made from a forecast."""

_PATH = ("demand", "forecast")
_EXPECTED = "a folder that `meio forecast` wrote"


def with_forecast(document: Located, folder: Path, hashes: dict[Path, str], problems: list[Problem]) -> Located:
    """The document with the demand table of its forecast folder named in place, if it has one.

    Parameters
    ----------
    document : Located
        The merged YAML.
    folder : Path
        The scenario's; a forecast named on the command line is relative to it.
    hashes, problems : dict of Path to str, list of Problem
        The hash of the folder's facts and what is wrong with it are added to them.
    """
    given = document.find(_PATH)
    if given is None or given.value is None:
        return document
    demand, added = document.value["demand"], {"distribution": FORECAST_DISTRIBUTION}
    facts = _facts(given, folder, hashes, problems)
    wrong = _problems(document, given, facts) if facts else []
    problems += wrong
    if facts and not wrong:
        added["whole" if "zone" in facts["columns"] else "products"] = f"{given.value}/{FORECAST_DEMAND}"
    named = {key: replace(given, value=value) for key, value in added.items()}
    return replace(document, value={**document.value, "demand": replace(demand, value={**demand.value, **named})})


def _facts(given: Located, folder: Path, hashes: dict[Path, str], problems: list[Problem]) -> dict[str, Any] | None:
    """What the folder says of its forecast; none, and a problem more, when it is not one."""
    if not isinstance(given.value, str):
        problems.append(problem_at(given.place, _PATH, shown(given.value), _EXPECTED))
        return None
    beside = folder if given.place.file == COMMAND_LINE else Path(given.place.file).parent
    file = beside / given.value / FORECAST_FACTS
    try:
        content = file.read_bytes()
        facts: dict[str, Any] = json.loads(content)
        facts = {key: facts[key] for key in ("start", "period_days", "periods", "columns")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = unreadable(error) if isinstance(error, OSError) else "damaged"
        found = f"{shown(given.value)}, whose {FORECAST_FACTS} is {reason}"
        problems.append(problem_at(given.place, _PATH, found, _EXPECTED))
        return None
    hashes[file] = sha256(content).hexdigest()
    return facts


def _problems(document: Located, given: Located, facts: dict[str, Any]) -> list[Problem]:
    """What of a forecast does not fit the scenario."""
    pairs = [*_beside(document), *_in_time(document, facts), *_by_speed(document, facts)]
    return [problem_at(given.place, _PATH, found, expected) for found, expected in pairs]


def _beside(document: Located) -> list[tuple[str, str]]:
    tables = [key for key in ("whole", "products") if (at := document.find(("demand", key))) and at.value is not None]
    return [(f"a forecast beside the table {key}", f"one of them; set demand.{key} to null") for key in tables]


def _in_time(document: Located, facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What does not fit the horizon, as what was found and what was expected."""
    horizon = valid_part(Horizon, document.nearest(("horizon",)).plain())
    if horizon is None:
        return []
    pairs = []
    if facts["period_days"] != horizon.period_days:
        pairs.append((f"periods of {facts['period_days']} days", f"{horizon.period_days}, as horizon.period_days"))
    if facts["start"] != str(horizon.start):
        pairs.append((f"a forecast from {facts['start']}", f"one from {horizon.start}, as horizon.start"))
    if facts["periods"] < horizon.periods:
        expected = f"at least {horizon.periods}, as horizon.periods; `meio forecast --horizon {horizon.periods}`"
        pairs.append((f"a forecast of {facts['periods']} periods", expected))
    return pairs


def _by_speed(document: Located, facts: dict[str, Any]) -> list[tuple[str, str]]:
    """What does not fit the scenario's speeds, as what was found and what was expected."""
    count = len(dict(document.nearest(("speeds",)).children())) if document.find(("speeds",)) else 0
    by_zone, by_speed = "zone" in facts["columns"], "speed" in facts["columns"]
    if by_speed and not by_zone:
        return [("a forecast by speed, not by zone", "one by product, or by product and zone")]
    if by_zone and not by_speed and count > 1:
        expected = "one by product, zone and speed, or by product alone and a table speed_mix"
        return [(f"a forecast by zone, not by speed, with {count} speeds", expected)]
    return []
