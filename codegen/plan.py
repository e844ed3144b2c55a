"""What is generated for a contract, as plain values that render.py only has to write down."""

from dataclasses import dataclass

from codegen.schemas import Schemas


@dataclass(frozen=True)
class Parameter:
    """A parameter: its name on the wire, and the function of the runtime that reads its text."""

    wire_name: str
    wire: str


@dataclass(frozen=True)
class Argument:
    """A keyword argument of a handler, and the expression that the route passes for it."""

    name: str
    type: str
    value: str


@dataclass(frozen=True)
class Body:
    """A request body: its media type and the class that validates it."""

    media_type: str
    schema: str


@dataclass(frozen=True)
class Header:
    """A response header."""

    name: str
    wire_name: str
    type: str
    required: bool


@dataclass(frozen=True)
class Response:
    """A sealed response class."""

    name: str
    is_shared: bool
    status: int
    description: str
    media_type: str
    schema: str
    body_type: str
    headers: tuple[Header, ...]
    headers_schema: str


@dataclass(frozen=True)
class Operation:
    """An operation, its handler method and its route."""

    id: str
    tag: str
    interface: str
    name: str
    constant: str
    method: str
    path: str
    docstring: str
    responses: tuple[str, ...]
    arguments: tuple[Argument, ...]
    path_schema: str
    path_parameters: tuple[Parameter, ...]
    query_schema: str
    query_parameters: tuple[Parameter, ...]
    body: Body | None

    @property
    def reads_request(self) -> bool:
        return bool(self.path_schema or self.query_schema or self.body)


@dataclass(frozen=True)
class Tag:
    """A tag of the contract: one handler interface."""

    name: str
    label: str
    class_name: str
    description: str
    operations: tuple[Operation, ...]


@dataclass(frozen=True)
class Plan:
    """All that is written for one contract."""

    contract: str
    digest: str
    title: str
    version: str
    responses: tuple[Response, ...]
    tags: tuple[Tag, ...]
    schemas: Schemas

    @property
    def operations(self) -> tuple[Operation, ...]:
        return tuple(operation for tag in self.tags for operation in tag.operations)

    @property
    def routed(self) -> list[Operation]:
        """The operations in the order of their routes (OpenAPI 3.1, "Path Templating Matching")."""
        return sorted(self.operations, key=lambda operation: ["{" in part for part in operation.path.split("/")])

    @property
    def wires(self) -> set[str]:
        """The functions that read wire text which this contract needs."""
        return {p.wire for o in self.operations for p in (*o.path_parameters, *o.query_parameters)}
