"""Which keys may stand where in a scenario file, or in a file of another model, asked of the model itself."""

from __future__ import annotations

from collections.abc import Iterator
from types import UnionType
from typing import Annotated, TypeAlias, Union, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo

from meio.network.model import ScenarioFile
from meio.network.problems import KeyPath

Annotation: TypeAlias = object  # a type as an annotation writes it: a class, a union, a generic


def fields_by_key(model: type[BaseModel]) -> dict[str, FieldInfo]:
    """Fields of a model by the key that a file uses."""
    return {field.alias or name: field for name, field in model.model_fields.items()}


def model_at(path: KeyPath, root: type[BaseModel] = ScenarioFile) -> type[BaseModel] | None:
    """Model of the mapping at a path; none where any name may stand, or nothing."""
    models = [kind for kind in types_at(path, root) if isinstance(kind, type) and issubclass(kind, BaseModel)]
    return models[0] if models else None


def known_keys(path: KeyPath, root: type[BaseModel] = ScenarioFile) -> list[str] | None:
    """Keys that the mapping at a path may have; none where any name may stand."""
    model = model_at(path, root)
    return list(fields_by_key(model)) if model else None


def field_at(path: KeyPath, root: type[BaseModel] = ScenarioFile) -> FieldInfo | None:
    """Field that a path leads to."""
    model = model_at(path[:-1], root) if path else None
    return fields_by_key(model).get(str(path[-1])) if model else None


def types_at(path: KeyPath, root: type[BaseModel] = ScenarioFile) -> list[Annotation]:
    """Types that the value at a path may have; none where nothing may stand."""
    kinds: list[Annotation] = [root]
    for key in path:
        kinds = [below for kind in kinds for below in _below(kind, key)]
    return kinds


def _below(kind: Annotation, key: str | int) -> Iterator[Annotation]:
    """Types that a value of type `kind` may have under a key or list index."""
    if isinstance(kind, type) and issubclass(kind, BaseModel):
        if field := fields_by_key(kind).get(str(key)):
            yield from members(field.annotation)
    elif get_origin(kind) is (list if isinstance(key, int) else dict):
        yield from members(get_args(kind)[-1])


def members(annotation: Annotation) -> Iterator[Annotation]:
    """Types of a union, one by one, without annotations."""
    if get_origin(annotation) is Annotated:
        yield from members(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, UnionType):
        for member in get_args(annotation):
            yield from members(member)
    else:
        yield annotation
