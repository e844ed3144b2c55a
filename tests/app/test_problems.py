"""What the framework answers by itself is a problem, too."""

import re
import socket
import time
from collections.abc import Callable
from typing import Annotated, Never, cast
from urllib.parse import urlsplit

import httpx2
import pytest
from fastapi import FastAPI, Query

from app.database import Unavailable
from app.heroes import Heroes
from generated.api import BadRequest, ReadHero200, UpdateHero200
from generated.schemas import Deleted, HeroPublic, Problem

PROBLEM = "application/problem+json"


@pytest.mark.parametrize(
    "path", ["/", "/heroes", "/heroes/1/", "/heroes//1", "/hero", "/openapi.yml", "/docs/", "/redoc"]
)
def test_an_unknown_path_is_not_found_and_never_redirected(client: httpx2.Client, path: str) -> None:
    response = client.get(path)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json() == {"detail": "Not Found"}


@pytest.mark.parametrize(
    ("path", "allowed"),
    [
        ("/heroes/", {"GET", "POST"}),
        ("/heroes/1", {"DELETE", "GET", "PATCH"}),
        ("/heroes/x", {"DELETE", "GET", "PATCH"}),
        ("/openapi.yaml", {"GET", "HEAD"}),
        ("/openapi.json", {"GET", "HEAD"}),
        ("/docs", {"GET", "HEAD"}),
        ("/docs/assets/swagger-ui.css", {"GET", "HEAD"}),
    ],
)
@pytest.mark.parametrize("method", ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "PROPFIND"])
def test_a_method_that_is_not_served_is_told_all_that_are(
    client: httpx2.Client, path: str, allowed: set[str], method: str
) -> None:
    response = client.request(method, path)
    if method in allowed:
        assert response.status_code != 405
        return

    assert response.status_code == 405
    assert response.headers["Content-Type"] == PROBLEM
    assert set(response.headers["Allow"].split(", ")) == allowed
    assert method == "HEAD" or response.json() == {"detail": "Method Not Allowed"}


@pytest.mark.parametrize(
    "request_text",
    [
        b"nonsense\r\n\r\n",
        b"GET /heroes/ HTTP/1.1\r\nHost\r\n\r\n",
        b"GET /heroes/ HTTP/9.9\r\n\r\n",
        b"GET /heroes/?name=\xff HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\0\0\0\0",
    ],
)
def test_what_is_not_http_is_a_bad_request(server_url: str, request_text: bytes) -> None:
    url = urlsplit(server_url)
    with socket.create_connection((url.hostname, url.port)) as connection:
        connection.sendall(request_text)
        head, _, body = read_all(connection).partition(b"\r\n\r\n")

    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"\r\ncontent-type: application/problem+json" in head
    assert b"\r\nconnection: close" in head
    assert body.startswith(b'{"detail":"')


def read_all(connection: socket.socket) -> bytes:
    connection.settimeout(10)
    received = b""
    while chunk := connection.recv(65536):
        received += chunk
    return received


def exchange(server_url: str, *packets: bytes) -> bytes:
    """All that the server answers to these packets, until it closes or falls silent."""
    url = urlsplit(server_url)
    with socket.create_connection((url.hostname, url.port)) as connection:
        for packet in packets:
            connection.sendall(packet)
            time.sleep(0.1)
        connection.shutdown(socket.SHUT_WR)
        return read_all(connection)


HERO = b'{"name": "Deadpond", "secret_name": "Dive Wilson"}'
POST = b"POST /heroes/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n"
OFFER = b"Connection: Upgrade, HTTP2-Settings, close\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA\r\n"


@pytest.mark.parametrize("packets", [[POST + OFFER + b"\r\n" + HERO], [POST + OFFER + b"\r\n", HERO]])
def test_an_offer_of_another_protocol_is_declined(server_url: str, packets: list[bytes]) -> None:
    answer = exchange(server_url, *packets)

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.endswith(b'{"id":1,"name":"Deadpond","age":null}')


def test_a_body_after_an_offer_is_never_a_request(server_url: str) -> None:
    body = b"DELETE /heroes/1 HTTP/1.1\r\nHost: xxxxxxxxxxxxx\r\n\r\n"
    assert len(body) == 50
    exchange(server_url, POST + b"Connection: close\r\n\r\n" + HERO)

    answer = exchange(server_url, POST + OFFER + b"\r\n", body)

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1
    assert httpx2.get(f"{server_url}/heroes/1").status_code == 200


