"""The package holds what the tree holds, under the names it is imported by, and imports nothing heavy."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parent.parent
HOMES = {"meio": ROOT / "meio", "meio/network": ROOT / "network", "meio/simulation": ROOT / "simulation"}
DATA = {".py", ".typed", ".css", ".csv", ".html", ".js", ".yaml"}


def packaged_files() -> set[str]:
    """Every file of the tree that an installation needs, by its path in the wheel; links are not entered."""
    return {
        f"{package}/{path.relative_to(home).as_posix()}"
        for package, home in HOMES.items()
        for path in home.rglob("*")
        if path.suffix in DATA
    }


def python(*arguments: str, cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], cwd=cwd, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def wheel_contents(tmp_path_factory: pytest.TempPathFactory) -> set[str]:
    """Names in a wheel built from a copy of the tree that lacks the two links."""
    copy = tmp_path_factory.mktemp("build")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    for name in ("network", "simulation"):
        shutil.copytree(ROOT / name, copy / name)
    shutil.copytree(ROOT / "meio", copy / "meio", ignore=shutil.ignore_patterns("network", "simulation"))
    built = python("-c", "from setuptools import build_meta; print(build_meta.build_wheel('.'))", cwd=copy)
    assert built.returncode == 0, built.stderr
    with ZipFile(copy / built.stdout.splitlines()[-1]) as wheel:
        return set(wheel.namelist())


def test_wheel_holds_what_the_tree_holds(wheel_contents: set[str]):
    installed = {name for name in wheel_contents if ".dist-info/" not in name}
    assert installed == packaged_files()


def test_wheel_brings_the_licence(wheel_contents: set[str]):
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel_contents)


@pytest.mark.parametrize("name", ["network", "simulation"])
def test_links_are_relative(name: str):
    link = ROOT / "meio" / name
    assert link.is_symlink()
    assert str(link.readlink()) == f"../{name}"


@pytest.mark.parametrize("name", ["network", "simulation"])
def test_package_refuses_another_name(name: str):
    ended = python("-c", f"import {name}")
    assert ended.returncode == 1
    assert f"ImportError: import this package as meio.{name}, not as {name}" in ended.stderr


@pytest.mark.parametrize("module", ["meio", "meio.cli", "meio.demand"])
def test_import_is_light(module: str):
    heavy = "{'numba', 'numpy', 'pandas', 'plotly', 'pydantic', 'scipy'}"
    ended = python("-c", f"import sys, {module}; print({heavy} & set(sys.modules))")
    assert ended.stdout.strip() == "set()", ended.stderr


def test_workflow_loads_no_kernel_before_it_runs():
    loaded = "[name for name in sys.modules if name.endswith('_kernels')]"
    ended = python("-c", f"import sys, meio.workflow; print({loaded})")
    assert ended.stdout.strip() == "[]", ended.stderr


def test_public_names_resolve():
    ended = python("-c", "import meio; print([name for name in meio.__all__ if not callable(getattr(meio, name))])")
    assert ended.stdout.strip() == "['__version__', 'plotting']", ended.stderr


def test_checkout_runs_without_installation(tmp_path: Path):
    ended = python(str(ROOT / "cli.py"), "--help", cwd=tmp_path)
    assert "Usage: meio" in ended.stdout, ended.stderr
