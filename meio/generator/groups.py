"""What a made-up retailer sells: product groups and the vendors they come from."""

from __future__ import annotations

from typing import NamedTuple


class Group(NamedTuple):
    """A product group: its share of the products, what a product is like (medians), and how it sells."""

    share: float
    storage_type: str
    price: float
    volume_m3: float
    weight_kg: float
    peak: float
    """Demand at the height of the peak, over that of an ordinary week."""
    same_day: float
    """Share of the orders, in zones where same-day delivery is offered."""
    two_day: float
    vendors: tuple[str, str]
    """The usual vendor, and a dearer one that sells smaller packs."""


class Vendor(NamedTuple):
    """Where a vendor ships from, its lead time to that gate in days, and how much it varies."""

    place: str
    lat: float
    lon: float
    days: float
    cv: float


GROUPS = {
    "electronics": Group(0.14, "sortable", 65, 0.0030, 0.6, 1.9, 0.14, 0.42, ("import_long_beach", "border_laredo")),
    "toys": Group(0.15, "sortable", 26, 0.0065, 0.7, 2.1, 0.08, 0.40, ("import_long_beach", "import_newark")),
    "apparel": Group(0.18, "sortable", 32, 0.0035, 0.4, 1.6, 0.06, 0.36, ("import_savannah", "import_long_beach")),
    "beauty": Group(0.14, "sortable", 19, 0.0008, 0.25, 1.4, 0.14, 0.40, ("wholesale_chicago", "import_newark")),
    "kitchen": Group(0.13, "sortable", 38, 0.0090, 1.7, 1.7, 0.08, 0.36, ("import_newark", "wholesale_chicago")),
    "books": Group(0.12, "sortable", 17, 0.0016, 0.5, 1.5, 0.10, 0.34, ("wholesale_chicago", "import_savannah")),
    "furniture": Group(0.08, "non_sortable", 150, 0.160, 19.0, 1.2, 0.0, 0.08, ("maker_high_point", "import_savannah")),
    "appliances": Group(0.06, "non_sortable", 210, 0.110, 14.0, 1.6, 0.0, 0.12, ("border_laredo", "import_long_beach")),
}
HEAVIEST_KG = {"sortable": 9.5, "non_sortable": 38.0}
VENDORS = {
    "import_long_beach": Vendor("Port of Long Beach CA", 33.75, -118.21, 40, 0.40),
    "import_savannah": Vendor("Port of Savannah GA", 32.13, -81.14, 41, 0.45),
    "import_newark": Vendor("Port Newark NJ", 40.69, -74.15, 38, 0.40),
    "wholesale_chicago": Vendor("Chicago IL", 41.85, -87.65, 13, 0.30),
    "border_laredo": Vendor("Laredo TX", 27.53, -99.49, 20, 0.35),
    "maker_high_point": Vendor("High Point NC", 35.96, -80.01, 26, 0.55),
}


def groups_of(storage_type: str) -> list[str]:
    """Groups whose products need a storage type."""
    return [name for name, group in GROUPS.items() if group.storage_type == storage_type]
