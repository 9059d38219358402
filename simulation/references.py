"""NamedTuples that kernels hand on by reference.

Numba passes a NamedTuple by value: every call copies every array's descriptor and counts a reference to every array. A
World and a State hold some two hundred arrays, so the kernel that Python calls puts them on its stack once, and the
kernels below it get a pointer. Fields are read as ever; nothing may keep a reference longer than that call. Indices
into their arrays count from the beginning: asking of each whether it is negative takes a fifth of a simulation's time.
"""

# mypy: allow-untyped-calls, allow-untyped-decorators
from __future__ import annotations

import operator
from collections.abc import Callable
from hashlib import blake2b
from typing import Any, TypeVar, cast

from llvmlite import ir  # type: ignore[import-untyped]
from numba import types
from numba.core import cgutils
from numba.core.datamodel import models
from numba.core.imputils import lower_getattr_generic
from numba.core.typing.templates import AttributeTemplate, infer_getattr
from numba.extending import intrinsic, lower_builtin, register_model
from numba.np import arrayobj

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


class CountedFromZero(types.Array):
    """Numba's type of an array behind a reference: its indices are never negative."""

    def __init__(self, array: types.Array) -> None:
        super().__init__(array.dtype, array.ndim, array.layout, not array.mutable, f"from zero {array}", array.aligned)


register_model(CountedFromZero)(models.ArrayModel)


@lower_builtin(operator.getitem, CountedFromZero, types.Integer)
@lower_builtin(operator.getitem, CountedFromZero, types.BaseTuple)
def _get_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    one = isinstance(signature.args[1], types.Integer)
    get_item = arrayobj.getitem_arraynd_intp if one else arrayobj.getitem_array_tuple
    return get_item(context, builder, _from_zero(signature), arguments)


@lower_builtin(operator.setitem, CountedFromZero, types.Any, types.Any)
def _set_item(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    return arrayobj.setitem_array(context, builder, _from_zero(signature), arguments)


def _from_zero(signature: Any) -> Any:
    """The same access with indices that Numba does not expect to be negative."""
    array, index, *rest = signature.args
    if isinstance(index, types.BaseTuple):
        index = types.Tuple([_unsigned(one) for one in cast(Any, index)])
    return signature.replace(args=(array, _unsigned(index), *rest))


def _unsigned(index: types.Type) -> types.Type:
    return types.uintp if index == types.intp else index


@infer_getattr
class _ReferenceFields(AttributeTemplate):
    key = Reference

    def generic_resolve(self, reference: Reference, name: str) -> types.Type | None:  # type: ignore[override]
        return reference.type_of(name) if name in reference.group.fields else None


@lower_getattr_generic(Reference)
def _read_field(context: Any, builder: Any, reference: Reference, pointer: Any, name: str) -> Any:
    value = builder.load(cgutils.gep_inbounds(builder, pointer, 0, reference.place_of(name)))
    field = reference.type_of(name)
    if not isinstance(field, CountedFromZero):
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
    if isinstance(field, types.BaseNamedTuple):
        return Reference(field)
    return CountedFromZero(field) if isinstance(field, types.Array) else field


by_reference = cast(Callable[[_Group], _Group], _reference)
"""In a kernel: a NamedTuple as a reference, NamedTuples among its fields included."""
