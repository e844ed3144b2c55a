"""Runs the generator as its users do, and the contract that the tests of it change."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent.parent
CONTRACT = ROOT / "openapi.yaml"
COMMITTED = ROOT / "generated"
MODULES = ("__init__.py", "api.py", "runtime.py", "schemas.py")

THINGS = """\
openapi: 3.1.1
info: {title: Things, version: "1"}
paths:
  /things/{thing_id}:
    parameters:
      - {name: thing_id, in: path, required: true, schema: {type: integer}}
    get:
      operationId: readThing
      responses:
        "200":
          description: The thing.
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
        "404": {$ref: "#/components/responses/Missing"}
    put:
      operationId: replaceThing
      parameters:
        - {name: force, in: query, schema: {type: boolean}}
      requestBody:
        required: true
        content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
      responses:
        "200":
          description: The new thing.
          headers:
            ETag: {required: true, schema: {type: string}}
          content: {application/json: {schema: {$ref: "#/components/schemas/Thing"}}}
components:
  responses:
    Missing:
      description: No such thing.
      content: {application/problem+json: {schema: {$ref: "#/components/schemas/Fault"}}}
  schemas:
    Thing:
      type: object
      properties:
        size: {type: integer}
    Fault:
      type: object
      properties: {detail: {type: string}}
"""


def run(
    contract: Path, output: Path, *options: str, folder: Path = ROOT, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """`python -m codegen` in a process of its own; `environment` is added to that of the tests."""
    command = [sys.executable, "-m", "codegen", str(contract), "--output", str(output), *options]
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONDONTWRITEBYTECODE": "1", **(environment or {})},
        capture_output=True,
        text=True,
        check=False,
    )


def files(folder: Path) -> dict[str, bytes]:
    """All files under a folder, by their path in it."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
