"""The README works when it is followed."""

import re
import shutil
import subprocess
import textwrap
from pathlib import Path

import httpx2
import mypy.api
import pytest

from app.settings import Settings
from codegen.__main__ import main as codegen
from tests.service import ROOT, Service

README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The code blocks of one language."""
    found = re.findall(rf"^( *)```{language}\n(.*?)^ *```$", README, re.MULTILINE | re.DOTALL)
    assert found, f"the README has no {language} any more: let this test follow what it has"
    return [textwrap.dedent(re.sub(f"^{indent}", "", text, flags=re.MULTILINE)) for indent, text in found]


@pytest.mark.skipif(not shutil.which("curl"), reason="curl is not installed")
def test_its_curl_commands_work(tmp_path: Path) -> None:
    [commands] = [block for block in blocks("sh") if "curl" in block]
    with Service(tmp_path) as service:
        for command in commands.splitlines():
            local = command.replace("localhost:8000", service.url)
            done = subprocess.run(["/bin/sh", "-c", local], capture_output=True, text=True, timeout=30)

            assert done.stdout.startswith("HTTP/1.1 200 OK"), command


def test_its_make_targets_exist() -> None:
    makefile = (ROOT / "Makefile").read_text()

    for target in set(re.findall(r"`?make ([a-z]+)", README)):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"make {target}"


def test_its_table_of_settings_is_complete() -> None:
    rows = re.findall(r"^\| `HEROES_(\w+)` \| `(.*?)` \|", README, re.MULTILINE)

    assert [(name.lower(), default) for name, default in rows] == [
        (name, str(value).lower() if isinstance(value, bool) else str(value))
        for name, value in Settings().model_dump().items()
    ]


def test_its_change_loop_works(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("app", "generated"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("openapi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, tmp_path / name)
    monkeypatch.chdir(tmp_path)
    [path_item] = blocks("yaml")
    [complaint] = blocks("text")
    query, method = blocks("python")

    contract, handlers = tmp_path / "openapi.yaml", tmp_path / "app" / "heroes.py"
    edits = [
        (contract, "components:\n", textwrap.indent(path_item, "  ")),
        (handlers, "    CreateHero200,\n", "    CopyHero200,\n"),
        (handlers, "_CREATE = ", query),
        (handlers, "\n\ndef _not_found()", "\n" + textwrap.indent(method, "    ")),
    ]
    for path, _, text in edits:  # whoever has followed the README here already begins anew in the copy
        path.write_text(path.read_text().replace(text, ""))

    insert(*edits[0])
    assert codegen(["openapi.yaml", "--output", "generated"]) == 0, capsys.readouterr().err
    said, _, status = mypy.api.run(["app", "generated"])
    assert status == 1
    assert complaint.strip().split(": ", 1)[1] in said

    for edit in edits[1:]:
        insert(*edit)
    said, _, status = mypy.api.run(["app", "generated"])
    assert status == 0, said

    with Service(tmp_path, root=tmp_path) as service, httpx2.Client(base_url=service.url) as client:
        client.post("/heroes/", json={"name": "A", "age": 5, "secret_name": "x"}).raise_for_status()
        copy = client.post("/heroes/1/copies")
        assert copy.headers["Location"] == "/heroes/2"
        assert copy.json() == client.get("/heroes/2").json() == {"id": 2, "name": "A", "age": 5}
        assert client.post("/heroes/3/copies").json() == {"detail": "Hero not found"}


def insert(path: Path, before: str, text: str) -> None:
    source = path.read_text()
    assert source.count(before) == 1, f"{before!r} does not stand once in {path.name}: let this test look for another"
    path.write_text(source.replace(before, text + before))
