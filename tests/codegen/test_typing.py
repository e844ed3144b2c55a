"""A handler that breaks the contract is a type error under the mypy settings of this project.

Each wrong module is RIGHT with an edit, and mypy has to find that edit and nothing else.
"""

import json
import subprocess
import sys
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import pytest
import yaml

from codegen.__main__ import main
from tests.codegen.generator import CONTRACT, ROOT

RIGHT = '''\
"""Handlers that know one hero."""

from typing_extensions import override

from generated.api import (
    BadRequest,
    CreateHero200,
    DeleteHero200,
    HeroesApi,
    ListHeroes200,
    NotFound,
    ReadHero200,
    ServiceUnavailable,
    UpdateHero200,
)
from generated.schemas import Deleted, HeroCreate, HeroPublic, HeroUpdate, Problem

HERO = HeroPublic(id=1, name="Deadpond", age=None)
MISSING = NotFound(Problem(detail="Hero not found"))
BUSY = ServiceUnavailable(Problem(detail="Busy"), retry_after=1)


class Handlers(HeroesApi):
    @override
    async def list_heroes(
        self, *, offset: int, limit: int, after: int | None, name: str | None, age: int | None
    ) -> ListHeroes200:
        page = [HERO][offset : offset + limit] if (after or 0) < 1 and name in (None, HERO.name) else []
        return ListHeroes200(page, link='</heroes/?after=1>; rel="next"') if age is None else ListHeroes200([])

    @override
    async def create_hero(self, *, body: HeroCreate) -> CreateHero200 | BadRequest:
        if body.age is None:
            return BadRequest(Problem(detail="A hero has an age"))
        return CreateHero200(HeroPublic(id=1, name=body.name, age=48), location="/heroes/1")

    @override
    async def read_hero(self, *, hero_id: int) -> ReadHero200 | NotFound:
        if hero_id != 1:
            return MISSING
        return ReadHero200(HERO)

    @override
    async def update_hero(self, *, hero_id: int, body: HeroUpdate) -> UpdateHero200 | NotFound:
        return UpdateHero200(HERO) if hero_id == 1 and body.name else MISSING

    @override
    async def delete_hero(self, *, hero_id: int) -> DeleteHero200 | ServiceUnavailable:
        return DeleteHero200(Deleted(ok=True)) if hero_id == 1 else BUSY


handlers = Handlers()
'''

Error: TypeAlias = tuple[int, str, str]

READ = "async def read_hero(self, *, hero_id: int) -> ReadHero200 | NotFound:"
DELETE = RIGHT[RIGHT.index("    @override\n    async def delete_hero") : RIGHT.index("\n\nhandlers =")]


@dataclass(frozen=True)
class Wrong:
    """An edit of RIGHT: `old` becomes `new`. mypy has to answer with `code` and `says` in the line that holds `at`."""

    title: str
    old: str
    new: str
    at: str
    code: str
    says: str


