"""What this project asks of a contract beyond OpenAPI: one function for each rule, which yields what breaks it."""

import re
from collections.abc import Callable, Iterator
from typing import TypeAlias, cast
from urllib.parse import quote

import jsonschema_rs

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Document: TypeAlias = dict[str, Json]
Rule: TypeAlias = Callable[[Document], Iterator[str]]

PROBLEM = "application/problem+json"
_METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_COMBINING = ("allOf", "anyOf", "oneOf", "not", "const", "if", "then", "else")
_ROOT_ORDER = ("openapi", "info", "servers", "security", "tags", "paths", "components")
_OPERATION_ORDER = ("operationId", "summary", "description", "tags", "parameters", "requestBody", "responses")


# Where things stand: places are JSON pointers (RFC 6901)


def child(place: str, *names: object) -> str:
    """The place of a member."""
    return place + "".join("/" + str(name).replace("~", "~0").replace("/", "~1") for name in names)


def parts(place: str) -> list[str]:
    """The names on the way to a place."""
    return [part.replace("~1", "/").replace("~0", "~") for part in place.split("/")[1:]]


def name_of(place: str) -> str:
    """The name of the member that stands at a place."""
    return parts(place)[-1]


def at(document: Document, place: str) -> Document:
    """The object at a place."""
    value: Json = document
    for part in parts(place):
        value = value[int(part)] if isinstance(value, list) else cast(Document, value)[part]
    return cast(Document, value)


def members(document: Document, place: str, name: str) -> Iterator[str]:
    """Where each member of the object or array `name` at a place stands. Nothing if there is no such object."""
    value = at(document, place).get(name)
    if isinstance(value, dict | list):
        yield from (child(place, name, key) for key in (value if isinstance(value, dict) else range(len(value))))


def resolve(document: Document, place: str) -> str:
    """Where an object really stands: follows `$ref`."""
    while isinstance(reference := at(document, place).get("$ref"), str):
        place = reference.removeprefix("#")
    return place


def operations(document: Document) -> Iterator[str]:
    """Where each operation stands."""
    for path in members(document, "", "paths"):
        yield from (child(path, method) for method in at(document, path) if method in _METHODS)


def responses(document: Document) -> Iterator[str]:
    """Where each response of each operation stands, under its status."""
    for operation in operations(document):
        yield from members(document, operation, "responses")


def parameters(document: Document, operation: str) -> Iterator[str]:
    """Where each parameter of an operation really stands, those of its path included."""
    for owner in (operation.rpartition("/")[0], operation):
        yield from (resolve(document, place) for place in members(document, owner, "parameters"))


def described(document: Document) -> Iterator[str]:
    """Where each parameter, header and media type stands that is described by a schema."""

    def within(value: Json, place: str) -> Iterator[str]:
        if isinstance(value, dict) and "schema" in value:
            yield place
        for name, member in value.items() if isinstance(value, dict) else enumerate(cast(list[Json], value)):
            if isinstance(member, dict | list) and name not in ("schema", "schemas", "examples", "links"):
                yield from within(member, child(place, name))

    yield from within(document, "")


def within_schema(document: Document, place: str, *, follow: bool = False) -> Iterator[str]:
    """Where a schema and each schema in it stand. With `follow`, those that it refers to are among them."""
    seen: list[str] = []

    def walk(place: str) -> Iterator[str]:
        place = resolve(document, place) if follow else place
        if place in seen:
            return
        seen.append(place)
        yield place
        schema = at(document, place)
        for name in ("properties", "allOf", "anyOf", "oneOf"):
            for inner in members(document, place, name):
                yield from walk(inner)
        for name in ("items", "additionalProperties", "not"):
            if isinstance(schema.get(name), dict):
                yield from walk(child(place, name))

    yield from walk(place)


def schemas(document: Document) -> Iterator[str]:
    """Where every schema stands, each schema in a schema included."""
    roots = [child(place, "schema") for place in described(document)]
    for root in [*roots, *members(document, "/components", "schemas")]:
        yield from within_schema(document, root)


def types(document: Document, place: str) -> set[Json]:
    """The types that a schema allows."""
    value = at(document, place).get("type", [])
    return set(value if isinstance(value, list) else [value])


def is_success(response: str) -> bool:
    return name_of(response).startswith("2")


# Rules of form


def members_stand_in_order(document: Document) -> Iterator[str]:
    for place, order in [("", _ROOT_ORDER), *((place, _OPERATION_ORDER) for place in operations(document))]:
        names = [name for name in at(document, place) if name in order]
        if names != sorted(names, key=order.index):
            yield f"{place}: write {', '.join(name for name in order if name in names)}, in this order"


