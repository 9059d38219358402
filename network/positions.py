"""YAML read as plain values that remember where they stand; tags are refused, never executed."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any, TypeAlias

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, StringMark, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from meio.network.problems import Key, KeyPath, Place, Problem, problem_at, shown

YamlValue: TypeAlias = Any  # a mapping, list or scalar, nested as YAML nests them

_CORE = "tag:yaml.org,2002:"
_MOST_VALUES = 200_000  # a few nested aliases could otherwise stand for billions


@dataclass(frozen=True)
class Located:
    """A value of a YAML file and its place.

    Attributes
    ----------
    value : dict of str to Located, list of Located, or scalar
    place : Place
        Where the value begins.
    key : Place
        Where its key begins; for a list item the same as `place`.
    """

    value: YamlValue
    place: Place
    key: Place

    def plain(self) -> YamlValue:
        """Value without places."""
        if isinstance(self.value, dict):
            return {name: child.plain() for name, child in self.value.items()}
        if isinstance(self.value, list):
            return [child.plain() for child in self.value]
        return self.value

    def child(self, key: Key) -> Located | None:
        """Value under a key or list index; none where there is no such."""
        if isinstance(self.value, dict):
            return self.value.get(key)
        if isinstance(self.value, list) and isinstance(key, int) and 0 <= key < len(self.value):
            return self.value[key]  # type: ignore[no-any-return]
        return None

    def children(self) -> Iterator[tuple[Key, Located]]:
        """Keys, or list indices, and the values under them."""
        if isinstance(self.value, dict):
            yield from self.value.items()
        elif isinstance(self.value, list):
            yield from enumerate(self.value)

    def nearest(self, path: KeyPath) -> Located:
        """Value at a path, or at the longest part of it that exists."""
        here = self
        for key in path:
            below = here.child(key)
            if below is None:
                return here
            here = below
        return here

    def find(self, path: KeyPath) -> Located | None:
        """Value at a path; none where there is no such."""
        here: Located | None = self
        for key in path:
            here = here.child(key) if here else None
        return here


def read_yaml(file: Path, hashes: dict[Path, str], problems: list[Problem]) -> Located | None:
    """Content of a YAML file, none if it is unusable; its hash and what is wrong with it are added to the last two."""
    place = Place(str(file))
    try:
        content = file.read_bytes()
        hashes[file] = sha256(content).hexdigest()
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        problems.append(not_utf8(content, place))
    except (OSError, ValueError) as error:
        problems.append(problem_at(place, (), unreadable(error), "a YAML file"))
    else:
        return parse_yaml(text, place, problems)
    return None


def not_utf8(content: bytes, start: Place, path: KeyPath = ()) -> Problem:
    """Problem of a file at its first byte that is not UTF-8."""
    text = content.decode("utf-8", errors="replace")
    before = text[: text.index("\ufffd")]
    place = Place(start.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return problem_at(place, path, "a byte that is not UTF-8", "a text in UTF-8")


def unreadable(error: Exception) -> str:
    """Say why a file cannot be read."""
    if isinstance(error, FileNotFoundError):
        return "no such file"
    if isinstance(error, IsADirectoryError):
        return "a folder"
    return f"a file that cannot be read ({getattr(error, 'strerror', None) or error})"


def parse_yaml(text: str, start: Place, problems: list[Problem], path: KeyPath = ()) -> Located | None:
    """Content of a YAML text that begins at `start`; what is wrong with it is added to `problems`."""
    yaml = YAML(typ="safe", pure=True)
    try:
        yaml.composer.warn_double_anchors = False  # YAML allows an anchor to be set anew
        node = yaml.compose(text)
        return _Reader(yaml, start, problems).located(node, path) if node else Located(None, start, start)
    except MarkedYAMLError as error:
        found = f"a syntax error ({' '.join(filter(None, [error.problem, error.context]))})"
        problems.append(problem_at(_place(start, error.problem_mark), path, found, "valid YAML"))
    except RecursionError:
        problems.append(problem_at(start, path, "values nested too deeply", "a few levels, and no alias inside itself"))
    except _TooManyValuesError:
        expected = "few aliases, and long tables in CSV or Parquet files"
        problems.append(problem_at(start, path, f"more than {_MOST_VALUES} values", expected))
    except (YAMLError, ValueError) as error:
        problems.append(problem_at(start, path, f"a syntax error ({str(error).splitlines()[0]})", "valid YAML"))
    return None


def _place(start: Place, mark: StringMark | None) -> Place:
    if mark is None:
        return start
    return Place(start.file, start.line + mark.line, (start.column if mark.line == 0 else 1) + mark.column)


class _TooManyValuesError(Exception):
    """More values than a person writes; aliases count as often as they are used."""


class _Reader:
    """Turns the nodes of one YAML text into located values."""

    def __init__(self, yaml: YAML, start: Place, problems: list[Problem]) -> None:
        self._yaml, self._start, self._problems = yaml, start, problems
        self._count = 0

    def located(self, node: Node, path: KeyPath, key: Place | None = None) -> Located:
        place = _place(self._start, node.start_mark)
        self._count += 1
        if self._count > _MOST_VALUES:
            raise _TooManyValuesError
        return Located(self._value(node, place, path), place, key or place)

    def _value(self, node: Node, place: Place, path: KeyPath) -> YamlValue:
        if isinstance(node, MappingNode) and node.tag == f"{_CORE}map":
            return self._mapping(node, path)
        if isinstance(node, SequenceNode) and node.tag == f"{_CORE}seq":
            return [self.located(item, (*path, index)) for index, item in enumerate(node.value)]
        if isinstance(node, ScalarNode):
            return self._scalar(node, place, path)
        self._problems.append(problem_at(place, path, f"the tag {node.tag}", "a value without a tag"))
        return None

    def _mapping(self, node: MappingNode, path: KeyPath) -> dict[str, Located]:
        children: dict[str, Located] = {}
        for key_node, value_node in node.value:
            key = _place(self._start, key_node.start_mark)
            if not isinstance(key_node, ScalarNode):
                self._problems.append(problem_at(key, path, "a mapping or list as a key", "a name"))
            elif key_node.value in children:
                first = children[key_node.value].key.line
                found = f"the key a second time (first in line {first})"
                self._problems.append(problem_at(key, (*path, key_node.value), found, "each key once"))
            else:
                children[key_node.value] = self.located(value_node, (*path, key_node.value), key)
        return children

    def _scalar(self, node: ScalarNode, place: Place, path: KeyPath) -> YamlValue:
        if node.tag in (f"{_CORE}str", f"{_CORE}timestamp", f"{_CORE}merge", f"{_CORE}value"):
            return node.value
        if node.tag not in (f"{_CORE}int", f"{_CORE}float", f"{_CORE}bool", f"{_CORE}null"):
            self._problems.append(problem_at(place, path, f"the tag {node.tag}", "a value without a tag"))
            return None
        try:
            return self._yaml.constructor.construct_object(node)
        except ValueError:
            self._problems.append(problem_at(place, path, shown(node.value), "a number"))
            return None
