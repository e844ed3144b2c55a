"""The embedded engine: what it promises of each transaction, and that nothing one of them does harms another."""

import asyncio
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, closing
from pathlib import Path

import apsw
import httpx2
import pytest
from sqlmodel import bindparam, col, insert, select, update
from typing_extensions import override

from app.database import Database, Query, Transaction, Unavailable, connect
from app.settings import Settings
from app.tables import Hero
from generated.schemas import HeroPublic
from tests.app.database.conftest import PATIENCE, Impatient, Lock

pytestmark = pytest.mark.anyio

_PUBLIC = (col(Hero.id), col(Hero.name), col(Hero.age))
_CREATE = Query(HeroPublic, insert(Hero).returning(*_PUBLIC))
_UPDATE = Query(HeroPublic, update(Hero).where(col(Hero.id) == bindparam("hero_id")).returning(*_PUBLIC))
_LIST = Query(HeroPublic, select(*_PUBLIC).order_by(col(Hero.id)))


def _creating(name: str = "Deadpond") -> Callable[[Transaction], Awaitable[HeroPublic | None]]:
    return lambda transaction: transaction.fetch_one(_CREATE, name=name, secret_name="Dive Wilson")


async def _names(database: Database) -> list[str]:
    return [hero.name for hero in await database.fetch(_LIST)]


async def _driver(database: Database) -> apsw.Connection:
    """The connection that transactions run on."""

    async def reveal(transaction: Transaction) -> apsw.Connection:
        driver: apsw.Connection = transaction.driver  # type: ignore[attr-defined]
        return driver

    return await database.transaction(reveal)


@asynccontextmanager
async def _busy(database: Database) -> AsyncIterator[None]:
    """Keeps the writer in a transaction of its own, so that those asked for meanwhile wait and make one group."""
    begun, released = threading.Event(), threading.Event()

    async def wait(_: Transaction) -> None:
        begun.set()
        assert released.wait(PATIENCE)

    waiting = asyncio.create_task(database.transaction(wait))
    try:
        assert await asyncio.to_thread(begun.wait, PATIENCE)
        yield
        # All tasks made meanwhile begin, which is to say that they queue.
        await asyncio.sleep(0)
    finally:
        released.set()
        await waiting


class Commits:
    """Counts what the writer commits."""

    def __init__(self, driver: apsw.Connection) -> None:
        self.count = 0
        driver.set_commit_hook(self._note)

    def _note(self) -> bool:
        self.count += 1
        return False


class Syncs(apsw.VFS):
    """Files as usual, while counting how often they are made safe against a power cut."""

    def __init__(self) -> None:
        self.count = 0
        self._base = apsw.vfs_names()[0]
        super().__init__("syncs", self._base, makedefault=True)

    @override
    def xOpen(self, name: str | apsw.URIFilename | None, flags: list[int]) -> apsw.VFSFile:
        syncs = self

        class File(apsw.VFSFile):
            @override
            def xSync(self, flags: int) -> None:
                syncs.count += 1
                super().xSync(flags)

        return File(self._base, name, flags)


@pytest.fixture
def syncs() -> Iterator[Syncs]:
    syncs = Syncs()
    yield syncs
    syncs.unregister()


async def test_the_writer_keeps_a_log_and_syncs_it_at_each_commit(database: Database) -> None:
    driver = await _driver(database)

    assert driver.pragma("journal_mode") == "wal"
    assert driver.pragma("synchronous") == 2, "an answered write is on disk with synchronous=FULL alone"


async def test_a_transaction_is_synced_to_disk_before_it_is_answered(syncs: Syncs, database: Database) -> None:
    for _ in range(5):
        before = syncs.count
        await database.transaction(_creating())
        assert syncs.count > before


async def test_outside_of_a_transaction_nothing_can_be_written(database: Database) -> None:
    with pytest.raises(Unavailable, match="ReadOnlyError"):
        await database.fetch(_CREATE, name="Deadpond", secret_name="Dive Wilson")

    assert await database.fetch(_LIST) == []


async def test_a_transaction_sees_its_own_changes_and_nobody_else_does_before_it_is_answered(
    database: Database,
) -> None:
    changed, released = threading.Event(), threading.Event()

    async def create_and_wait(transaction: Transaction) -> list[HeroPublic]:
        await transaction.fetch_one(_CREATE, name="Deadpond", secret_name="Dive Wilson")
        seen = await transaction.fetch(_LIST)
        changed.set()
        assert released.wait(PATIENCE)
        return seen

    answer = asyncio.create_task(database.transaction(create_and_wait))
    try:
        assert await asyncio.to_thread(changed.wait, PATIENCE)
        seen_meanwhile = await database.fetch(_LIST)
    finally:
        released.set()

    assert seen_meanwhile == []
    assert await answer == await database.fetch(_LIST) != []


