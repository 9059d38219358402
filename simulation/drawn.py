"""A day's drawn orders, and room to draw them in."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from meio.network.compiled import Floats, Ints

ORDERS_PER_BUCKET = 2

ShortInts = NDArray[np.int32]
"""A day's orders in short integers stay in a core's cache, from which they are sorted."""


class DayOrders(NamedTuple):
    """Orders of one unit each."""

    minute: Floats
    """[order]: of the day."""
    product_idx: ShortInts
    class_idx: ShortInts
    """[order]: zone * number of speeds + speed."""


class Drawing(NamedTuple):
    """Scratch for drawing a day's orders; what does not fit gets arrays of its own."""

    units: Ints
    """[stream]: of the day."""
    as_drawn: DayOrders
    by_time: DayOrders
    bucket_end: ShortInts
    """[bucket]: orders before the bucket's end."""


def room_to_draw(num_streams: int, num_orders: int) -> Drawing:
    """Scratch for so many orders a day."""

    def orders() -> DayOrders:
        return DayOrders(np.zeros(num_orders), *(np.zeros(num_orders, dtype=np.int32) for _ in range(2)))

    bucket_end = np.zeros(num_orders // ORDERS_PER_BUCKET + 1, dtype=np.int32)
    return Drawing(np.zeros(num_streams, dtype=np.int64), orders(), orders(), bucket_end)