def operation_ids_are_camel_case(document: Document) -> Iterator[str]:
    for place in operations(document):
        if not re.fullmatch(r"[a-z]+([A-Z][a-z]+)*", str(at(document, place).get("operationId"))):
            yield f"{place}/operationId: write it in camelCase"


def operations_have_one_tag_that_the_root_describes(document: Document) -> Iterator[str]:
    tags = [at(document, place) for place in members(document, "", "tags")]
    for place in operations(document):
        chosen = at(document, place).get("tags")
        if not isinstance(chosen, list) or len(chosen) != 1:
            yield f"{place}/tags: choose one tag"
        elif not any(tag.get("name") == chosen[0] and tag.get("description") for tag in tags):
            yield f"{place}/tags: describe the tag {chosen[0]} at the root"


def operations_say_what_they_do(document: Document) -> Iterator[str]:
    for place in operations(document):
        operation = at(document, place)
        if not re.fullmatch(r"[A-Z].*[^.]", str(operation.get("summary", ""))):
            yield f"{place}/summary: write it in sentence case, without a full stop"
        if not operation.get("description"):
            yield f"{place}/description: add what the summary cannot say"


def security_is_said_to_be_none(document: Document) -> Iterator[str]:
    if document.get("security") != []:
        yield "/security: say `security: []` on purpose"
    yield from (
        f"{place}/security: leave it out" for place in operations(document) if "security" in at(document, place)
    )


def servers_are_relative(document: Document) -> Iterator[str]:
    if not document.get("servers"):
        yield "/servers: name one"
    for place in members(document, "", "servers"):
        if not re.match(r"/(?!/)", str(at(document, place)["url"])):
            yield f"{place}/url: make it relative"


# Rules of schemas


def schemas_are_not_combined(document: Document) -> Iterator[str]:
    for place in schemas(document):
        yield from (f"{child(place, name)}: write it flat" for name in _COMBINING if name in at(document, place))


def booleans_have_no_enum(document: Document) -> Iterator[str]:
    for place in schemas(document):
        values = at(document, place).get("enum")
        if "boolean" in types(document, place) and values:
            yield f"{place}/enum: many clients cannot read an enum of booleans"


def types_are_single(document: Document) -> Iterator[str]:
    for place in schemas(document):
        if "$ref" not in at(document, place) and len(types(document, place) - {"null"}) != 1:
            yield f"{place}/type: give one type, or one and null"


def objects_list_their_properties(document: Document) -> Iterator[str]:
    for place in schemas(document):
        schema = at(document, place)
        if "object" not in types(document, place):
            continue
        if not schema.get("properties"):
            yield f"{place}/properties: list them"
        for name in cast(list[str], schema.get("required", [])):
            if name not in cast(Document, schema.get("properties", {})):
                yield f"{place}/required: {name} is not among the properties"


def values_are_bounded(document: Document) -> Iterator[str]:
    number = ("format", "minimum", "maximum")
    needed = {"integer": number, "number": number, "array": ("items", "maxItems"), "string": ("maxLength",)}
    for place in schemas(document):
        schema = at(document, place)
        for name in [name for kind, names in needed.items() if kind in types(document, place) for name in names]:
            if name not in schema and "enum" not in schema:
                yield f"{place}/{name}: bound it"


def text_of_requests_and_headers_has_a_pattern(document: Document) -> Iterator[str]:
    roots = [place for place in described(document) if "/headers/" in place]
    for operation in operations(document):
        roots += parameters(document, operation)
        if "requestBody" in at(document, operation):
            roots += members(document, resolve(document, child(operation, "requestBody")), "content")
    found = (place for root in roots for place in within_schema(document, child(root, "schema"), follow=True))
    for place in dict.fromkeys(found):
        if "string" in types(document, place) and not at(document, place).keys() & {"pattern", "enum"}:
            yield f"{place}/pattern: say which characters it may hold"


def fields_of_components_are_named(document: Document) -> Iterator[str]:
    """Scalar fields that several components share stand once, so that they cannot drift apart."""
    owners: dict[str, list[str]] = {}
    for schema in members(document, "/components", "schemas"):
        for place in members(document, schema, "properties"):
            owners.setdefault(name_of(place), []).append(place)
    for name, places in owners.items():
        written = [place for place in places if "$ref" not in at(document, place)]
        referred = {at(document, place)["$ref"] for place in places if place not in written}
        if len(referred) > 1:
            yield f"{places[0]}: {name} has several schemas: {', '.join(sorted(map(str, referred)))}"
        if written and referred:
            yield from (f"{place}: refer to {min(map(str, referred))}" for place in written)


# Rules of responses


def successes_stand_in_their_operation(document: Document) -> Iterator[str]:
    for place in responses(document):
        if is_success(place) and "$ref" in at(document, place):
            yield f"{place}: write it here: some clients lose the body of a $ref"


