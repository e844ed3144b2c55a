"""Refuses what this generator would not enforce: nothing that a contract says is dropped in silence."""

import re
from dataclasses import dataclass, field
from typing import cast

from codegen.read import Contract, Finding, Json, Pointer

LOCATIONS = ("path", "query")
# The functions of the runtime that read the text of a parameter, by its type.
WIRES = {"string": "str", "integer": "integer", "number": "number", "boolean": "boolean"}

# Annotations, and what datamodel-code-generator's models hold a value against. Anything else would go unenforced.
_SCHEMA_KEYWORDS = frozenset(
    "$ref title description default example examples deprecated externalDocs "
    "type enum format properties required additionalProperties items "
    "minLength maxLength pattern minimum maximum exclusiveMinimum exclusiveMaximum multipleOf minItems maxItems".split()
)
# Formats that narrow nothing (their bounds stand beside them), or whose text stays as it is.
_FORMATS = frozenset("int32 int64 float double password uri-reference".split())
_PARAMETER_MEMBERS = frozenset("name in description required deprecated schema example examples".split())
_JSON = re.compile(r"[\w.+-]+/([\w.-]+\+)?json")


def check(contract: Contract) -> None:
    """Raises Refused with everything in the contract that is not supported."""
    checker = _Checker(contract)
    checker.check()
    if checker.findings:
        raise contract.refuse(checker.findings)


@dataclass
class _Checker:
    contract: Contract
    findings: list[Finding] = field(default_factory=list)

    def check(self) -> None:
        for name in ("webhooks", "security"):
            self._absent((), name)
        for path in cast(dict[str, Json], self.contract.document.get("paths") or {}):
            self._absent(("paths", path), "$ref")
        for name in self.contract.components("schemas"):
            self._schema(("components", "schemas", name))
        for operation in self.contract.operations():
            self._operation(operation)

    def _refuse(self, pointer: Pointer, message: str) -> None:
        finding = Finding(pointer, message)
        if finding not in self.findings:  # a component may be used many times
            self.findings.append(finding)

    def _absent(self, pointer: Pointer, name: str) -> None:
        if self.contract.object(pointer).get(name):
            self._refuse((*pointer, name), f"{name} is not supported here: leave it out")

    def _operation(self, pointer: Pointer) -> None:
        operation = self.contract.object(pointer)
        if not isinstance(operation.get("operationId"), str):
            self._refuse(pointer, "an operation needs an operationId")
        for name in ("security", "callbacks"):
            self._absent(pointer, name)
        for place, _ in self.contract.parameters(pointer):
            self._parameter(place)
        if "requestBody" in operation:
            body = self.contract.resolve((*pointer, "requestBody"))
            if not self.contract.object(body).get("required"):
                self._refuse(body, "an optional request body is not supported: say `required: true`")
            self._content(body)
        for status in cast(dict[str, Json], operation["responses"]):
            self._response((*pointer, "responses", status), status)

    def _parameter(self, place: Pointer) -> None:
        parameter = self.contract.object(place)
        if parameter["in"] not in LOCATIONS:
            self._refuse((*place, "in"), f"{parameter['in']} parameters are not supported")
            return
        for name in parameter:
            if name not in _PARAMETER_MEMBERS and not name.startswith("x-"):
                self._refuse((*place, name), f"{name} is not supported in a parameter")
        if parameter["in"] == "path" and not str(parameter["name"]).isidentifier():
            self._refuse((*place, "name"), "a path parameter needs a name of letters, digits and underscores")
        if "schema" in parameter:
            self._schema((*place, "schema"))
            target = self.contract.object(self.contract.resolve((*place, "schema")))
            if str(target.get("type")) not in WIRES:
                self._refuse((*place, "schema"), "a parameter must be a string, an integer, a number or a boolean")

    def _response(self, pointer: Pointer, status: str) -> None:
        if not re.fullmatch(r"[1-5][0-9]{2}", status):
            self._refuse(pointer, f"the response {status} is not supported: list each status")
            return
        target = self.contract.resolve(pointer)
        self._content(target)
        for name in cast(dict[str, Json], self.contract.object(target).get("headers") or {}):
            header = self.contract.resolve((*target, "headers", name))
            if "schema" in self.contract.object(header):
                self._schema((*header, "schema"))
            else:
                self._refuse(header, "a header needs a schema")

    def _content(self, pointer: Pointer) -> None:
        content = cast(dict[str, dict[str, Json]], self.contract.object(pointer).get("content") or {})
        media_types = [media_type for media_type in content if _JSON.fullmatch(media_type)]
        if len(content) != 1 or len(media_types) != 1:
            self._refuse(pointer, "exactly one media type is supported here, and it must be JSON")
        elif "schema" not in content[media_types[0]]:
            self._refuse((*pointer, "content", media_types[0]), "a media type needs a schema")
        else:
            self._schema((*pointer, "content", media_types[0], "schema"))

    def _schema(self, pointer: Pointer) -> None:
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
            self._schema((*pointer, "properties", name))
        for name in ("items", "additionalProperties"):
            if isinstance(schema.get(name), dict):
                self._schema((*pointer, name))
