"""The generated models and the schemas of the contract agree on what is valid, document by document.

Each document goes in twice: as JSON text, through the parser that the service reads request bodies with, and as a
Python object.
"""

import asyncio
import json
import math
from collections.abc import Callable, Iterator
from copy import deepcopy
from decimal import Decimal
from functools import cache
from typing import TypeAlias, cast

import jsonschema_rs
import pytest
import yaml
from fastapi import Request
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from pydantic import BaseModel
from starlette.types import Message

from codegen.planner import plan
from codegen.read import read
from generated import schemas
from generated.runtime import Refusal, read_json, validate
from tests.service import ROOT

Json: TypeAlias = bool | int | float | str | list["Json"] | dict[str, "Json"] | None
Schema: TypeAlias = dict[str, Json]
Place: TypeAlias = tuple[str | int, ...]

CONTRACT = yaml.safe_load((ROOT / "openapi.yaml").read_text(encoding="utf-8"))

PLAN = plan(read(ROOT / "openapi.yaml"))
ANSWERS = {response.name: response for response in PLAN.responses}

# Models that are made of something else than a component: the operation, and what of it.
PARAMETERS = {
    model: (operation.path, operation.method.lower(), location)
    for operation in PLAN.operations
    for location, model in (("path", operation.path_schema), ("query", operation.query_schema))
    if model
}
ANSWERED = [
    (ANSWERS[name], (operation.path, operation.method.lower(), str(ANSWERS[name].status)))
    for operation in PLAN.operations
    for name in operation.responses
]
BODIES = {answer.schema: at for answer, at in ANSWERED if answer.schema not in CONTRACT["components"]["schemas"]}
HEADERS = {answer.headers_schema: at for answer, at in ANSWERED if answer.headers_schema}
# Models that are a part of another one, and tested with it.
PARTS = {"LocItem"}

_DRAWN = 20  # documents for each model that Hypothesis makes up


def resolve(value: Json) -> Json:
    """A schema without references. None of this contract leads back to itself."""
    if isinstance(value, list):
        return [resolve(item) for item in value]
    if not isinstance(value, dict):
        return value
    if isinstance(reference := value.get("$ref"), str):
        target = CONTRACT
        for name in reference.removeprefix("#/").split("/"):
            target = target[name]
        return resolve(target)
    return {name: resolve(member) for name, member in value.items()}


def an_object(described: dict[str, Schema]) -> Schema:
    """The schema of an object with these parameters or headers as members."""
    properties: dict[str, Json] = {}
    for name, member in described.items():
        example = next(iter(cast(dict[str, dict[str, Json]], member["examples"]).values()))["value"]
        properties[name] = {**cast(Schema, member["schema"]), "examples": [example]}
    required: list[Json] = [name for name, member in described.items() if member.get("required")]
    return {"type": "object", "properties": properties, "required": required}


def described_schemas() -> dict[str, Schema]:
    """The schema of each model."""
    found = {name: cast(Schema, resolve(schema)) for name, schema in CONTRACT["components"]["schemas"].items()}
    found = {name: schema for name, schema in found.items() if schema["type"] == "object"}
    for name, (path, method, location) in PARAMETERS.items():
        item = CONTRACT["paths"][path]
        parameters = cast(
            list[dict[str, Json]], resolve(item.get("parameters", []) + item[method].get("parameters", []))
        )
        found[name] = an_object({str(p["name"]): p for p in parameters if p["in"] == location})
    for name, (path, method, status) in HEADERS.items():
        response = cast(dict[str, Json], resolve(CONTRACT["paths"][path][method]["responses"][status]))
        found[name] = an_object(cast(dict[str, Schema], response["headers"]))
    for name, (path, method, status) in BODIES.items():
        content = CONTRACT["paths"][path][method]["responses"][status]["content"]["application/json"]
        found[name] = cast(Schema, resolve(content["schema"]))
    return found


SCHEMAS = described_schemas()


# The documents


def types(schema: Schema) -> list[Json]:
    value = schema.get("type")
    return value if isinstance(value, list) else [value]


def sample(schema: Schema, *, is_full: bool = True) -> Json:
    """A valid value, with all members or with the required ones only."""
    if "examples" in schema:
        return cast(list[Json], schema["examples"])[0]
    if "object" in types(schema):
        properties = cast(dict[str, Schema], schema["properties"])
        names = properties if is_full else cast(list[str], schema.get("required", []))
        return {name: sample(properties[name], is_full=is_full) for name in names}
    if "array" in types(schema):
        return [sample(cast(Schema, schema["items"]), is_full=is_full)]
    return "text"