def test_nonsense_behind_a_request_does_not_take_its_answer(server_url: str) -> None:
    answer = exchange(server_url, POST + b"\r\n" + HERO + b"nonsense\r\n\r\n")

    assert answer.startswith(b"HTTP/1.1 200 OK\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1


def test_a_broken_body_is_a_bad_request(server_url: str) -> None:
    head = b"POST /heroes/ HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n"
    answer = exchange(server_url, head + b"zz\r\n")

    assert answer.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert answer.count(b"HTTP/1.1 ") == 1


@pytest.fixture
def raising(monkeypatch: pytest.MonkeyPatch) -> Callable[[Exception], None]:
    """Makes readHero raise an exception."""

    def set_up(error: Exception) -> None:
        async def read_hero(_self: Heroes, *, hero_id: int) -> Never:
            raise error

        monkeypatch.setattr(Heroes, "read_hero", read_hero)

    return set_up


def test_a_bug_tells_the_client_nothing_but_an_id(
    client: httpx2.Client, raising: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    raising(KeyError("Dive Wilson"))
    response = client.get("/heroes/1")

    assert response.status_code == 500
    assert response.headers["Content-Type"] == PROBLEM
    problem = response.json()
    assert problem == {"detail": "Internal server error", "instance": problem["instance"]}
    assert re.fullmatch(r"urn:uuid:[0-9a-f-]{36}", problem["instance"])
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert record.getMessage().startswith(f"GET /heroes/1 failed: {problem['instance']}\n")
    assert record.getMessage().endswith("in read_hero\n    raise error\nKeyError")


def test_a_connection_outlives_a_bug(client: httpx2.Client, raising: Callable[[Exception], None]) -> None:
    raising(KeyError("Dive Wilson"))

    assert [client.get("/heroes/1").status_code for _ in range(3)] == [500, 500, 500]
    assert client.get("/heroes/").status_code == 200


def test_a_database_that_cannot_answer_is_a_503(
    client: httpx2.Client, raising: Callable[[Exception], None], caplog: pytest.LogCaptureFixture
) -> None:
    raising(Unavailable("SQLite: BusyError"))
    response = client.get("/heroes/1")

    assert response.status_code == 503
    assert response.headers["Content-Type"] == PROBLEM
    assert response.headers["Retry-After"] == "1"
    assert response.json() == {"detail": "The service is temporarily unavailable"}
    assert "the database is unavailable: SQLite: BusyError" in caplog.messages


ANSWERS = {
    "an undeclared status": (
        BadRequest(Problem(detail="x")),
        "operation readHero does not declare the answer BadRequest",
    ),
    "the answer of another operation": (
        UpdateHero200(HeroPublic(id=1, name="x", age=None)),
        "operation readHero does not declare the answer UpdateHero200",
    ),
    "no answer": (None, "operation readHero does not declare the answer NoneType"),
    "a body under the wrong status": (ReadHero200(cast(HeroPublic, Deleted(ok=True))), "ValidationError of HeroPublic"),
    "a body that breaks its schema": (
        ReadHero200(HeroPublic.model_construct(id=0, name="", age="x")),
        "ValidationError of HeroPublic: id (greater_than_equal), name (string_too_short), age (int_type)",
    ),
}


@pytest.mark.parametrize("fault", ANSWERS)
def test_an_answer_that_breaks_the_contract_never_leaves(
    client: httpx2.Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, fault: str
) -> None:
    answer, said = ANSWERS[fault]

    async def read_hero(_self: Heroes, *, hero_id: int) -> object:
        return answer

    monkeypatch.setattr(Heroes, "read_hero", read_hero)

    response = client.get("/heroes/1")

    assert response.status_code == 500
    assert set(response.json()) == {"detail", "instance"}
    [record] = [record for record in caplog.records if record.levelname == "ERROR"]
    assert said in record.getMessage()


def test_what_fastapi_itself_refuses_is_not_repeated(app: FastAPI, client: httpx2.Client) -> None:
    async def endpoint(number: Annotated[int, Query()]) -> None:
        """Stands for a route that a developer adds with FastAPI's own parameters."""

    app.add_api_route("/added", endpoint)
    response = client.get("/added", params={"number": "Dive Wilson"})

    assert response.status_code == 422
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json()["errors"][0]["loc"] == ["query", "number"]
    assert "Dive" not in response.text
