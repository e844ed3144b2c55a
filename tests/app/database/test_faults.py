"""What was acknowledged is kept, by real processes: killed, or several on one file, under many writers at once."""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import apsw
import httpx2
import pytest

from tests.service import Service

_PATIENCE = 60
_WRITERS = 4


def _wait(until: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + _PATIENCE
    while not until():
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.01)


def _stored(url: str) -> dict[int, str]:
    """The names of all heroes by id, page by page."""
    heroes = {}
    with httpx2.Client(base_url=url, timeout=_PATIENCE) as client:
        path = "/heroes/?limit=100"
        while path:
            response = client.get(path)
            assert response.status_code == 200
            for hero in response.json():
                assert hero["id"] not in heroes
                heroes[hero["id"]] = hero["name"]
            path = response.links["next"]["url"] if "next" in response.links else ""
    return heroes


def _client(url: str) -> httpx2.Client:
    """Connects anew for each request, so that all workers have their part."""
    return httpx2.Client(base_url=url, timeout=_PATIENCE, limits=httpx2.Limits(max_keepalive_connections=0))


def _body(name: str) -> dict[str, str]:
    return {"name": name, "secret_name": "Dive Wilson"}


def _check(path: Path) -> None:
    with closing(apsw.Connection(str(path))) as file:
        assert file.execute("PRAGMA integrity_check").get == "ok"


def _write_until_killed(service: Service, prefix: str) -> list[tuple[int, str]]:
    """Kills the service while several threads create heroes, and returns those that it acknowledged."""
    acknowledged: list[tuple[int, str]] = []

    def write(writer: int) -> None:
        with httpx2.Client(base_url=service.url, timeout=_PATIENCE) as client:
            for number in itertools.count():
                name = f"{prefix}-{writer}-{number}"
                try:
                    response = client.post("/heroes/", json=_body(name))
                except httpx2.TransportError:
                    return
                assert response.status_code == 200, response.text
                acknowledged.append((response.json()["id"], name))

    with ThreadPoolExecutor(_WRITERS) as writers:
        ends = [writers.submit(write, writer) for writer in range(_WRITERS)]
        try:
            _wait(lambda: len(acknowledged) >= 60, "heroes to be acknowledged")
        finally:
            service.kill()
        for end in ends:
            end.result(_PATIENCE)
    return acknowledged


def test_no_acknowledged_hero_is_lost_when_the_process_is_killed(tmp_path: Path) -> None:
    acknowledged: list[tuple[int, str]] = []
    with Service(tmp_path) as service:
        for turn in range(1, 6):
            acknowledged += _write_until_killed(service, str(turn))
            service.start()
            stored = _stored(service.url)

            assert len({id for id, _ in acknowledged}) == len(acknowledged), "an id was given twice"
            assert dict(acknowledged).items() <= stored.items(), "an acknowledged hero is gone"
            # What was under way is stored once or not at all.
            assert len(set(stored.values())) == len(stored) <= len(acknowledged) + _WRITERS * turn
    _check(service.database_path)


@pytest.fixture(scope="module")
def two_workers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with Service(tmp_path_factory.mktemp("workers"), HEROES_WORKERS="2") as service:
        _wait(lambda: service.log.count("Application startup complete") == 2, "both workers")
        yield service


def test_several_workers_write_to_one_file_and_lose_nothing(two_workers: Service) -> None:
    deadline = time.monotonic() + 2
    acknowledged: list[dict[int, str]] = [{} for _ in range(_WRITERS)]
    others: list[str] = []

    def write(writer: int) -> None:
        with _client(two_workers.url) as client:
            for number in itertools.count():
                if time.monotonic() > deadline:
                    return
                name = f"{writer}-{number}"
                response = client.post("/heroes/", json=_body(name))
                if response.status_code == 200:
                    acknowledged[writer][response.json()["id"]] = name
                else:
                    others.append(response.text)

    with ThreadPoolExecutor(_WRITERS) as writers:
        list(writers.map(write, range(_WRITERS)))
    stored = _stored(two_workers.url)
    expected = {id: name for heroes in acknowledged for id, name in heroes.items()}

    assert others == []
    assert all(acknowledged), "each thread wrote"
    assert len(expected) == sum(map(len, acknowledged)), "an id was given twice"
    assert expected.items() <= stored.items(), "an acknowledged hero is gone"
    _check(two_workers.database_path)


def test_patches_of_different_fields_of_one_hero_keep_each_other(two_workers: Service) -> None:
    with _client(two_workers.url) as client:
        place = client.post("/heroes/", json=_body("Deadpond")).raise_for_status().headers["Location"]
    begin = threading.Barrier(4)

    def patch(field: str | None) -> None:
        """Changes one field, whose values nobody else may undo; or none."""
        begin.wait(_PATIENCE)
        with _client(two_workers.url) as client:
            for number in range(60):
                change = {field: number if field == "age" else f"{field} {number}"} if field else {}
                public = {name: value for name, value in change.items() if name != "secret_name"}
                for answer in (client.patch(place, json=change), client.get(place)):
                    assert answer.status_code == 200, answer.text
                    assert public.items() <= answer.json().items(), "another patch undid this one"

    with ThreadPoolExecutor(4) as writers:
        for end in [writers.submit(patch, field) for field in ("name", "age", "secret_name", None)]:
            end.result(_PATIENCE)

    with _client(two_workers.url) as client:
        hero = client.get(place).json()
    assert (hero["name"], hero["age"]) == ("name 59", 59)
    with closing(apsw.Connection(str(two_workers.database_path))) as file:
        assert file.execute("SELECT secret_name FROM hero WHERE id = ?", (hero["id"],)).get == "secret_name 59"
