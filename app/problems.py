"""Answers for what no handler answers, as problems (RFC 9457): refusals, unknown paths and methods, failures."""

import logging
from collections.abc import Mapping

from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from starlette.exceptions import HTTPException
from starlette.routing import Match, Route

from app.database import Unavailable
from generated.api import (
    BadRequest,
    ContentTooLarge,
    InternalServerError,
    ServiceUnavailable,
    UnprocessableContent,
    UnsupportedMediaType,
)
from generated.runtime import Refusal
from generated.schemas import Problem, ValidationProblem

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER = 1

log = logging.getLogger(__name__)

_REFUSALS = {400: BadRequest, 413: ContentTooLarge, 415: UnsupportedMediaType}


def install(app: FastAPI) -> None:
    """Makes the app answer its exceptions with problems."""
    app.add_exception_handler(Refusal, _refusal)
    app.add_exception_handler(RequestValidationError, _dependency_refusal)
    app.add_exception_handler(Unavailable, _unavailable)
    app.add_exception_handler(HTTPException, _http)


def write(detail: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """A problem that the contract does not know, for what is outside of its operations."""
    return Response(Problem(detail=detail).model_dump_json(), status, headers, MEDIA_TYPE)


def failure(instance: str) -> Response:
    """The answer to a bug: it tells nothing but the id under which the cause is logged."""
    return InternalServerError(Problem(detail="Internal server error", instance=instance)).to_http()


async def _refusal(_request: Request, refusal: Exception) -> Response:
    assert isinstance(refusal, Refusal)
    if refusal.status in _REFUSALS:
        return _REFUSALS[refusal.status](Problem(detail=refusal.detail)).to_http()
    return _invalid(refusal.detail, refusal.errors)


async def _dependency_refusal(_request: Request, error: Exception) -> Response:
    """FastAPI's own answer would repeat what was sent."""
    assert isinstance(error, RequestValidationError)
    errors = [{"loc": [str(part) for part in e["loc"]], "msg": e["msg"], "type": e["type"]} for e in error.errors()]
    return _invalid("The request is invalid", errors)


def _invalid(detail: str, errors: object) -> Response:
    return UnprocessableContent(ValidationProblem.model_validate({"detail": detail, "errors": errors})).to_http()


async def _unavailable(_request: Request, error: Exception) -> Response:
    log.warning("the database is unavailable: %s", error)
    problem = Problem(detail="The service is temporarily unavailable")
    return ServiceUnavailable(problem, retry_after=_RETRY_AFTER).to_http()


async def _http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if error.status_code != 405:
        return write(error.detail, error.status_code, error.headers)
    # Starlette names the methods of the first route alone (RFC 9110, section 10.2.1 asks for all), and none of a mount.
    allowed: set[str] = set()
    scope = {**request.scope, "root_path": request.scope.get("app_root_path", request.scope["root_path"])}
    for route in request.app.routes:
        if route.matches(scope)[0] is not Match.NONE:
            allowed |= route.methods if isinstance(route, Route) and route.methods else {"GET", "HEAD"}
    return write(error.detail, 405, {"Allow": ", ".join(sorted(allowed))})
