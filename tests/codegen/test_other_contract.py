"""The generator on a contract that has nothing in common with that of this repository: written, typed, served."""

import asyncio
import importlib
import inspect
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI
from pydantic import ValidationError

from codegen.__main__ import main
from tests.codegen.generator import ROOT, THINGS

LIBRARY = """\
openapi: 3.1.0
info: {title: Library, version: "2026.1"}
tags:
  - {name: books, description: What there is to read.}
  - {name: reading-lists, description: Who reads what next.}
paths:
  /books:
    get:
      operationId: listBooks
      tags: [books]
      parameters:
        - {name: limit, in: query, required: true, schema: {type: integer, minimum: 1, maximum: 50}}
        - {name: min-price, in: query, schema: {type: number, minimum: 0, exclusiveMaximum: 1000}}
        - {name: in-print, in: query, schema: {type: boolean, default: true}}
        - {name: class, in: query, schema: {type: string, maxLength: 10}}
      responses:
        "200":
          description: Books.
          headers:
            X-Total-Count: {required: true, schema: {type: integer, minimum: 0}}
            X-Mean-Price: {required: true, schema: {type: number}}
            Content-Language: {schema: {type: string, pattern: "^[a-z]{2}$"}}
          content:
            application/json:
              schema: {type: array, maxItems: 2, items: {$ref: "#/components/schemas/Book"}}
        "422": {$ref: "#/components/responses/not-valid"}
    post:
      operationId: addBook
      tags: [books]
      requestBody: {$ref: "#/components/requestBodies/Book"}
      responses:
        "201":
          description: The new book.
          headers:
            Location: {required: true, schema: {type: string}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}
        "400": {$ref: "#/components/responses/not-readable"}
        "415": {$ref: "#/components/responses/wrong-type"}
        "422": {$ref: "#/components/responses/not-valid"}
  /books/{isbn}:
    parameters:
      - {name: isbn, in: path, required: true, schema: {$ref: "#/components/schemas/Isbn"}}
    get:
      operationId: readBook
      tags: [books]
      responses:
        "200":
          description: The book.
          content: {application/json: {schema: {$ref: "#/components/schemas/Book"}}}
        "404":
          description: No such book.
          content: {application/json: {schema: {type: object, required: [isbn], properties: {isbn: {type: string}}}}}
        "422": {$ref: "#/components/responses/not-valid"}
  /books/latest:
    get:
      operationId: readLatest
      tags: [reading-lists]
      responses:
        "200":
          description: Its title.
          content: {application/json: {schema: {type: string}}}
  /reading-lists/{list_id}/from/{from}:
    parameters:
      - {name: list_id, in: path, required: true, schema: {type: integer, minimum: 1}}
      - {name: from, in: path, required: true, schema: {type: string, minLength: 2}}
    put:
      operationId: orderList
      tags: [reading-lists]
      parameters:
        - {name: list-name, in: query, schema: {type: string}}
      requestBody:
        required: true
        content:
          application/json:
            schema: {type: array, minItems: 1, maxItems: 3, items: {type: integer}}
      responses:
        "200":
          description: The list in its new order.
          content:
            application/json:
              schema: {type: array, items: {type: [integer, "null"]}}
        "400": {$ref: "#/components/responses/not-readable"}
        "415": {$ref: "#/components/responses/wrong-type"}
        "422": {$ref: "#/components/responses/not-valid"}
components:
  requestBodies:
    Book:
      required: true
      content: {application/vnd.library+json: {schema: {$ref: "#/components/schemas/Book"}}}
  responses:
    not-readable:
      description: The body is not JSON.
      content: {application/json: {schema: {$ref: "#/components/schemas/fault-list"}}}
    wrong-type:
      description: The body is of another type.
      content: {application/json: {schema: {$ref: "#/components/schemas/fault-list"}}}
    not-valid:
      description: The request breaks the contract.
      content: {application/json: {schema: {$ref: "#/components/schemas/fault-list"}}}
  schemas:
    Isbn: {type: string, pattern: "^[0-9]{13}$"}
    fault-list:
      type: object
      required: [faults]
      properties:
        faults: {type: array, items: {type: array, items: {type: string}}}
    Author:
      type: object
      required: [name]
      properties:
        name: {type: string, minLength: 1, maxLength: 20}
        born: {type: [integer, "null"], maximum: 2100}
    Book:
      type: object
      required: [isbn, title, authors, medium]
      properties:
        isbn: {$ref: "#/components/schemas/Isbn"}
        title: {type: string, minLength: 1}
        authors: {type: array, minItems: 1, items: {$ref: "#/components/schemas/Author"}}
        medium: {type: string, enum: [paper, e-book]}
        class: {type: string, default: fiction}
        page-count: {type: integer, multipleOf: 2}
        price: {type: number, minimum: 0}
        import: {type: boolean}
        shelf: {type: object, additionalProperties: {type: integer}}
      additionalProperties: false
"""

