"""What all tests share: the service over HTTP, with a fresh database for each test."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from fastapi import FastAPI

from app.database.migrate import migrate
from app.main import create_app
from app.settings import Settings
from tests.service import Service
from tests.stage import Stage


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


@pytest.fixture(scope="session")
def stage() -> Iterator[Stage]:
    with Stage().running() as stage:
        yield stage


@pytest.fixture
def server_url(stage: Stage, app: FastAPI) -> Iterator[str]:
    """Where uvicorn serves the app."""
    with stage.playing(app) as url:
        yield url


@pytest.fixture(scope="session")
def shared_client() -> Iterator[httpx2.Client]:
    with httpx2.Client() as client:
        yield client


@pytest.fixture
def client(shared_client: httpx2.Client, server_url: str) -> httpx2.Client:
    """A client of a service that keeps no hero yet. Making one for each test would cost more than the test."""
    shared_client.base_url = server_url
    return shared_client


@pytest.fixture(scope="session")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """The service as a process of its own, one for all tests: it holds heroes of other tests."""
    with Service(tmp_path_factory.mktemp("service")) as service:
        yield service
