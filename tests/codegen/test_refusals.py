"""What the generator would not enforce it refuses, with a line for each finding that says where it stands.

Each contract is THINGS with an edit. The lines that have to be named are those that end in `#!`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from codegen.__main__ import main
from tests.codegen.generator import THINGS, run

GET = "/paths/~1things~1{thing_id}/get"
PUT = "/paths/~1things~1{thing_id}/put"
FORCE = f"{PUT}/parameters/0"
SIZE = "/components/schemas/Thing/properties/size"
ETAG = f"{PUT}/responses/200/headers/ETag"


@dataclass(frozen=True)
class Case:
    """An edit of THINGS: each key is replaced by its value. `findings` are pointers and what is said of them."""

    title: str
    edit: Mapping[str, str]
    findings: tuple[tuple[str, str], ...]


def operation(title: str, member: str, says: str) -> Case:
    """readThing has one more member."""
    line = "      operationId: readThing\n"
    pointer = f"{GET}/{member.partition(':')[0]}"
    return Case(title, {line: f"{line}      {member}  #!\n"}, ((pointer, says),))


def operation_id(title: str, name: str) -> Case:
    """readThing is called otherwise."""
    edit = {"operationId: readThing": f"operationId: {name}  #!"}
    return Case(title, edit, ((f"{GET}/operationId", "is not a free Python name"),))


def parameter(title: str, written: str, at: str, says: str) -> Case:
    """The query parameter is another one."""
    edit = {"{name: force, in: query, schema: {type: boolean}}": f"{{{written}}}  #!"}
    return Case(title, edit, ((FORCE + at, says),))


def request_body(title: str, written: str, at: str, says: str) -> Case:
    """replaceThing has another request body."""
    start = THINGS.index("      requestBody:\n")
    edit = {THINGS[start : THINGS.index("      responses:\n", start)]: f"      requestBody: {{{written}}}  #!\n"}
    return Case(title, edit, ((f"{PUT}/requestBody{at}", says),))


def response(title: str, written: str, at: str, says: str) -> Case:
    """readThing has another answer in place of 404."""
    edit = {'"404": {$ref: "#/components/responses/Missing"}': f"{written}  #!"}
    return Case(title, edit, ((f"{GET}/responses/{at}", says),))


def header(title: str, written: str, at: str, says: str) -> Case:
    """The answer of replaceThing has another header."""
    edit = {"ETag: {required: true, schema: {type: string}}": f"{written}  #!"}
    return Case(title, edit, ((at, says),))


def schema(title: str, written: str, at: str, says: str) -> Case:
    """The property `size` has another schema."""
    return Case(title, {"size: {type: integer}": f"size: {{{written}}}  #!"}, ((SIZE + at, says),))


def keyword(written: str) -> Case:
    """The property `size` has one more keyword."""
    name = written.partition(":")[0]
    says = f"the keyword {name} would not be enforced"
    return schema(f"the keyword {name}", f"type: [object, 'null'], {written}", f"/{name}", says)


def named(title: str, kind: str, old: str, new: str) -> Case:
    """The component `old` is called `new`, which is taken."""
    edit = {f"    {old}:\n": f"    {new}:  #!\n"} | {
        line: line.replace(f"{kind}/{old}", f"{kind}/{new}") for line in THINGS.splitlines() if f"{kind}/{old}" in line
    }
    return Case(title, edit, ((f"/components/{kind}/{new}", "rename"),))


JSON_THING = 'application/json: {schema: {$ref: "#/components/schemas/Thing"}}'

CASES = [
    # The document
    Case(
        "OpenAPI 3.2",
        {"openapi: 3.1.1\n": "openapi: 3.2.0  #!\n"},
        (("/openapi", "OpenAPI 3.2.0 is not 3.0 or 3.1"),),
    ),
    Case(
        "an invalid document",
        {"info: {title: Things,": "info: {title: Things, licence: MIT,", 'version: "1"}': 'version: "1"}  #!'},
        (("/info", "invalid: Unevaluated properties are not allowed ('licence' was unexpected)"),),
    ),
    Case(
        "a document without a version",
        {', version: "1"}': "}  #!"},
        (("/info", 'invalid: "version" is a required property'),),
    ),
    Case(
        "an empty `paths`",
        {THINGS[THINGS.index("paths:\n") : THINGS.index("components:\n")]: "paths:  #!\n"},
        (("/paths", "is not an object"),),
    ),
    Case(
        "webhooks",
        {"components:\n": 'webhooks:  #!\n  made: {post: {responses: {"200": {description: Seen.}}}}\ncomponents:\n'},
        (("/webhooks", "webhooks are not supported"),),
    ),
    Case(
        "a security requirement",
        {"components:\n": "security: [{key: []}]  #!\ncomponents:\n  securitySchemes: {key: {type: mutualTLS}}\n"},
        (("/security", "security requirements are not supported: say `security: []`"),),
    ),
    Case(
        "a server with a path",
        {"paths:\n": "servers: [{url: /v1}]  #!\npaths:\n"},
        (("/servers/0/url", "a path is not served: write it into `paths`"),),
    ),
    # Operations
    operation("a security requirement of an operation", "security: [{key: []}]", "security requirements are not"),
    operation(
        "callbacks",
        'callbacks: {done: {"{$url}": {post: {responses: {"200": {description: Seen.}}}}}}',
        "callbacks are not supported",
    ),
    Case(
        "an operation without an operationId",
        {"    get:\n      operationId: readThing\n": "    get:  #!\n"},
        ((GET, "an operation needs an operationId"),),
    ),
    Case(
        "an operation without responses",
        {
            THINGS[THINGS.index("    get:\n") : THINGS.index("    put:\n")]: "    get:  #!\n"
            "      operationId: readThing\n"
        },
        ((GET, "an operation needs responses"),),
    ),
    Case(
        "a path item that stands elsewhere",
        {"components:\n": '  /others: {$ref: "#/components/pathItems/O"}  #!\ncomponents:\n  pathItems: {O: {}}\n'},
        (("/paths/~1others", "a path item that is a $ref is not supported"),),
    ),
    # Parameters
    parameter("a header parameter", "name: X-F, in: header, schema: {type: string}", "/in", "header parameters are"),
    parameter("a cookie parameter", "name: f, in: cookie, schema: {type: string}", "/in", "cookie parameters are not"),
    parameter(
        "an array in the query",
        "name: f, in: query, schema: {type: array, items: {type: string}}",
        "/schema",
        "a parameter must be a string, an integer, a number or a boolean",
    ),
    parameter(
        "a parameter of any type",
        "name: f, in: query, schema: {}",
        "/schema",
        "a parameter must be a string, an integer, a number or a boolean",
    ),
    parameter(
        "a parameter in a media type",
        "name: f, in: query, content: {application/json: {schema: {type: string}}}",
        "/content",
        "content is not supported here",
    ),
    parameter(
        "a parameter with a style",
        "name: f, in: query, style: form, schema: {type: string}",
        "/style",
        "style is not supported here",
    ),
    Case(
        "a path parameter that is no Python name",
        {
            "/things/{thing_id}:": "/things/{thing-id}:",
            "{name: thing_id, in: path, required: true, schema: {type: integer}}": "{name: thing-id, in: path, "
            "required: true, schema: {type: integer}}  #!",
        },
        (("/paths/~1things~1{thing-id}/parameters/0/name", "a path parameter needs a name of letters, digits and"),),
    ),
    # Request bodies
    request_body(
        "an optional request body", f"content: {{{JSON_THING}}}", "", "an optional request body is not supported"
    ),
    request_body(
        "a form",
        "required: true, content: {application/x-www-form-urlencoded: {schema: {type: object}}}",
        "",
        "exactly one media type is supported here, and it must be JSON",
    ),
    request_body(
        "two media types",
        f"required: true, content: {{{JSON_THING}, text/plain: {{schema: {{type: string}}}}}}",
        "",
        "exactly one media type is supported here, and it must be JSON",
    ),
    request_body(
        "a media type without a schema",
        "required: true, content: {application/json: {}}",
        "/content/application~1json",
        "a media type needs a schema",
    ),
    # Responses
    response(
        "a range of statuses", '"4XX": {$ref: "#/components/responses/Missing"}', "4XX", "the response 4XX is not"
    ),
    response(
        "a default response",
        'default: {$ref: "#/components/responses/Missing"}',
        "default",
        "the response default is not supported: list each status",
    ),
    response(
        "a response without content",
        '"204": {description: Gone.}',
        "204",
        "an answer with status 204 has no content (RFC 9110): not supported",
    ),
    response(
        "a response in plain text",
        '"404": {description: Gone., content: {text/plain: {schema: {type: string}}}}',
        "404",
        "exactly one media type is supported here, and it must be JSON",
    ),
    response(
        "content under a status that has none",
        '"304": {$ref: "#/components/responses/Missing"}',
        "304",
        "an answer with status 304 has no content (RFC 9110)",
    ),
    response(
        "an enum as content",
        '"404": {description: Gone., content: {application/json: {schema: {type: string, enum: [a]}}}}',
        "404/content/application~1json/schema",
        "an enum needs a name here: move it to components/schemas",
    ),
    header("a header in a media type", "ETag: {content: {text/plain: {schema: {}}}}", ETAG, "a header needs a schema"),
    header(
        "an array in a header",
        "ETag: {schema: {type: array, items: {type: string}}}",
        f"{ETAG}/schema",
        "a header must be a",
    ),
    # Schemas
    keyword("oneOf: [{type: string}]"),
    keyword("anyOf: [{type: string}]"),
    keyword("allOf: [{type: object}]"),
    keyword("not: {type: string}"),
    keyword("if: {type: string}"),
    keyword("const: 1"),
    keyword("prefixItems: [{type: string}]"),
    keyword("contains: {type: string}"),
    keyword("uniqueItems: true"),
    keyword("minProperties: 1"),
    keyword("patternProperties: {a: {type: string}}"),
    keyword("dependentRequired: {a: [b]}"),
    keyword("unevaluatedProperties: false"),
    keyword("readOnly: true"),
    keyword("nullable: true"),
    keyword("discriminator: {propertyName: a}"),
    keyword("$defs: {a: {type: string}}"),
    schema("an unknown format", "type: string, format: date-time", "/format", "the format date-time would not be"),
    schema("an enum of booleans", "type: boolean, enum: [true]", "/enum", "would not be enforced"),
    schema("an enum of fractions", "type: number, enum: [0.5]", "/enum", "would not be enforced"),
    schema("an enum of integers", "type: integer, enum: [1, 5]", "/enum", "would not be enforced"),
    schema("an enum of objects", "type: object, enum: [{a: 1}]", "/enum", "would not be enforced"),
    schema("an enum of another type", "type: integer, enum: [a]", "/enum", "would not be enforced"),
    schema("an enum without null", 'type: [string, "null"], enum: [a]', "/enum", "would not be enforced"),
    schema("an enum of strings and integers", "type: string, enum: [a, 1]", "/enum", "would not be enforced"),
    schema("a union of types", "type: [integer, string]", "/type", "a union of types is not supported"),
    schema("bounds without a type", "minLength: 2", "", "the keyword minLength would not be enforced: say the type"),
    schema(
        "a required member that is no property", "type: object, required: [a]", "", "a is required and not among the"
    ),
    schema(
        "`items` of a string",
        "type: string, items: {type: string}",
        "/items",
        "the keyword items would not be enforced",
    ),
    schema(r"`\d` in a pattern", r"type: string, pattern: '^\d+$'", "/pattern", "write classes out, as [0-9]"),
    schema(r"`\w` in a pattern", r"type: string, pattern: '^\w+$'", "/pattern", "write classes out, as [0-9]"),
    schema("a lookahead in a pattern", "type: string, pattern: '^(?=a).*$'", "/pattern", "would not be enforced alike"),
    schema("a reference in a pattern", r"type: string, pattern: '^(a)\1$'", "/pattern", "would not be enforced alike"),
    schema("a boolean schema", "type: array, items: true", "/items", "a schema must be an object"),
    schema(
        "a $ref out of the schemas", '$ref: "#/components/responses/Missing"', "/$ref", "in components/schemas only"
    ),
    schema("a $ref out of the file", '$ref: "other.yaml#/Size"', "", "leads outside this file: move it in"),
    schema("a $ref to nothing", '$ref: "#/components/schemas/Size"', "", "leads nowhere"),
    schema(
        "a pattern that is no expression",
        "type: string, pattern: '['",
        "/pattern",
        "invalid: '[' is not a 'regex'",
    ),
    schema(
        "a default of another type",
        "type: integer, default: x",
        "/default",
        "invalid: 'x' is not of type 'integer'",
    ),
    Case(
        "a $ref that leads back to itself",
        {
            "  schemas:\n": "  schemas:\n"
            '    Hen: {$ref: "#/components/schemas/Egg"}  #!\n'
            '    Egg: {$ref: "#/components/schemas/Hen"}  #!\n'
        },
        (("/components/schemas/Hen", "leads back to itself"), ("/components/schemas/Egg", "leads back to itself")),
    ),
    Case(
        "what is nested deep in a schema",
        {
            "size: {type: integer}": """\
