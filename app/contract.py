"""The contract as the running service sees it: the file itself, and the proof that what is served is what it says."""

import hashlib
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import yaml
from starlette.routing import BaseRoute

from generated.api import CONTRACT_SHA256
from generated.runtime import ContractError, OperationRoute

PATH = Path(__file__).parent.parent / "openapi.yaml"

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_Served: TypeAlias = tuple[str, str, str]


class _Loader(getattr(yaml, "CSafeLoader", yaml.SafeLoader)):  # type: ignore[misc]
    """A date in YAML 1.1 is a string in JSON, and `on` is no boolean."""


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), "tTfF")


@dataclass(frozen=True)
class Contract:
    """openapi.yaml: its bytes, and the document in it."""

    source: bytes
    document: dict[str, dict[str, dict[str, dict[str, str]]]]

    def operations(self) -> Iterator[_Served]:
        """operationId, method and path of each operation."""
        for path, item in self.document.get("paths", {}).items():
            for method in item:
                if method in _METHODS:
                    yield item[method]["operationId"], method.upper(), path


def load(path: Path = PATH) -> Contract:
    """Reads the contract. Raises OSError or yaml.YAMLError."""
    source = path.read_bytes()
    return Contract(source, yaml.load(source, Loader=_Loader))  # noqa: S506 (a safe loader)


def verify(contract: Contract, routes: Iterable[BaseRoute], operational: Iterable[BaseRoute]) -> None:
    """Compares the contract with what is served. `operational` are the routes that may be served outside of it.

    Raises ContractError, naming each operation that is on one side only, and each route that nobody declared.
    """
    allowed = {id(route) for route in operational}
    others = [route for route in routes if id(route) not in allowed]
    declared = list(contract.operations())
    served = [
        (route.operation.id, " ".join(sorted(route.methods or ())), route.path)
        for route in others
        if isinstance(route, OperationRoute)
    ]
    faults = [f"operation {_say(one)} is served but not in the contract" for one in served if one not in declared]
    faults += [f"operation {_say(one)} is in the contract but not served" for one in declared if one not in served]
    faults += [f"operation {_say(one)} is served twice" for one in sorted(set(served)) if served.count(one) > 1]
    faults += [
        f"the route {' '.join(sorted(getattr(route, 'methods', None) or []))} {getattr(route, 'path', route)} "
        "is neither in the contract nor among the operational routes"
        for route in others
        if not isinstance(route, OperationRoute)
    ]
    if hashlib.sha256(contract.source).hexdigest() != CONTRACT_SHA256:
        faults.append("openapi.yaml is not the file that generated/ was made from: run `make generate`")
    if faults:
        raise ContractError("; ".join(faults))


def _say(operation: _Served) -> str:
    name, method, path = operation
    return f"{name} ({method} {path})"