ANYTHING: dict[str, Json] = {
    "null": None,
    "true": True,
    "false": False,
    "0": 0,
    "1": 1,
    "-1": -1,
    "1.0": 1.0,
    "5.0": 5.0,
    "-0.0": -0.0,
    "1.5": 1.5,
    "1e300": 1e300,
    "10**30": 10**30,
    "-10**30": -(10**30),
    "10**400": 10**400,
    "2**53": 2**53,
    "2**63": 2**63,
    "2**64": 2**64,
    "empty text": "",
    "text": "x",
    "digits": "5",
    "the text true": "true",
    "space": " ",
    "line feed": "x\n",
    "NUL": "\x00",
    "NUL inside": "a\x00b",
    "control characters": "\x01\x1f\x7f",
    "combining": "e\u0301",
    "astral": "\U0001f600",
    "noncharacter": "\uffff",
    "byte order mark": "\ufeff",
    "lone high surrogate": "\ud800",
    "lone low surrogate": "a\udfffb",
    "empty array": [],
    "array": ["x"],
    "array in array": [[]],
    "empty object": {},
    "object": {"x": 1},
}
EXTRA: dict[str, dict[str, Json]] = {
    "unknown member": {"cape": "red"},
    "unknown null": {"cape": None},
    "unknown object": {"cape": {"colours": ["red", {"deep": []}]}},
    "unknown huge integer": {"cape": 10**400},
    "unknown lone surrogate": {"cape": "\ud800"},
    "lone surrogate as name": {"\ud800": 1},
    "empty name": {"": 1},
    "NUL as name": {"\x00": 1},
    "names in capitals": {"NAME": 1, "ID": 1, "DETAIL": 1, "LIMIT": 1},
    "names of Python": {"self": 1, "root": 1, "__class__": 1, "__dict__": {}, "model_config": {}, "model_fields": {}},
    "names of fields that the contract does not have": {"retry_after": 1, "location": 1, "link": 1},
}
# Other spellings of numbers than Python's own.
NUMBERS = ("5e0", "5E+0", "50e-1", "-0", "5.00", "0.00", "1.000e2", "1e400", "-1e400", "1e-400", "9007199254740993.0")


def at_the_bounds(schema: Schema) -> Iterator[tuple[str, Json]]:
    """Values on both sides of each bound."""
    example = sample(schema)
    for name in ("minimum", "maximum"):
        if isinstance(bound := schema.get(name), int):
            for step in (-1, -0.5, 0, 0.5, 1):
                yield f"{name}{step:+}", bound + step if step % 1 else bound + int(step)
            yield f"{name} as a fraction", float(bound)
    for name in ("minLength", "maxLength"):
        if isinstance(length := schema.get(name), int):
            for step in (-1, 0, 1):
                for kind, character in (("x", "x"), ("astral", "\U0001f600"), ("two-byte", "\u00e9")):
                    yield f"{name}{step:+} {kind}", character * (length + step)
            if isinstance(example, str) and example:
                yield f"{name} filled up", example + example[-1] * (length - len(example))
                yield f"{name} filled up+1", example + example[-1] * (length + 1 - len(example))
    if "pattern" in schema and isinstance(example, str):
        for kind, text in (
            ("line feed", "\n"),
            ("space", " "),
            ("NUL", "\x00"),
            ("other digits", "\u0665"),
            ("x", "x"),
        ):
            yield f"example, then {kind}", example + text
            yield f"{kind}, then example", text + example
        for index in range(len(example)):
            yield f"example without character {index}", example[:index] + example[index + 1 :]
            yield f"example with 0 as character {index}", example[:index] + "0" + example[index + 1 :]
    for name in ("minItems", "maxItems"):
        if isinstance(length := schema.get(name), int):
            for step in (-1, 0, 1):
                if length + step >= 0:
                    yield f"{name}{step:+}", [sample(cast(Schema, schema["items"]))] * (length + step)


def places(schema: Schema, place: Place = ()) -> Iterator[tuple[Place, Schema]]:
    """Each place in the full sample, and the schema there."""
    yield place, schema
    for name, member in cast(dict[str, Schema], schema.get("properties", {})).items():
        yield from places(member, (*place, name))
    if "items" in schema:
        yield from places(cast(Schema, schema["items"]), (*place, 0))


def replaced(document: Json, place: Place, value: Json) -> Json:
    """A copy of a document with another value at a place."""
    if not place:
        return value
    copy = deepcopy(document)
    holder = copy
    for part in place[:-1]:
        holder = holder[part]  # type: ignore[index]
    holder[place[-1]] = value  # type: ignore[index]
    return copy


