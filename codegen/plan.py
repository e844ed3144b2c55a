"""Decides what is generated: a plan of plain values that render.py only has to write down.

What the contract says and this generator would not enforce becomes a finding, never a silent omission.
"""

import keyword
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from codegen.read import Contract, Finding, Json, Pointer
from codegen.schemas import Model, SchemaError, Schemas, generate

_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")

# Annotations, and what datamodel-code-generator's models hold a value against. Anything else would go unenforced.
_SCHEMA_KEYWORDS = frozenset(
    "$ref title description default example examples deprecated externalDocs "
    "type enum format properties required additionalProperties items "
    "minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems".split()
)
# Formats that narrow nothing (their bounds stand beside them), or whose text stays as it is.
_FORMATS = frozenset("int32 int64 float double password uri-reference".split())
_PARAMETER_MEMBERS = frozenset("$ref name in description required deprecated schema example examples".split())
_SUPPORTED_LOCATIONS = ("path", "query")
_WIRES = {"string": "str", "integer": "integer", "number": "number", "boolean": "boolean"}


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
    def wires(self) -> set[str]:
        """The functions that read wire text which this contract needs."""
        return {p.wire for o in self.operations for p in (*o.path_parameters, *o.query_parameters)}


def plan(contract: Contract) -> Plan:
    """Plans the output for a contract. Raises Refused with every finding."""
    return _Planner(contract).plan()


def snake_case(name: str) -> str:
    """listHeroes → list_heroes, readHTTPLog → read_http_log."""
    words = re.sub(r"([a-z0-9])([A-Z])|([A-Z])(?=[A-Z][a-z])", r"\1\3_\2", name)
    return re.sub(r"\W+|_+", "_", words).strip("_").lower()


def pascal_case(name: str) -> str:
    """listHeroes → ListHeroes, hero-teams → HeroTeams."""
    return "".join(word[:1].upper() + word[1:] for word in re.split(r"[\W_]+", name))