SERVICE = '''\
"""A library that keeps its books in memory."""

from fastapi import FastAPI, Request, Response
from typing_extensions import override

from library.api import (
    AddBook201,
    BooksApi,
    ListBooks200,
    NotReadable,
    NotValid,
    OrderList200,
    ReadBook200,
    ReadBook404,
    ReadingListsApi,
    ReadLatest200,
    WrongType,
    routes,
)
from library.runtime import Refusal
from library.schemas import Book, FaultList, ReadBook404Body


class Books(BooksApi):
    def __init__(self) -> None:
        self._books: dict[str, Book] = {}
        self.language: str | None = "en"

    @override
    async def list_books(
        self, *, limit: int, min_price: float | None, in_print: bool, class_: str | None
    ) -> ListBooks200:
        books = [book for book in self._books.values() if in_print and class_ in (None, book.class_)]
        prices = [book.price for book in books if isinstance(book.price, float)]
        dear = [book for book in books if isinstance(book.price, float) and book.price >= (min_price or 0)]
        mean = sum(prices) / max(len(prices), 1)
        return ListBooks200(
            dear[:limit], x_total_count=len(books), x_mean_price=mean, content_language=self.language
        )

    @override
    async def add_book(self, *, body: Book) -> AddBook201:
        self._books[body.isbn] = body
        return AddBook201(body, location=f"/books/{body.isbn}")

    @override
    async def read_book(self, *, isbn: str) -> ReadBook200 | ReadBook404:
        book = self._books.get(isbn)
        return ReadBook200(book) if book else ReadBook404(ReadBook404Body(isbn=isbn))


class ReadingLists(ReadingListsApi):
    @override
    async def read_latest(self) -> ReadLatest200:
        return ReadLatest200("Emma")

    @override
    async def order_list(self, *, list_id: int, from_: str, list_name: str | None, body: list[int]) -> OrderList200:
        return OrderList200([list_id, len(from_), None if list_name is None else len(list_name), *body])


async def refuse(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    faults = FaultList.model_validate({"faults": [error["loc"] for error in refusal.errors]})
    if refusal.status == 400:
        return NotReadable(faults).to_http()
    return (WrongType(faults) if refusal.status == 415 else NotValid(faults)).to_http()


books = Books()
app = FastAPI(openapi_url=None)
app.router.routes += routes(books=books, reading_lists=ReadingLists())
app.add_exception_handler(Refusal, refuse)
'''

