"""Show in the API reference what the private names in signatures stand for."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import TYPE_CHECKING, Any

from griffe import (
    AliasResolutionError,
    Attribute,
    Class,
    Expr,
    ExprAttribute,
    ExprCall,
    ExprName,
    Extension,
    Function,
    Module,
    Parameters,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from griffe import Object


class PublicAnnotations(Extension):
    """Replaces private type aliases and constants by their values, other names by their words."""

    def on_package(self, *, pkg: Module, **_: Any) -> None:
        """Replace them in the arguments and the results of every function."""
        for module in pkg.modules.values():
            _show_bound_methods(module)
        for function in _functions(pkg):
            for parameter in function.parameters:
                parameter.annotation = _public(parameter.annotation, function)
                parameter.default = _public(parameter.default, function)
            function.returns = _public(function.returns, function)
        for one in _classes(pkg):
            one.bases = [_public(base, one) for base in one.bases if not _is_private(base)]


def _show_bound_methods(module: Module) -> None:
    """Replace attributes such as `encode = _object.encode` by the methods, as functions."""
    for name, member in module.members.items():
        if not isinstance(member, Attribute) or not isinstance(member.value, ExprAttribute):
            continue
        made = module.members.get(str(member.value.first))
        if isinstance(made, Attribute) and isinstance(made.value, ExprCall):
            method = module[str(made.value.function)][name]
            function = Function(
                name,
                parameters=Parameters(*list(method.parameters)[1:]),
                returns=method.returns,
                docstring=method.docstring,
            )
            module.set_member(name, function)


def _is_private(base: str | Expr) -> bool:
    """Return whether a base is of a private module: nothing about it helps a reader."""
    path = base if isinstance(base, str) else base.canonical_path
    return "._" in path


def _classes(owner: Object) -> Iterator[Class]:
    for member in owner.members.values():
        if not member.is_alias and isinstance(member, Class | Module):
            yield from _classes(member)
            if isinstance(member, Class):
                yield member


def _functions(owner: Object) -> Iterator[Function]:
    for member in owner.members.values():
        if member.is_alias:
            continue
        if isinstance(member, Function):
            yield from (member, *(member.overloads or ()))
        elif isinstance(member, Class | Module):
            yield from (one for several in member.overloads.values() for one in several)
            yield from _functions(member)


def _public(part: Any, scope: Object) -> Any:
    """Return an expression with the values of private names in place of these."""
    if isinstance(part, ExprName):
        return _value(part, scope)
    if isinstance(part, Expr):
        names = (field.name for field in fields(part) if field.name != "parent")
        return replace(part, **{name: _public(getattr(part, name), scope) for name in names})
    if isinstance(part, list):
        return [_public(one, scope) for one in part]
    return part


def _value(name: ExprName, scope: Object) -> Any:
    if not name.name.startswith("_"):
        return name
    found = scope.module.members.get(name.name)
    if found is not None and found.is_alias:
        try:
            found = found.final_target
        except AliasResolutionError:  # it is another package's
            found = None
    if not isinstance(found, Attribute) or str(found.value).startswith("TypeVar("):
        return ExprName(name.name.lstrip("_"))
    return _public(found.value, found)