@dataclass
class _Planner:
    contract: Contract
    findings: list[Finding] = field(default_factory=list)
    # Schemas that stand in the contract without a name get one here, so that one tool turns all of them into models.
    named: dict[str, Json] = field(default_factory=dict)
    parameters: dict[tuple[Pointer, str], str] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)

    def plan(self) -> Plan:
        document = self.contract.document
        self._check_root(document)
        components = cast(dict[str, dict[str, Json]], document.get("components") or {})
        self.named.update(components.get("schemas", {}))
        for name in components.get("schemas", {}):
            self._check_schema(("components", "schemas", name))
        operations = list(self._operations())
        for pointer in operations:
            self._name_schemas(pointer)
        if self.findings:
            raise self.contract.refuse(self.findings)
        info = cast(dict[str, str], document["info"])
        try:
            schemas = generate(info["title"], {name: _bare(schema) for name, schema in self.named.items()})
        except SchemaError as error:
            raise self.contract.refuse([Finding(("components", "schemas"), str(error))]) from None
        planned = [self._operation(pointer, schemas) for pointer in operations]
        self._check_names(schemas, planned)
        if self.findings:
            raise self.contract.refuse(self.findings)
        return Plan(
            contract=self.contract.name,
            digest=self.contract.digest,
            title=info["title"],
            version=info["version"],
            responses=tuple(sorted(self.responses.values(), key=lambda r: (not r.is_shared, r.is_shared and r.status))),
            tags=tuple(self._tags(planned)),
            schemas=schemas,
        )

    def _refuse(self, pointer: Pointer, message: str) -> None:
        self.findings.append(Finding(pointer, message))

    def _object(self, pointer: Pointer) -> dict[str, Json]:
        return cast(dict[str, Json], self.contract.at(pointer))

    def _operations(self) -> Iterator[Pointer]:
        """Where each operation stands, in the order of the contract."""
        for path in cast(dict[str, Json], self.contract.document.get("paths") or {}):
            if "$ref" in self._object(("paths", path)):
                self._refuse(("paths", path), "a path item that is a $ref is not supported: write it here")
            yield from (("paths", path, method) for method in self._object(("paths", path)) if method in _METHODS)

    # What this generator does not enforce

    def _check_root(self, document: Mapping[str, Json]) -> None:
        if document.get("webhooks"):
            self._refuse(("webhooks",), "webhooks are not supported")
        if document.get("security"):
            self._refuse(("security",), "security requirements are not supported: say `security: []`")

    def _check_schema(self, pointer: Pointer) -> None:
        schema = self.contract.at(pointer)
        if not isinstance(schema, dict):
            self._refuse(pointer, "a schema must be an object")
            return
        if "$ref" in schema:
            self.contract.resolve(pointer)
            if not str(schema["$ref"]).startswith("#/components/schemas/"):
                self._refuse((*pointer, "$ref"), "a schema is referred to in components/schemas only")
        for name in schema:
            if name not in _SCHEMA_KEYWORDS and not name.startswith("x-"):
                self._refuse((*pointer, name), f"the keyword {name} would not be enforced: express it otherwise")
        if "format" in schema and schema["format"] not in _FORMATS:
            self._refuse((*pointer, "format"), f"the format {schema['format']} would not be enforced: use a pattern")
        if any(isinstance(value, bool | float) for value in cast(list[Json], schema.get("enum") or [])):
            self._refuse((*pointer, "enum"), "an enum of booleans or fractions would not be enforced: use strings")
        types = schema.get("type")
        if isinstance(types, list) and len([name for name in types if name != "null"]) != 1:
            self._refuse((*pointer, "type"), "a union of types is not supported: use one type, or one and null")
        for name in cast(dict[str, Json], schema.get("properties") or {}):
            self._check_schema((*pointer, "properties", name))
        if "items" in schema:
            self._check_schema((*pointer, "items"))
        if isinstance(schema.get("additionalProperties"), dict):
            self._check_schema((*pointer, "additionalProperties"))

    def _check_members(self, pointer: Pointer, supported: frozenset[str]) -> None:
        for name in self._object(pointer):
            if name not in supported and not name.startswith("x-"):
                self._refuse((*pointer, name), f"{name} is not supported here")

    # Names for schemas that have none, by the operation they belong to

    def _name_schemas(self, pointer: Pointer) -> None:
        operation = self._object(pointer)
        if not isinstance(operation.get("operationId"), str):
            self._refuse(pointer, "an operation needs an operationId")
            return
        if operation.get("security"):
            self._refuse((*pointer, "security"), "security requirements are not supported: say `security: []`")
        if operation.get("callbacks"):
            self._refuse((*pointer, "callbacks"), "callbacks are not supported")
        prefix = self._prefix(pointer)
        for location in _SUPPORTED_LOCATIONS:
            self._name_parameters(pointer, location)
        if "requestBody" in operation:
            self._name_request_body(self.contract.resolve((*pointer, "requestBody")), prefix + "Body")
        for status in cast(dict[str, Json], operation["responses"]):
            self._name_response((*pointer, "responses", status), status, prefix)

    def _name_parameters(self, pointer: Pointer, location: str) -> None:
        properties: dict[str, Json] = {}
        required: list[Json] = []
        for place, parameter in self._parameters(pointer):
            if parameter["in"] not in _SUPPORTED_LOCATIONS and location == _SUPPORTED_LOCATIONS[0]:
                self._refuse((*place, "in"), f"{parameter['in']} parameters are not supported")
            if parameter["in"] != location:
                continue
            self._check_members(place, _PARAMETER_MEMBERS)
            wire_name = str(parameter["name"])
            if location == "path" and not wire_name.isidentifier():
                self._refuse((*place, "name"), "a path parameter needs a name of letters, digits and underscores")
            if "schema" not in parameter:
                continue
            self._check_schema((*place, "schema"))
            if self._wire((*place, "schema")) is None:
                self._refuse((*place, "schema"), "a parameter must be a string, an integer, a number or a boolean")
            properties[wire_name] = self._described(place)
            if parameter.get("required"):
                required.append(wire_name)
        if not properties:
            return
        # The operations of a path share its path parameters, so one model serves them all, unless they differ.
        owner, where = self._prefix(pointer), f"{self._method(pointer)} {self._path(pointer)}"
        if location == "path":
            owner, where = pascal_case(self._path(pointer)), self._path(pointer)
        schema: dict[str, Json] = {
            "type": "object",
            "description": f"The {location} parameters of {where}.",
            "required": required,
            "properties": properties,
        }
        name = owner + location.capitalize()
        if self.named.get(name, schema) != schema:
            name = self._prefix(pointer) + location.capitalize()
        self.parameters[pointer, location] = name
        self.named[name] = self._new(pointer, name, schema)

    def _name_request_body(self, pointer: Pointer, name: str) -> None:
        if not self._object(pointer).get("required"):
            self._refuse(pointer, "an optional request body is not supported: say `required: true`")
        self._name_content(pointer, name)

    def _name_response(self, pointer: Pointer, status: str, prefix: str) -> None:
        target = self.contract.resolve(pointer)
        name = self._response_name(pointer, status, prefix)
        if not re.fullmatch(r"[1-5][0-9]{2}", status):
            self._refuse(pointer, f"the response {status} is not supported: list each status")
            return
        if name in self.responses or (name + "Headers") in self.named:
            return
        self._name_content(target, name + "Body")
        properties: dict[str, Json] = {}
        required: list[Json] = []
        for wire_name in cast(dict[str, Json], self._object(target).get("headers") or {}):
            header = self.contract.resolve((*target, "headers", wire_name))
            if wire_name.lower() == "content-type":
                continue  # OpenAPI: the media type says it
            if "schema" not in self._object(header):
                self._refuse(header, "a header needs a schema")
                continue
            self._check_schema((*header, "schema"))
            properties[wire_name] = self._described(header)
            if self._object(header).get("required"):
                required.append(wire_name)
        if properties:
            description = f"The headers of {name}."
            self.named[name + "Headers"] = self._new(
                target,
                name + "Headers",
                {"type": "object", "description": description, "required": required, "properties": properties},
            )

    def _name_content(self, pointer: Pointer, name: str) -> None:
        content = cast(dict[str, dict[str, Json]], self._object(pointer).get("content") or {})
        media_types = [media_type for media_type in content if re.fullmatch(r"[\w.+-]+/([\w.-]+\+)?json", media_type)]
        if len(content) != 1 or len(media_types) != 1:
            self._refuse(pointer, "exactly one media type is supported here, and it must be JSON")
            return
        schema_at = (*pointer, "content", media_types[0], "schema")
        if "schema" not in content[media_types[0]]:
            self._refuse(schema_at[:-1], "a media type needs a schema")
            return
        self._check_schema(schema_at)
        if self._component(schema_at) is None:
            self.named.setdefault(name, self._new(pointer, name, self._object(schema_at)))

    def _described(self, pointer: Pointer) -> dict[str, Json]:
        """The schema of a parameter or header, under the description of the parameter or header itself."""
        described = self._object(pointer)
        return {"description": described.get("description", ""), **cast(dict[str, Json], described["schema"])}

    def _new(self, pointer: Pointer, name: str, schema: dict[str, Json]) -> dict[str, Json]:
        if name in self._components("schemas"):
            self._refuse(pointer, f"the name {name} is needed here: rename the schema of that name")
        return schema

    # From models to the plan

    def _operation(self, pointer: Pointer, schemas: Schemas) -> Operation:
        operation = self._object(pointer)
        name = snake_case(str(operation["operationId"]))
        prefix = self._prefix(pointer)
        models = schemas.models
        arguments: list[Argument] = []
        parameters: dict[str, tuple[Parameter, ...]] = {}
        for location in _SUPPORTED_LOCATIONS:
            wires = {str(p["name"]): self._wire((*place, "schema")) for place, p in self._parameters(pointer)}
            model = self.parameters.get((pointer, location))
            fields = models[model].fields if model else ()
            parameters[location] = tuple(Parameter(f.wire_name, wires[f.wire_name] or "str") for f in fields)
            for f in fields:
                value = f"{location}.{f.name}"
                if f.optional:
                    arguments.append(Argument(f.name, f"{f.type} | None", f"given({value})"))
                else:
                    arguments.append(Argument(f.name, f.type, value))
        body = None
        if "requestBody" in operation:
            target = self.contract.resolve((*pointer, "requestBody"))
            media_type, content = self._content(target, prefix + "Body", models)
            body = Body(media_type, content.name)
            arguments.append(Argument("body", content.root or content.name, "body.root" if content.root else "body"))
        names = [argument.name for argument in arguments]
        for clash in sorted({argument for argument in names if names.count(argument) > 1}):
            self._refuse(pointer, f"two parameters are called {clash}: rename one")
        responses = tuple(
            self._response((*pointer, "responses", status), status, prefix, models)
            for status in cast(dict[str, Json], operation["responses"])
        )
        return Operation(
            id=str(operation["operationId"]),
            tag=self._label(pointer),
            name=name,
            constant=name.upper(),
            method=self._method(pointer),
            path=self._path(pointer),
            docstring=self._docstring(pointer),
            responses=responses,
            arguments=tuple(arguments),
            path_schema=self.parameters.get((pointer, "path"), ""),
            path_parameters=parameters["path"],
            query_schema=self.parameters.get((pointer, "query"), ""),
            query_parameters=parameters["query"],
            body=body,
        )

    def _response(self, pointer: Pointer, status: str, prefix: str, models: Mapping[str, Model]) -> str:
        name = self._response_name(pointer, status, prefix)
        target = self.contract.resolve(pointer)
        media_type, model = self._content(target, name + "Body", models)
        headers = models[name + "Headers"].fields if name + "Headers" in models else ()
        response = Response(
            name=name,
            is_shared=target[:2] == ("components", "responses"),
            status=int(status),
            description=str(self._object(target)["description"]),
            media_type=media_type,
            schema=model.name,
            body_type=model.root or model.name,
            headers=tuple(Header(f.name, f.wire_name, f.type, not f.optional) for f in headers),
            headers_schema=name + "Headers" if headers else "",
        )
        if self.responses.setdefault(name, response) != response:
            self._refuse(pointer, f"{name} answers with another status elsewhere: give each status a response")
        return name

    def _content(self, pointer: Pointer, name: str, models: Mapping[str, Model]) -> tuple[str, Model]:
        media_type = next(iter(cast(dict[str, Json], self._object(pointer)["content"])))
        return media_type, models[self._component((*pointer, "content", media_type, "schema")) or name]

    def _tags(self, planned: list[Operation]) -> Iterator[Tag]:
        described = cast(list[dict[str, str]], self.contract.document.get("tags") or [])
        descriptions = {tag["name"]: tag.get("description", "") for tag in described}
        for label in dict.fromkeys(operation.tag for operation in planned):
            yield Tag(
                name=snake_case(label),
                label=label,
                class_name=pascal_case(label) + "Api",
                description=descriptions.get(label) or f"The operations of the tag {label}.",
                operations=tuple(operation for operation in planned if operation.tag == label),
            )

    def _check_names(self, schemas: Schemas, operations: list[Operation]) -> None:
        classes = {model.name for model in schemas.models.values()}
        for name in sorted(classes & self.responses.keys()):
            self._refuse(("components", "responses", name), f"{name} is also a schema: rename one")
        names = [operation.name for operation in operations]
        for pointer in self._operations():
            name = snake_case(str(self._object(pointer)["operationId"]))
            if not name.isidentifier() or keyword.iskeyword(name) or names.count(name) > 1:
                self._refuse((*pointer, "operationId"), f"{name} is not a free Python name: choose another operationId")

    # Reading the contract

    def _components(self, kind: str) -> dict[str, Json]:
        components = cast(dict[str, dict[str, Json]], self.contract.document.get("components") or {})
        return components.get(kind, {})

    def _component(self, schema_at: Pointer) -> str | None:
        """The component that the schema at this place is, if it is one and not built around a single value."""
        target = self.contract.resolve(schema_at)
        is_named = len(target) == 3 and target[:2] == ("components", "schemas")
        return target[2] if is_named and self._object(target).get("type") == "object" else None

    def _parameters(self, pointer: Pointer) -> list[tuple[Pointer, dict[str, Json]]]:
        """The parameters of an operation and where each stands; its own come before those of its path."""
        found: dict[tuple[Json, Json], tuple[Pointer, dict[str, Json]]] = {}
        for owner in (pointer, pointer[:-1]):
            for index, _ in enumerate(cast(list[Json], self._object(owner).get("parameters") or [])):
                place = self.contract.resolve((*owner, "parameters", str(index)))
                parameter = self._object(place)
                found.setdefault((parameter["in"], parameter["name"]), (place, parameter))
        return list(found.values())

    def _wire(self, schema_at: Pointer) -> str | None:
        return _WIRES.get(str(self._object(self.contract.resolve(schema_at)).get("type")))

    def _prefix(self, pointer: Pointer) -> str:
        return pascal_case(str(self._object(pointer)["operationId"]))

    def _response_name(self, pointer: Pointer, status: str, prefix: str) -> str:
        target = self.contract.resolve(pointer)
        is_named = target[:2] == ("components", "responses")
        return pascal_case(target[2]) if is_named else prefix + status

    def _method(self, pointer: Pointer) -> str:
        return pointer[-1].upper()

    def _path(self, pointer: Pointer) -> str:
        return pointer[1]

    def _label(self, pointer: Pointer) -> str:
        tags = cast(list[str], self._object(pointer).get("tags") or [])
        return tags[0] if tags else "default"

    def _docstring(self, pointer: Pointer) -> str:
        operation = self._object(pointer)
        heading = f"{self._method(pointer)} {self._path(pointer)}"
        if operation.get("summary"):
            heading += f": {operation['summary']}."
        return "\n\n".join(part for part in (heading, str(operation.get("description") or "").strip()) if part)


def _bare(schema: Json) -> Json:
    """The schema without its examples, which no model needs."""
    if not isinstance(schema, dict):
        return schema
    bare: dict[str, Json] = {name: value for name, value in schema.items() if name not in ("example", "examples")}
    for name in ("items", "additionalProperties"):
        if name in bare:
            bare[name] = _bare(bare[name])
    if isinstance(properties := bare.get("properties"), dict):
        bare["properties"] = {name: _bare(value) for name, value in properties.items()}
    return bare
