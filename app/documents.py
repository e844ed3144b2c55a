"""The routes outside the contract: the contract itself, and a page to read and try it. Nothing else is served."""

import json

from fastapi import Request, Response
from starlette.responses import HTMLResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from app.contract import Contract

_SCRIPT = """\
SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#documentation",
  deepLinking: true,
  validatorUrl: null,
  presets: [SwaggerUIBundle.presets.apis],
});
"""
_PAGE = """\
<!doctype html>
<html lang="en">
  <head>
    <meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>Heroes API</title>
    <link rel="icon" href="data:,">
    <link rel="stylesheet" href="docs/assets/swagger-ui.css">
  </head>
  <body>
    <div id="documentation"></div>
    <script src="docs/assets/swagger-ui-bundle.js"></script>
    <script src="docs/start.js"></script>
  </body>
</html>
"""
# Nothing from another host, nothing inline; Swagger UI draws its icons from data: URLs.
_PAGE_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
}


def routes(contract: Contract) -> list[BaseRoute]:
    """The operational routes: all that is served outside the contract stands here."""
    as_json = json.dumps(contract.document, ensure_ascii=False).encode()

    async def openapi_yaml(_request: Request) -> Response:
        return Response(contract.source, media_type="application/yaml")

    async def openapi_json(_request: Request) -> Response:
        return Response(as_json, media_type="application/json")

    async def page(_request: Request) -> Response:
        return HTMLResponse(_PAGE, headers=_PAGE_HEADERS)

    async def script(_request: Request) -> Response:
        return Response(_SCRIPT, media_type="text/javascript")

    return [
        Route("/openapi.yaml", openapi_yaml),
        Route("/openapi.json", openapi_json),
        Route("/docs", page),
        Route("/docs/start.js", script),
        Mount("/docs/assets", StaticFiles(packages=[("fastapi_standalone_docs", "static/swagger")])),
    ]
