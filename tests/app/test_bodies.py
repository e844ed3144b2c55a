"""What of a request body is taken, and how the rest is refused."""

import json

import httpx2
import pytest

JSON = {"Content-Type": "application/json"}
HERO = {"name": "Deadpond", "secret_name": "Dive Wilson"}


def assert_problem(response: httpx2.Response, status: int, *members: str) -> None:
    assert response.status_code == status, response.text
    assert response.headers["Content-Type"] == "application/problem+json"
    assert set(response.json()) == {"detail", *members}


@pytest.fixture(params=["POST", "PATCH"])
def method(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def path(client: httpx2.Client, method: str) -> str:
    """Where the method takes a body."""
    return "/heroes/" if method == "POST" else str(client.post("/heroes/", json=HERO).headers["Location"])


@pytest.mark.parametrize(
    "body",
    [
        b"{",
        b"{'name': 'x'}",
        b'{"name": "x",}',
        b'{"name": "x"} {}',
        b'{"name": "x", "name": "y"}',
        b'{"unknown": {"a": 1, "a": 2}}',
        b'{"age": NaN}',
        b'{"unknown": [Infinity, -Infinity]}',
        b'{"age": 05}',
        b'{"age": .5}',
        b'{"age": ' + b"1" * 5000 + b"}",
        b'{"unknown": ' + b"[" * 20000 + b"]" * 20000 + b"}",
        b'{"unknown": ' + b'{"a":' * 9000 + b"1" + b"}" * 9000 + b"}",
        b'{"name": "a\nb"}',
        b'{"name": "\xff"}',
        b'{"name": "\xed\xa0\x80"}',
        b'{"name": "\\ud800"}',
        b'{"unknown": "\\udfff\\ud800"}',
        b"\xef\xbb\xbf{}",
        json.dumps(HERO).encode("utf-16"),
        json.dumps(HERO).encode("utf-32"),
        b"name=x",
        b"\0",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_what_is_not_json_is_a_bad_request(client: httpx2.Client, method: str, path: str, body: bytes) -> None:
    assert_problem(client.request(method, path, content=body, headers=JSON), 400)


def test_nesting_is_bounded_alike_everywhere(client: httpx2.Client, method: str, path: str) -> None:
    def nested(levels: int) -> bytes:
        return json.dumps(HERO).encode()[:-1] + b', "unknown": ' + b"[" * levels + b"]" * levels + b"}"

    assert client.request(method, path, content=nested(190), headers=JSON).status_code == 200
    assert_problem(client.request(method, path, content=nested(210), headers=JSON), 400)


@pytest.mark.parametrize("body", [b"[]", b"null", b"1", b'"x"', b"true", b"[{}]"])
def test_a_body_must_be_an_object(client: httpx2.Client, method: str, path: str, body: bytes) -> None:
    response = client.request(method, path, content=body, headers=JSON)

    assert_problem(response, 422, "errors")
    assert [error["loc"] for error in response.json()["errors"]] == [["body"]]


@pytest.mark.parametrize("headers", [{}, JSON])
def test_a_body_must_be_there(client: httpx2.Client, method: str, path: str, headers: dict[str, str]) -> None:
    response = client.request(method, path, headers=headers)

    assert_problem(response, 422, "errors")
    assert response.json()["errors"] == [{"loc": ["body"], "msg": "Field required", "type": "missing"}]


@pytest.mark.parametrize(
    "media_type",
    ["text/plain", "application/x-www-form-urlencoded", "application/json-patch+json", "application/jsonx", "json", ""],
)
def test_another_media_type_is_unsupported(client: httpx2.Client, method: str, path: str, media_type: str) -> None:
    response = client.request(method, path, content=json.dumps(HERO), headers={"Content-Type": media_type})

    assert_problem(response, 415)


@pytest.mark.parametrize("media_type", ["application/json; charset=utf-8", "Application/JSON", "application/json ;x=y"])
def test_parameters_and_case_of_the_media_type_do_not_matter(
    client: httpx2.Client, method: str, path: str, media_type: str
) -> None:
    response = client.request(method, path, content=json.dumps(HERO), headers={"Content-Type": media_type})

    assert response.status_code == 200


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", None),
        ("name", ""),
        ("name", "x" * 101),
        ("name", "a\0b"),
        ("name", 5),
        ("name", ["x"]),
        ("secret_name", None),
        ("secret_name", ""),
        ("secret_name", "x" * 101),
        ("secret_name", "\0"),
        ("age", -1),
        ("age", 1000001),
        ("age", 5.5),
        ("age", 1e300),
        ("age", 10**100),
        ("age", "5"),
        ("age", True),
        ("age", [5]),
    ],
)
def test_a_field_that_breaks_its_schema_is_named(
    client: httpx2.Client, method: str, path: str, field: str, value: object
) -> None:
    response = client.request(method, path, content=json.dumps({**HERO, field: value}), headers=JSON)

    assert_problem(response, 422, "errors")
    assert [error["loc"] for error in response.json()["errors"]] == [["body", field]]
    assert all(set(error) == {"loc", "msg", "type"} for error in response.json()["errors"])


@pytest.mark.parametrize("field", ["name", "secret_name"])
def test_a_required_field_must_be_there(client: httpx2.Client, field: str) -> None:
    response = client.post("/heroes/", json={name: value for name, value in HERO.items() if name != field})

    assert_problem(response, 422, "errors")
    assert response.json()["errors"] == [{"loc": ["body", field], "msg": "Field required", "type": "missing"}]


@pytest.mark.parametrize("spelling", ["5", "5.0", "5e0", "0.5e1", "50E-1"])
def test_an_integer_of_a_body_may_be_spelled_as_any_json_number(
    client: httpx2.Client, method: str, path: str, spelling: str
) -> None:
    body = json.dumps(HERO)[:-1] + f', "age": {spelling}}}'
    response = client.request(method, path, content=body, headers=JSON)

    assert response.status_code == 200
    assert response.text.endswith('"age":5}')


def test_a_refused_change_changes_nothing(client: httpx2.Client) -> None:
    hero = client.post("/heroes/", json={**HERO, "age": 48}).json()
    client.patch(f"/heroes/{hero['id']}", json={"name": "Other", "age": -1})

    assert client.get(f"/heroes/{hero['id']}").json() == hero


def test_a_body_up_to_the_bound_is_read(client: httpx2.Client, method: str, path: str) -> None:
    body = json.dumps(HERO)
    response = client.request(method, path, content=body + " " * (64 * 1024 - len(body)), headers=JSON)

    assert response.status_code == 200


def test_a_body_over_the_bound_is_too_large(client: httpx2.Client, method: str, path: str) -> None:
    body = json.dumps(HERO)
    response = client.request(method, path, content=body + " " * (64 * 1024 - len(body) + 1), headers=JSON)

    assert_problem(response, 413)


def test_a_streamed_body_over_the_bound_is_too_large(client: httpx2.Client, method: str, path: str) -> None:
    response = client.request(method, path, content=(b" " * 8192 for _ in range(2000)), headers=JSON)

    assert_problem(response, 413)
    assert client.get("/heroes/").status_code == 200
