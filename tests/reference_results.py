"""The figures by which the engine and the reference simulator are compared, of both by the same names."""

import numpy as np

from meio.simulation import tally as places
from meio.simulation.events import EVENTS
from meio.simulation.state import DESTINATION_SLOT, IN_YARD, ON_THE_WAY

FATES = ("orders", "demand", "on_time", "late", "lost", "owed")
PLACES = (places.ORDERS, places.DEMAND, places.ON_TIME, places.LATE_UNITS, places.LOST_UNITS, places.OWED_UNITS)


def units_of_engine(compiled, state):
    """Whole numbers: of each product at each node at the end, by speed, and by day."""
    shape, transit, orders, tally = _slots(compiled), state.transit, state.orders, state.tally
    waiting = orders.units[: orders.size[0]] > 0
    destination = orders.detail[: orders.size[0], DESTINATION_SLOT][waiting]
    at_place = [transit.place == place for place in (ON_THE_WAY, IN_YARD)]
    return {
        "on hand": state.stock.on_hand.reshape(shape),
        "position": state.stock.position.reshape(shape),
        "owed": state.stock.owed.reshape(shape),
        "on the way": _summed(transit.slot[at_place[0]], transit.units[at_place[0]], shape),
        "in the yard": _summed(transit.slot[at_place[1]], transit.units[at_place[1]], shape),
        "waiting upstream": _summed(destination, orders.units[: orders.size[0]][waiting], shape),
        "service": tally.service[:, PLACES],
        "shipped": tally.shipped[:, :, places.SHIPPED_UNITS],
        "packages": tally.shipped[:, :, places.PACKAGES],
        "inbound": tally.inbound,
        "outbound units": tally.outbound,
        "lane": tally.lane,
    }


def events_of_engine(state):
    """What happened, by minute: (minute, name, product, node, units); of one minute sorted."""
    log, size = state.log, state.log.size[0]
    columns = (log.minute.round(6), np.array(EVENTS)[log.kind], log.product_idx, log.node_idx, log.units)
    return sorted(zip(*(column[:size].tolist() for column in columns), strict=True))


def events_of_reference(reference):
    """The same of the reference simulator."""
    return sorted(reference.m.events)


def amounts_of_engine(state):
    """Money by kind, and what else may differ by rounding."""
    tally = state.tally
    return dict(zip(places.MONEY, tally.money, strict=True)) | {
        "money by day": tally.money_by_day,
        "service by day": tally.service_by_day[:, :, PLACES[:-1]],  # owed is what is left at the end
        "delivery days": tally.service[:, places.DELIVERY_DAYS],
        "stored m3": tally.storage_m3,
        "yard m3": tally.yard_m3,
    }


def units_of_reference(compiled, reference):
    """The same of the reference simulator."""
    shape, speeds, m = _slots(compiled), range(len(compiled.names.speeds)), reference.m
    yard = [shipment for queue in reference.yard.values() for shipment in queue]
    return {
        "on hand": _filled(shape, reference.on_hand.items()),
        "position": _filled(shape, reference.position.items()),
        "owed": _filled(shape, (((one.product, one.node), one.units) for one in reference.owed)),
        "on the way": _filled(shape, (((one.product, one.node), one.units) for one in reference.in_transit)),
        "in the yard": _filled(shape, (((one.product, one.node), one.units) for one in yard)),
        "waiting upstream": _filled(shape, (((one.product, one.child), one.units) for one in reference.requests)),
        "service": np.array([[m.service[speed, fate] for fate in FATES] for speed in speeds]),
        "shipped": _filled((shape[1], len(compiled.names.zones)), m.shipped.items()),
        "packages": _filled((shape[1], len(compiled.names.zones)), m.packages.items()),
        "inbound": _filled((reference.end_day, shape[1]), m.inbound.items()),
        "outbound units": _filled((reference.end_day, shape[1]), m.outbound.items()),
        "lane": _filled((reference.end_day, len(compiled.names.lanes)), m.lane.items()),
    }


def amounts_of_reference(compiled, reference):
    """The same of the reference simulator."""
    m, days, names = reference.m, range(reference.end_day), compiled.names
    speeds = range(len(names.speeds))
    by_type = (len(days), len(names.nodes), len(names.storage_types))
    return {kind: m.money[kind] for kind in places.MONEY} | {
        "money by day": np.array([[m.by_day.get((day, kind), 0.0) for kind in places.MONEY] for day in days]),
        "service by day": np.array(
            [[[m.by_day.get((day, speed, fate), 0.0) for fate in FATES[:-1]] for speed in speeds] for day in days]
        ),
        "delivery days": np.array([m.service[speed, "delivery_days"] for speed in speeds]),
        "stored m3": _filled(by_type, m.storage_m3.items()),
        "yard m3": _filled(by_type[:2], m.yard_m3.items()),
    }


def _slots(compiled):
    return len(compiled.names.products), len(compiled.names.nodes)


def _summed(slot, units, shape):
    return np.bincount(slot, units, minlength=shape[0] * shape[1]).reshape(shape)


def _filled(shape, entries):
    values = np.zeros(shape)
    for place, value in entries:
        values[place] += value
    return values
