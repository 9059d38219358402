"""One scenario from several sources: the file it extends, the file itself, the overrides of the command line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from os.path import isfile
from pathlib import Path

from meio.network.fields import known_keys
from meio.network.positions import Located, parse_yaml, read_yaml
from meio.network.problems import Key, KeyPath, Place, Problem, one_of, problem_at, shown

COMMAND_LINE = "--set"


def read_merged(
    path: Path, overrides: Sequence[str], hashes: dict[Path, str], problems: list[Problem]
) -> Located | None:
    """Everything a scenario says in YAML; the files it says it in, and what is wrong, are added to the last two.

    Precedence, lowest first: the file it extends (and so on), the file, the overrides in their order. Mappings merge
    key by key; a list, a scalar or a table is replaced whole.
    """
    merged = _read_chain(path, hashes, problems)
    return None if merged is None else overridden(merged, overrides, problems)


def overridden(document: Located, overrides: Sequence[str], problems: list[Problem]) -> Located:
    """The document with values replaced as ``path=value`` says, one override after the other."""
    for number, override in enumerate(overrides, start=1):
        document = _override(document, override, number, problems)
    return document


def _read_chain(path: Path, hashes: dict[Path, str], problems: list[Problem]) -> Located | None:
    document = read_yaml(path, hashes, problems)
    if document is None:
        return None
    if not isinstance(document.value, dict):
        problems.append(problem_at(document.place, (), shown(document.value), "a mapping with the keys of a scenario"))
        return None
    extends = document.value.get("extends")
    if extends is None or extends.value is None:
        return document
    base = _base(path, extends, hashes, problems)
    return merge(base, document) if base else None


def _base(path: Path, extends: Located, hashes: dict[Path, str], problems: list[Problem]) -> Located | None:
    found = shown(extends.value)
    base = path.parent / extends.value if isinstance(extends.value, str) else None
    if base is None or not isfile(base):  # noqa: PTH113 (Path.is_file raises for names that no file can have)
        problems.append(problem_at(extends.place, "extends", found, "the path of a scenario file"))
        return None
    if base.resolve() in {file.resolve() for file in hashes}:
        found = f"{found}, which is or extends this file"
        problems.append(problem_at(extends.place, "extends", found, "a file that does not lead back here"))
        return None
    return _read_chain(base, hashes, problems)


def merge(base: Located, above: Located) -> Located:
    """Merge mappings key by key, the one above winning; anything else is the one above."""
    if not (isinstance(base.value, dict) and isinstance(above.value, dict)):
        return above
    children = dict(base.value)
    for key, child in above.value.items():
        children[key] = merge(children[key], child) if key in children else child
    return replace(above, value=children)


def _override(document: Located, override: str, number: int, problems: list[Problem]) -> Located:
    dotted, equals, text = override.partition("=")
    place = Place(COMMAND_LINE, number, 1)
    if not equals or dotted == "extends":
        problems.append(problem_at(place, COMMAND_LINE, shown(override), "path=value, with a path other than extends"))
        return document
    value = parse_yaml(text, replace(place, column=len(dotted) + 2), problems, (dotted,))
    return document if value is None else put(document, dotted, replace(value, key=place), problems)


def put(document: Located, dotted: str, value: Located, problems: list[Problem]) -> Located:
    """The document with a value at a dotted path; a path that leads nowhere is a problem at the value's key."""
    path = _existing_path(document, dotted, value.key, problems)
    return document if path is None else _put(document, path, value)


def _existing_path(document: Located, dotted: str, place: Place, problems: list[Problem]) -> KeyPath | None:
    """Keys of a dotted path that points somewhere; only its last key may be new, and only where any name may stand."""
    path: KeyPath = ()
    names = dotted.split(".")
    for name in names:
        known = _keys_below(document, path)
        key = next((key for key in known if str(key) == name), None)
        here = document.find(path)
        if key is None and len(path) == len(names) - 1 and known_keys(path) is None and here is not None:
            key = name if isinstance(here.value, dict) else None
        if key is None:
            choices = [str(key) for key in known]
            expected = one_of(choices, "key") if choices else f"no key below {'.'.join(names[: len(path)])}"
            problems.append(problem_at(place, dotted, shown(name), expected, (name, choices)))
            return None
        path = (*path, key)
    return path


def _keys_below(document: Located, path: KeyPath) -> list[Key]:
    """Keys that stand below a path, or that the model lets stand there."""
    here = document.find(path)
    given = [key for key, _ in here.children()] if here else []
    return list(dict.fromkeys([*given, *(known_keys(path) or [])]))


def _put(document: Located, path: KeyPath, value: Located) -> Located:
    if not path:
        return value
    head, rest = path[0], path[1:]
    below = document.child(head) or Located({}, value.place, value.key)
    if isinstance(document.value, list):
        items = list(document.value)
        items[int(head)] = _put(below, rest, value)
        return replace(document, value=items)
    children = document.value if isinstance(document.value, dict) else {}
    return replace(document, value={**children, str(head): _put(below, rest, value)})
