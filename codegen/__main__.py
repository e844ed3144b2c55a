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
    written = {name: source.encode() for name, source in modules.items()}
    stale = [name for name, source in written.items() if _read(options.output / name) != source]
    if options.check:
        foreign = sorted(path.name for path in options.output.glob("*.py") if path.name not in written)
        for name in stale:
            print(f"{options.output / name} is stale: run make generate", file=sys.stderr)
        for name in foreign:
            print(f"{options.output / name} is not generated: move it elsewhere", file=sys.stderr)
        return 1 if stale or foreign else 0
    _write(options.output, {name: written[name] for name in stale})
    return 0


def _read(path: Path) -> bytes | None:
    return path.read_bytes() if path.exists() else None


def _write(folder: Path, modules: dict[str, bytes]) -> None:
    """Writes all modules, or none: they take the places of the old ones only when all of them are on disk."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=".") as temporary:
        for name, source in modules.items():
            (Path(temporary) / name).write_bytes(source)
        for name in modules:
            os.replace(Path(temporary) / name, folder / name)


if __name__ == "__main__":
    sys.exit(main())
