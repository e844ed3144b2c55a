"""How the text of parameters is read: JSON's spelling of an integer and nothing else, each parameter once."""

import httpx2
import pytest

# What lax parsers take for the integer 5, or for some other.
NOT_INTEGERS = [
    "5.0", "+5", "05", "1_0", " 5", "5 ", "\t5", "5\n", "0x5", "5e0", "\u0665", "\u096b", "", "-", "--5", "five",
    "true", "null", "[5]", '"5"', "5,6", "NaN", "Infinity", "9" * 5000,
]  # fmt: skip


def assert_refused(response: httpx2.Response, *loc: str) -> None:
    assert response.status_code == 422
    assert response.headers["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert set(problem) == {"detail", "errors"}
    assert [error["loc"] for error in problem["errors"]] == [list(loc)]
    assert all(set(error) == {"loc", "msg", "type"} for error in problem["errors"])


@pytest.mark.parametrize("spelling", NOT_INTEGERS)
@pytest.mark.parametrize("name", ["offset", "limit", "after", "age"])
def test_a_query_integer_has_one_spelling(client: httpx2.Client, name: str, spelling: str) -> None:
    assert_refused(client.get("/heroes/", params={name: spelling}), "query", name)


@pytest.mark.parametrize("spelling", [spelling for spelling in NOT_INTEGERS if spelling])
def test_a_path_integer_has_one_spelling(client: httpx2.Client, spelling: str) -> None:
    response = client.get(f"/heroes/{httpx2.QueryParams({'x': spelling})}".replace("x=", "").replace("+", "%20"))

    assert_refused(response, "path", "hero_id")


@pytest.mark.parametrize(
    ("name", "least", "greatest"),
    [("offset", 0, 10000), ("limit", 1, 100), ("after", 1, 9007199254740991), ("age", 0, 1000000)],
)
def test_query_integers_are_bounded(client: httpx2.Client, name: str, least: int, greatest: int) -> None:
    for value in (least, greatest):
        assert client.get("/heroes/", params={name: value}).status_code == 200
    for value in (least - 1, greatest + 1):
        assert_refused(client.get("/heroes/", params={name: value}), "query", name)


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("hero_id", [0, -1, 9007199254740992, 2**63, 2**64])
def test_an_id_out_of_bounds_is_refused(client: httpx2.Client, method: str, hero_id: int) -> None:
    response = client.request(method, f"/heroes/{hero_id}", json={} if method == "PATCH" else None)

    assert_refused(response, "path", "hero_id")


def test_a_percent_encoded_digit_is_that_digit(client: httpx2.Client) -> None:
    assert client.get("/heroes/%31").status_code == 404
    assert client.get("/heroes/?limit=%31").status_code == 200


@pytest.mark.parametrize("query", ["limit=1&limit=2", "limit=1&limit=1", "limit=1&li%6Dit=1", "name=a&name=b"])
def test_a_parameter_that_stands_twice_is_refused(client: httpx2.Client, query: str) -> None:
    assert_refused(client.get(f"/heroes/?{query}"), "query", query.partition("=")[0])


@pytest.mark.parametrize(
    "query", ["", "unknown=1", "unknown=1&unknown=2", "Limit=1000", "limit[]=1000", "&&&", "=", "a"]
)
def test_an_unknown_parameter_is_ignored(client: httpx2.Client, query: str) -> None:
    assert client.get(f"/heroes/?{query}").status_code == 200


@pytest.mark.parametrize("query", ["name=%FF", "name=%ED%A0%80", "%FF=1", "name=a%80"])
def test_a_query_that_is_not_utf8_is_refused(client: httpx2.Client, query: str) -> None:
    assert_refused(client.get(f"/heroes/?{query}"), "query")


@pytest.mark.parametrize("name", ["", "\0", "a\0b", "x" * 101])
def test_a_name_is_bounded(client: httpx2.Client, name: str) -> None:
    assert_refused(client.get("/heroes/", params={"name": name}), "query", "name")


def test_all_faults_of_the_query_are_told_at_once(client: httpx2.Client) -> None:
    errors = client.get("/heroes/", params={"limit": 101, "offset": "x"}).json()["errors"]

    assert [error["loc"] for error in errors] == [["query", "offset"], ["query", "limit"]]


def test_a_plus_sign_of_the_query_is_a_space(client: httpx2.Client) -> None:
    hero = client.post("/heroes/", json={"name": "a b", "secret_name": "x"}).json()

    assert client.get("/heroes/?name=a+b").json() == client.get("/heroes/?name=a%20b").json() == [hero]
    assert client.get("/heroes/?name=a%2Bb").json() == []
