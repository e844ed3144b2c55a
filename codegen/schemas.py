"""Schemas become Pydantic models here, by datamodel-code-generator and nothing else."""

import ast
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from codegen.read import Json

# The generator's configuration stands in pyproject.toml beside this package: it looks for it in its working folder.
_ROOT = Path(__file__).parent.parent
_STRICT = {"StrictStr": "str", "StrictInt": "int", "StrictFloat": "float", "StrictBool": "bool"}


class SchemaError(Exception):
    """datamodel-code-generator does not take these schemas. The text is its own last line."""


@dataclass(frozen=True)
class Field:
    """A field of a model: its Python name, its name on the wire, its Python type, and whether it may be absent."""

    name: str
    wire_name: str
    type: str
    optional: bool


@dataclass(frozen=True)
class Model:
    """A generated class. A class around a single value (a root model) has `root`, its type, and no fields."""

    name: str
    fields: tuple[Field, ...]
    root: str | None


@dataclass(frozen=True)
class Schemas:
    """The text of the schemas module, its models by component name, its classes, and whence it imports each name."""

    source: str
    models: Mapping[str, Model]
    classes: frozenset[str]
    imports: Mapping[str, str]


def generate(title: str, schemas: Mapping[str, Json]) -> Schemas:
    """Generates the models of `components/schemas`. Raises SchemaError."""
    document = {
        "openapi": "3.1.0",
        "info": {"title": title, "version": "0"},
        "paths": {},
        "components": {"schemas": schemas},
    }
    with tempfile.TemporaryDirectory() as folder:
        contract, module, metadata = (Path(folder) / name for name in ("contract.json", "schemas.py", "metadata.json"))
        contract.write_text(json.dumps(document))
        command = [sys.executable, "-m", "datamodel_code_generator", "--input-file-type", "openapi"]
        command += ["--input", str(contract), "--output", str(module), "--emit-model-metadata", str(metadata)]
        run = subprocess.run(command, cwd=_ROOT, capture_output=True, text=True)  # noqa: S603 (no shell, own arguments)
        if run.returncode:
            lines = run.stderr.strip().splitlines()
            raise SchemaError(lines[-1] if lines else f"datamodel-code-generator ended with {run.returncode}")
        # It cannot write a relative import; the module it names stands beside the one it writes.
        source = re.sub(r"^from runtime import", "from .runtime import", module.read_text(), flags=re.MULTILINE)
        listed = json.loads(metadata.read_text())["models"]
    models = {entry["source_path"][2]: _model(entry) for entry in listed if len(entry["source_path"]) == 3}
    statements = ast.parse(source).body
    imported = [node for node in statements if isinstance(node, ast.ImportFrom)]
    return Schemas(
        source,
        models,
        classes=frozenset(node.name for node in statements if isinstance(node, ast.ClassDef)),
        imports={alias.name: node.module or "" for node in imported for alias in node.names},
    )


def _model(entry: Mapping[str, list[dict[str, str]]]) -> Model:
    fields = tuple(
        Field(f["name"], f["alias"], _plain(f["type"]), "MISSING" in f["type"].split(" | ")) for f in entry["fields"]
    )
    is_root = entry["fields"] and entry["fields"][0]["original_name"] is None
    return Model(str(entry["class_name"]), () if is_root else fields, fields[0].type if is_root else None)


def _plain(annotation: str) -> str:
    """The type that a type checker sees: strictness is of validation alone."""
    plain = re.sub(r"\w+", lambda name: _STRICT.get(name[0], name[0]), annotation)
    return " | ".join(part for part in plain.split(" | ") if part != "MISSING")
