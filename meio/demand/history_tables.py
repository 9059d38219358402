"""The two tables of a demand history, and which of their columns a file gives."""

from __future__ import annotations

from dataclasses import replace

from meio.network.problems import closest
from meio.network.table_files import RawTable
from meio.network.tables import Column, Table

KEYS = ("product", "zone", "speed")

HISTORY = Table(
    "history",
    ("history",),
    "Demand by day or week, in any order of rows; a day without a row had no demand.",
    (
        Column("date", "day", "day of the demand; in weekly rows the first day of the week", key=True),
        Column("product", "text", "product", key=True),
        Column("units", "number", "units ordered; negative: returned", "units"),
        Column("zone", "text", "demand zone", key=True, required=False),
        Column("speed", "text", "speed the customer chose", key=True, required=False),
        Column("price", "number", "selling price", "money per unit", required=False, least=0),
        Column("promotion", "number", "share of the day on promotion", required=False, default=0, least=0, most=1),
        Column("in_stock", "number", "share of the day it could be bought", required=False, default=1, least=0, most=1),
        Column("currency", "text", "currency of the prices; the same in all rows", required=False),
    ),
)

PRODUCTS = Table(
    "products",
    ("products",),
    "What is known of each product; any other column is an attribute: text, or numbers if all of its cells are.",
    (
        Column("product", "text", "product", key=True),
        Column("price", "number", "selling price", "money per unit", required=False, least=0),
        Column("unit_cost", "number", "purchase cost", "money per unit", required=False, least=0),
    ),
)


def given_columns(raw: RawTable) -> tuple[tuple[Column, ...], list[str]]:
    """Columns of the declaration that a file has or should have, and the names of its others.

    A name that nobody declared counts as given when a declared one is missing that it seems to stand for; the check
    of the header then asks whether that was meant.
    """
    names = [str(name) for name in raw.cells]
    declared = {column.name for column in raw.table.columns}
    others = [name for name in names if name not in declared]
    absent = [column.name for column in raw.table.columns if column.name not in names]
    meant = {name: near for name in others if (near := closest(name, absent))}
    wanted = {*names, *meant.values()}
    columns = [
        replace(column, required=column.required or (column.key and column.name in names))
        for column in raw.table.columns
        if column.required or column.name in wanted
    ]
    return tuple(columns), [name for name in others if name not in meant]
