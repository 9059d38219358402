"""Whatever stands in a file, loading it gives a scenario or a list of problems, never another exception."""

from __future__ import annotations

import re
import tempfile
from pathlib import Path

import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from scenario_files import PRODUCTS_CSV, QUICKSTART, with_source

from meio.network.problems import ScenarioError
from meio.network.scenario import load_scenario

JUNK_WORDS = (
    "|null|true|-1|0|.nan|.inf|1e400|999999999999999999999|x|'*'|[]|{}|[{}]|[null]|{a: [1]}|[[1, 2]]|*a|&a b|<<|3 w"
    "|!!binary aGk=|!!python/name:os.system|2025-01-01|\x00|quickstart"
)
JUNK = st.sampled_from(JUNK_WORDS.split("|"))
TOKENS = [match.span() for match in re.finditer(r"[\w.*]+|\{[^{}]*\}|\[[^][]*\]", QUICKSTART)]


def loads_or_tells(files: dict[str, bytes]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(content)
        try:
            load_scenario(Path(folder) / "s.yaml")
        except ScenarioError as error:
            *lines, _ = str(error).splitlines()
            if not lines or len(lines) != len(error.problems):
                raise AssertionError("a report without problems, or problems of several lines") from error


def leaves(value: object, path: tuple[object, ...] = ()) -> list[tuple[object, ...]]:
    """Paths to everything in nested mappings and lists."""
    children = value.items() if isinstance(value, dict) else enumerate(value if isinstance(value, list) else [])
    return [path, *(leaf for key, child in children for leaf in leaves(child, (*path, key)))]


PATHS = leaves(YAML(typ="safe", pure=True).load(QUICKSTART))[1:]


def changed(path: tuple[object, ...], value: object) -> bytes:
    """Quickstart with the value at a path replaced, or its key deleted where the value is `...`."""
    document = YAML(typ="safe", pure=True).load(QUICKSTART)
    holder = document
    for key in path[:-1]:
        holder = holder[key]
    if value is ...:
        del holder[path[-1]]
    else:
        holder[path[-1]] = value
    yaml = YAML(typ="safe", pure=True)
    with tempfile.TemporaryFile() as file:
        yaml.dump(document, file)
        file.seek(0)
        return file.read()


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.dates()
values = st.recursive(scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner))


@settings(max_examples=50)
@given(path=st.sampled_from(PATHS), value=values | st.just(...))
def test_keys_deleted_and_values_replaced(path: tuple[object, ...], value: object):
    loads_or_tells({"s.yaml": changed(path, value)})


@settings(max_examples=50)
@given(edits=st.lists(st.tuples(st.sampled_from(TOKENS), JUNK), min_size=1, max_size=4, unique_by=lambda edit: edit[0]))
def test_words_and_brackets_replaced(edits: list[tuple[tuple[int, int], str]]):
    text = QUICKSTART
    for (start, stop), junk in sorted(edits, reverse=True):
        text = text[:start] + junk + text[stop:]
    loads_or_tells({"s.yaml": text.encode()})


@settings(max_examples=20)
@given(place=st.integers(0, len(QUICKSTART)), content=st.binary(max_size=20))
def test_random_bytes(place: int, content: bytes):
    text = QUICKSTART.encode()
    loads_or_tells({"s.yaml": text[:place] + content + text[place:]})


@settings(max_examples=30)
@given(place=st.integers(0, len(PRODUCTS_CSV)), cut=st.integers(0, 30), content=st.binary(max_size=6))
def test_corrupted_csv(place: int, cut: int, content: bytes):
    table = PRODUCTS_CSV.encode()
    corrupted = table[:place] + content + table[place + cut :]
    loads_or_tells({"s.yaml": with_source("products", "p.csv").encode(), "p.csv": corrupted})


def products_parquet() -> bytes:
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        columns = {"volume_m3": 0.01, "weight_kg": 1.0, "unit_cost": 5, "price": 9}
        pd.DataFrame({"product": ["lamp", "kettle", "mug", "chair", "clock"]}).assign(**columns).to_parquet(file.name)
        return Path(file.name).read_bytes()


PARQUET = products_parquet()


@settings(max_examples=20)
@given(place=st.integers(0, len(PARQUET)), cut=st.integers(0, 30), content=st.binary(max_size=6))
def test_corrupted_parquet(place: int, cut: int, content: bytes):
    corrupted = PARQUET[:place] + content + PARQUET[place + cut :]
    loads_or_tells({"s.yaml": with_source("products", "p.parquet").encode(), "p.parquet": corrupted})
