"""The tables with a row or more a product, streamed to Parquet a group of rows at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from meio.generator.assortment import ROW_GROUP, SLOW_UNITS_A_WEEK, Assortment, draw_assortment, weekly_means
from meio.generator.flows import Flows, no_flows
from meio.generator.groups import GROUPS

PRODUCT_TABLES = ("products", "supply", "product_demand")
SECOND_PRICE = 1.07  # of the second vendor, over the usual one's
_NAMES = ["product", "group", "storage_type", "vendor", "period"]


def write_product_tables(folder: Path, num_products: int, num_weeks: int, seed: int) -> Flows:
    """Write the catalogue, and return what its capacities are sized by.

    Each group of rows of a table holds all rows of `ROW_GROUP` products; no more is ever in memory.
    """
    flows = no_flows()
    with ExitStack() as files:
        writers: dict[str, pq.ParquetWriter] = {}
        for some in assortments(num_products, seed):
            for name, table in product_tables(some, num_weeks).items():
                if name not in writers:
                    path = folder / f"{name}.parquet"
                    writer = pq.ParquetWriter(
                        path, table.schema, compression="zstd", use_dictionary=_NAMES, write_page_checksum=True
                    )
                    writers[name] = files.enter_context(writer)
                writers[name].write_table(table, row_group_size=len(table))
            flows = flows.plus(some)
    return flows


def assortments(num_products: int, seed: int) -> Iterator[Assortment]:
    """Draw the catalogue, a group of rows at a time."""
    for number, first in enumerate(range(0, num_products, ROW_GROUP)):
        yield draw_assortment(number, min(ROW_GROUP, num_products - first), seed)


def product_tables(some: Assortment, num_weeks: int) -> dict[str, pa.Table]:
    """Return the rows of some products in each of the `PRODUCT_TABLES`."""
    names = pa.array(some.names())
    return {
        "products": _products(some, names),
        "supply": _supply(some, names),
        "product_demand": _demand(some, names, num_weeks),
    }


def _products(some: Assortment, names: pa.Array) -> pa.Table:
    columns = {
        "product": names,
        "group": _chosen(list(GROUPS), some.group_idx),
        "volume_m3": some.volume_m3,
        "weight_kg": some.weight_kg,
        "unit_cost": some.unit_cost,
        "price": some.price,
        "storage_type": _chosen([group.storage_type for group in GROUPS.values()], some.group_idx),
    }
    return pa.table(columns)


def _supply(some: Assortment, names: pa.Array) -> pa.Table:
    """Terms of each product's usual vendor, and for what is not a slow mover of a second one."""
    bulky = np.array([group.storage_type == "non_sortable" for group in GROUPS.values()])[some.group_idx]
    pack = np.select([some.daily >= 20, some.daily >= 5, some.daily >= 1.5, some.daily >= 0.2], [24, 12, 6, 4], 2)
    pack = np.where(bulky, np.where(some.daily >= 5, 4, 2), pack)
    has_second = 7 * some.daily >= SLOW_UNITS_A_WEEK
    row_idx = np.repeat(np.arange(len(names)), 1 + has_second)
    second = np.append(False, row_idx[1:] == row_idx[:-1])
    vendors = [group.vendors[rank] for group in GROUPS.values() for rank in (0, 1)]
    cost = (some.unit_cost * some.quote)[row_idx] * np.where(second, SECOND_PRICE, 1.0)
    columns = {
        "product": names.take(pa.array(row_idx)),
        "vendor": _chosen(vendors, 2 * some.group_idx[row_idx] + second),
        "unit_cost": cost.round(2),
        "minimum_order": np.where(second, pack[row_idx] // 2, 2 * pack[row_idx]),
        "pack": np.where(second, pack[row_idx] // 2, pack[row_idx]),
    }
    return pa.table(columns)


def _demand(some: Assortment, names: pa.Array, num_weeks: int) -> pa.Table:
    columns = {
        "product": names.take(pa.array(np.repeat(np.arange(len(names)), num_weeks))),
        "period": np.tile(np.arange(1, num_weeks + 1, dtype=np.int32), len(names)),
        "mean": weekly_means(some, num_weeks).ravel(),
        "dispersion": np.repeat(some.dispersion, num_weeks),
    }
    return pa.table(columns)


def _chosen(names: list[str], idx: np.ndarray) -> pa.Array:
    return pa.array(names).take(pa.array(idx))