def failures_are_shared_problems(document: Document) -> Iterator[str]:
    for place in responses(document):
        if is_success(place):
            continue
        target = resolve(document, place)
        if not target.startswith("/components/responses/"):
            yield f"{place}: refer to a response in components"
        if list(members(document, target, "content")) != [child(target, "content", PROBLEM)]:
            yield f"{place}: answer {PROBLEM} and nothing else"
            continue
        schema = at(document, resolve(document, child(target, "content", PROBLEM, "schema")))
        if "detail" not in cast(list[str], schema.get("required", [])):
            yield f"{place}: require `detail`"


def every_operation_can_fail(document: Document) -> Iterator[str]:
    for operation in operations(document):
        declared = {name_of(place): place for place in members(document, operation, "responses")}
        for status in ("500", "503"):
            if status not in declared:
                yield f"{operation}/responses: declare {status}"
        if "503" in declared and "Retry-After" not in at(document, resolve(document, declared["503"])).get(
            "headers", {}
        ):  # type: ignore[operator]
            yield f"{declared['503']}: say when to try again, with Retry-After"


def headers_are_required(document: Document) -> Iterator[str]:
    places = {resolve(document, place) for place in responses(document)}
    for header in sorted(header for place in places for header in members(document, place, "headers")):
        if name_of(header) != "Link" and at(document, resolve(document, header)).get("required") is not True:
            yield f"{header}: say `required: true`: otherwise nobody misses it"


def links_lead_to_operations(document: Document) -> Iterator[str]:
    known = {at(document, place)["operationId"]: place for place in operations(document)}
    for response in responses(document):
        for place in members(document, resolve(document, response), "links"):
            link = at(document, place)
            target = known.get(link.get("operationId"))
            if target is None:
                yield f"{place}: there is no operation {link.get('operationId')}"
                continue
            names = {str(at(document, parameter)["name"]) for parameter in parameters(document, target)}
            needed = {name for name in names if f"{{{name}}}" in name_of(target.rpartition("/")[0])}
            given = {name_of(parameter).rpartition(".")[2] for parameter in members(document, place, "parameters")}
            if given - names or needed - given:
                yield f"{place}/parameters: give {', '.join(sorted(needed))}"


# Rules of examples


def everything_has_named_examples(document: Document) -> Iterator[str]:
    for place in described(document):
        examples = [at(document, example) for example in members(document, place, "examples")]
        if not examples:
            yield f"{place}/examples: give one"
        if any(not example.get("summary") or "value" not in example for example in examples):
            yield f"{place}/examples: give each a summary and a value"


def examples_are_valid(document: Document) -> Iterator[str]:
    found = [
        (example, child(place, "schema"), at(document, example).get("value"))
        for place in described(document)
        for example in members(document, place, "examples")
    ]
    for place in schemas(document):
        schema = at(document, place)
        values = cast(list[Json], schema.get("examples", []))
        found += [(child(place, "examples", index), place, value) for index, value in enumerate(values)]
        found += [(child(place, "default"), place, schema["default"])] if "default" in schema else []
    for place, schema_at, value in found:
        # The document is the root, so that its references lead where they say; a schema ignores its other members.
        validator = jsonschema_rs.Draft202012Validator({**document, "$ref": "#" + quote(schema_at, safe="/~")})
        yield from (f"{place}: {error.message}" for error in validator.iter_errors(value))


def examples_of_requests_have_answers(document: Document) -> Iterator[str]:
    for operation in operations(document):
        if "requestBody" not in at(document, operation):
            continue
        body = resolve(document, child(operation, "requestBody"))
        asked = [
            example for media in members(document, body, "content") for example in members(document, media, "examples")
        ]
        answered = {
            name_of(example)
            for response in members(document, operation, "responses")
            if is_success(response)
            for media in members(document, resolve(document, response), "content")
            for example in members(document, media, "examples")
        }
        yield from (
            f"{place}: give the answer to it, under the same name" for place in asked if name_of(place) not in answered
        )


RULES: list[Rule] = [
    members_stand_in_order,
    operation_ids_are_camel_case,
    operations_have_one_tag_that_the_root_describes,
    operations_say_what_they_do,
    security_is_said_to_be_none,
    servers_are_relative,
    schemas_are_not_combined,
    booleans_have_no_enum,
    types_are_single,
    objects_list_their_properties,
    values_are_bounded,
    text_of_requests_and_headers_has_a_pattern,
    fields_of_components_are_named,
    successes_stand_in_their_operation,
    failures_are_shared_problems,
    every_operation_can_fail,
    headers_are_required,
    links_lead_to_operations,
    everything_has_named_examples,
    examples_are_valid,
    examples_of_requests_have_answers,
]
