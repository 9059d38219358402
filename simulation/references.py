"""NamedTuples that kernels hand on by reference.

Numba passes a NamedTuple by value: every call copies every array's descriptor and counts a reference to every array. A
World and a State hold some two hundred arrays, so the kernel that Python calls puts them on its stack once, and the
kernels below it get a pointer. Fields are read as ever; nothing may keep a reference longer than that call.
"""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, register_model

_Group = TypeVar("_Group")


class Reference(types.Type):
    """Numba's type of a pointer to the fields of a NamedTuple.

    It is not counted, and neither are the arrays behind it: they belong to the caller of the outermost kernel.
    """

    def __init__(self, group: Any) -> None:
        self.group = group
        digest = blake2b(str(group).encode(), digest_size=8).hexdigest()
        super().__init__(name=f"Reference({group.instance_class.__name__}, {digest})")

    def place_of(self, name: str) -> int:
        """Place of a field."""
        return int(self.group.fields.index(name))

    def type_of(self, name: str) -> types.Type:
        """Type of a field."""
        return _kept_as(self.group.types[self.place_of(name)])


@register_model(Reference)
class _ReferenceModel(models.PrimitiveModel):
    def __init__(self, manager: Any, reference: Reference) -> None:
        fields = [manager.lookup(_kept_as(field)).get_value_type() for field in reference.group.types]
        super().__init__(manager, reference, ir.LiteralStructType(fields).as_pointer())


@infer_getattr
class _ReferenceFields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, name: str) -> types.Type | None:  # type: ignore[override]
        return reference.type_of(name) if name in reference.group.fields else None


@lower_getattr_generic(Reference)
def _read_field(context: Any, builder: Any, reference: Reference, pointer: Any, name: str) -> Any:
    value = builder.load(cgutils.gep_inbounds(builder, pointer, 0, reference.place_of(name)))
    field = reference.type_of(name)
    if not isinstance(field, types.Array):
        return value
    array = context.make_array(field)(context, builder, value)
    array.meminfo = cgutils.get_null_value(array.meminfo.type)  # nothing to count
    return array._getvalue()  # noqa: SLF001 - Numba's own way to read a struct proxy


@intrinsic
def _reference(_typing_context: Any, group: Any) -> Any:
    def place_on_stack(context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        return _place_on_stack(context, builder, group, arguments[0])

    return Reference(group)(group), place_on_stack


def _place_on_stack(context: Any, builder: Any, group: Any, value: Any) -> Any:
    pointer = cgutils.alloca_once(builder, context.get_value_type(Reference(group)).pointee)
    for place, field in enumerate(group.types):
        item = builder.extract_value(value, place)
        if isinstance(field, types.BaseNamedTuple):
            item = _place_on_stack(context, builder, field, item)
        builder.store(item, cgutils.gep_inbounds(builder, pointer, 0, place))
    return pointer


def _kept_as(field: types.Type) -> types.Type:
    return Reference(field) if isinstance(field, types.BaseNamedTuple) else field


by_reference = cast(Callable[[_Group], _Group], _reference)
"""In a kernel: a NamedTuple as a reference, NamedTuples among its fields included."""