async def test_transactions_that_wait_are_committed_together(syncs: Syncs, database: Database) -> None:
    commits = Commits(await _driver(database))
    async with _busy(database):
        answers = [asyncio.create_task(database.transaction(_creating(str(number)))) for number in range(100)]
        committed, synced = commits.count, syncs.count
    heroes = await asyncio.gather(*answers)

    # One more is the transaction that kept the writer busy.
    assert 1 <= commits.count - committed <= 2
    assert 1 <= syncs.count - synced < 10
    assert await database.fetch(_LIST) == heroes
    assert [hero.name for hero in heroes if hero] == [str(number) for number in range(100)]


async def test_many_concurrent_transactions_need_fewer_commits(database: Database) -> None:
    commits = Commits(await _driver(database))

    heroes = await asyncio.gather(*(database.transaction(_creating()) for _ in range(500)))

    assert len({hero.id for hero in heroes if hero}) == 500
    assert len(await database.fetch(_LIST)) == 500
    assert commits.count < 250


async def test_an_endless_queue_is_committed_in_parts(database: Database) -> None:
    commits = Commits(await _driver(database))
    async with _busy(database):
        answers = [asyncio.create_task(database.transaction(_creating())) for _ in range(1000)]
        committed = commits.count
    await asyncio.gather(*answers)

    assert commits.count - committed > 2, "who was first would wait for who was last"


class Mistake(Exception):
    """What the work of a test raises."""


async def test_work_that_raises_undoes_its_own_changes_alone(database: Database) -> None:
    commits = Commits(await _driver(database))
    mistake = Mistake()

    async def create_and_fail(transaction: Transaction) -> None:
        await transaction.fetch_one(_CREATE, name="undone", secret_name="Dive Wilson")
        raise mistake

    async with _busy(database):
        before = asyncio.create_task(database.transaction(_creating("before")))
        failing = asyncio.create_task(database.transaction(create_and_fail))
        after = asyncio.create_task(database.transaction(_creating("after")))
        committed = commits.count
    with pytest.raises(Mistake) as caught:
        await failing
    await asyncio.gather(before, after)

    assert caught.value is mistake
    assert commits.count - committed <= 2, "all were in one group, or this tests too little"
    assert await _names(database) == ["before", "after"]


async def test_a_row_that_the_tables_refuse_fails_its_own_transaction_alone(database: Database) -> None:
    async def create_twice(transaction: Transaction) -> None:
        await transaction.fetch_one(_CREATE, name="undone", secret_name="Dive Wilson")
        await transaction.fetch_one(_CREATE, name="x" * 101, secret_name="Dive Wilson")

    async with _busy(database):
        before = asyncio.create_task(database.transaction(_creating("before")))
        failing = asyncio.create_task(database.transaction(create_twice))
        after = asyncio.create_task(database.transaction(_creating("after")))
    with pytest.raises(apsw.ConstraintError, match="hero_name"):
        await failing
    await asyncio.gather(before, after)

    assert await _names(database) == ["before", "after"]


async def test_work_may_handle_what_the_tables_refuse_and_go_on(database: Database) -> None:
    async def create_or_else(transaction: Transaction) -> None:
        try:
            await transaction.fetch_one(_CREATE, name="", secret_name="Dive Wilson")
        except apsw.ConstraintError:
            await transaction.fetch_one(_CREATE, name="or else", secret_name="Dive Wilson")

    await database.transaction(create_or_else)

    assert await _names(database) == ["or else"]


async def test_a_full_disk_fails_the_group_and_leaves_nothing_of_it(database: Database) -> None:
    driver = await _driver(database)
    await database.transaction(_creating("before"))

    async def fill_up(transaction: Transaction) -> None:
        for _ in range(1000):
            await transaction.fetch_one(_CREATE, name="\U0001f9b8" * 100, secret_name="Dive Wilson")

    async with _busy(database):
        answers = [asyncio.create_task(database.transaction(work)) for work in (_creating(), fill_up, _creating())]
        pages = driver.pragma("max_page_count", driver.pragma("page_count"))
    refused = await asyncio.gather(*answers, return_exceptions=True)
    driver.pragma("max_page_count", 2 * pages + 1000)
    await database.transaction(_creating("after"))

    assert [repr(answer) for answer in refused] == [repr(Unavailable("SQLite: FullError"))] * 3
    assert await _names(database) == ["before", "after"]


async def _sleep() -> None:
    await asyncio.sleep(0.001)


async def _yield() -> None:
    await asyncio.sleep(0)


async def _wait_for_a_thread() -> None:
    await asyncio.to_thread(int)


@pytest.mark.parametrize("pause", [_sleep, _yield, _wait_for_a_thread])
async def test_work_that_awaits_something_else_is_refused_and_undone(
    database: Database, pause: Callable[[], Awaitable[None]]
) -> None:
    async def create_and_pause(transaction: Transaction) -> None:
        await transaction.fetch_one(_CREATE, name="undone", secret_name="Dive Wilson")
        await pause()

    with pytest.raises(RuntimeError):
        await database.transaction(create_and_pause)

    await database.transaction(_creating("after"))
    assert await _names(database) == ["after"]


