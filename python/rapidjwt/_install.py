"""Make this package available as `jwt`."""

from __future__ import annotations

import sys
from types import ModuleType

TYPE_CHECKING = False  # like typing's, whose import takes longer than ours
if TYPE_CHECKING:
    from typing import Any


class _JwtModule(ModuleType):
    """The package under the name `jwt`: the same attributes, but with PyJWT's version.

    It has its own copy of the attributes, so that they are found as fast as those of the package,
    and passes on attributes that are set or deleted. Its specification is that of the package, so
    that a reload fails instead of loading PyJWT over this package.
    """

    def __init__(self, package: ModuleType, version: str) -> None:
        super().__init__("jwt", package.__doc__)
        attributes = {name: vars(package)[name] for name in vars(package) if not _is_dunder(name)}
        vars(self).update(
            attributes,
            _package=package,
            __file__=package.__file__,
            __path__=[],
            __spec__=package.__spec__,
            __version__=version,
        )

    def __getattr__(self, name: str) -> Any:
        return getattr(vars(self)["_package"], name)

    def __setattr__(self, name: str, value: Any) -> None:
        super().__setattr__(name, value)
        if not _is_dunder(name):
            setattr(vars(self)["_package"], name, value)

    def __delattr__(self, name: str) -> None:
        super().__delattr__(name)
        if not _is_dunder(name):
            delattr(vars(self)["_package"], name)

    def __dir__(self) -> list[str]:
        return dir(vars(self)["_package"])


def _is_dunder(name: str) -> bool:
    return name.startswith("__")


def _holders(jwt: ModuleType) -> list[str]:
    """Return the names of modules that hold `jwt` or a part of it and would keep using it."""
    modules = list(sys.modules.items())
    parts = {id(module) for name, module in modules if _is_of_jwt(name)}
    parts |= {id(part) for part in vars(jwt).values() if callable(part)}
    return sorted(
        name
        for name, module in modules
        if isinstance(module, ModuleType)
        and not _is_of_jwt(name)
        and any(id(value) in parts for value in list(vars(module).values()))
    )


def _is_of_jwt(module_name: str) -> bool:
    return module_name.partition(".")[0] == "jwt"


def _submodules() -> dict[str, Any]:
    """Import PyJWT's modules, by a statement: PyInstaller and its like read those."""
    from . import (  # noqa: PLC0415 - not needed to import us
        algorithms,
        api_jwk,
        api_jws,
        api_jwt,
        exceptions,
        help,  # noqa: A004 - PyJWT's name
        jwk_set_cache,
        jwks_client,
        types,
        utils,
        warnings,
    )

    modules = (
        algorithms,
        api_jwk,
        api_jws,
        api_jwt,
        exceptions,
        help,
        jwk_set_cache,
        jwks_client,
        types,
        utils,
        warnings,
    )
    return {module.__name__.rpartition(".")[2]: module for module in modules}


def install_as_jwt() -> None:
    """Make `import jwt` import this package, with the interface of PyJWT 2.15.1.

    Call it before anything imports `jwt`: it fills `sys.modules`. Calling it again does nothing.
    Patches under the name `jwt` apply to this package too. Distribution metadata is not changed.

    Raises RuntimeError if `jwt` is already imported; the message names modules that use it.
    """
    present = sys.modules.get("jwt")
    if isinstance(present, _JwtModule):
        return
    if present is not None:
        holders = _holders(present)
        used_by = f", used by {', '.join(holders[:3])}" if holders else ""
        more = f" and {len(holders) - 3} more" if len(holders) > 3 else ""  # noqa: PLR2004
        raise RuntimeError(
            f"install_as_jwt() was called too late: {present!r} is already imported"
            f"{used_by}{more}. Call it before anything imports jwt."
        )

    parts = _submodules()
    sys.modules.update({f"jwt.{name}": part for name, part in parts.items()})
    sys.modules["jwt"] = _JwtModule(sys.modules["rapidjwt"], parts["help"].PYJWT_API_VERSION)
