"""The cost model: a line through sizes, what it comes to, and the page that is made of it."""

import json
from pathlib import Path

import numpy as np
import pytest
from catalogue_cases import catalogue_tables, write_catalogue

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(autouse=True)
def _benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(BENCHMARKS)


def rows(sizes=(10_000, 100_000, 1_000_000), start=30.0, rate=2e-3, own=1e-5):
    from scaling.text import MEASURED

    return [
        dict.fromkeys(MEASURED, 1.0)
        | {"products": size, "cpu_seconds": start + rate * size, "run_cpu_seconds": own * size}
        for size in sizes
    ]


def test_a_line_finds_what_it_was_made_of():
    from scaling.model import line

    fit = line(rows(), "cpu_seconds")
    assert (fit.start, fit.rate) == pytest.approx((30.0, 2e-3))
    assert fit.standard_error == pytest.approx(0.0, abs=1e-9)
    assert fit.at(1e8)[0] == pytest.approx(200_030.0)


def test_standard_error_is_that_of_weighted_least_squares():
    from scaling.model import line

    rng, slopes, errors = np.random.default_rng(0), [], []
    size = np.array([1e4, 1e5, 1e6, 2e6])
    for _ in range(2000):
        seconds = (30.0 + 2e-3 * size) * 1.0 + 1e-4 * size * rng.normal(size=len(size))
        fit = line([{"products": n, "cpu": s} for n, s in zip(size, seconds, strict=True)], "cpu")
        slopes.append(fit.rate)
        errors.append(fit.standard_error**2)
    assert np.sqrt(np.mean(errors)) == pytest.approx(np.std(slopes), rel=0.05)


def test_exponents_of_a_power_law():
    from scaling.model import line

    found = line([{"products": n, "cpu": n**1.3} for n in (1e4, 1e5, 1e6)], "cpu")
    assert (found.exponent, found.last_exponent) == pytest.approx((1.3, 1.3))


def test_cores_work_in_the_time_that_the_run_itself_leaves():
    from scaling.model import reckoned

    one, eight, _ = reckoned(rows(own=1e-5), price=0.5)
    assert one.cores == np.ceil((30.0 + 2e-3 * 1e8 - 1000.0) / 2600.0)
    assert eight.money == (eight.cores + 1) * 8 * 0.5
    one, eight, _ = reckoned(rows(own=1e-4), price=0.5)  # 10,000 s
    assert one.cores is None
    assert eight.cores is not None


def test_what_every_call_is_told_of_every_block_grows_with_the_square():
    from scaling.model import of_many_blocks

    block = {
        "sent_fixed": {"settle_block": 100.0},
        "sent_per_block": {"settle_block": 10.0},
        "returned": {"settle_block": 50.0},
        "record_seconds": 0.01,
        "record_seconds_per_record": 0.001,
        "sample_seconds": 1.0,
        "sample_mb": 2.0,
    }
    found = of_many_blocks(block, 1000.0)
    assert found["settle_block_bytes"] == 1000 * (100 + 1000 * 10 + 50)
    assert found["checkpoint_seconds"] == pytest.approx(10.0 + 500.0)
    assert found["sample_memory_mb"] == 2000.0


def test_blocks_are_weighed_task_by_task(monkeypatch, tmp_path):
    from scaling import blocks

    for name, value in {"PER_BLOCK": 3, "ROUNDS": 2, "RECORDS": 3, "SAMPLED_BLOCKS": 2}.items():
        monkeypatch.setattr(blocks, name, value)
    path = write_catalogue(tmp_path, catalogue_tables(18), dict.fromkeys(("products", "product_demand"), 3))
    found = blocks.per_block(path, path)
    assert {"mix_block", "answer_and_bound", "settle_block"} <= set(found["sent_fixed"])
    assert found["sent_per_block"]["mix_block"] == 0.0  # prices are the same however many blocks there are
    assert found["sent_per_block"]["settle_block"] > 0.0
    assert min(found["returned"].values()) > 0.0
    assert found["sample_seconds"] > 0.0
    assert 0.0 < found["sample_mb"] < 10.0


def test_sizes_are_a_ladder_or_a_list():
    from scale import numbers

    assert numbers("1000000") == [10_000, 100_000, 1_000_000]
    assert numbers("20000") == [10_000, 20_000]
    assert numbers("5000") == [5000]
    assert numbers("300000,20000") == [20_000, 300_000]


def test_a_page_is_renewed_between_its_marks(monkeypatch, tmp_path):
    import scale_page
    from scale import growth, passed

    found = rows()
    record = {"sizes": found, "block": None, "growth": growth(found), "passed": passed(found)}
    record |= {"processor": "a processor", "cores": 2, "meio": "0.1.0", "date": "2026-11-21", "nodes": 20, "zones": 20}
    record |= {"executor": "processes", "seed": 0}
    (tmp_path / "scale.json").write_text(json.dumps(record))
    page = tmp_path / "scale.md"
    page.write_text(f"before\n{scale_page.BEGIN}old\n{scale_page.END}after\n")
    monkeypatch.setattr(scale_page, "PAGE", page)
    monkeypatch.setattr("sys.argv", ["scale_page.py", str(tmp_path / "scale.json")])
    assert scale_page.main() == 0
    text = page.read_text()
    assert text.startswith("before\n")
    assert text.endswith("after\n")
    assert "old" not in text
    assert "| CPU time, all processes, µs | 2,000 | 7.69 |" in text
    assert "Bars missed: dual_gap, over_capacity." in text


def test_the_page_in_the_documentation_has_its_marks():
    from scale_page import BEGIN, END, PAGE

    assert PAGE.read_text().count(BEGIN) == PAGE.read_text().count(END) == 1
