"""Decides what is generated for a contract whose every part is supported."""

import keyword
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

from codegen import supported
from codegen.names import pascal_case, snake_case
from codegen.plan import Argument, Body, Header, Operation, Parameter, Plan, Response, Tag
from codegen.read import Contract, Finding, Json, Pointer
from codegen.schemas import Model, SchemaError, Schemas, generate

# Names that the generated module uses itself.
_RESERVED = frozenset(
    "abstractmethod body boolean contract_sha256 given integer list number operations path query read_json read_query "
    "request routes str validate wire write_headers".split()
)
_RESERVED_CLASSES = frozenset("Api Operation OperationRoute Request Response Wire".split())


def plan(contract: Contract) -> Plan:
    """Plans the output for a contract. Raises Refused with every finding."""
    supported.check(contract)
    planner = _Planner(contract)
    planned = planner.plan()
    if planner.findings:
        raise contract.refuse(planner.findings)
    return planned


@dataclass
class _Planner:
    contract: Contract
    findings: list[Finding] = field(default_factory=list)
    # Schemas that have no name in the contract get one here, so that one tool turns all of them into models.
    named: dict[str, Json] = field(default_factory=dict)
    parameters: dict[tuple[Pointer, str], str] = field(default_factory=dict)
    responses: dict[str, Response] = field(default_factory=dict)

    def plan(self) -> Plan:
        pointers = list(self.contract.operations())
        self.named.update(self.contract.components("schemas"))
        for pointer in pointers:
            self._name_schemas(pointer)
        info = cast(dict[str, str], self.contract.document["info"])
        try:
            schemas = generate(info["title"], {name: _bare(schema) for name, schema in self.named.items()})
        except SchemaError as error:
            raise self.contract.refuse([Finding(("components", "schemas"), str(error))]) from None
        operations = [self._operation(pointer, schemas) for pointer in pointers]
        self._check_names(schemas, operations)
        return Plan(
            contract=self.contract.name,
            digest=self.contract.digest,
            title=info["title"],
            version=info["version"],
            responses=tuple(sorted(self.responses.values(), key=lambda r: (not r.is_shared, r.is_shared and r.status))),
            tags=tuple(self._tags(operations)),
            schemas=schemas,
        )

    # Names for schemas that have none, by the operation they belong to

    def _name_schemas(self, pointer: Pointer) -> None:
        operation = self.contract.object(pointer)
        for location in supported.LOCATIONS:
            self._name_parameters(pointer, location)
        if "requestBody" in operation:
            self._name_content(self.contract.resolve((*pointer, "requestBody")), self._prefix(pointer) + "Body")
        for status in cast(dict[str, Json], operation["responses"]):
            target = self.contract.resolve((*pointer, "responses", status))
            name = self._response_name(pointer, status)
            self._name_content(target, name + "Body")
            headers = cast(dict[str, Json], self.contract.object(target).get("headers") or {})
            # OpenAPI 3.1, "Response Object": a header of this name is ignored, because the media type says it.
            places = {
                header: self.contract.resolve((*target, "headers", header))
                for header in headers
                if header.lower() != "content-type"
            }
            if places:
                self._name(target, name + "Headers", self._object_of(places, f"The headers of {name}."))

    def _name_parameters(self, pointer: Pointer, location: str) -> None:
        places = {
            str(parameter["name"]): place
            for place, parameter in self.contract.parameters(pointer)
            if parameter["in"] == location
        }
        if not places:
            return
        _, path, method = pointer
        name = self._prefix(pointer) + location.capitalize()
        schema = self._object_of(places, f"The {location} parameters of {method.upper()} {path}.")
        if location == "path":
            # The operations of a path share its parameters, so one model serves them all, unless they differ.
            shared = self._object_of(places, f"The path parameters of {path}.")
            shared_name = pascal_case(path) + "Path"
            if self.named.get(shared_name, shared) == shared:
                name, schema = shared_name, shared
        self.parameters[pointer, location] = name
        self._name(pointer, name, schema)

    def _object_of(self, places: Mapping[str, Pointer], description: str) -> Json:
        """A schema of an object with these parameters or headers as its properties."""
        described = {name: self.contract.object(place) for name, place in places.items()}
        return {
            "type": "object",
            "description": description,
            "required": [name for name, part in described.items() if part.get("required")],
            "properties": {
                name: {"description": part.get("description", ""), **cast(dict[str, Json], part["schema"])}
                for name, part in described.items()
            },
        }

    def _name_content(self, pointer: Pointer, name: str) -> None:
        schema = self._schema_of(pointer)
        if self._component(schema) is None:
            self._name(pointer, name, self.contract.at(schema))

    def _name(self, pointer: Pointer, name: str, schema: Json) -> None:
        if self.named.setdefault(name, schema) != schema:
            self._refuse(pointer, f"the name {name} is needed here: rename the schema of that name")

    # From models to the plan

    def _operation(self, pointer: Pointer, schemas: Schemas) -> Operation:
        operation = self.contract.object(pointer)
        name = snake_case(str(operation["operationId"]))
        arguments: list[Argument] = []
        wires: dict[str, tuple[Parameter, ...]] = {}
        for location in supported.LOCATIONS:
            model = self.parameters.get((pointer, location))
            fields = schemas.models[model].fields if model else ()
            wires[location] = tuple(Parameter(f.wire_name, self._wire(pointer, location, f.wire_name)) for f in fields)
            for f in fields:
                value = f"{location}.{f.name}"
                arguments.append(
                    Argument(f.name, f"{f.type} | None", f"given({value})")
                    if f.optional
                    else Argument(f.name, f.type, value)
                )
        body = None
        if "requestBody" in operation:
            target = self.contract.resolve((*pointer, "requestBody"))
            content = self._model(target, self._prefix(pointer) + "Body", schemas.models)
            body = Body(self._media_type(target), content.name)
            arguments.append(Argument("body", content.root or content.name, "body.root" if content.root else "body"))
        names = [argument.name for argument in arguments]
        for clash in sorted({argument for argument in names if names.count(argument) > 1}):
            self._refuse(pointer, f"two parameters are called {clash}: rename one")
        _, path, method = pointer
        return Operation(
            id=str(operation["operationId"]),
            tag=self._tag(pointer),
            interface=_interface(self._tag(pointer)),
            name=name,
            constant=name.upper(),
            method=method.upper(),
            path=path,
            docstring=self._docstring(pointer),
            responses=tuple(
                self._response(pointer, status, schemas.models)
                for status in cast(dict[str, Json], operation["responses"])
            ),
            arguments=tuple(arguments),
            path_schema=self.parameters.get((pointer, "path"), ""),
            path_parameters=wires["path"],
            query_schema=self.parameters.get((pointer, "query"), ""),
            query_parameters=wires["query"],
            body=body,
        )

    def _response(self, operation: Pointer, status: str, models: Mapping[str, Model]) -> str:
        pointer = (*operation, "responses", status)
        name = self._response_name(operation, status)
        target = self.contract.resolve(pointer)
        model = self._model(target, name + "Body", models)
        headers = models[name + "Headers"].fields if name + "Headers" in models else ()
        response = Response(
            name=name,
            is_shared=target[:2] == ("components", "responses"),
            status=int(status),
            description=str(self.contract.object(target)["description"]),
            media_type=self._media_type(target),
            schema=model.name,
            body_type=model.root or model.name,
            headers=tuple(Header(f.name, f.wire_name, f.type, not f.optional) for f in headers),
            headers_schema=name + "Headers" if headers else "",
        )
        if self.responses.setdefault(name, response) != response:
            message = f"{name} answers with another status elsewhere: give each status a response"
            self.findings.append(Finding(pointer, message))
        return name

    def _tags(self, operations: list[Operation]) -> Iterator[Tag]:
        described = cast(list[dict[str, str]], self.contract.document.get("tags") or [])
        descriptions = {tag["name"]: tag.get("description", "") for tag in described}
        for label in dict.fromkeys(operation.tag for operation in operations):
            name = snake_case(label)
            yield Tag(
                name=f"{name}_" if name in _RESERVED or keyword.iskeyword(name) else name,
                label=label,
                class_name=_interface(label),
                description=descriptions.get(label) or f"The operations of the tag {label}.",
                operations=tuple(operation for operation in operations if operation.tag == label),
            )

    def _check_names(self, schemas: Schemas, operations: list[Operation]) -> None:
        interfaces = {operation.interface for operation in operations}
        constants = {operation.constant for operation in operations}
        taken = _RESERVED_CLASSES | interfaces | constants
        classes = {name: model.name for name, model in schemas.models.items()}
        for name in self.contract.components("schemas"):
            if classes.get(name) in taken:
                self._refuse(("components", "schemas", name), f"the name {name} is needed here: rename the schema")
        for name in self.contract.components("responses"):
            if pascal_case(name) in self.responses and not pascal_case(name).isidentifier():
                self._refuse(("components", "responses", name), f"{name} is no Python name: rename the response")
            if pascal_case(name) in taken & self.responses.keys():
                self._refuse(("components", "responses", name), f"the name {name} is needed here: rename the response")
        for name in sorted(schemas.classes & self.responses.keys()):
            self._refuse(("components", "responses", name), f"{name} is also a schema: rename one")
        tags: dict[str, str] = {}
        names = [operation.name for operation in operations]
        for pointer, operation in zip(self.contract.operations(), operations, strict=True):
            name, tag = operation.name, snake_case(operation.tag)
            free = name.isidentifier() and not keyword.iskeyword(name) and name not in _RESERVED
            if not free or names.count(name) > 1 or str(operation.id).startswith("_"):
                self._refuse((*pointer, "operationId"), f"{name} is not a free Python name: choose another operationId")
            if not tag.isidentifier() or tag in names or tags.setdefault(tag, operation.tag) != operation.tag:
                self._refuse((*pointer, "tags"), f"{tag or operation.tag} is not a free Python name: rename the tag")

    def _refuse(self, pointer: Pointer, message: str) -> None:
        self.findings.append(Finding(pointer, message))

    # Reading the contract

    def _media_type(self, pointer: Pointer) -> str:
        return next(iter(cast(dict[str, Json], self.contract.object(pointer)["content"])))

    def _schema_of(self, pointer: Pointer) -> Pointer:
        return (*pointer, "content", self._media_type(pointer), "schema")

    def _component(self, schema: Pointer) -> str | None:
        """The component that the schema at this place is, if it is one and not built around a single value."""
        target = self.contract.resolve(schema)
        is_named = len(target) == 3 and target[:2] == ("components", "schemas")
        return target[2] if is_named and self.contract.object(target).get("type") == "object" else None

    def _model(self, pointer: Pointer, name: str, models: Mapping[str, Model]) -> Model:
        return models[self._component(self._schema_of(pointer)) or name]

    def _wire(self, operation: Pointer, location: str, wire_name: str) -> str:
        [place] = [
            place
            for place, parameter in self.contract.parameters(operation)
            if (parameter["in"], parameter["name"]) == (location, wire_name)
        ]
        schema = self.contract.object(self.contract.resolve((*place, "schema")))
        return supported.WIRES[str(schema["type"])]

    def _prefix(self, operation: Pointer) -> str:
        return pascal_case(str(self.contract.object(operation)["operationId"]))

    def _response_name(self, operation: Pointer, status: str) -> str:
        target = self.contract.resolve((*operation, "responses", status))
        is_shared = target[:2] == ("components", "responses")
        return pascal_case(target[2]) if is_shared else self._prefix(operation) + status

    def _tag(self, operation: Pointer) -> str:
        tags = cast(list[str], self.contract.object(operation).get("tags") or [])
        return tags[0] if tags else "default"

    def _docstring(self, pointer: Pointer) -> str:
        operation = self.contract.object(pointer)
        _, path, method = pointer
        heading = f"{method.upper()} {path}"
        if operation.get("summary"):
            heading += f": {operation['summary']}."
        return "\n\n".join(part for part in (heading, str(operation.get("description") or "").strip()) if part)


def _interface(tag: str) -> str:
    return pascal_case(tag) + "Api"


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
