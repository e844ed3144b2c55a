"""`python -m codegen CONTRACT --output PACKAGE_DIR [--check]`.

Exit status: 0 done; 1 `--check` found the output stale; 2 the contract is refused, one line for each reason.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

from codegen.planner import plan
from codegen.read import Refused, read
from codegen.render import render


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m codegen", description="Generate a typed FastAPI interface.")
    parser.add_argument("contract", type=Path, metavar="CONTRACT", help="an OpenAPI 3.0 or 3.1 document, YAML or JSON")
    parser.add_argument("--output", type=Path, required=True, metavar="PACKAGE_DIR", help="the package to write")
    parser.add_argument("--check", action="store_true", help="write nothing; exit with 1 if the package is stale")
    options = parser.parse_args(arguments)
    try:
        modules = render(plan(read(options.contract)))
    except (Refused, OSError) as error:
        print(error, file=sys.stderr)
        return 2
    stale = [name for name, source in modules.items() if _read(options.output / name) != source]
    if options.check:
        for name in stale:
            print(f"{options.output / name} is stale: run make generate", file=sys.stderr)
        return 1 if stale else 0
    options.output.mkdir(parents=True, exist_ok=True)
    for name in stale:
        _write(options.output / name, modules[name])
    return 0


def _read(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _write(path: Path, source: str) -> None:
    with tempfile.NamedTemporaryFile("w", dir=path.parent, encoding="utf-8", newline="\n", delete=False) as file:
        file.write(source)
    Path(file.name).chmod(0o644)
    os.replace(file.name, path)


if __name__ == "__main__":
    sys.exit(main())
