"""What all tests share: the service over HTTP, with a fresh database for each test."""

import shutil
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import uvicorn
from fastapi import FastAPI

from app.database.migrate import migrate
from app.main import create_app
from app.server import Protocol
from app.settings import Settings
from tests.service import Service


@pytest.fixture(scope="session")
def empty_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A database file with all tables and no row, to copy."""
    path = tmp_path_factory.mktemp("database") / "empty.db"
    migrate(f"sqlite:///{path}")
    return path


@pytest.fixture
def settings(empty_database: Path, tmp_path: Path) -> Settings:
    """Settings with a database of the test's own."""
    path = tmp_path / "heroes.db"
    shutil.copy(empty_database, path)
    return Settings(database_url=f"sqlite:///{path}")


@pytest.fixture
def app(settings: Settings) -> FastAPI:
    return create_app(settings)


@pytest.fixture
def server_url(app: FastAPI) -> Iterator[str]:
    """Where uvicorn serves the app, in a thread of the test process."""
    config = uvicorn.Config(app, port=0, http=Protocol, ws="none", lifespan="on", log_config=None, access_log=False)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    while not server.started:
        assert thread.is_alive(), "the app did not start: its error stands above"
        time.sleep(0.005)
    host, port = server.servers[0].sockets[0].getsockname()
    yield f"http://{host}:{port}"
    server.should_exit = True
    thread.join()


@pytest.fixture
def client(server_url: str) -> Iterator[httpx.Client]:
    """A client of a service that keeps no hero yet."""
    with httpx.Client(base_url=server_url) as client:
        yield client


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as a process of its own, one for all tests: it holds heroes of other tests."""
    with Service(tmp_path_factory.mktemp("service")) as service:
        yield service