def members_changed(document: Json, place: Place, schema: Schema) -> Iterator[tuple[str, Json]]:
    """Documents in which an object has lost a member or has more."""
    holder = document
    for part in place:
        holder = holder[part]  # type: ignore[index]
    if isinstance(holder, dict):
        for name in holder:
            yield f"without {name}", replaced(document, place, {key: holder[key] for key in holder if key != name})
        for title, extra in EXTRA.items():
            yield title, replaced(document, place, {**holder, **extra})
        renamed = {name.lower().replace("-", "_") + "_" * name.islower(): holder[name] for name in holder}
        yield "members as Python might call them", replaced(document, place, renamed)
        yield "required members only", replaced(document, place, sample(schema, is_full=False))


def strategy(schema: Schema) -> st.SearchStrategy[Json]:
    """Valid values, of all that this contract uses of JSON Schema."""
    kinds: dict[Json, Callable[[], st.SearchStrategy[Json]]] = {
        "null": st.none,
        "boolean": st.booleans,
        "integer": lambda: st.integers(cast(int, schema["minimum"]), cast(int, schema["maximum"])),
        "string": lambda: text(schema),
        "array": lambda: st.lists(
            strategy(cast(Schema, schema["items"])),
            min_size=cast(int, schema.get("minItems", 0)),
            max_size=min(cast(int, schema["maxItems"]), 3),
        ),
        "object": lambda: members(schema),
    }
    return st.one_of([kinds[kind]() for kind in types(schema)])


def text(schema: Schema) -> st.SearchStrategy[Json]:
    least, most = cast(int, schema.get("minLength", 0)), cast(int, schema["maxLength"])
    if "pattern" not in schema:
        return st.text(min_size=least, max_size=most)
    return st.from_regex(cast(str, schema["pattern"]), fullmatch=True).filter(lambda value: least <= len(value) <= most)


def members(schema: Schema) -> st.SearchStrategy[Json]:
    properties = cast(dict[str, Schema], schema["properties"])
    required = cast(list[str], schema.get("required", []))
    values = {name: strategy(properties[name]) for name in properties}
    return st.fixed_dictionaries(
        {name: values[name] for name in required},
        optional={**{name: values[name] for name in values if name not in required}, "unknown": st.text()},
    ).map(lambda value: cast(Json, value))


def drawn(schema: Schema) -> list[Json]:
    """Valid documents that Hypothesis makes up, always the same."""
    found: list[Json] = []

    @settings(
        max_examples=_DRAWN,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy(schema))
    def draw(document: Json) -> None:
        found.append(document)

    draw()
    return found


@cache
def documents(model: str) -> dict[str, str]:
    """JSON texts by their titles."""
    schema = SCHEMAS[model]
    full = sample(schema)
    found: dict[str, str] = {"full": json.dumps(full)}
    for place, part in places(schema):
        where = "/".join(map(str, place)) or "all"
        values = [*ANYTHING.items(), *at_the_bounds(part)]
        changed = [(title, replaced(full, place, value)) for title, value in values]
        changed += members_changed(full, place, part)
        found |= {f"{where}: {title}": json.dumps(document) for title, document in changed}
        if "integer" in types(part):
            text = json.dumps(replaced(full, place, "a number"))
            found |= {f"{where}: {number}": text.replace('"a number"', number) for number in NUMBERS}
    if isinstance(full, dict):
        member = json.dumps({name: full[name] for name in [next(iter(full))]})[1:-1]
        found["a member that stands twice"] = f"{{{member}, {json.dumps(full)[1:]}"
    for number, document in enumerate(drawn(schema)):
        found[f"drawn {number}"] = json.dumps(document)
    return found


# The verdicts


def exact(number: str) -> int | float:
    """A JSON number that a float cannot hold is an integer all the same."""
    return float(number) if math.isfinite(float(number)) else int(Decimal(number))


def schema_accepts(model: str, text: str) -> bool:
    document = json.dumps(json.loads(text, parse_float=exact), ensure_ascii=False)
    # The validator takes no lone surrogate. No schema of this contract tells one from a question mark.
    return validator(model).is_valid(json.loads(document.encode(errors="replace")))


@cache
def validator(model: str) -> jsonschema_rs.Draft202012Validator:
    return jsonschema_rs.Draft202012Validator(SCHEMAS[model])


