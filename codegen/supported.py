"""Refuses what this generator would not enforce: nothing that a contract says is dropped in silence."""

import re
from dataclasses import dataclass, field
from typing import cast

from pydantic_core import SchemaError, SchemaValidator

from codegen.read import Contract, Finding, Json, Pointer

LOCATIONS = ("path", "query")
# The functions of the runtime that read the text of a parameter, by its type.
WIRES = {"string": "str", "integer": "integer", "number": "number", "boolean": "boolean"}

# What datamodel-code-generator's models hold a value against, by its type. Anything else would go unenforced.
_NUMERIC = "minimum maximum exclusiveMinimum exclusiveMaximum".split()
_KEYWORDS = {
    "array": "items minItems maxItems".split(),
    "boolean": [],
    "integer": [*_NUMERIC, "multipleOf"],
    "null": [],
    "number": _NUMERIC,
    "object": "properties required additionalProperties".split(),
    "string": "minLength maxLength pattern".split(),
}
_ANNOTATIONS = "$ref title description default example examples deprecated externalDocs type format enum".split()
# Formats that narrow nothing (their bounds stand beside them), or whose text stays as it is.
_FORMATS = frozenset("int32 int64 float double password uri-reference".split())
# Engines differ in these: the classes and boundaries of Unicode, lookaround and backreferences, classes within classes.
_UNSAFE_PATTERN = re.compile(r"\\[dDwWsSbBkP1-9]|\(\?[^:]|\[[^]]*(\[|&&|--|~~)")
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
        document = self.contract.document
        if document.get("webhooks"):
            self._refuse(("webhooks",), "webhooks are not supported")
        self._security(())
        self._servers(())
        for path in cast(dict[str, Json], document.get("paths") or {}):
            if "$ref" in self.contract.object(("paths", path)):
                self._refuse(("paths", path), "a path item that is a $ref is not supported: write it here")
            self._servers(("paths", path))
        for name in self.contract.components("schemas"):
            self._schema(("components", "schemas", name))
        operations = list(self.contract.operations())
        if not operations:
            self._refuse(("paths",), "there is no operation")
        for operation in operations:
            self._operation(operation)

    def _refuse(self, pointer: Pointer, message: str) -> None:
        finding = Finding(pointer, message)
        if finding not in self.findings:  # a component may be used many times
            self.findings.append(finding)

    def _security(self, pointer: Pointer) -> None:
        if self.contract.object(pointer).get("security"):
            self._refuse((*pointer, "security"), "security requirements are not supported: say `security: []`")

    def _servers(self, pointer: Pointer) -> None:
        for index, server in enumerate(cast(list[dict[str, str]], self.contract.object(pointer).get("servers") or [])):
            if re.sub(r"^[a-z]+://[^/]*", "", server["url"]).strip("/"):
                self._refuse((*pointer, "servers", str(index), "url"), "a path is not served: write it into `paths`")

    def _operation(self, pointer: Pointer) -> None:
        operation = self.contract.object(pointer)
        if not isinstance(operation.get("operationId"), str):
            self._refuse(pointer, "an operation needs an operationId")
        self._security(pointer)
        self._servers(pointer)
        if operation.get("callbacks"):
            self._refuse((*pointer, "callbacks"), "callbacks are not supported")
        if len(cast(list[str], operation.get("tags") or [])) > 1:
            self._refuse((*pointer, "tags"), "several tags are not supported: keep one")
        for place, _ in self.contract.parameters(pointer):
            self._parameter(place)
        if "requestBody" in operation:
            body = self.contract.resolve((*pointer, "requestBody"))
            if not self.contract.object(body).get("required"):
                self._refuse(body, "an optional request body is not supported: say `required: true`")
            self._content(body)
        if not operation.get("responses"):
            self._refuse(pointer, "an operation needs responses")
        for status in cast(dict[str, Json], operation.get("responses") or {}):
            self._response((*pointer, "responses", status), status)

    def _parameter(self, place: Pointer) -> None:
        parameter = self.contract.object(place)
        if parameter["in"] not in LOCATIONS:
            self._refuse((*place, "in"), f"{parameter['in']} parameters are not supported")
            return
        for name in parameter:
            if name not in _PARAMETER_MEMBERS and not name.startswith("x-"):
                self._refuse((*place, name), f"{name} is not supported here")
        if parameter["name"] == "self":
            self._refuse(place, "the name self is taken: choose another")
        if parameter["in"] == "path" and not str(parameter["name"]).isidentifier():
            self._refuse((*place, "name"), "a path parameter needs a name of letters, digits and underscores")
        if "schema" in parameter:
            self._scalar((*place, "schema"), "a parameter")

    def _scalar(self, pointer: Pointer, what: str) -> None:
        self._schema(pointer)
        if str(self.contract.object(self.contract.resolve(pointer)).get("type")) not in WIRES:
            self._refuse(pointer, f"{what} must be a string, an integer, a number or a boolean")

    def _response(self, pointer: Pointer, status: str) -> None:
        if not re.fullmatch(r"[1-5][0-9]{2}", status):
            self._refuse(pointer, f"the response {status} is not supported: list each status")
            return
        target = self.contract.resolve(pointer)
        if status[0] == "1" or status in ("204", "205", "304"):
            self._refuse(pointer, f"an answer with status {status} has no content (RFC 9110): not supported")
        else:
            self._content(target)
        for name in cast(dict[str, Json], self.contract.object(target).get("headers") or {}):
            header = self.contract.resolve((*target, "headers", name))
            if name.lower() in ("body", "self"):
                self._refuse(header, f"the name {name} is taken: choose another")
            if "schema" in self.contract.object(header):
                self._scalar((*header, "schema"), "a header")
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
            schema = (*pointer, "content", media_types[0], "schema")
            self._schema(schema)
            if isinstance(said := self.contract.at(schema), dict) and "enum" in said:
                self._refuse(schema, "an enum needs a name here: move it to components/schemas")

    def _schema(self, pointer: Pointer) -> None:
        schema = self.contract.at(pointer)
        if not isinstance(schema, dict):
            self._refuse(pointer, "a schema must be an object")
            return
        if "$ref" in schema:
            self.contract.resolve(pointer)
            if not str(schema["$ref"]).startswith("#/components/schemas/"):
                self._refuse((*pointer, "$ref"), "a schema is referred to in components/schemas only")
            for name in schema.keys() & {"type", "format", "enum"}:
                self._refuse((*pointer, name), f"the keyword {name} would not be enforced beside a $ref")
        said = schema.get("type", [])
        types = [str(name) for name in said] if isinstance(said, list) else [str(said)]
        if len([name for name in types if name != "null"]) > 1:
            self._refuse((*pointer, "type"), "a union of types is not supported: use one type, or one and null")
        self._keywords(pointer, schema, {keyword for name in types for keyword in _KEYWORDS[name]}, types)
        if "format" in schema and schema["format"] not in _FORMATS:
            self._refuse((*pointer, "format"), f"the format {schema['format']} would not be enforced: use a pattern")
        if "enum" in schema and (
            types != ["string"] or not all(isinstance(v, str) for v in cast(list[Json], schema["enum"]))
        ):
            self._refuse((*pointer, "enum"), "an enum of anything but strings would not be enforced")
        if "pattern" in schema:
            self._pattern((*pointer, "pattern"), str(schema["pattern"]))
        properties = cast(dict[str, Json], schema.get("properties") or {})
        for name in cast(list[str], schema.get("required") or []):
            if name not in properties:
                self._refuse(pointer, f"{name} is required and not among the properties: add it")
        for name in properties:
            self._schema((*pointer, "properties", name))
        for name in ("items", "additionalProperties"):
            if name in schema and not (name == "additionalProperties" and isinstance(schema[name], bool)):
                self._schema((*pointer, name))

    def _keywords(self, pointer: Pointer, schema: dict[str, Json], applying: set[str], types: list[str]) -> None:
        for name, value in schema.items():
            if name in applying or name in _ANNOTATIONS or name.startswith("x-"):
                if name.startswith("exclusive") and isinstance(value, bool):
                    self._refuse((*pointer, name), f"the keyword {name} would not be enforced: give it the bound")
            elif not types and any(name in keywords for keywords in _KEYWORDS.values()):
                self._refuse(pointer, f"the keyword {name} would not be enforced: say the type")
            else:
                self._refuse((*pointer, name), f"the keyword {name} would not be enforced: express it otherwise")

    def _pattern(self, pointer: Pointer, pattern: str) -> None:
        if _UNSAFE_PATTERN.search(pattern.replace(r"\\", "")):
            self._refuse(pointer, "the pattern would not be enforced alike everywhere: write classes out, as [0-9]")
            return
        try:
            SchemaValidator({"type": "str", "pattern": pattern})
        except SchemaError:
            self._refuse(pointer, "the pattern would not be enforced: it is no regular expression of Rust's regex")
