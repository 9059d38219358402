"""Whatever happens to the bytes of a Parquet file, reading it gives rows or a scenario error, nothing else."""

from __future__ import annotations

import tempfile
from contextlib import suppress
from pathlib import Path

from catalogue_cases import catalogue_tables
from hypothesis import given, settings
from hypothesis import strategies as st

from meio.network.cells import typed
from meio.network.parquet_rows import open_rows
from meio.network.problems import ScenarioError
from meio.network.tables import TABLES, columns_of


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 255)), min_size=1, max_size=9))
def test_damage_anywhere_is_told_or_leaves_a_table(damage: list[tuple[float, int]]):
    table = next(one for one in TABLES if one.name == "product_demand")
    columns = columns_of(table, "negative_binomial")
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "demand.parquet"
        catalogue_tables(20)["product_demand"].to_parquet(file, index=False, row_group_size=30)
        content = bytearray(file.read_bytes())
        for place, byte in damage:
            content[int(place * len(content))] = byte
        file.write_bytes(content)
        if rows := open_rows(table, file, []):
            with suppress(ScenarioError):
                assert sum(len(names) for names in rows.texts("product")) == rows.num_rows
            with suppress(ScenarioError):
                typed(rows.cells(20, 50), columns, 4)