CASES = [
    Wrong(
        "an answer that the operation does not declare",
        "return ReadHero200(HERO)",
        'return BadRequest(Problem(detail="No"))',
        'return BadRequest(Problem(detail="No"))',
        "return-value",
        'Incompatible return value type (got "BadRequest", expected "ReadHero200 | NotFound")',
    ),
    Wrong(
        "a return type with an answer that the operation does not declare",
        READ,
        READ.replace("NotFound:", "NotFound | BadRequest:"),
        "NotFound | BadRequest:",
        "override",
        'Return type "Coroutine[Any, Any, ReadHero200 | NotFound | BadRequest]" of "read_hero" incompatible with',
    ),
    Wrong(
        "an answer of another operation",
        "return ReadHero200(HERO)",
        "return UpdateHero200(HERO)",
        "return UpdateHero200(HERO)\n",
        "return-value",
        'Incompatible return value type (got "UpdateHero200", expected "ReadHero200 | NotFound")',
    ),
    Wrong(
        "a body in place of an answer",
        "return ReadHero200(HERO)",
        "return HERO",
        "return HERO",
        "return-value",
        'Incompatible return value type (got "HeroPublic", expected "ReadHero200 | NotFound")',
    ),
    Wrong(
        "no answer on one way through",
        "        return ReadHero200(HERO)\n",
        "",
        READ,
        "return",
        "Missing return statement",
    ),
    Wrong(
        "a body under the wrong status",
        "DeleteHero200(Deleted(ok=True))",
        "DeleteHero200(HERO)",
        "DeleteHero200(HERO)",
        "arg-type",
        'Argument 1 to "DeleteHero200" has incompatible type "HeroPublic"; expected "Deleted"',
    ),
    Wrong(
        "a problem under a status of success",
        "return ReadHero200(HERO)",
        'return ReadHero200(Problem(detail="No"))',
        'ReadHero200(Problem(detail="No"))',
        "arg-type",
        'Argument 1 to "ReadHero200" has incompatible type "Problem"; expected "HeroPublic"',
    ),
    Wrong(
        "a dictionary as body",
        "return ReadHero200(HERO)",
        'return ReadHero200({"id": 1, "name": "Deadpond"})',
        'ReadHero200({"id": 1, "name": "Deadpond"})',
        "arg-type",
        'Argument 1 to "ReadHero200" has incompatible type "dict[str, object]"; expected "HeroPublic"',
    ),
    Wrong(
        "a list of the wrong bodies",
        "else ListHeroes200([])",
        "else ListHeroes200([MISSING])",
        "else ListHeroes200([MISSING])",
        "list-item",
        'List item 0 has incompatible type "NotFound"; expected "HeroPublic"',
    ),
    Wrong(
        "a missing header",
        ', location="/heroes/1")',
        ")",
        "return CreateHero200(",
        "call-arg",
        'Missing named argument "location" for "CreateHero200"',
    ),
    Wrong(
        "a header of the wrong type",
        "retry_after=1)",
        'retry_after="1")',
        'retry_after="1")',
        "arg-type",
        'Argument "retry_after" to "ServiceUnavailable" has incompatible type "str"; expected "int"',
    ),
    Wrong(
        "None for a required header",
        'location="/heroes/1")',
        "location=None)",
        "location=None)",
        "arg-type",
        'Argument "location" to "CreateHero200" has incompatible type "None"; expected "str"',
    ),
    Wrong(
        "a header that the answer does not declare",
        "return ReadHero200(HERO)",
        'return ReadHero200(HERO, etag="1")',
        'etag="1"',
        "call-arg",
        'Unexpected keyword argument "etag" for "ReadHero200"',
    ),
    Wrong(
        "a missing handler",
        DELETE,
        "",
        "handlers = Handlers()",
        "abstract",
        'Cannot instantiate abstract class "Handlers" with abstract attribute "delete_hero"',
    ),
    Wrong(
        "a handler of no operation",
        DELETE,
        DELETE + "\n" + DELETE.replace("delete_hero", "kill_hero"),
        "async def kill_hero",
        "misc",
        'Method "kill_hero" is marked as an override, but no base method was found with this name',
    ),
    Wrong(
        "a handler that does not say that it is one",
        f"    @override\n    {READ}",
        f"    {READ}",
        READ,
        "explicit-override",
        'Method "read_hero" is not using @override but is overriding a method in class "generated.api.HeroesApi"',
    ),
    Wrong(
        "a handler without types",
        READ,
        "async def read_hero(self, *, hero_id):",
        "async def read_hero(self, *, hero_id):",
        "no-untyped-def",
        "Function is missing a type annotation",
    ),
    Wrong(
        "a handler that is not async",
        READ,
        READ.removeprefix("async "),
        "def read_hero(",
        "override",
        'Return type "ReadHero200 | NotFound" of "read_hero" incompatible with return type "Coroutine[Any, Any, Rea',
    ),
    Wrong(
        "a parameter of another name",
        f"{READ}\n        if hero_id != 1:",
        f"{READ.replace('hero_id', 'number')}\n        if number != 1:",
        "number: int",
        "override",
        'Signature of "read_hero" incompatible with supertype "generated.api.HeroesApi"',
    ),
    Wrong(
        "a parameter of another type",
        f"{READ}\n        if hero_id != 1:",
        f'{READ.replace("int", "str")}\n        if hero_id != "1":',
        "hero_id: str",
        "override",
        'supertype defines the argument type as "int"',
    ),
    Wrong(
        "a parameter that may be absent, taken for one that may not",
        "after: int | None, name",
        "after: int, name",
        "after: int, name",
        "override",
        'supertype defines the argument type as "int | None"',
    ),
    Wrong(
        "a missing parameter",
        ", age: int | None\n    ) -> ListHeroes200:",
        "\n    ) -> ListHeroes200:\n        age = 48 if limit else None",
        "async def list_heroes(",
        "override",
        'Signature of "list_heroes" incompatible with supertype "generated.api.HeroesApi"',
    ),
    Wrong(
        "a parameter that the operation does not have",
        READ,
        READ.replace("hero_id: int", "hero_id: int, fields: str"),
        "fields: str",
        "override",
        'Signature of "read_hero" incompatible with supertype "generated.api.HeroesApi"',
    ),
    Wrong(
        "the body of another operation",
        "body: HeroUpdate",
        "body: HeroCreate",
        "hero_id: int, body: HeroCreate",
        "override",
        'supertype defines the argument type as "HeroUpdate"',
    ),
    Wrong(
        "a field that the body does not have",
        "if body.age is None:",
        "if body.ages is None:",
        "body.ages",
        "attr-defined",
        '"HeroCreate" has no attribute "ages"; maybe "age"?',
    ),
    Wrong(
        "a field that may be absent, taken for one that may not",
        "age=48)",
        "age=body.age)",
        "age=body.age)",
        "arg-type",
        'Argument "age" to "HeroPublic" has incompatible type "int | MISSING"; expected "int | None"',
    ),
    Wrong(
        "a field of the wrong type",
        "HeroPublic(id=1, name=body.name",
        'HeroPublic(id="1", name=body.name',
        'HeroPublic(id="1"',
        "arg-type",
        'Argument "id" to "HeroPublic" has incompatible type "str"; expected "int"',
    ),
    Wrong(
        "a body without a required field",
        "Deleted(ok=True)",
        "Deleted()",
        "Deleted()",
        "call-arg",
        'Missing named argument "ok" for "Deleted"',
    ),
]