def model_accepts_text(model: str, text: str) -> bool:
    """As the service reads and validates a request body."""

    async def receive() -> Message:
        return {"type": "http.request", "body": text.encode(), "more_body": False}

    headers = [(b"content-type", b"application/json")]
    try:
        body = asyncio.run(read_json(Request({"type": "http", "headers": headers}, receive), "application/json"))
    except Refusal:
        return False
    return model_accepts(model, body)


def model_accepts(model: str, document: object) -> bool:
    accepting: type[BaseModel] = getattr(schemas, model)
    try:
        validate(accepting, "body", document)
    except Refusal:
        return False
    return True


def disagreements(model: str) -> dict[str, set[str]]:
    """Who accepts each of the documents that are not judged alike."""
    found = {}
    for title, text in documents(model).items():
        verdicts = {
            "schema": schema_accepts(model, text),
            "text": model_accepts_text(model, text),
            "object": model_accepts(model, json.loads(text)),
        }
        if len(set(verdicts.values())) > 1:
            found[title] = {name for name, accepts in verdicts.items() if accepts}
    return found


def known_differences(model: str) -> dict[str, set[str]]:
    """Who accepts each of the documents that are rightly not judged alike."""
    # RFC 8259, section 8.2: what a receiver makes of a lone surrogate cannot be predicted. Such a string is not Unicode
    # and can be neither stored nor answered, so that no model takes it, though JSON Schema has no word for that.
    strings = {
        "HeroCreate": ["name", "secret_name"],
        "HeroUpdate": ["name", "secret_name"],
        "HeroPublic": ["name"],
        "Problem": ["detail", "instance"],
        "ValidationError": ["loc/0", "msg", "type"],
        "ValidationProblem": ["detail", "errors/0/loc/0", "errors/0/msg", "errors/0/type"],
        "ListHeroesQuery": ["name"],
        "ListHeroes200Body": ["0/name"],
    }
    known = {f"{at}: lone {half} surrogate": {"schema"} for at in strings.get(model, []) for half in ("high", "low")}
    # Where no schema names the member, only the parser refuses it, or the model if it keeps the name.
    objects = {"ValidationProblem": ["all", "errors/0"], "ListHeroes200Body": ["0"]}.get(model, ["all"])
    keeps_unknown = model in {
        "HeroPublic",
        "Deleted",
        "Problem",
        "ValidationError",
        "ValidationProblem",
        "ListHeroes200Body",
    }
    for at in objects:
        known[f"{at}: unknown lone surrogate"] = {"schema", "object"}
        known[f"{at}: lone surrogate as name"] = {"schema"} if keeps_unknown else {"schema", "object"}
    # RFC 8259, section 4: names should be unique, or receivers differ in what they make of the object. The parser of
    # the service refuses it; a schema and a model see an object that is parsed already.
    if SCHEMAS[model]["type"] == "object":
        known["a member that stands twice"] = {"schema", "object"}
    return known


@pytest.mark.parametrize("model", SCHEMAS)
def test_a_model_accepts_what_its_schema_accepts(model: str) -> None:
    found, known = disagreements(model), known_differences(model)

    new = {title: (found[title], documents(model)[title][:200]) for title in found if found[title] != known.get(title)}
    assert new == {}, "not judged alike: who accepts it, and the document. Correct the contract or the generator"
    assert known.keys() <= found.keys(), "these are judged alike now: take them off the list of differences"


def test_every_model_is_compared() -> None:
    models = {
        name
        for name, value in vars(schemas).items()
        if name.isidentifier() and isinstance(value, type) and issubclass(value, BaseModel)
        if value.__module__ == schemas.__name__
    }

    assert models == SCHEMAS.keys() | PARTS, "tell this module where the schema of a new model stands"


@pytest.mark.parametrize("model", SCHEMAS)
def test_documents_of_both_kinds_are_compared(model: str) -> None:
    verdicts = [schema_accepts(model, text) for text in documents(model).values()]

    assert verdicts.count(True) >= 30
    assert verdicts.count(False) >= 50
    assert schema_accepts(model, documents(model)["full"]), "the sample that all documents are made of has to be valid"
    assert all(schema_accepts(model, documents(model)[f"drawn {number}"]) for number in range(_DRAWN))


def test_documents_are_many_and_the_same_each_time() -> None:
    assert sum(len(documents(model)) for model in SCHEMAS) >= 2500
    for model in SCHEMAS:
        assert documents.__wrapped__(model) == documents(model)


def test_a_looser_model_would_be_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    class Deleted(BaseModel):
        """Takes 1 for true."""

        ok: bool

    monkeypatch.setattr(schemas, "Deleted", Deleted)

    assert {"ok: 1", "ok: 0", "ok: the text true"} <= disagreements("Deleted").keys()
