"""`python -m codegen`: what it writes, when it writes, and that nothing but the contract decides what it writes."""

import ast
import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import yaml

from codegen.__main__ import main
from codegen.planner import plan
from codegen.read import read
from codegen.render import render
from tests.codegen.generator import COMMITTED, CONTRACT, MODULES, ROOT, THINGS, files, run

FOREIGN = "This file is not the generator's."


@pytest.fixture(scope="module")
def modules() -> dict[str, str]:
    """What the generator writes for the contract of this repository."""
    return render(plan(read(CONTRACT)))


@pytest.fixture
def package(modules: dict[str, str], tmp_path: Path) -> Path:
    """A fresh output, and a file beside it that the generator has nothing to do with."""
    folder = tmp_path / "package"
    folder.mkdir()
    for name, source in modules.items():
        (folder / name).write_text(source, encoding="utf-8", newline="\n")
    (folder / "notes.txt").write_text(FOREIGN)
    return folder


@pytest.fixture
def planned(modules: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> None:
    """Spares the work of generating where only the writing is tested."""
    monkeypatch.setattr("codegen.__main__.render", lambda _plan: modules)
    monkeypatch.setattr("codegen.__main__.plan", lambda _contract: None)


def state(folder: Path) -> dict[str, tuple[int, int, bytes]]:
    """Each file of a folder: which one it is, when it was written, what it holds."""
    return {path.name: (path.stat().st_ino, path.stat().st_mtime_ns, path.read_bytes()) for path in folder.iterdir()}


def test_the_committed_package_is_written_wherever_and_by_whomever(tmp_path: Path) -> None:
    (tmp_path / "openapi.yaml").write_bytes(CONTRACT.read_bytes())
    absolute, relative = (CONTRACT, tmp_path / "absolute"), (Path("openapi.yaml"), Path("some/relative"))
    environments = [
        {"TZ": "Asia/Kathmandu", "LANG": "C", "LC_ALL": "C", "PYTHONHASHSEED": "1"},
        {"TZ": "America/St_Johns", "LANG": "tr_TR.UTF-8", "LC_ALL": "C.UTF-8", "PYTHONHASHSEED": "4711"},
    ]
    with ThreadPoolExecutor() as pool:
        first = pool.submit(run, *absolute, environment=environments[0])
        second = pool.submit(run, *relative, folder=tmp_path, environment=environments[1])

    for process in (first.result(), second.result()):
        assert (process.returncode, process.stdout, process.stderr) == (0, "", "")
    committed = {name: (COMMITTED / name).read_bytes() for name in MODULES}
    assert files(tmp_path / "absolute") == committed, "generated/ is stale, or not stable: run `make generate`"
    assert files(tmp_path / "some" / "relative") == committed


@pytest.mark.usefixtures("planned")
def test_a_second_run_writes_nothing(package: Path) -> None:
    before = state(package)

    assert main([str(CONTRACT), "--output", str(package)]) == 0
    assert state(package) == before


@pytest.mark.usefixtures("planned")
def test_check_is_content_with_a_fresh_package(package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    before = state(package)

    assert main([str(CONTRACT), "--output", str(package), "--check"]) == 0
    assert capfd.readouterr() == ("", "")
    assert state(package) == before


@pytest.mark.usefixtures("planned")
@pytest.mark.parametrize("name", MODULES)
@pytest.mark.parametrize("change", ["edited", "emptied", "missing"])
def test_check_names_the_stale_file(name: str, change: str, package: Path, capfd: pytest.CaptureFixture[str]) -> None:
    path = package / name
    if change == "missing":
        path.unlink()
    else:
        path.write_text(path.read_text() + "# edited\n" if change == "edited" else "")
    before = state(package)

    assert main([str(CONTRACT), "--output", str(package), "--check"]) == 1
    assert capfd.readouterr() == ("", f"{path} is stale: run make generate\n")
    assert state(package) == before


@pytest.mark.usefixtures("planned")
def test_check_of_nothing_names_every_file_and_writes_none(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "nowhere"

    assert main([str(CONTRACT), "--output", str(folder), "--check"]) == 1
    out, err = capfd.readouterr()
    assert sorted(err.splitlines()) == [f"{folder / name} is stale: run make generate" for name in MODULES]
    assert out == ""
    assert list(tmp_path.iterdir()) == []


@pytest.mark.usefixtures("planned")
def test_only_stale_files_are_written(package: Path, modules: dict[str, str]) -> None:
    (package / "api.py").write_text("stale\n")
    (package / "schemas.py").unlink()
    before = state(package)

    assert main([str(CONTRACT), "--output", str(package)]) == 0
    after = state(package)
    assert {name for name in after if after[name] != before.get(name)} == {"api.py", "schemas.py"}
    assert files(package) == {name: text.encode() for name, text in {**modules, "notes.txt": FOREIGN}.items()}


def test_a_refused_contract_leaves_the_package_as_it_is(package: Path, tmp_path: Path) -> None:
    (package / "api.py").write_text("stale\n")
    before = state(package)
    contract = tmp_path / "openapi.yaml"
    contract.write_text(CONTRACT.read_text() + "    Extra: {type: object, not: {}}\n")

    assert main([str(contract), "--output", str(package)]) == 2
    assert state(package) == before


def test_a_failed_write_leaves_no_file_half_written(
    package: Path, modules: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    (package / "api.py").write_text("stale\n")
    broken = {**modules, "api.py": "\ud800"}  # cannot be encoded, as a disk that is full cannot be written
    monkeypatch.setattr("codegen.__main__.render", lambda _plan: broken)
    monkeypatch.setattr("codegen.__main__.plan", lambda _contract: None)

    with pytest.raises(UnicodeEncodeError):
        main([str(CONTRACT), "--output", str(package)])
    assert (package / "api.py").read_text() == "stale\n"


def test_a_change_of_the_contract_changes_the_package(modules: dict[str, str], tmp_path: Path) -> None:
    contract = tmp_path / "openapi.yaml"
    contract.write_text(CONTRACT.read_text().replace("maximum: 1000000", "maximum: 999"))
    changed = render(plan(read(contract)))

    assert {name for name in MODULES if changed[name] != modules[name]} == {"api.py", "schemas.py"}
    assert changed["schemas.py"] == modules["schemas.py"].replace("le=1000000", "le=999")


def test_a_contract_in_json_gives_what_yaml_gives(modules: dict[str, str], tmp_path: Path) -> None:
    contract = tmp_path / "openapi.json"
    contract.write_text(json.dumps(yaml.safe_load(CONTRACT.read_text()), ensure_ascii=False))

    generated = render(plan(read(contract)))

    assert {name: comparable(text) for name, text in generated.items()} == {
        name: comparable(text) for name, text in modules.items()
    }


def comparable(text: str) -> str:
    """The text of a module without the name and the digest of its contract."""
    return re.sub(r'openapi\.(yaml|json)|(?<=CONTRACT_SHA256 = ")[0-9a-f]{64}', "", text)


@pytest.mark.parametrize("indent", [None, 2, "\t"])
@pytest.mark.parametrize("ensure_ascii", [True, False])
def test_json_is_read_however_it_is_written(indent: str | int | None, ensure_ascii: bool, tmp_path: Path) -> None:
    document = yaml.safe_load(THINGS)
    document["info"]["title"] = 'Things \U0001f600 \u2028 \\ / "'
    contract = tmp_path / "things.json"
    contract.write_text(json.dumps(document, indent=indent, ensure_ascii=ensure_ascii), encoding="utf-8")

    assert read(contract).document == document


# Text that ends a string or a docstring of the code, if it is not escaped.
HOSTILE = '"""\nbreakpoint()\n""" \\ "'
WRITTEN = json.dumps(HOSTILE)
EVERYWHERE = {
    "title: Things": f"title: {WRITTEN}",
    'version: "1"': f"version: {WRITTEN}",
    "description: The thing.": f"description: {WRITTEN}",
    "operationId: readThing\n": f"operationId: readThing\n      tags: [{WRITTEN}]\n      summary: {WRITTEN}\n",
    "    Thing:\n": f"    Thing:\n      title: {WRITTEN}\n      description: {WRITTEN}\n",
    "size: {type: integer": f"size: {{type: string, default: {WRITTEN}, description: {WRITTEN}",
    "/things/{thing_id}:": '"/things\\"/{thing_id}":',
    "name: force": 'name: "for\\"ce"',
    "ETag: {": '"E\\"Tag": {',
}


def test_no_text_of_the_contract_becomes_code(tmp_path: Path) -> None:
    text = THINGS
    for old, new in EVERYWHERE.items():
        assert old in text, f"{old!r} does not stand in THINGS: adapt this test"
        text = text.replace(old, new)
    contract = tmp_path / "things.yaml"
    contract.write_text(text)

    assert main([str(contract), "--output", str(tmp_path / "things")]) == 0
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (tmp_path / "things").iterdir()]
    nodes = [node for tree in trees for node in ast.walk(tree)]
    docstrings = [ast.get_docstring(node) for node in nodes if isinstance(node, ast.ClassDef)]

    assert HOSTILE in docstrings
    assert HOSTILE in [node.value for node in nodes if isinstance(node, ast.Constant)]
    calls = [node.func for node in nodes if isinstance(node, ast.Call)]
    assert [call for call in calls if isinstance(call, ast.Name) and call.id == "breakpoint"] == []


def test_the_package_is_short_and_says_that_it_is_generated() -> None:
    sources = {name: (COMMITTED / name).read_text(encoding="utf-8") for name in MODULES}

    assert sorted(path.name for path in COMMITTED.glob("*.py")) == sorted(MODULES)
    # 600 lines for the five operations that it began with.
    operations = sources["api.py"].count(" = Operation(")
    assert sum(len(source.splitlines()) for source in sources.values()) < 350 + 50 * operations
    for name, source in sources.items():
        docstring = ast.get_docstring(ast.parse(source)) or ""
        assert docstring.startswith("Generated by codegen"), f"{name} has to open with who wrote it"
        assert "do not edit" in docstring.splitlines()[0], f"{name} has to say in its first line: do not edit"


def test_the_generator_knows_nothing_of_this_service() -> None:
    sources = [path for path in (ROOT / "codegen").rglob("*") if path.suffix in (".py", ".jinja")]

    assert len(sources) >= len(MODULES)
    for path in sources:
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1):
            assert "hero" not in line.lower(), f"{path}:{number} belongs to the contract or to app/: say it generally"
