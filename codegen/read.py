"""Reads a contract: the document, where each part of it stands, and what makes it invalid."""

import hashlib
import json
import re
from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias, cast

import yaml
from openapi_spec_validator import OpenAPIV30SpecValidator, OpenAPIV31SpecValidator
from typing_extensions import override

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Pointer: TypeAlias = tuple[str, ...]

# What stands under these is data, in which a `$ref` means nothing.
_DATA = {"const", "default", "enum", "example", "examples"}
METHODS = ("get", "put", "post", "delete", "options", "head", "patch", "trace")
_VALIDATORS = {"3.0": OpenAPIV30SpecValidator, "3.1": OpenAPIV31SpecValidator}


@dataclass(frozen=True)
class Finding:
    """Something in the contract that cannot be generated. `pointer` leads to it (RFC 6901)."""

    pointer: Pointer
    message: str


class BrokenReference(Exception):
    """A `$ref` that cannot be followed."""


class Refused(Exception):
    """The contract cannot be generated as it is. Its text has one line for each finding: file:line: pointer: why."""


class _Loader(yaml.SafeLoader):
    """YAML 1.2 as OpenAPI asks for it: a date stays a string, `on` is no boolean, and keys are strings, each once."""

    @override
    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, object]:
        self.flatten_mapping(node)
        mapping: dict[Hashable, object] = {}
        for key, value in node.value:
            if not isinstance(key, yaml.ScalarNode) or key.value in mapping:
                problem = (
                    f"the key {key.value} stands twice" if isinstance(key, yaml.ScalarNode) else "a key is no string"
                )
                raise yaml.constructor.ConstructorError(problem=problem, problem_mark=key.start_mark)
            mapping[key.value] = self.construct_object(value, deep=True)
        return mapping


