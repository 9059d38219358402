"""An explanation as a planner reads it: a table over periods, or one period in sentences."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from meio.explanation.reasons import Explanation, PeriodReasons
from meio.wording import aligned, number, percent

MOST_NAMED = 4  # zones and destinations named before the rest is counted


def explanation_text(why: Explanation, currency: str) -> str:
    """Return an explanation as text: a table with a row a period, or every detail when there is one period only."""
    way, interval = _days(why.lead_time_days), _days(why.review_every_days)
    wait = f", {_days(why.departure_wait_days)} until it departs" if why.departure_wait_days > 0 else ""
    heading = f"{why.product} at {why.node}: ordered on {why.lane}{wait}, {way} on the way, reviewed every {interval}"
    one = [f"{name:<14}{text}" for name, text in reason_rows(why.periods[0], currency)]
    body = one if len(why.periods) == 1 else _table(why)
    return "\n".join([heading, "", *body])


def _table(why: Explanation) -> Iterator[str]:
    head = ["period", "target", "demand", "sd", "covered", "spill out", "spill in", "without prices", "moved most by"]
    rows = [
        [
            str(one.period),
            _units(one.target),
            _units(one.demand.mean),
            _units(one.demand.sd),
            percent(one.covered),
            _units(one.spill_out),
            _units(one.spill_in),
            _units(one.at_no_prices),
            _largest_move(one),
        ]
        for one in why.periods
    ]
    yield from aligned([head, *rows])
    yield ""
    window = f"{why.window_days:.4g} days of {'wait, ' if why.departure_wait_days > 0 else ''}lead time and review"
    yield f"demand and its sd are over the {window}; --period N takes one apart"


def reason_rows(one: PeriodReasons, currency: str) -> list[tuple[str, str]]:
    """Return every reason of one period as its name and what it says."""
    used = "" if one.used_in_period == one.period else f", for customers of period {one.used_in_period}"
    rows = [
        (f"period {one.period}", f"target {_units(one.target)} units{used}"),
        ("demand", _demand(one)),
        *([("one short", _shortages(one, currency))] if one.shortages else []),
        ("one too many", f"{_money(sum(one.overage.values()))} {currency} a day: {_parts(one.overage)}"),
        ("paid", f"{_money(sum(one.paid.values()))} {currency} a unit: {_parts(one.paid)}"),
        ("last unit", _last_unit(one, currency)),
        ("covered", _covered(one)),
        ("spill", f"{_units(one.spill_out)} units a period go elsewhere, {_units(one.spill_in)} come from elsewhere"),
        *([("feeds", _listed(one.feeds))] if one.feeds else []),
        ("moved", f"{_units(one.at_no_prices)} units without prices{_moves(one)}, makes {_units(one.target)}"),
    ]
    if one.units_for_dearer_speeds > 0:
        rows.insert(-1, ("speeds", f"{_units(one.units_for_dearer_speeds)} units pay for the dearer speeds alone"))
    return rows


def _demand(one: PeriodReasons) -> str:
    spread = f"{_listed(one.demand.by_speed)}; {_listed(one.demand.by_zone)}"
    return f"{_units(one.demand.mean)} ± {_units(one.demand.sd)} units over the days it must last: {spread}"


def _shortages(one: PeriodReasons, currency: str) -> str:
    """What being one short costs, by speed and destination."""
    parts = [
        f"{percent(gone.share, 0)} {gone.speed} {'to ' if gone.to not in ('lost', 'owed') else ''}{gone.to} "
        f"at {_money(gone.extra_cost)}{' a day' if gone.to == 'owed' else ''}"
        for gone in one.shortages[:MOST_NAMED]
    ]
    more = len(one.shortages) - MOST_NAMED
    mean = "" if one.underage is None else f"{_money(one.underage)} {currency} a unit: "
    return f"{mean}{', '.join(parts)}{f', and {more} more' if more > 0 else ''}"


def _last_unit(one: PeriodReasons, currency: str) -> str:
    unit = one.last_unit
    parts = {"here": unit.at_node, "in the region": unit.in_region, "in the nation": unit.in_nation}
    saved = sum(parts.values())
    return f"saves {_money(saved)} {currency} a day ({_parts(parts)}) and costs {_money(unit.charge)}"


def _covered(one: PeriodReasons) -> str:
    ratio = "" if one.critical_ratio is None else f"; worth covering: {percent(one.critical_ratio, 2)}"
    return f"demand stays within the target with {percent(one.covered, 2)}{ratio}"


def _moves(one: PeriodReasons) -> str:
    named = [f", {move.units:+.4g} {move.cause}" for move in one.moved_by if abs(move.units) >= 0.005]
    return "".join(named)


def _largest_move(one: PeriodReasons) -> str:
    move = max(one.moved_by, key=lambda move: abs(move.units))
    return f"{move.cause} {move.units:+.4g}" if abs(move.units) >= 0.005 else "nothing"


def _listed(amounts: Mapping[str, float]) -> str:
    """Return names with their amounts, the first few."""
    named = [f"{name} {_units(units)}" for name, units in list(amounts.items())[:MOST_NAMED]]
    rest = list(amounts.values())[MOST_NAMED:]
    return ", ".join([*named, *([f"{len(rest)} more {_units(sum(rest))}"] if rest else [])]) or "nobody"


def _parts(parts: Mapping[str, float]) -> str:
    """Return parts that are not nothing, with their signs."""
    return ", ".join(f"{name} {_money(amount)}" for name, amount in parts.items() if abs(amount) >= 1e-9) or "nothing"


def _units(units: float) -> str:
    return number(units, 0 if units == round(units) else 1)


def _days(days: float) -> str:
    return f"{days:.4g} day{'' if days == 1 else 's'}"


def _money(amount: float) -> str:
    return f"{amount:,.4g}"