ISBN = "9780141439518"
BOOK = {"isbn": ISBN, "title": "Emma", "authors": [{"name": "Jane Austen"}], "medium": "e-book"}
VENDOR_JSON = {"Content-Type": "application/vnd.library+json; charset=utf-8"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Holds the generated package `library` and the module `service` beside it."""
    folder = tmp_path_factory.mktemp("other")
    (folder / "library.yaml").write_text(LIBRARY)
    assert main([str(folder / "library.yaml"), "--output", str(folder / "library")]) == 0
    (folder / "service.py").write_text(SERVICE)
    return folder


@pytest.fixture
def app(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FastAPI]:
    """The app of a service that keeps no book yet."""
    monkeypatch.syspath_prepend(folder)
    app = importlib.import_module("service").app
    assert isinstance(app, FastAPI)
    yield app
    for name in [name for name in sys.modules if name == "service" or name.partition(".")[0] == "library"]:
        del sys.modules[name]


def send(app: FastAPI, method: str, url: str, *, json: object = None, **options: object) -> httpx2.Response:
    """One request to the app in this process. An exception that the app does not answer is raised."""

    async def exchange() -> httpx2.Response:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app), base_url="http://library") as client:
            return await client.request(method, url, json=json, **options)  # type: ignore[arg-type]

    return asyncio.run(exchange())


def add(app: FastAPI, **members: object) -> httpx2.Response:
    """Adds a book."""
    return send(app, "POST", "/books", json={**BOOK, **members}, headers=VENDOR_JSON)


def test_the_package_and_a_service_on_it_pass_mypy(folder: Path, mypy_cache: Path) -> None:
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(mypy_cache)]
    command = [sys.executable, "-m", "mypy", *options, "."]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert process.stdout.startswith("Success: no issues found in 5 source files"), process.stdout + process.stderr


@pytest.mark.parametrize("command", [["check", "--select", "E,F,I"], ["format", "--check"]], ids=" ".join)
def test_the_package_passes_ruff(command: list[str], folder: Path) -> None:
    options = ["--isolated", "--no-cache", "--line-length", "120", "library"]
    command = [sys.executable, "-m", "ruff", *command, *options]
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)

    assert process.returncode == 0, process.stdout + process.stderr


def test_operations_of_each_tag_stand_in_an_interface_of_its_own(app: FastAPI) -> None:
    service = sys.modules["service"]

    assert {name: (o.id, o.method, o.path) for name, o in service.BooksApi.operations.items()} == {
        "list_books": ("listBooks", "GET", "/books"),
        "add_book": ("addBook", "POST", "/books"),
        "read_book": ("readBook", "GET", "/books/{isbn}"),
    }
    assert service.BooksApi.__doc__ == "What there is to read."
    assert list(service.ReadingListsApi.operations) == ["read_latest", "order_list"]


def test_a_concrete_path_goes_before_a_templated_one_whatever_their_order(app: FastAPI) -> None:
    response = send(app, "GET", "/books/latest")

    assert (response.status_code, response.json()) == (200, "Emma")


def test_a_book_is_added_and_read_under_the_names_of_the_contract(app: FastAPI) -> None:
    members = {"class": "novel", "page-count": 474.0, "price": 5, "import": False, "shelf": {"A": 1, "B": 2}}
    authors = [{"name": "Jane Austen", "born": 1775}, {"name": "Anonymous", "born": None}]
    response = add(app, **members, authors=authors)

    assert response.status_code == 201
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Location"] == f"/books/{ISBN}"
    assert response.json() == {**BOOK, **members, "authors": authors, "page-count": 474}
    read = send(app, "GET", response.headers["Location"])
    assert (read.status_code, read.json()) == (200, response.json())


def test_an_absent_member_stays_absent_unless_it_has_a_default(app: FastAPI) -> None:
    assert add(app).json() == {**BOOK, "class": "fiction"}


def test_an_answer_made_with_the_names_of_python_has_those_of_the_contract(app: FastAPI) -> None:
    api, schemas = sys.modules["library.api"], sys.modules["library.schemas"]
    author = schemas.Author(name="Jane Austen")
    book = schemas.Book(isbn=ISBN, title="Emma", authors=[author], medium="e-book", class_="novel", page_count=474)

    response = api.ListBooks200([book], x_total_count=1, x_mean_price=5, content_language="en").to_http()

    assert json.loads(response.body) == [{**BOOK, "class": "novel", "page-count": 474}]
    assert response.headers["X-Total-Count"] == "1"


def test_a_missing_book_is_answered_with_the_body_of_its_status(app: FastAPI) -> None:
    response = send(app, "GET", f"/books/{ISBN}")

    assert (response.status_code, response.json()) == (404, {"isbn": ISBN})


@pytest.mark.parametrize(
    ("query", "titles", "count"),
    [
        ("limit=2", ["Emma", "Ulysses"], 2),
        ("limit=1", ["Emma"], 2),
        ("limit=2&min-price=7.5", ["Ulysses"], 2),
        ("limit=2&min-price=9.99e2", [], 2),
        ("limit=2&in-print=false", [], 0),
        ("limit=2&in-print=true&class=modern", ["Ulysses"], 1),
        ("limit=2&class=&other=1&other=2", [], 0),
    ],
)
def test_query_parameters_reach_the_handler_as_their_types(
    query: str, titles: list[str], count: int, app: FastAPI
) -> None:
    add(app, price=5)
    add(app, isbn="9780141182803", title="Ulysses", price=10.5, **{"class": "modern"})

    response = send(app, "GET", f"/books?{query}")

    assert response.status_code == 200
    assert [book["title"] for book in response.json()] == titles
    assert response.headers["X-Total-Count"] == str(count)
    assert response.headers["Content-Language"] == "en"


def test_headers_are_written_by_their_types_and_left_out_when_none(app: FastAPI) -> None:
    add(app, price=2.5)
    sys.modules["service"].books.language = None

    response = send(app, "GET", "/books?limit=1")

    assert response.headers["X-Mean-Price"] == "2.5"
    assert "Content-Language" not in response.headers


@pytest.mark.parametrize(
    ("query", "loc"),
    [
        ("", ["limit"]),
        ("limit=", ["limit"]),
        ("limit=0", ["limit"]),
        ("limit=51", ["limit"]),
        ("limit=1.0", ["limit"]),
        ("limit=1&limit=1", ["limit"]),
        ("limit=1&min-price=-0.1", ["min-price"]),
        ("limit=1&min-price=1000", ["min-price"]),
        ("limit=1&min-price=.5", ["min-price"]),
        ("limit=1&min-price=1e400", ["min-price"]),
        ("limit=1&min-price=nan", ["min-price"]),
        ("limit=1&in-print=1", ["in-print"]),
        ("limit=1&in-print=True", ["in-print"]),
        ("limit=1&in-print=", ["in-print"]),
        ("limit=1&class=01234567890", ["class"]),
        ("limit=1&class=%FF", []),
    ],
)
def test_a_bad_query_is_refused_where_it_is_wrong(query: str, loc: list[str], app: FastAPI) -> None:
    response = send(app, "GET", f"/books?{query}")

    assert (response.status_code, response.json()) == (422, {"faults": [["query", *loc]]})


@pytest.mark.parametrize(
    ("members", "loc"),
    [
        ({"isbn": "978"}, ["isbn"]),
        ({"title": ""}, ["title"]),
        ({"title": None}, ["title"]),
        ({"authors": []}, ["authors"]),
        ({"authors": [{"name": "A"}, {"name": "B" * 21}]}, ["authors", "1", "name"]),
        ({"authors": [{"name": "A", "born": 2101}]}, ["authors", "0", "born"]),
        ({"authors": [{"born": 1775}]}, ["authors", "0", "name"]),
        ({"authors": ["Jane Austen"]}, ["authors", "0"]),
        ({"medium": "scroll"}, ["medium"]),
        ({"medium": 1}, ["medium"]),
        ({"class": None}, ["class"]),
        ({"page-count": 475}, ["page-count"]),
        ({"page-count": 474.5}, ["page-count"]),
        ({"page-count": "474"}, ["page-count"]),
        ({"price": "5"}, ["price"]),
        ({"price": -1}, ["price"]),
        ({"import": 1}, ["import"]),
        ({"import": "true"}, ["import"]),
        ({"shelf": {"A": 1, "B": "2"}}, ["shelf", "B"]),
        ({"shelf": []}, ["shelf"]),
        ({"cover": "red"}, ["cover"]),
        ({"class_": "novel"}, ["class_"]),
    ],
    ids=repr,
)
def test_a_bad_body_is_refused_where_it_is_wrong(members: dict[str, object], loc: list[str], app: FastAPI) -> None:
    response = add(app, **members)

    assert (response.status_code, response.json()) == (422, {"faults": [["body", *loc]]})


def test_every_fault_of_a_body_is_listed(app: FastAPI) -> None:
    response = send(app, "POST", "/books", json={"isbn": 1, "title": "", "authors": [{}]}, headers=VENDOR_JSON)

    assert response.json() == {
        "faults": [["body", "isbn"], ["body", "title"], ["body", "authors", "0", "name"], ["body", "medium"]]
    }


def test_an_array_path_and_query_reach_the_handler_together(app: FastAPI) -> None:
    response = send(app, "PUT", "/reading-lists/7/from/%C3%A4b%20?list-name=two", json=[3, 2.0, 1])

    assert (response.status_code, response.json()) == (200, [7, 3, 3, 3, 2, 1])
    assert send(app, "PUT", "/reading-lists/1/from/ab", json=[5]).json() == [1, 2, None, 5]


@pytest.mark.parametrize(
    ("path", "body", "loc"),
    [
        ("0/from/ab", [1], ["path", "list_id"]),
        ("x/from/ab", [1], ["path", "list_id"]),
        ("01/from/ab", [1], ["path", "list_id"]),
        ("1/from/a", [1], ["path", "from"]),
        ("1/from/ab", [], ["body"]),
        ("1/from/ab", [1, 2, 3, 4], ["body"]),
        ("1/from/ab", [1, "2"], ["body", "1"]),
        ("1/from/ab", [1, True], ["body", "1"]),
        ("1/from/ab", {"0": 1}, ["body"]),
    ],
)
def test_a_bad_path_or_array_is_refused_where_it_is_wrong(
    path: str, body: object, loc: list[str], app: FastAPI
) -> None:
    response = send(app, "PUT", f"/reading-lists/{path}", json=body)

    assert (response.status_code, response.json()) == (422, {"faults": [loc]})


@pytest.mark.parametrize(
    ("content", "headers", "status"),
    [
        (b'{"isbn": "1", "isbn": "2"}', VENDOR_JSON, 400),
        (b'{"isbn": NaN}', VENDOR_JSON, 400),
        (b'{"isbn": ', VENDOR_JSON, 400),
        (b"\xff", VENDOR_JSON, 400),
        (b"[" * 100_000, VENDOR_JSON, 400),
        (b"{}", {"Content-Type": "text/plain"}, 415),
        (b"{}", {"Content-Type": "application/json"}, 415),
        (b"{}", {}, 415),
        (b"", VENDOR_JSON, 422),
        (b"", {}, 422),
    ],
)
def test_a_body_that_cannot_be_read_is_refused(
    content: bytes, headers: dict[str, str], status: int, app: FastAPI
) -> None:
    assert send(app, "POST", "/books", content=content, headers=headers).status_code == status


def test_an_answer_that_breaks_the_contract_does_not_leave(app: FastAPI) -> None:
    books = sys.modules["service"].books

    books.language = "english"
    with pytest.raises(ValidationError, match="Content-Language"):
        send(app, "GET", "/books?limit=1")

    books.language = None
    for isbn in ("1" * 13, "2" * 13, "3" * 13):
        assert add(app, isbn=isbn, price=1).status_code == 201
    with pytest.raises(ValidationError, match="at most 2 items"):
        send(app, "GET", "/books?limit=3")


def test_classes_that_have_no_name_in_the_contract_are_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    enum = "{type: string, enum: [a, b]}"
    content = "        content: {application/json: {schema: "
    edit = {
        "{type: boolean}": enum,
        "ETag: {required: true, schema: {type: string}": f"ETag: {{schema: {enum}",
        f'true\n{content}{{$ref: "#/components/schemas/Thing"}}': f"true\n{content}"
        "{type: array, items: {type: integer, minimum: 1}}",
    }
    text = THINGS
    for old, new in edit.items():
        assert text.count(old) == 1, f"{old!r} has to stand in THINGS once: adapt this test"
        text = text.replace(old, new)
    (tmp_path / "things.yaml").write_text(text)
    assert main([str(tmp_path / "things.yaml"), "--output", str(tmp_path / "things")]) == 0
    monkeypatch.syspath_prepend(tmp_path)

    handler = importlib.import_module("things.api").DefaultApi.replace_thing

    assert set(inspect.signature(handler).parameters) == {"self", "thing_id", "force", "body"}