_Loader.yaml_implicit_resolvers = {}
for _tag, _pattern, _first in (
    ("bool", r"true|True|TRUE|false|False|FALSE", "tTfF"),
    ("int", r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+", "-+0123456789"),
    ("float", r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?", "-+.0123456789"),
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("merge", r"<<", "<"),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(rf"^(?:{_pattern})$"), list(_first))


@dataclass(frozen=True)
class Contract:
    """An OpenAPI document that is known to be valid. `digest` is the SHA-256 of its file."""

    name: str
    digest: str
    document: dict[str, Json]
    lines: Mapping[Pointer, int]

    def at(self, pointer: Pointer) -> Json:
        """The value at this place. Raises LookupError."""
        value: Json = self.document
        for part in pointer:
            value = value[int(part)] if isinstance(value, list) else cast(dict[str, Json], value)[part]
        return value

    def object(self, pointer: Pointer) -> dict[str, Json]:
        """The object at this place. Raises LookupError."""
        return cast(dict[str, Json], self.at(pointer))

    def operations(self) -> Iterator[Pointer]:
        """Where each operation stands, in the order of the contract: `("paths", path, method)`."""
        for path in cast(dict[str, Json], self.document.get("paths") or {}):
            yield from (("paths", path, method) for method in self.object(("paths", path)) if method in METHODS)

    def parameters(self, operation: Pointer) -> list[tuple[Pointer, dict[str, Json]]]:
        """The parameters of an operation and where each stands; its own go before those of its path."""
        found: dict[tuple[Json, Json], tuple[Pointer, dict[str, Json]]] = {}
        for owner in (operation, operation[:-1]):
            for index, _ in enumerate(cast(list[Json], self.object(owner).get("parameters") or [])):
                place = self.resolve((*owner, "parameters", str(index)))
                parameter = self.object(place)
                found.setdefault((parameter["in"], parameter["name"]), (place, parameter))
        return list(found.values())

    def components(self, kind: str) -> dict[str, Json]:
        """The components of one kind, such as `schemas`."""
        components = cast(dict[str, dict[str, Json]], self.document.get("components") or {})
        return components.get(kind, {})

    def resolve(self, pointer: Pointer) -> Pointer:
        """Where the object at `pointer` really stands: follows `$ref`. Raises BrokenReference."""
        seen = []
        while isinstance(value := self.at(pointer), dict) and isinstance(reference := value.get("$ref"), str):
            if not reference.startswith("#/"):
                raise BrokenReference(f"$ref {reference} leads outside this file: move it in")
            seen.append(pointer)
            pointer = tuple(part.replace("~1", "/").replace("~0", "~") for part in reference[2:].split("/"))
            if pointer in seen:
                raise BrokenReference("$ref leads back to itself: name a schema")
            if pointer not in self.lines:
                raise BrokenReference(f"$ref {reference} leads nowhere")
        return pointer

    def refuse(self, findings: Iterable[Finding]) -> Refused:
        """An exception that names the line of each finding."""
        lines = sorted((self._line(finding.pointer), _write(finding.pointer), finding.message) for finding in findings)
        return Refused("\n".join(f"{self.name}:{line}: {pointer}: {message}" for line, pointer, message in lines))

    def _line(self, pointer: Pointer) -> int:
        while pointer not in self.lines:
            pointer = pointer[:-1]
        return self.lines[pointer]


def read(path: Path) -> Contract:
    """Reads and validates an OpenAPI 3.0 or 3.1 document, JSON or YAML. Raises Refused, or OSError."""
    source = path.read_bytes()
    try:
        document, lines = _parse(source.decode())
    except (yaml.YAMLError, ValueError, TypeError, RecursionError) as error:
        mark = getattr(error, "problem_mark", None)
        reason = getattr(error, "problem", None) or type(error).__name__
        raise Refused(f"{path.name}:{mark.line + 1 if mark else 1}: /: not YAML or JSON: {reason}") from error
    if not isinstance(document, dict) or not isinstance(document.get("openapi"), str):
        raise Refused(f"{path.name}:1: /: not an OpenAPI document: it has no member `openapi`")
    contract = Contract(path.name, hashlib.sha256(source).hexdigest(), document, lines)
    validator = _VALIDATORS.get(str(document["openapi"])[:3])
    if validator is None:
        raise contract.refuse([Finding(("openapi",), f"OpenAPI {document['openapi']} is not 3.0 or 3.1")])
    if not isinstance(document.get("paths"), dict):
        raise contract.refuse([Finding(("paths",), "invalid: `paths` is not an object that holds operations")])
    # The validator would follow a broken reference, even to another host.
    faults = list(_broken_references(contract)) or [
        Finding(_locate(contract, error.absolute_path, error.instance), f"invalid: {error.message.splitlines()[0]}")
        for error in validator(document).iter_errors()
    ]
    if faults:
        raise contract.refuse(faults)
    return contract


def _parse(text: str) -> tuple[Json, dict[Pointer, int]]:
    """The document, and the line of each part of it."""
    try:
        document, is_json = json.loads(text), True
        # YAML, which tells the lines, refuses a tab between values; in a string JSON does not have one.
        text = text.replace("\t", " ")
    except ValueError:
        document, is_json = None, False
    node = yaml.compose(text, Loader=_Loader)
    loaded = yaml.load(text, Loader=_Loader)  # noqa: S506 (a subclass of SafeLoader)
    if not is_json:
        document = loaded
    # Raises ValueError or TypeError for what JSON could not hold.
    json.dumps(document, allow_nan=False, ensure_ascii=False).encode()
    return document, dict(_lines(node) if node else ())


def _broken_references(contract: Contract) -> Iterator[Finding]:
    for pointer in contract.lines:
        if pointer[-1:] == ("$ref",) and isinstance(contract.at(pointer), str) and not _is_data(pointer):
            try:
                contract.resolve(pointer[:-1])
            except BrokenReference as error:
                yield Finding(pointer[:-1], str(error))


def _is_data(pointer: Pointer) -> bool:
    """Whether this stands in an example or the like, rather than under a property or schema of such a name."""
    pairs = zip(("", *pointer), pointer, strict=False)
    return any(part in _DATA and owner not in ("properties", "schemas") for owner, part in pairs)


def _locate(contract: Contract, path: Iterable[object], instance: object) -> Pointer:
    """Where an error stands: of a pattern or a default the validator tells only the last part of the way."""
    told = tuple(str(part) for part in path)
    if told and told[0] in contract.document:
        return told
    tail = told or ("default",)
    return next(
        (found for found in contract.lines if found[-len(tail) :] == tail and contract.at(found) == instance), ()
    )


def _write(pointer: Pointer) -> str:
    return "".join("/" + part.replace("~", "~0").replace("/", "~1") for part in pointer) or "/"


def _lines(node: yaml.Node, pointer: Pointer = ()) -> Iterator[tuple[Pointer, int]]:
    yield pointer, node.start_mark.line + 1
    if isinstance(node, yaml.MappingNode):
        for key, value in node.value:
            inner = (*pointer, str(key.value))
            yield from _lines(value, inner)
            yield inner, key.start_mark.line + 1
    elif isinstance(node, yaml.SequenceNode):
        for index, value in enumerate(node.value):
            yield from _lines(value, (*pointer, str(index)))
