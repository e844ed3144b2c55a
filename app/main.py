"""Wires the service together."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from app import contract, documents, problems
from app.database import connect
from app.edge import Edge
from app.heroes import Heroes
from app.settings import Settings, load_settings
from generated.api import routes


def create_app(settings: Settings | None = None) -> FastAPI:
    """The ASGI application; without settings it reads the environment.

    Raises ContractError where contract, handlers and routes do not match, and so does the start of the application.
    """
    settings = settings or load_settings()
    database = connect(settings.database_url)
    openapi = contract.load()
    operational = documents.routes(openapi)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        contract.verify(openapi, app.routes, operational)
        await database.open()
        try:
            yield
        finally:
            await database.close()

    # The contract is served as it is: FastAPI's own rendering would lose headers, links and formats.
    app = FastAPI(openapi_url=None, redirect_slashes=False, lifespan=lifespan)
    app.router.routes.extend([*routes(heroes=Heroes(database)), *operational])
    app.add_middleware(Edge, max_body_size=settings.max_body_size)
    problems.install(app)
    contract.verify(openapi, app.routes, operational)
    return app