class Leaving(BaseException):
    """What `except Exception` does not catch."""


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
@pytest.mark.parametrize("error", [asyncio.CancelledError, Leaving])
async def test_work_that_raises_what_is_no_exception_leaves_the_writer_usable(
    database: Database, error: type[BaseException]
) -> None:
    async def create_and_leave(transaction: Transaction) -> None:
        await transaction.fetch_one(_CREATE, name="undone", secret_name="Dive Wilson")
        raise error

    with pytest.raises((error, RuntimeError)):
        await database.transaction(create_and_leave)
    await database.transaction(_creating("after"))

    assert await _names(database) == ["after"]


async def test_who_asked_may_be_gone_when_the_answer_comes(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    async with _busy(database):
        gone = asyncio.create_task(database.transaction(_creating("gone")))
        patient = asyncio.create_task(database.transaction(_creating("patient")))
        await asyncio.sleep(0)
        gone.cancel()
    with pytest.raises(asyncio.CancelledError):
        await gone
    await patient
    await database.transaction(_creating("after"))

    # Whether the transaction of who has gone is carried out is not promised.
    assert [name for name in await _names(database) if name != "gone"] == ["patient", "after"]
    assert caplog.records == []


async def test_closing_finishes_what_was_queued(database: Database, database_path: Path) -> None:
    async with _busy(database):
        answers = [asyncio.create_task(database.transaction(_creating(str(number)))) for number in range(10)]
        await asyncio.sleep(0)
        closing_task = asyncio.create_task(database.close())
    await closing_task
    heroes = await asyncio.gather(*answers)

    assert [hero.name for hero in heroes if hero] == [str(number) for number in range(10)]
    with closing(apsw.Connection(str(database_path))) as file:
        assert file.execute("SELECT count(*) FROM hero").get == 10


async def test_a_closed_database_leaves_one_file_and_opens_again(settings: Settings, database_path: Path) -> None:
    for number in range(3):
        database = connect(settings.database_url)
        await database.open()
        await database.transaction(_creating(str(number)))
        names = await _names(database)
        await database.close()
        assert names == [str(earlier) for earlier in range(number + 1)]
        assert [file.name for file in database_path.parent.iterdir()] == [database_path.name]


async def test_two_writers_on_one_file_that_read_and_then_write_lose_nothing(
    database: Database, settings: Settings
) -> None:
    other = Impatient(connect(settings.database_url))
    await other.open()
    await database.transaction(_creating())

    async def grow_older(transaction: Transaction) -> None:
        [hero] = await transaction.fetch(_LIST)
        await transaction.fetch(_UPDATE, hero_id=hero.id, age=(hero.age or 0) + 1)

    async def grow_much_older(database: Database) -> None:
        for _ in range(50):
            await database.transaction(grow_older)

    await asyncio.gather(*(grow_much_older(writer) for writer in (database, other) for _ in range(2)))
    await other.close()

    assert [hero.age for hero in await database.fetch(_LIST)] == [200]


def test_the_writer_outlives_the_event_loop_of_who_asked(settings: Settings) -> None:
    database = Impatient(connect(settings.database_url))
    begun, released = threading.Event(), threading.Event()

    async def wait(_: Transaction) -> None:
        begun.set()
        assert released.wait(PATIENCE)

    async def ask_and_go() -> None:
        await database.open()
        asking = asyncio.create_task(database.transaction(wait))
        await asyncio.to_thread(begun.wait, PATIENCE)
        asking.cancel()

    async def ask_and_stay() -> list[str]:
        released.set()
        await database.transaction(_creating("after"))
        names = await _names(database)
        await database.close()
        return names

    asyncio.run(ask_and_go())

    assert asyncio.run(ask_and_stay()) == ["after"]


async def test_a_file_that_another_process_holds_is_waited_for(database: Database, lock: Lock) -> None:
    with lock():
        answer = asyncio.create_task(database.transaction(_creating()))
        await asyncio.sleep(0.2)
        assert not answer.done()

    assert await answer


async def test_a_file_that_another_process_holds_on_to_is_unavailable_until_it_lets_go(
    database: Database, lock: Lock
) -> None:
    await database.transaction(_creating("before"))
    with lock():
        attempts = [database.transaction(_creating("refused")) for _ in range(3)]
        refused = await asyncio.gather(*attempts, return_exceptions=True)
        assert await _names(database) == ["before"], "readers go on"
    await database.transaction(_creating("after"))

    assert [type(answer) for answer in refused] == [Unavailable] * 3
    assert {str(answer) for answer in refused} == {"SQLite: BusyError"}
    assert await _names(database) == ["before", "after"]


def test_a_client_hears_when_to_try_again_while_another_process_holds_the_file(
    client: httpx2.Client, lock: Lock
) -> None:
    hero = {"name": "Deadpond", "secret_name": "Dive Wilson"}
    with lock():
        response = client.post("/heroes/", json=hero, timeout=PATIENCE)
        assert client.get("/heroes/").json() == [], "readers go on"

    assert response.status_code == 503
    assert response.headers["Content-Type"] == "application/problem+json"
    assert int(response.headers["Retry-After"]) >= 1
    assert response.json() == {"detail": "The service is temporarily unavailable"}
    assert client.post("/heroes/", json=hero).status_code == 200
