"""A good scenario: tables wherever they stand, precedence, hashes, the starter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from scenario_files import PRODUCTS_CSV, QUICKSTART, ROOT, edited, problems_of, with_source

from meio.network.problems import ScenarioError
from meio.network.scenario import load_scenario, write_starter


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def load(text: str, *overrides: str, name: str = "s.yaml"):
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text, encoding="utf-8")
    return load_scenario(Path(name), overrides)


def test_quickstart_is_small_enough_to_read():
    scenario = load_scenario(ROOT / "scenarios" / "quickstart.yaml")
    assert len(QUICKSTART.splitlines()) < 60
    assert QUICKSTART.startswith("# yaml-language-server: $schema=scenario.schema.json\n")
    assert (len(scenario.file.nodes), len(scenario.tables["zones"]), len(scenario.tables["products"])) == (3, 2, 5)
    assert scenario.file.horizon.periods == 13


def test_tables_have_all_columns_typed_and_filled():
    tables = load(QUICKSTART).tables
    assert tables["products"].dtypes.astype(str).to_dict() == {
        "product": "str",
        "group": "str",
        "volume_m3": "float64",
        "weight_kg": "float64",
        "unit_cost": "float64",
        "price": "float64",
        "storage_type": "str",
    }
    assert set(tables["products"]["group"]) == {"all"}
    assert set(tables["products"]["storage_type"]) == {"standard"}
    assert list(tables["product_demand"]["period"]) == ["*", "*", "*", "*", "9", "*"]
    supply = tables["supply"].iloc[0]
    assert (supply["product"], supply["vendor"], supply["minimum_order"], supply["pack"]) == ("*", "MILL", 1, 6)
    assert np.isnan(supply["unit_cost"])
    assert tables["supply"]["minimum_order"].dtype == np.int64


@pytest.mark.parametrize("ending", ["csv", "parquet"])
def test_table_is_the_same_inline_and_in_a_file(ending: str):
    inline = load(QUICKSTART)
    for key, name in (("products", "products"), ("zones", "zones")):
        frame = inline.tables[name].sample(frac=1, random_state=1, axis=1)  # columns in any order
        Path("data").mkdir(exist_ok=True)
        frame.to_csv(f"data/{key}.csv", index=False)
        frame.to_parquet(f"data/{key}.parquet")
        read = load(with_source(key, f"data/{key}.{ending}")).tables[name]
        pd.testing.assert_frame_equal(read, inline.tables[name])


@pytest.mark.parametrize(
    "content",
    [
        "\ufeff" + PRODUCTS_CSV,
        PRODUCTS_CSV.replace("\n", "\r\n"),
        PRODUCTS_CSV.replace("\nmug", "\n\n,,,,\nmug"),
        PRODUCTS_CSV.replace("lamp", '"lamp"').rstrip("\n"),
    ],
    ids=["byte order mark", "carriage returns", "blank lines", "quotes, no last line break"],
)
def test_csv_dialects_of_spreadsheets(content: str):
    Path("p.csv").write_bytes(content.encode())
    read = load(with_source("products", "p.csv")).tables["products"]
    pd.testing.assert_frame_equal(read, load(QUICKSTART).tables["products"])


def test_names_may_look_like_numbers():
    text = edited(("zone: New York", "zone: 10001"), ("zone: Boston", 'zone: "02101"'))
    assert list(load(text).tables["zones"]["zone"]) == ["10001", "02101"]


def test_extended_file_is_merged_key_by_key_and_its_tables_stay_beside_it():
    Path("base").mkdir()
    Path("base/products.csv").write_text(PRODUCTS_CSV, encoding="utf-8")
    Path("base/b.yaml").write_text(with_source("products", "products.csv"), encoding="utf-8")
    Path("middle.yaml").write_text("extends: base/b.yaml\nhorizon: {periods: 12}\n", encoding="utf-8")
    text = "extends: middle.yaml\nname: top\nnodes: {FC: {storage_m3: {standard: 9}}}\n"
    scenario = load(text, "planning.max_iterations=7", "speeds.express.promise=2 d")
    assert (scenario.file.name, scenario.file.horizon.periods, scenario.file.horizon.period_days) == ("top", 12, 7)
    assert (scenario.file.nodes["FC"].storage_m3, scenario.file.nodes["FC"].lat) == ({"standard": 9}, 40.74)
    assert (scenario.file.planning.max_iterations, scenario.file.speeds["express"].promise) == (7, 2)
    assert len(scenario.tables["products"]) == 5
    assert set(scenario.data_hashes) == {"s.yaml", "middle.yaml", "base/b.yaml", "base/products.csv"}


def test_lists_and_tables_are_replaced_whole():
    Path("b.yaml").write_text(QUICKSTART, encoding="utf-8")
    Path("products.csv").write_text(PRODUCTS_CSV.replace("29", "31"), encoding="utf-8")
    scenario = load("extends: b.yaml\nproducts: products.csv\noutbound: {distance_bands_km: [150, 500]}\n")
    assert scenario.tables["products"]["price"].iloc[0] == 31
    assert scenario.file.outbound.distance_bands_km == [150, 500]


def test_null_takes_a_part_of_the_extended_file_away():
    Path("b.yaml").write_text(QUICKSTART, encoding="utf-8")
    scenario = load("extends: b.yaml\nnodes: {FC: {inbound_units_per_day: null}}\n")
    assert scenario.file.nodes["FC"].inbound_units_per_day is None


def test_overrides_win_in_order_and_may_add_names_where_names_are_free():
    overrides = ["lanes.0.pack=4", "lanes.0.pack=5", "nodes.FC.cutoff.standard='10:00'", "products.0.price=30"]
    scenario = load(QUICKSTART, *overrides)
    assert scenario.file.lanes[0].pack == 5
    assert scenario.file.nodes["FC"].cutoff == {"express": 720, "standard": 600}
    assert scenario.tables["products"]["price"].iloc[0] == 30


def test_table_named_on_the_command_line_stands_beside_the_scenario():
    Path("below").mkdir()
    Path("below/p.csv").write_text(PRODUCTS_CSV, encoding="utf-8")
    assert "p.csv" in load(QUICKSTART, "products=p.csv", name="below/s.yaml").data_hashes


def test_hash_follows_the_content():
    plain = load(QUICKSTART).hash
    assert load("# another comment\n" + QUICKSTART).hash == plain
    assert load(QUICKSTART, "horizon.period_days=7").hash == plain  # the default, said aloud
    assert load(QUICKSTART, "planning.max_iterations=3", "simulation.replications=4").hash == plain  # the same network
    assert load(QUICKSTART, "horizon.periods=14").hash != plain
    Path("p.csv").write_text(PRODUCTS_CSV, encoding="utf-8")
    in_file = load(with_source("products", "p.csv")).hash
    Path("p.csv").write_text(PRODUCTS_CSV.replace("25", "26"), encoding="utf-8")
    assert load(with_source("products", "p.csv")).hash != in_file


@pytest.mark.parametrize(
    ("distribution", "parameters"),
    [
        ("poisson", ["mean: 3"]),
        ("normal", ["mean: 3, sd: 1"]),
        ("gamma", ["mean: 3, sd: 1"]),
        ("empirical", ["value: 3, probability: 0.25", "value: 0, probability: 0.75"]),
        ("quantiles", ["value: 3, probability: 0.9", "value: 0, probability: 0.1"]),
    ],
)
def test_every_distribution(distribution: str, parameters: list[str]):
    names = ("lamp", "kettle", "mug", "chair", "clock")
    rows = [f'{{product: {name}, period: "*", {row}}}' for name in names for row in parameters]
    text = with_source("  products", f"[{', '.join(rows)}]")
    assert problems_of(edited(("negative_binomial", distribution), text=text)) == []


def test_starter_is_the_quickstart_and_never_overwrites(tmp_path: Path):
    folder = tmp_path / "new" / "deep"
    written = write_starter(folder)
    assert [path.name for path in written] == ["scenario.yaml", "scenario.schema.json"]
    assert written[0].read_text(encoding="utf-8") == QUICKSTART
    assert load_scenario(written[0]).file.name == "quickstart"
    written[0].write_text("mine", encoding="utf-8")
    written[1].unlink()
    with pytest.raises(FileExistsError, match=r"scenario\.yaml exists already"):
        write_starter(folder)
    assert written[0].read_text(encoding="utf-8") == "mine"
    assert not written[1].exists()


def test_missing_scenario_is_a_problem_too():
    with pytest.raises(ScenarioError) as error:
        load_scenario(Path("none.yaml"))
    assert str(error.value) == "none.yaml:1:1: scenario: found no such file, expected a YAML file\n1 problem"
