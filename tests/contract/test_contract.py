"""openapi.yaml: valid, full of examples that hold, and written in the idioms that generators and readers agree on."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml
from openapi_spec_validator import OpenAPIV31SpecValidator

from tests.contract import idioms
from tests.contract.idioms import RULES, Document, Rule, at, child, members, name_of, operations, resolve, within_schema

CONTRACT = Path(__file__).parent.parent.parent / "openapi.yaml"

STATUSES = {
    "listHeroes": "200 422 500 503",
    "createHero": "200 400 413 415 422 500 503",
    "readHero": "200 404 422 500 503",
    "updateHero": "200 400 404 413 415 422 500 503",
    "deleteHero": "200 404 422 500 503",
}

# A contract in which every rule has something to say yes to.
NOTES = """\
openapi: 3.1.1
info: {title: Notes, version: "1"}
servers:
  - {url: /, description: This server.}
security: []
tags:
  - {name: notes, description: What is written down.}
paths:
  /notes/:
    post:
      operationId: createNote
      summary: Create a note
      description: Numbers are never used again.
      tags: [notes]
      requestBody: {$ref: "#/components/requestBodies/Note"}
      responses:
        "200":
          description: The note.
          headers:
            Location: {$ref: "#/components/headers/Location"}
            Link:
              required: false
              schema: {type: string, maxLength: 20, pattern: ^<.*>$}
              examples: {up: {summary: All notes, value: </notes/>}}
          content:
            application/json:
              schema: {$ref: "#/components/schemas/NotePublic"}
              examples: {bread: {summary: A note, value: {number: 1, text: Bread}}}
          links:
            readNote: {operationId: readNote, parameters: {number: $response.body#/number}}
        "500": {$ref: "#/components/responses/Failed"}
        "503": {$ref: "#/components/responses/Busy"}
  /notes/{number}:
    parameters:
      - {$ref: "#/components/parameters/Number"}
    get:
      operationId: readNote
      summary: Read a note
      description: Notes do not change.
      tags: [notes]
      parameters:
        - name: language
          in: query
          required: false
          schema: {type: string, enum: [de, en], default: en}
          examples: {german: {summary: In German, value: de}}
      responses:
        "200":
          description: The note, and those before it.
          content:
            application/json:
              schema: {type: array, maxItems: 9, items: {$ref: "#/components/schemas/NotePublic"}}
              examples: {none: {summary: Nothing, value: []}}
        "500": {$ref: "#/components/responses/Failed"}
        "503": {$ref: "#/components/responses/Busy"}
components:
  parameters:
    Number:
      name: number
      in: path
      required: true
      schema: {$ref: "#/components/schemas/Number"}
      examples: {first: {summary: The first note, value: 1}}
  headers:
    Location:
      required: true
      schema: {type: string, maxLength: 20, pattern: ^/notes/}
      examples: {first: {summary: The first note, value: /notes/1}}
    RetryAfter:
      required: true
      schema: {type: integer, format: int32, minimum: 1, maximum: 9}
      examples: {soon: {summary: In a second, value: 1}}
  requestBodies:
    Note:
      required: true
      content:
        application/json:
          schema: {$ref: "#/components/schemas/NoteCreate"}
          examples: {bread: {summary: A note, value: {text: Bread}}}
  responses:
    Failed:
      description: The server failed.
      content:
        application/problem+json:
          schema: {$ref: "#/components/schemas/Problem"}
          examples: {failed: {summary: Failed, value: {detail: Failed}}}
    Busy:
      description: The server is busy.
      headers:
        Retry-After: {$ref: "#/components/headers/RetryAfter"}
      content:
        application/problem+json:
          schema: {$ref: "#/components/schemas/Problem"}
          examples: {busy: {summary: Busy, value: {detail: Busy}}}
  schemas:
    Number: {type: integer, format: int64, minimum: 1, maximum: 99, examples: [1]}
    Text: {type: [string, "null"], minLength: 1, maxLength: 9, pattern: "^[a-zA-Z]*$", examples: [Bread]}
    NoteCreate:
      type: object
      required: [text]
      properties:
        text: {$ref: "#/components/schemas/Text"}
        is_open: {type: boolean}
    NotePublic:
      type: object
      required: [number, text]
      properties:
        number: {$ref: "#/components/schemas/Number"}
        text: {$ref: "#/components/schemas/Text"}
    Problem:
      type: object
      required: [detail]
      properties:
        detail: {type: string, maxLength: 9}
"""
CREATE = "/paths/~1notes~1/post"
READ = "/paths/~1notes~1{number}/get"
NOTE = "/components/schemas/NoteCreate"
PUBLIC = "/components/schemas/NotePublic"
LIST = f"{READ}/responses/200/content/application~1json/schema"


@dataclass(frozen=True)
class Breach:
    """An edit of NOTES, each key replaced by its value, and what a rule has to say of it."""

    rule: Rule
    edit: Mapping[str, str]
    findings: tuple[str, ...]


ONE_TEXT = '{type: [string, "null"], minLength: 1, maxLength: 9, pattern: "^[a-zA-Z]*$", examples: [Bread]}'
BUSY = '"503": {$ref: "#/components/responses/Busy"}'
LINK = "{operationId: readNote, parameters: {number: $response.body#/number}}"
BUSY_PROBLEM = "/components/responses/Busy/content/application~1problem+json"

BREACHES = [
    Breach(
        idioms.members_stand_in_order,
        {"openapi: 3.1.1\n": "", "security: []\n": "security: []\nopenapi: 3.1.1\n"},
        (": write openapi, info, servers, security, tags, paths, components, in this order",),
    ),
    Breach(
        idioms.members_stand_in_order,
        {"      operationId: readNote\n": "", "do not change.\n": "do not change.\n      operationId: readNote\n"},
        (f"{READ}: write operationId, summary, description, tags, parameters, responses, in this order",),
    ),
    Breach(
        idioms.operation_ids_are_camel_case,
        {"operationId: createNote": "operationId: create_note", "operationId: readNote\n": "operationId: ReadNote\n"},
        (f"{CREATE}/operationId: write it in camelCase", f"{READ}/operationId: write it in camelCase"),
    ),
    Breach(
        idioms.operations_have_one_tag_that_the_root_describes,
        {"      tags: [notes]\n": ""},
        (f"{CREATE}/tags: choose one tag", f"{READ}/tags: choose one tag"),
    ),
    Breach(
        idioms.operations_have_one_tag_that_the_root_describes,
        {"tags: [notes]\n      requestBody": "tags: [notes, more]\n      requestBody"},
        (f"{CREATE}/tags: choose one tag",),
    ),
    Breach(
        idioms.operations_have_one_tag_that_the_root_describes,
        {"name: notes, description: What is written down.": "name: notes"},
        (f"{CREATE}/tags: describe the tag notes at the root", f"{READ}/tags: describe the tag notes at the root"),
    ),
    Breach(
        idioms.operations_say_what_they_do,
        {"summary: Create a note": "summary: create a note", "summary: Read a note": "summary: Read a note."},
        tuple(f"{place}/summary: write it in sentence case, without a full stop" for place in (CREATE, READ)),
    ),
    Breach(
        idioms.operations_say_what_they_do,
        {"      description: Notes do not change.\n": ""},
        (f"{READ}/description: add what the summary cannot say",),
    ),
    Breach(
        idioms.security_is_said_to_be_none,
        {"security: []\n": "", "      summary: Read": "      security: []\n      summary: Read"},
        ("/security: say `security: []` on purpose", f"{READ}/security: leave it out"),
    ),
    Breach(
        idioms.servers_are_relative,
        {"url: /,": "url: //example.org,", "servers:\n": "servers:\n  - {url: https://example.org}\n"},
        ("/servers/0/url: make it relative", "/servers/1/url: make it relative"),
    ),
    Breach(
        idioms.servers_are_relative,
        {"servers:\n  - {url: /, description: This server.}\n": ""},
        ("/servers: name one",),
    ),
    Breach(
        idioms.schemas_are_not_combined,
        {"text: {$ref": "text: {allOf: [{type: string}], not: {const: A}, $ref"},
        (
            f"{NOTE}/properties/text/allOf: write it flat",
            f"{NOTE}/properties/text/not: write it flat",
            f"{NOTE}/properties/text/not/const: write it flat",
            f"{PUBLIC}/properties/text/allOf: write it flat",
            f"{PUBLIC}/properties/text/not: write it flat",
            f"{PUBLIC}/properties/text/not/const: write it flat",
        ),
    ),
    Breach(
        idioms.schemas_are_not_combined,
        {"maxItems: 9, items: {$ref": "maxItems: 9, items: {anyOf: [{oneOf: []}], $ref"},
        (f"{LIST}/items/anyOf: write it flat", f"{LIST}/items/anyOf/0/oneOf: write it flat"),
    ),
    Breach(
        idioms.booleans_have_no_enum,
        {"is_open: {type: boolean}": "is_open: {type: boolean, enum: [true]}"},
        (f"{NOTE}/properties/is_open/enum: many clients cannot read an enum of booleans",),
    ),
    Breach(
        idioms.types_are_single,
        {"is_open: {type: boolean}": "is_open: {type: [boolean, integer]}", 'type: [string, "null"]': 'type: ["null"]'},
        (
            "/components/schemas/Text/type: give one type, or one and null",
            f"{NOTE}/properties/is_open/type: give one type, or one and null",
        ),
    ),
    Breach(
        idioms.objects_list_their_properties,
        {"is_open: {type: boolean}": "is_open: {type: object}", "required: [text]": "required: [text, size]"},
        (
            f"{NOTE}/required: size is not among the properties",
            f"{NOTE}/properties/is_open/properties: list them",
        ),
    ),
    Breach(
        idioms.values_are_bounded,
        {
            "format: int64, minimum: 1, maximum: 99, ": "",
            "minLength: 1, maxLength: 9,": "minLength: 1,",
            "maxItems: 9, items: ": "x-items: ",
        },
        (
            f"{LIST}/items: bound it",
            f"{LIST}/maxItems: bound it",
            "/components/schemas/Number/format: bound it",
            "/components/schemas/Number/minimum: bound it",
            "/components/schemas/Number/maximum: bound it",
            "/components/schemas/Text/maxLength: bound it",
        ),
    ),
    Breach(
        idioms.text_of_requests_and_headers_has_a_pattern,
        {', pattern: "^[a-zA-Z]*$"': "", ", pattern: ^/notes/": "", "enum: [de, en], default: en": "maxLength: 2"},
        (
            "/components/headers/Location/schema/pattern: say which characters it may hold",
            "/components/schemas/Text/pattern: say which characters it may hold",
            f"{READ}/parameters/0/schema/pattern: say which characters it may hold",
        ),
    ),
    Breach(
        idioms.fields_of_components_are_named,
        {'text: {$ref: "#/components/schemas/Text"}\n        is_open': f"text: {ONE_TEXT}\n        is_open"},
        (f"{NOTE}/properties/text: refer to #/components/schemas/Text",),
    ),
    Breach(
        idioms.fields_of_components_are_named,
        {'Text"}\n        is_open': 'Number"}\n        is_open'},
        (f"{NOTE}/properties/text: text has several schemas: #/components/schemas/Number, #/components/schemas/Text",),
    ),
    Breach(
        idioms.successes_stand_in_their_operation,
        {'"500": {$ref': '"201": {$ref'},
        tuple(
            f"{place}/responses/201: write it here: some clients lose the body of a $ref" for place in (CREATE, READ)
        ),
    ),
    Breach(
        idioms.failures_are_shared_problems,
        {
            '"200":\n          description: The note, and': '"404":\n          description: The note, and',
        },
        (
            f"{READ}/responses/404: refer to a response in components",
            f"{READ}/responses/404: answer application/problem+json and nothing else",
        ),
    ),
    Breach(
        idioms.failures_are_shared_problems,
        {"required: [detail]\n": "required: []\n"},
        tuple(f"{place}/responses/{status}: require `detail`" for place in (CREATE, READ) for status in (500, 503)),
    ),
    Breach(
        idioms.every_operation_can_fail,
        {'        "500": {$ref: "#/components/responses/Failed"}\n': ""},
        (f"{CREATE}/responses: declare 500", f"{READ}/responses: declare 500"),
    ),
    Breach(
        idioms.every_operation_can_fail,
        {f"        {BUSY}\n  /notes/{{number}}": "  /notes/{number}", "Retry-After: {$ref": "Retry-Later: {$ref"},
        (
            f"{CREATE}/responses: declare 503",
            f"{READ}/responses/503: say when to try again, with Retry-After",
        ),
    ),
    Breach(
        idioms.headers_are_required,
        {
            "    Location:\n      required: true\n": "    Location:\n",
            "      required: true\n      schema: {type: integer": "      required: false\n      schema: {type: integer",
        },
        (
            "/components/responses/Busy/headers/Retry-After: say `required: true`: otherwise nobody misses it",
            f"{CREATE}/responses/200/headers/Location: say `required: true`: otherwise nobody misses it",
        ),
    ),
    Breach(
        idioms.links_lead_to_operations,
        {LINK: "{operationId: editNote}"},
        (f"{CREATE}/responses/200/links/readNote: there is no operation editNote",),
    ),
    Breach(
        idioms.links_lead_to_operations,
        {LINK: LINK.replace("number:", "id:")},
        (f"{CREATE}/responses/200/links/readNote/parameters: give number",),
    ),
    Breach(
        idioms.links_lead_to_operations,
        {LINK: "{operationId: readNote, parameters: {language: en}}"},
        (f"{CREATE}/responses/200/links/readNote/parameters: give number",),
    ),
    Breach(
        idioms.everything_has_named_examples,
        {
            "          examples: {german: {summary: In German, value: de}}\n": "",
            "examples: {none: {summary: Nothing, value: []}}": "examples: {none: {value: []}}",
            "      examples: {soon: {summary: In a second, value: 1}}\n": "",
            "examples: {busy: {summary: Busy, value: {detail: Busy}}}": "examples: {busy: {summary: Busy}}",
        },
        (
            f"{READ}/parameters/0/examples: give one",
            f"{READ}/responses/200/content/application~1json/examples: give each a summary and a value",
            "/components/headers/RetryAfter/examples: give one",
            f"{BUSY_PROBLEM}/examples: give each a summary and a value",
        ),
    ),
    Breach(
        idioms.examples_are_valid,
        {
            "value: {number: 1,": "value: {number: 100,",
            "In German, value: de": "In German, value: fr",
            "In a second, value: 1": "In a second, value: 1.5",
            "value: {detail: Busy}": "value: {}",
        },
        (
            f"{CREATE}/responses/200/content/application~1json/examples/bread: 100 is greater than the maximum of 99",
            f'{READ}/parameters/0/examples/german: "fr" is not one of "de" or "en"',
            '/components/headers/RetryAfter/examples/soon: 1.5 is not of type "integer"',
            f'{BUSY_PROBLEM}/examples/busy: "detail" is a required property',
        ),
    ),
    Breach(
        idioms.examples_are_valid,
        {
            "maximum: 99, examples: [1]": "maximum: 99, examples: [1, 0]",
            "enum: [de, en], default: en": "enum: [de, en], default: fr",
        },
        (
            f'{READ}/parameters/0/schema/default: "fr" is not one of "de" or "en"',
            "/components/schemas/Number/examples/1: 0 is less than the minimum of 1",
        ),
    ),
    Breach(
        idioms.examples_of_requests_have_answers,
        {
            "bread: {summary: A note, value: {text": "milk: {summary: A note, value: {text",
        },
        (
            "/components/requestBodies/Note/content/application~1json/examples/milk: give the answer to it, under the "
            "same name",
        ),
    ),
]


def parse(text: str) -> Document:
    document = yaml.safe_load(text)
    assert isinstance(document, dict)
    return document


@pytest.fixture(scope="module")
def contract() -> Document:
    return parse(CONTRACT.read_text(encoding="utf-8"))


def title(rule: Rule) -> str:
    return rule.__name__.replace("_", " ")


def test_the_contract_is_valid_openapi(contract: Document) -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(contract).iter_errors()] == []


@pytest.mark.parametrize("rule", RULES, ids=title)
def test_in_the_contract(rule: Rule, contract: Document) -> None:
    assert list(rule(contract)) == [], "openapi.yaml breaks a rule of this project, see tests/contract/idioms.py"


@pytest.mark.parametrize("rule", RULES, ids=title)
def test_a_good_document_passes(rule: Rule) -> None:
    assert list(rule(parse(NOTES))) == []


def test_the_good_document_is_valid_openapi() -> None:
    assert [error.message for error in OpenAPIV31SpecValidator(parse(NOTES)).iter_errors()] == []


@pytest.mark.parametrize("breach", BREACHES, ids=lambda breach: title(breach.rule))
def test_a_breach_is_found(breach: Breach) -> None:
    text = NOTES
    for old, new in breach.edit.items():
        assert old in text, f"{old!r} does not stand in NOTES: adapt this breach"
        text = text.replace(old, new)

    assert sorted(breach.rule(parse(text))) == sorted(breach.findings)


def test_every_rule_is_known_to_find_a_breach() -> None:
    assert {rule.__name__ for rule in RULES} == {breach.rule.__name__ for breach in BREACHES}


def test_each_operation_declares_what_it_can_answer_and_nothing_else(contract: Document) -> None:
    declared = {
        at(contract, operation)["operationId"]: " ".join(
            name_of(place) for place in members(contract, operation, "responses")
        )
        for operation in operations(contract)
    }

    assert declared == STATUSES, "an answer was added or removed: adapt the handlers, the README and this table"


def test_each_field_of_a_hero_has_one_schema(contract: Document) -> None:
    heroes = [place for place in members(contract, "/components", "schemas") if name_of(place).startswith("Hero")]
    objects = [place for place in heroes if at(contract, place)["type"] == "object"]

    assert {name_of(place) for place in objects} == {"HeroCreate", "HeroUpdate", "HeroPublic"}
    for place in objects:
        for field in members(contract, place, "properties"):
            assert "$ref" in at(contract, field), f"{field}: refer to a named schema"


def test_no_answer_can_hold_the_secret_name(contract: Document) -> None:
    places: set[str] = set()
    for response in idioms.responses(contract):
        for media_type in members(contract, resolve(contract, response), "content"):
            places |= set(within_schema(contract, child(media_type, "schema"), follow=True))

    assert "/components/schemas/HeroPublic" in places
    assert "/components/schemas/SecretName" not in places
    assert [place for place in places for name in members(contract, place, "properties") if "secret" in name] == []


def test_only_the_secret_name_of_a_new_hero_is_not_public(contract: Document) -> None:
    public = at(contract, "/components/schemas/HeroPublic")
    create = at(contract, "/components/schemas/HeroCreate")

    assert public["required"] == list(public["properties"]), "a public hero always has all of its fields"  # type: ignore[arg-type]
    assert set(create["properties"]) - set(public["properties"]) == {"secret_name"}  # type: ignore[arg-type]
