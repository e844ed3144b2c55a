"""The handlers of the tag `heroes`."""

from functools import cache

from sqlmodel import bindparam, col, delete, insert, select, update
from typing_extensions import override

from app.database import Database, Query
from app.tables import Hero
from generated.api import (
    LIST_HEROES,
    READ_HERO,
    CreateHero200,
    DeleteHero200,
    HeroesApi,
    ListHeroes200,
    NotFound,
    ReadHero200,
    UpdateHero200,
)
from generated.schemas import Deleted, HeroCreate, HeroPublic, HeroUpdate, Problem

_PUBLIC = (col(Hero.id), col(Hero.name), col(Hero.age))
_THIS = col(Hero.id) == bindparam("hero_id")

_READ = Query(HeroPublic, select(*_PUBLIC).where(_THIS))
_CREATE = Query(HeroPublic, insert(Hero).returning(*_PUBLIC))
_UPDATE = Query(HeroPublic, update(Hero).where(_THIS).returning(*_PUBLIC))
_DELETE = Query(HeroPublic, delete(Hero).where(_THIS).returning(*_PUBLIC))


@cache
def _page(*filters: str) -> Query[HeroPublic]:
    statement = select(*_PUBLIC).where(col(Hero.id) > bindparam("after"))
    for name in filters:
        statement = statement.where(getattr(Hero, name) == bindparam(name))
    return Query(HeroPublic, statement.order_by(col(Hero.id)).offset(bindparam("offset")).limit(bindparam("limit")))


class Heroes(HeroesApi):
    """Keeps heroes in a database. Every method may raise app.database.Unavailable."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @override
    async def list_heroes(
        self, *, offset: int, limit: int, after: int | None, name: str | None, age: int | None
    ) -> ListHeroes200:
        filters = {column: value for column, value in (("name", name), ("age", age)) if value is not None}
        # One more than the page holds tells whether there is a next one.
        heroes = await self._database.fetch(
            _page(*filters), after=after or 0, offset=offset, limit=limit + 1, **filters
        )
        if len(heroes) <= limit:
            return ListHeroes200(heroes)
        page = heroes[:limit]
        following = LIST_HEROES.url(query={"limit": limit, "after": page[-1].id, **filters})
        return ListHeroes200(page, link=f'<{following}>; rel="next"')

    @override
    async def create_hero(self, *, body: HeroCreate) -> CreateHero200:
        hero = await self._database.transaction(lambda heroes: heroes.fetch_one(_CREATE, **body.model_dump()))
        assert hero, "an insert returns its row"
        return CreateHero200(hero, location=READ_HERO.url(hero_id=hero.id))

    @override
    async def read_hero(self, *, hero_id: int) -> ReadHero200 | NotFound:
        hero = await self._database.fetch_one(_READ, hero_id=hero_id)
        return ReadHero200(hero) if hero else _not_found()

    @override
    async def update_hero(self, *, hero_id: int, body: HeroUpdate) -> UpdateHero200 | NotFound:
        changes = body.model_dump()
        if changes:
            hero = await self._database.transaction(
                lambda heroes: heroes.fetch_one(_UPDATE, hero_id=hero_id, **changes)
            )
        else:
            hero = await self._database.fetch_one(_READ, hero_id=hero_id)
        return UpdateHero200(hero) if hero else _not_found()

    @override
    async def delete_hero(self, *, hero_id: int) -> DeleteHero200 | NotFound:
        hero = await self._database.transaction(lambda heroes: heroes.fetch_one(_DELETE, hero_id=hero_id))
        return DeleteHero200(Deleted(ok=True)) if hero else _not_found()


def _not_found() -> NotFound:
    return NotFound(Problem(detail="Hero not found"))