@pytest.fixture(scope="module")
def modules(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """RIGHT and each wrong module, by its title, beside the package for the operations that RIGHT handles."""
    folder = tmp_path_factory.mktemp("handlers")
    contract = yaml.safe_load(CONTRACT.read_text(encoding="utf-8"))
    contract["paths"] = {path: contract["paths"][path] for path in ("/heroes/", "/heroes/{hero_id}")}
    (folder / "contract.json").write_text(json.dumps(contract))
    assert main([str(folder / "contract.json"), "--output", str(folder / "generated")]) == 0
    sources = {"right": RIGHT}
    for case in CASES:
        assert RIGHT.count(case.old) == 1, f"{case.old!r} has to stand in RIGHT once: adapt the case {case.title!r}"
        sources[case.title] = RIGHT.replace(case.old, case.new)
    paths = {title: folder / f"handlers_{number}.py" for number, title in enumerate(sources)}
    for title, path in paths.items():
        path.write_text(sources[title])
    return paths


@pytest.fixture(scope="module")
def errors(modules: dict[str, Path], mypy_cache: Path) -> dict[Path, list[Error]]:
    """What mypy, run once under the settings of pyproject.toml, finds in each module: line, code, message."""
    options = ["--config-file", str(ROOT / "pyproject.toml"), "--cache-dir", str(mypy_cache), "--output", "json"]
    command = [sys.executable, "-m", "mypy", *options, *map(str, modules.values())]
    folder = modules["right"].parent
    process = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert process.returncode == 1, f"mypy did not run as expected:\n{process.stdout}{process.stderr}"
    found: dict[Path, list[Error]] = defaultdict(list)
    for line in process.stdout.splitlines():
        error = json.loads(line)
        found[folder / error["file"]].append((error["line"], error["code"], error["message"]))
    return found


def test_right_handlers_are_accepted(modules: dict[str, Path], errors: dict[Path, list[Error]]) -> None:
    assert errors.get(modules["right"], []) == []
    assert errors.keys() <= set(modules.values()), "mypy finds fault with a file that these tests did not write"


@pytest.mark.parametrize("case", CASES, ids=[case.title for case in CASES])
def test_mypy_refuses(case: Wrong, modules: dict[str, Path], errors: dict[Path, list[Error]]) -> None:
    source = modules[case.title].read_text()
    assert source.count(case.at) == 1, f"{case.at!r} has to stand in the edited module once"
    line = source[: source.index(case.at)].count("\n") + 1

    found = errors.get(modules[case.title], [])

    assert [(line, code) for line, code, _ in found] == [(line, case.code)], found
    assert case.says in found[0][2]