size:
          type: array
          items:
            type: object
            additionalProperties:
              type: string
              format: date  #!
"""
        },
        ((f"{SIZE}/items/additionalProperties/format", "the format date would not be enforced"),),
    ),
    # Names
    operation_id("a keyword as operationId", "import"),
    operation_id("an operationId that starts with a digit", "1st"),
    operation_id("the operationId `operations`", "operations"),
    operation_id("the operationId `validate`", "validate"),
    operation_id("an operationId that hides a type", "list"),
    Case(
        "two operationIds that are one in Python",
        {
            "operationId: readThing": "operationId: readThing  #!",
            "operationId: replaceThing": "operationId: readTHING  #!",
        },
        ((f"{GET}/operationId", "is not a free"), (f"{PUT}/operationId", "is not a free")),
    ),
    Case(
        "parameters of one name in the path and in the query",
        {"    put:\n": "    put:  #!\n", "name: force": "name: thing_id"},
        ((PUT, "two parameters are called thing_id: rename one"),),
    ),
    Case(
        "a parameter that is called body",
        {"    put:\n": "    put:  #!\n", "name: force": "name: body"},
        ((PUT, "two parameters are called body: rename one"),),
    ),
    Case(
        "two tags that are one in Python",
        {
            "operationId: readThing": "operationId: readThing\n      tags: [my-things]",
            "operationId: replaceThing": "operationId: replaceThing\n      tags: [my_things]  #!",
        },
        ((f"{PUT}/tags", "my_things is not a free Python name: rename the tag"),),
    ),
    Case(
        "a tag that gives no Python name",
        {"operationId: readThing": 'operationId: readThing\n      tags: ["1"]  #!'},
        ((f"{GET}/tags", "1 is not a free Python name: rename the tag"),),
    ),
    parameter("a parameter that is called self", "name: self, in: query, schema: {type: string}", "", "self is taken"),
    header("a header that is called body", "Body: {schema: {type: string}}", ETAG[:-4] + "Body", "Body is taken"),
    named("a response of the name of a schema", "responses", "Missing", "Thing"),
    named("a response of the name of a class of the runtime", "responses", "Missing", "Operation"),
    named("a schema of the name of a class of the runtime", "schemas", "Fault", "Response"),
    response(
        "a boolean schema of an answer",
        '"404": {description: Gone., content: {application/json: {schema: true}}}',
        "404/content/application~1json/schema",
        "a schema must be an object",
    ),
    schema("a type beside a $ref", 'type: [object, "null"], $ref: "#/components/schemas/Fault"', "/type", ""),
    schema("a POSIX class in a pattern", "type: string, pattern: '^[[:alpha:]]$'", "/pattern", "write classes out"),
    schema(
        "an intersection of classes in a pattern", "type: string, pattern: '^[a-z&&b]$'", "/pattern", "write classes"
    ),
    named("a response that is called by its status", "responses", "Missing", "404"),
    Case(
        "a $ref to nothing under a property that is called default",
        {"size: {type: integer}": 'default: {$ref: "#/components/schemas/Size"}  #!'},
        (("/components/schemas/Thing/properties/default", "leads nowhere"),),
    ),
]


def contract(case: Case) -> str:
    """THINGS after the edit."""
    text = THINGS
    for old, new in case.edit.items():
        assert old in text, f"{old!r} does not stand in THINGS: adapt the case {case.title!r}"
        text = text.replace(old, new)
    return text


@pytest.mark.filterwarnings("ignore:Possible nested set", "ignore:Possible set")  # of Python's re, not of the engine
@pytest.mark.parametrize("case", [pytest.param(case, id=case.title) for case in CASES])
def test_a_contract_is_refused_for(case: Case, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = contract(case)
    path = tmp_path / "things.yaml"
    path.write_text(text)
    lines = [number for number, line in enumerate(text.splitlines(), 1) if line.endswith("#!")]

    status = main([str(path), "--output", str(tmp_path / "things")])
    written = capfd.readouterr()

    assert status == 2, "the contract is accepted: refuse this construct in codegen, or enforce and test it"
    expected = [f"things.yaml:{line}: {at}: " for line, (at, _) in zip(lines, case.findings, strict=True)]
    found = written.err.splitlines()
    assert len(found) == len(expected), f"one line for each finding is expected:\n{written.err}"
    assert [line[: len(start)] for line, start in zip(found, expected, strict=True)] == expected, written.err
    for line, (_, says) in zip(found, case.findings, strict=True):
        assert says in line
    assert written.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["things.yaml"]


def test_the_contract_that_the_cases_edit_is_accepted(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "things.yaml"
    path.write_text(THINGS)

    assert main([str(path), "--output", str(tmp_path / "things")]) == 0
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize(
    ("source", "line"),
    [
        pytest.param(b"", "1: /: not an OpenAPI document", id="nothing"),
        pytest.param(b"[]", "1: /: not an OpenAPI document", id="a list"),
        pytest.param(b"null", "1: /: not an OpenAPI document", id="null"),
        pytest.param(b"swagger: '2.0'\npaths: {}\n", "1: /: not an OpenAPI document", id="Swagger 2.0"),
        pytest.param(b"openapi: 3.1\n", "1: /: not an OpenAPI document", id="a version that is a number"),
        pytest.param(b"openapi: 3.1.1\ninfo: [\n", "3: /: not YAML or JSON", id="YAML that does not end"),
        pytest.param(b"openapi: 3.1.1\n\tinfo: 1\n", "2: /: not YAML or JSON", id="a tab"),
        pytest.param(b"openapi: 3.1.1\nx-a: !!python/name:os.system\n", "2: /: not YAML or JSON", id="a Python tag"),
        pytest.param(b"openapi: 3.1.1\n---\nopenapi: 3.1.1\n", "2: /: not YAML or JSON", id="two documents"),
        pytest.param(b'{"openapi": "3.1.1",', "1: /: not YAML or JSON", id="JSON that does not end"),
        pytest.param(
            THINGS.encode() + b"openapi: 3.1.0\n", "40: /: not YAML or JSON: the key openapi", id="a key twice"
        ),
        pytest.param(
            THINGS.encode() + b"x-a:\n  ? [a]\n", "41: /: not YAML or JSON: a key is no string", id="a list as key"
        ),
        pytest.param(b"openapi: &a [*a]\n", "1: /: not YAML or JSON", id="a list that holds itself"),
        pytest.param(THINGS.encode("utf-16"), "1: /: not YAML or JSON", id="UTF-16"),
        pytest.param(b"openapi: \xff\n", "1: /: not YAML or JSON", id="bytes that are no text"),
    ],
)
def test_a_file_is_refused_that_holds(
    source: bytes, line: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "things.yaml"
    path.write_bytes(source)

    assert main([str(path), "--output", str(tmp_path / "things")]) == 2
    written = capfd.readouterr()

    assert written.err.startswith(f"things.yaml:{line}")
    assert written.err.count("\n") == 1
    assert written.out == ""
    assert [path.name for path in tmp_path.iterdir()] == ["things.yaml"]


def test_a_refusal_is_all_that_the_process_says(tmp_path: Path) -> None:
    path = tmp_path / "things.yaml"
    path.write_text(THINGS.replace("size: {type: integer}", "size: {not: {type: integer}, oneOf: [{}]}"))

    process = run(path, tmp_path / "things")

    assert process.returncode == 2
    assert process.stderr.splitlines() == [
        f"things.yaml:36: {SIZE}/not: the keyword not would not be enforced: express it otherwise",
        f"things.yaml:36: {SIZE}/oneOf: the keyword oneOf would not be enforced: express it otherwise",
    ]
    assert process.stdout == ""
    assert [path.name for path in tmp_path.iterdir()] == ["things.yaml"]


def test_a_contract_that_is_not_there_is_named(tmp_path: Path) -> None:
    process = run(tmp_path / "nowhere.yaml", tmp_path / "things")

    assert process.returncode == 2
    assert process.stderr.count("\n") == 1
    assert "nowhere.yaml" in process.stderr
    assert list(tmp_path.iterdir()) == []
