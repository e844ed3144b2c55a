"""The service does not start where contract, handlers and routes do not match, and says which operation is at fault."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Never

import httpx2
import pytest
from fastapi import APIRouter, Depends, FastAPI, HTTPException
from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from app import contract
from app.database import connect
from app.heroes import Heroes
from app.main import create_app
from app.settings import Settings
from generated.api import HeroesApi, routes
from generated.runtime import ContractError, OperationRoute
from tests.service import ROOT
from tests.stage import Stage


def handlers(**members: object) -> type[HeroesApi]:
    """The handlers, with these members instead of or beside their own."""
    return type("Changed", (Heroes,), members)


def start(handlers: type[HeroesApi]) -> HeroesApi:
    return handlers(connect("sqlite:///unused.db"))


def test_the_right_handlers_start() -> None:
    assert isinstance(start(handlers()), HeroesApi)


def test_a_missing_handler_is_named() -> None:
    class Incomplete(HeroesApi):
        list_heroes = Heroes.list_heroes
        create_hero = Heroes.create_hero
        update_hero = Heroes.update_hero

    with pytest.raises(ContractError) as caught:
        Incomplete()  # type: ignore[abstract]

    for operation, method in (("readHero", "read_hero"), ("deleteHero", "delete_hero")):
        assert f"operation {operation} has no handler: Incomplete lacks the method {method}" in str(caught.value)
    assert "listHeroes" not in str(caught.value)


def test_a_handler_without_an_operation_is_named() -> None:
    async def praise_hero(self: Heroes, *, hero_id: int) -> None:
        """An operation that the contract does not have."""

    with pytest.raises(ContractError, match=r"^Changed.praise_hero implements no operation$"):
        start(handlers(praise_hero=praise_hero))


def test_a_handler_may_have_private_helpers() -> None:
    assert isinstance(start(handlers(_helper=lambda self: None)), HeroesApi)


def test_a_handler_that_takes_other_parameters_is_named() -> None:
    async def read_hero(self: Heroes, *, identifier: int) -> None:
        """As if the contract had called the parameter something else."""

    with pytest.raises(ContractError, match=r"^operation readHero: Changed.read_hero takes other parameters$"):
        start(handlers(read_hero=read_hero))


def test_a_handler_that_is_not_async_is_named() -> None:
    def read_hero(self: Heroes, *, hero_id: int) -> None:
        """An ordinary function."""

    with pytest.raises(ContractError, match=r"^operation readHero: Changed.read_hero is not an async method$"):
        start(handlers(read_hero=read_hero))


@pytest.fixture
def edited(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str, str], None]:
    """Puts an edited contract in the place of the true one."""

    def edit(old: str, new: str) -> None:
        text = contract.PATH.read_text()
        assert old in text, f"{old!r} does not stand in the contract any more: edit something else"
        path = tmp_path / "openapi.yaml"
        path.write_text(text.replace(old, new, 1))
        load = contract.load
        monkeypatch.setattr(contract, "load", lambda: load(path))

    return edit


def test_an_operation_that_the_contract_calls_otherwise_is_named(
    settings: Settings, edited: Callable[[str, str], None]
) -> None:
    edited("operationId: readHero\n      summary", "operationId: fetchHero\n      summary")

    with pytest.raises(ContractError) as caught:
        create_app(settings)

    assert str(caught.value) == (
        "operation readHero (GET /heroes/{hero_id}) is served but not in the contract; "
        "operation fetchHero (GET /heroes/{hero_id}) is in the contract but not served; "
        "openapi.yaml is not the file that generated/ was made from: run `make generate`"
    )


def test_any_other_edit_asks_for_generation(settings: Settings, edited: Callable[[str, str], None]) -> None:
    edited("maximum: 1000000", "maximum: 1000")

    with pytest.raises(ContractError, match=r"^openapi.yaml is not the file that generated/ was made from"):
        create_app(settings)


def test_a_route_that_is_missing_is_named(app: FastAPI, stage: Stage) -> None:
    app.router.routes[:] = [route for route in app.routes if getattr(route, "name", "") != "delete_hero"]

    with pytest.raises(ContractError, match=r"^operation deleteHero .* is in the contract but not served$"):
        start_serving(stage, app)


def test_a_route_that_nobody_declared_is_named(app: FastAPI, stage: Stage) -> None:
    @app.get("/debug")
    async def debug() -> None:
        """A route added by hand."""

    with pytest.raises(ContractError, match=r"^the route GET /debug is neither in the contract nor among the"):
        start_serving(stage, app)


def test_a_second_route_for_an_operation_is_named(app: FastAPI, stage: Stage) -> None:
    duplicate: list[BaseRoute] = [route for route in app.routes if getattr(route, "name", "") == "read_hero"]
    app.router.routes.extend(duplicate)

    with pytest.raises(ContractError, match=r"^operation readHero .* is served twice$"):
        start_serving(stage, app)


def test_an_undeclared_router_is_named(app: FastAPI, stage: Stage) -> None:
    app.include_router(APIRouter(), prefix="/more")
    app.mount("/files", app)

    with pytest.raises(ContractError, match="is neither in the contract nor among the operational routes"):
        start_serving(stage, app)


def start_serving(stage: Stage, app: FastAPI) -> None:
    with stage.playing(app):
        pytest.fail("the app started")


@pytest.mark.parametrize("path", ["/openapi.yaml", "/docs"])
def test_a_route_in_the_place_of_an_operational_one_is_named(app: FastAPI, stage: Stage, path: str) -> None:
    async def endpoint(_request: Request) -> Never:
        raise AssertionError("this is never served")

    app.router.routes.insert(0, Route(path, endpoint, methods=["DELETE"]))

    with pytest.raises(ContractError, match=f"^the route DELETE {path} is neither in the contract nor"):
        start_serving(stage, app)


def test_a_route_that_serves_another_method_is_named(app: FastAPI, stage: Stage) -> None:
    [route] = [route for route in app.routes if isinstance(route, OperationRoute) and route.name == "read_hero"]
    route.methods = {"PUT"}

    with pytest.raises(ContractError, match=r"^operation readHero \(PUT /heroes/{hero_id}\) is served but not in"):
        start_serving(stage, app)


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_process_that_does_not_match_its_contract_ends_at_once(tmp_path: Path, workers: str) -> None:
    for name in ("app", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name)
    text = contract.PATH.read_text()
    (tmp_path / "openapi.yaml").write_text(
        text.replace("operationId: readHero\n      s", "operationId: getHero\n      s")
    )

    run = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=tmp_path,
        env={**os.environ, "HEROES_WORKERS": workers, "HEROES_PORT": "0"},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert run.returncode == 2
    assert run.stderr.startswith("operation readHero (GET /heroes/{hero_id}) is served but not in the contract; ")
    assert run.stderr.count("\n") == 1


def test_dependencies_of_a_router_run_before_the_handler(settings: Settings, stage: Stage) -> None:
    def refuse() -> Never:
        raise HTTPException(403, "not you")

    app = FastAPI()
    router = APIRouter(routes=list(routes(heroes=Heroes(connect(settings.database_url)))))
    app.include_router(router, dependencies=[Depends(refuse)])

    with stage.playing(app) as url:
        assert httpx2.get(f"{url}/heroes/").status_code == 403
