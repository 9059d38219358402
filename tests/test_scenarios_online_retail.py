"""prepare.py turns the raw files of online-retail into a scenario that says what they say."""

import importlib.util
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ruamel.yaml import YAML

from meio.network.compile import compile_scenario
from meio.network.scenario import load_scenario

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "scenarios" / "online-retail"
RAW = ROOT.parent / "shared" / "data" / "online-retail"


def run_prepare(folder: Path, raw: Path) -> subprocess.CompletedProcess[str]:
    for name in ("prepare.py", "scenario.yaml"):
        shutil.copy(FOLDER / name, folder)
    command = [sys.executable, "-W", "error", folder / "prepare.py", raw]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def prepare():
    spec = importlib.util.spec_from_file_location("online_retail_prepare", FOLDER / "prepare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def prepared(tmp_path_factory):
    if not RAW.is_dir():
        pytest.skip("the raw files are not here: ../shared/data/online-retail")
    folder = tmp_path_factory.mktemp("online-retail")
    result = run_prepare(folder, RAW)
    assert result.returncode == 0, result.stderr
    return folder


@pytest.fixture(scope="module")
def scenario(prepared):
    return load_scenario(prepared / "scenario.yaml")


@pytest.fixture(scope="module")
def demand(scenario):
    return scenario.tables["product_demand"].astype({"period": int})


@pytest.fixture(scope="module")
def orders(prepared):  # noqa: ARG001  (skips without the raw files)
    history = pd.read_parquet(RAW / "daily_demand_sku_country.parquet")
    return history[(history["date"] >= "2011-09-05") & (history["date"] < "2011-12-05")]


def test_absent_raw_file_is_named(tmp_path):
    raw = tmp_path / "raw"
    raw.mkdir()
    (raw / "transactions.parquet").touch()
    result = run_prepare(tmp_path, raw)
    assert result.returncode == 2
    assert f"error: {raw} does not hold daily_demand_sku_country.parquet, leadtimes_scms.csv.gz" in result.stderr
    assert "transactions.parquet" not in result.stderr


def test_same_files_every_time(prepared, tmp_path):
    assert run_prepare(tmp_path, RAW).returncode == 0
    names = sorted(path.name for path in prepared.iterdir())
    assert names == sorted(path.name for path in tmp_path.iterdir())
    assert [name for name in names if (prepared / name).read_bytes() != (tmp_path / name).read_bytes()] == []


def test_git_ignores_what_is_made(prepared):
    made = {path.name for path in prepared.iterdir()} - {"prepare.py", "scenario.yaml"}
    patterns = [line for line in (FOLDER / ".gitignore").read_text().splitlines() if not line.startswith("#")]
    assert all(any(Path(name).match(pattern) for pattern in patterns) for name in made)


def test_every_product_in_every_week(demand, scenario):
    history = pd.read_parquet(RAW / "daily_demand_sku_country.parquet", columns=["stock_code"])
    assert set(scenario.tables["products"]["product"]) == set(history["stock_code"])
    assert len(scenario.tables["products"]) == 3900
    assert demand.groupby("product")["period"].agg(list).map(lambda weeks: weeks == list(range(1, 14))).all()


def test_demand_is_the_observed_number_of_orders(demand, orders):
    assert demand["mean"].sum() == pytest.approx(orders["lines"].sum(), rel=1e-3)
    weeks = (orders["date"] - pd.Timestamp("2011-09-05")).dt.days // 7 + 1
    observed = orders["lines"].groupby(weeks).sum()
    assert np.allclose(demand.groupby("period")["mean"].sum(), observed, rtol=0.12)


def test_busy_products_keep_their_own_level(demand, orders):
    observed = orders.groupby("stock_code")["lines"].sum()
    busy = observed[observed >= 300]
    planned = demand.groupby("product")["mean"].sum()[busy.index]
    assert (planned / busy).between(0.9, 1.1).all()


def test_units_are_order_lines_not_pieces(scenario):
    lines = pd.read_parquet(RAW / "transactions.parquet").query("qty > 0 and unit_price_gbp > 0")
    lines = lines[lines["stock_code"] == "85123A"]
    price = scenario.tables["products"].set_index("product")["price"]["85123A"]
    assert price == pytest.approx(1.6 * (lines["qty"] * lines["unit_price_gbp"]).median(), abs=0.01)


def test_rates_are_the_published_prices(scenario):
    rates = scenario.tables["rates"].sort_values(["service", "band", "max_weight_kg"])
    published = pd.read_csv(RAW / "usps_commercial_rates.csv.gz").query("zone <= 8")
    published = published.sort_values(["service", "zone", "max_weight_lb"])
    assert rates["service"].tolist() == published["service"].tolist()
    assert rates["band"].tolist() == published["zone"].tolist()
    assert rates["cost"].tolist() == published["price_usd"].tolist()
    assert np.allclose(rates["max_weight_kg"] * 2.20462262, published["max_weight_lb"], atol=1e-4)


def test_transit_days_are_within_the_published_ranges(scenario):
    published = pd.read_csv(RAW / "usps_commercial_rates.csv.gz").groupby("service")["service_days"].first()
    for name, service in scenario.file.outbound.services.items():
        least, most = map(int, published[name].split("-"))
        assert (min(service.transit_days), max(service.transit_days)) == (least, most)


def test_zones_hold_the_mainland_population(scenario):
    zones = scenario.tables["zones"]
    areas = pd.read_csv(RAW / "zip3_population.csv").query("24 < lat < 50 and -125 < lng < -66")
    assert len(zones) == 50
    assert zones["population"].sum() == areas["population"].sum()
    assert zones["lat"].between(24, 50).all()
    assert zones["lon"].between(-125, -66).all()


def test_lead_times_have_the_observed_shapes(prepared):
    lanes = YAML(typ="safe").load(prepared / "prepared.yaml")["lanes"]
    history = pd.read_csv(RAW / "leadtimes_scms.csv.gz").query("vendor_lead_days > 0")
    for vendor, mode, mean in [("air_vendor", "Air", 14), ("ocean_vendor", "Ocean", 42)]:
        values = [lane["lead_time"]["values"] for lane in lanes if lane["from"] == vendor]
        observed = history.loc[history["shipment_mode"] == mode, "vendor_lead_days"]
        assert values == [values[0]] * 3
        assert np.mean(values[0]) == pytest.approx(mean, rel=0.01)
        assert values[0][8] / values[0][1] == pytest.approx(observed.quantile(0.85) / observed.quantile(0.15), rel=0.02)


def test_scenario_compiles_with_every_zone_in_reach_of_every_speed(scenario):
    compiled = compile_scenario(scenario)
    assert len(compiled.names.nodes) == 11
    assert np.isfinite(compiled.outbound.cost[0, :, 0]).any(axis=1).all()
    assert compiled.demand.daily_mean.sum(axis=0).max() * 7 == pytest.approx(20_000, rel=0.05)


def test_dispersion_of_negative_binomial_orders_is_recovered(prepare):
    random = np.random.default_rng(7)
    mean, dispersion = 3.0, 1.5
    daily = random.negative_binomial(mean / (dispersion - 1), 1 / dispersion, (400, 300)).astype(float)
    daily[:, 5::7] = 0  # closed
    assert np.median(prepare.dispersions(daily)) == pytest.approx(dispersion, rel=0.05)


def test_slow_product_follows_the_season_of_all(prepare):
    weekly = np.vstack([np.linspace(100, 220, 13), np.zeros(13)])
    weekly[1, 12] = 1
    mean = prepare.weekly_means(weekly, year=np.array([6000.0, 4.0]))
    own, season = mean[1] / mean[1].sum(), weekly[0] / weekly[0].sum()
    assert np.allclose(own, season, atol=0.02)
    assert mean.sum() == pytest.approx(weekly.sum())


def test_clusters_of_separate_towns_are_the_towns(prepare):
    random = np.random.default_rng(3)
    towns = np.array([[0.0, 0, 0], [10, 0, 0], [0, 10, 0]])
    member = np.repeat([0, 1, 2], 20)
    points = towns[member] + random.normal(0, 0.1, (60, 3))
    found = prepare.cluster(points, random.uniform(1, 5, 60), 3, random)
    assert len({(town, label) for town, label in zip(member, found, strict=True)}) == 3
