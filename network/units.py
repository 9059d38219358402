"""Durations and clock times as people write them, as the numbers the model computes with."""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import BeforeValidator, Field

MINUTES_PER_DAY = 1440
_DAYS_PER_UNIT = {"min": 1 / MINUTES_PER_DAY, "h": 1 / 24, "d": 1.0, "w": 7.0}
_DURATION = re.compile(r"\s*([0-9]*\.?[0-9]+)\s*([a-z]+)\s*", re.IGNORECASE)
_CLOCK = re.compile(r"([01]?[0-9]|2[0-4]):([0-5][0-9])")


def parse_days(value: object) -> float:
    """Duration in days, from a number of days or a text such as ``2 d``, ``12 h``, ``90 min``, ``3 w``.

    Raises
    ------
    ValueError
        When the text is not a number followed by one of the four units.
    """
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return float(value)
    match = _DURATION.fullmatch(str(value))
    if match is None or match[2].lower() not in _DAYS_PER_UNIT:
        raise ValueError("a duration such as '2 d', '12 h', '90 min' or '3 w'")
    return float(match[1]) * _DAYS_PER_UNIT[match[2].lower()]


def parse_clock(value: object) -> int:
    """Minutes after midnight, from a text such as ``14:30`` (``24:00`` is the day's end).

    Raises
    ------
    ValueError
        When the text is not a clock time between 00:00 and 24:00.
    """
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    minutes = 60 * int(match[1]) + int(match[2]) if match else MINUTES_PER_DAY + 1
    if minutes > MINUTES_PER_DAY:
        raise ValueError("a clock time between '00:00' and '24:00'")
    return minutes


Days = Annotated[float, BeforeValidator(parse_days, json_schema_input_type=float | str), Field(ge=0)]
ClockMinutes = Annotated[int, BeforeValidator(parse_clock, json_schema_input_type=str)]
