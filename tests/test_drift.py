"""A drill: each small wrong edit is caught by the first gate that can see it, and the gate says what is wrong.

The gates, in the order in which a developer meets them: `freshness` (codegen --check), `types` (mypy --strict),
`start-up` of the service, and the tests.
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import mypy.api
import pytest

from codegen.__main__ import main as codegen
from tests.service import ROOT

_START = """
import asyncio
from app.database.migrate import migrate
from app.main import create_app
from app.settings import load_settings

async def start():
    app = create_app()
    async with app.router.lifespan_context(app):
        pass

migrate(load_settings().database_url)
asyncio.run(start())
"""
HEROES = "tests/app/test_heroes.py"
MIGRATIONS = "tests/app/database"


@dataclass(frozen=True)
class Edit:
    """A wrong edit: `old` becomes `new` in `file`. `regenerated` tells whether make generate is run after it."""

    title: str
    file: str
    old: str
    new: str
    caught_by: str
    says: str
    regenerated: bool = False


EDITS = [
    Edit(
        "a handler answers with an undeclared status",
        "app/heroes.py",
        "return ReadHero200(hero) if hero else _not_found()",
        "return ReadHero200(hero) if hero else UpdateHero200(HeroPublic(id=1, name='x', age=None))",
        "types",
        'expected "ReadHero200 | NotFound"',
    ),
    Edit(
        "a handler declares an answer that the operation does not have",
        "app/heroes.py",
        "-> ReadHero200 | NotFound:",
        "-> ReadHero200 | NotFound | UpdateHero200:",
        "types",
        'of "read_hero" incompatible with',
    ),
    Edit(
        "a body stands under the wrong status",
        "app/heroes.py",
        "DeleteHero200(Deleted(ok=True)) if hero",
        "DeleteHero200(hero) if hero",
        "types",
        'incompatible type "HeroPublic"; expected "Deleted"',
    ),
    Edit(
        "a required header is missing",
        "app/heroes.py",
        "CreateHero200(hero, location=READ_HERO.url(hero_id=hero.id))",
        "CreateHero200(hero)",
        "types",
        'Missing named argument "location"',
    ),
    Edit(
        "a handler is removed",
        "app/heroes.py",
        "    @override\n    async def delete_hero(",
        "    async def _delete_hero(",
        "types",
        'Cannot instantiate abstract class "Heroes" with abstract attribute "delete_hero"',
    ),
    Edit(
        "a handler has no operation",
        "app/heroes.py",
        "    @override\n    async def delete_hero(",
        "    @override\n    async def praise_hero(self) -> None: ...\n\n    @override\n    async def delete_hero(",
        "types",
        'Method "praise_hero" is marked as an override',
    ),
    Edit(
        "a handler has no operation and does not say that it is one",
        "app/heroes.py",
        "    @override\n    async def delete_hero(",
        "    async def praise_hero(self) -> None: ...\n\n    @override\n    async def delete_hero(",
        "start-up",
        "Heroes.praise_hero implements no operation",
    ),
    Edit(
        "a route is added by hand",
        "app/main.py",
        "    problems.install(app)\n",
        "    problems.install(app)\n    app.get('/debug')(lambda: 'x')\n",
        "start-up",
        "the route GET /debug is neither in the contract nor among the operational routes",
    ),
    Edit(
        "a field is renamed in the contract and nothing generated",
        "openapi.yaml",
        "        instance:\n",
        "        occurrence:\n",
        "freshness",
        "schemas.py is stale: run make generate",
    ),
    Edit(
        "a description is edited in the contract and nothing generated",
        "openapi.yaml",
        "description: Returns the hero with this id.",
        "description: Returns a hero.",
        "freshness",
        "api.py is stale: run make generate",
    ),
    Edit(
        "a bound is loosened in generated code",
        "generated/schemas.py",
        "le=1000000",
        "le=2000000",
        "freshness",
        "schemas.py is stale: run make generate",
    ),
    Edit(
        "the seal is broken in generated code",
        "generated/runtime.py",
        "if type(response) not in declared:",
        "if False:",
        "freshness",
        "runtime.py is stale: run make generate",
    ),
    Edit(
        "an operation is removed from the contract",
        "openapi.yaml",
        "    delete:\n      operationId: deleteHero",
        "    x-delete:\n      operationId: deleteHero",
        "types",
        'Module "generated.api" has no attribute "DeleteHero200"',
        regenerated=True,
    ),
    Edit(
        "an operation is renamed in the contract",
        "openapi.yaml",
        "operationId: readHero\n      summary",
        "operationId: fetchHero\n      summary",
        "types",
        'Method "read_hero" is marked as an override, but no base method was found',
        regenerated=True,
    ),
    Edit(
        "an answer is removed from the contract",
        "openapi.yaml",
        '        "404":\n          $ref: "#/components/responses/NotFound"\n        "422"',
        '        "422"',
        "types",
        'of "read_hero" incompatible with',
        regenerated=True,
    ),
    Edit(
        "a parameter is renamed in the contract",
        "openapi.yaml",
        "      name: offset\n",
        "      name: skip\n",
        "types",
        'of "list_heroes" incompatible with supertype "generated.api.HeroesApi"',
        regenerated=True,
    ),
    Edit(
        "a field is added to the contract",
        "openapi.yaml",
        "      required: [id, name, age]\n      properties:\n",
        "      required: [id, name, age, team]\n      properties:\n        team:\n          type: string\n",
        "start-up",
        "a query for HeroPublic must return its fields, not id, name, age",
        regenerated=True,
    ),
    Edit(
        "a query returns the secret",
        "app/heroes.py",
        "_PUBLIC = (col(Hero.id), col(Hero.name), col(Hero.age))",
        "_PUBLIC = (col(Hero.id), col(Hero.name), col(Hero.age), col(Hero.secret_name))",
        "start-up",
        "a query for HeroPublic must return its fields, not id, name, age, secret_name",
    ),
    Edit(
        "the tables change and no migration does it",
        "app/tables.py",
        'Index("hero_by_age", "age", "id"),',
        "",
        MIGRATIONS,
        "hero_by_age",
    ),
    Edit(
        "a null is taken for an absent field",
        "app/heroes.py",
        "changes = body.model_dump()",
        "changes = body.model_dump(exclude_none=True)",
        HEROES,
        "test_a_null_age_clears_it",
    ),
    Edit(
        "a filter is dropped",
        "app/heroes.py",
        '(("name", name), ("age", age))',
        '(("name", name),)',
        HEROES,
        "test_filters_compare_exactly",
    ),
    Edit(
        "the next page is never announced",
        "app/heroes.py",
        "limit=limit + 1",
        "limit=limit",
        HEROES,
        "test_links_lead_through_all_pages",
    ),
    Edit(
        "a change is undone instead of committed",
        "app/database/sqlite.py",
        'self._driver.execute("COMMIT")',
        'self._driver.execute("ROLLBACK")',
        HEROES,
        "test_a_created_hero_is_answered_with_its_place",
    ),
    Edit(
        "a deletion takes all heroes",
        "app/heroes.py",
        "delete(Hero).where(_THIS)",
        'delete(Hero).where(col(Hero.id) >= bindparam("hero_id"))',
        HEROES,
        "test_a_cursor_neither_skips_nor_repeats_when_heroes_go",
    ),
]


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the repository to edit."""
    copy = tmp_path_factory.mktemp("drift")
    for name in ("app", "generated", "tests"):
        shutil.copytree(ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("openapi.yaml", "pyproject.toml"):
        shutil.copy(ROOT / name, copy / name)
    return copy


@pytest.fixture
def edit_in(copy: Path) -> Iterator[Callable[[Edit], None]]:
    """Applies an edit, and puts everything back."""
    kept: dict[Path, str] = {}

    def apply(edit: Edit) -> None:
        kept.update({path: path.read_text() for path in [*copy.glob("generated/*.py"), copy / edit.file]})
        text = kept[copy / edit.file]
        assert edit.old in text, f"{edit.old!r} does not stand in {edit.file} any more: renew the edit"
        (copy / edit.file).write_text(text.replace(edit.old, edit.new, 1))

    yield apply
    for path, text in kept.items():
        path.write_text(text)


def gates(copy: Path, tests: str) -> Iterator[tuple[str, int, str]]:
    """Each gate in turn: its name, its exit status and what it says."""
    yield "freshness", *in_process(lambda: codegen(["openapi.yaml", "--output", "generated", "--check"]))
    said, errors, status = mypy.api.run(["--cache-dir", str(copy / ".mypy_cache"), "app", "generated"])
    yield "types", status, said + errors
    yield "start-up", *run(copy, "-c", _START)
    if tests.startswith("tests/"):
        yield tests, *run(copy, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", tests)


def in_process(command: Callable[[], int]) -> tuple[int, str]:
    return command(), ""


def run(copy: Path, *arguments: str) -> tuple[int, str]:
    environment = {**os.environ, "HEROES_DATABASE_URL": f"sqlite:///{copy / 'heroes.db'}"}
    done = subprocess.run(
        [sys.executable, *arguments], cwd=copy, env=environment, capture_output=True, text=True, timeout=120
    )
    return done.returncode, done.stdout + done.stderr


def first_catch(copy: Path, tests: str, capsys: pytest.CaptureFixture[str]) -> tuple[str, str]:
    for gate, status, said in gates(copy, tests):
        if status:
            return gate, said + capsys.readouterr().err
    return "nothing", ""


def test_the_unedited_copy_passes_every_gate(
    copy: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(copy)

    assert first_catch(copy, HEROES, capsys) == ("nothing", "")


@pytest.mark.parametrize("edit", EDITS, ids=lambda edit: edit.title)
def test_a_wrong_edit_is_caught(
    copy: Path,
    edit_in: Callable[[Edit], None],
    edit: Edit,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(copy)
    edit_in(edit)
    if edit.regenerated:
        assert codegen(["openapi.yaml", "--output", "generated"]) == 0, capsys.readouterr().err

    gate, said = first_catch(copy, edit.caught_by, capsys)

    assert gate == edit.caught_by, f"it was caught by {gate} instead, which says:\n{said}"
    assert edit.says in said
