"""A catalogue of 20,000 products, planned as `benchmarks/scale.py` plans a million; seconds are not judged here."""

from pathlib import Path

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PRODUCTS = 20_000


def test_twenty_thousand_products_keep_the_bars_of_a_million(monkeypatch, tmp_path):
    monkeypatch.syspath_prepend(BENCHMARKS)
    from scale import MOST
    from scaling.run import Shape, planned

    found = planned(tmp_path, PRODUCTS, Shape())
    assert found["blocks"] > 1
    parts = list((tmp_path / f"plan-{PRODUCTS}" / "targets.parquet").glob("part-*.parquet"))
    assert len(parts) == found["blocks"]
    missed = {name: found[name] for name in ("dual_gap", "memory_gb", "over_capacity") if abs(found[name]) > MOST[name]}
    assert not missed
