"""What a client sees of the five operations."""

from typing import Any

import httpx2
import pytest

JSON = "application/json"
PROBLEM = "application/problem+json"


def create(client: httpx2.Client, **fields: object) -> dict[str, Any]:
    """Creates a hero and returns what the public sees of it."""
    response = client.post("/heroes/", json={"name": "Deadpond", "secret_name": "Dive Wilson", **fields})
    assert response.status_code == 200, response.text
    hero: dict[str, Any] = response.json()
    return hero


def test_a_created_hero_is_answered_with_its_place(client: httpx2.Client) -> None:
    response = client.post("/heroes/", json={"name": "Deadpond", "secret_name": "Dive Wilson"})

    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    assert response.headers["Location"] == "/heroes/1"
    assert response.json() == {"id": 1, "name": "Deadpond", "age": None}
    assert client.get(response.headers["Location"]).json() == response.json()


def test_the_place_of_each_hero_is_its_own(client: httpx2.Client) -> None:
    places = [
        client.post("/heroes/", json={"name": "Deadpond", "secret_name": "x"}).headers["Location"] for _ in range(3)
    ]

    assert places == ["/heroes/1", "/heroes/2", "/heroes/3"]


def test_a_clients_id_and_unknown_members_are_ignored(client: httpx2.Client) -> None:
    assert create(client, id=4711, cape="red") == {"id": 1, "name": "Deadpond", "age": None}


def test_an_age_is_kept(client: httpx2.Client) -> None:
    hero = create(client, age=48)

    assert hero["age"] == 48
    assert client.get(f"/heroes/{hero['id']}").json() == hero


def test_ids_are_never_used_again(client: httpx2.Client) -> None:
    first = create(client)
    client.delete(f"/heroes/{first['id']}").raise_for_status()

    assert create(client)["id"] == first["id"] + 1


@pytest.mark.parametrize(
    "name", [" ", "  padded  ", "e\u0301", "\u00e9", "\U0001f600" * 100, "line\nbreak", "a\x01b", "'); --", "%00", "+"]
)
def test_text_is_stored_as_it_is_sent(client: httpx2.Client, name: str) -> None:
    hero = create(client, name=name)

    assert client.get(f"/heroes/{hero['id']}").json()["name"] == name
    assert client.get("/heroes/", params={"name": name}).json() == [hero]


def test_an_empty_list_is_a_list(client: httpx2.Client) -> None:
    response = client.get("/heroes/")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    assert response.json() == []
    assert "Link" not in response.headers


def test_heroes_are_listed_by_id(client: httpx2.Client) -> None:
    heroes = [create(client, name=name) for name in ("C", "A", "B")]

    assert client.get("/heroes/").json() == heroes


def test_offset_and_limit_cut_the_list(client: httpx2.Client) -> None:
    heroes = [create(client, name=str(number)) for number in range(5)]

    assert client.get("/heroes/", params={"offset": 1, "limit": 2}).json() == heroes[1:3]
    assert client.get("/heroes/", params={"offset": 5}).json() == []


def test_a_page_holds_100_heroes_unless_told_otherwise(client: httpx2.Client) -> None:
    heroes = [create(client, name=str(number)) for number in range(101)]

    assert client.get("/heroes/").json() == heroes[:100]


def test_links_lead_through_all_pages(client: httpx2.Client) -> None:
    heroes = [create(client, name="Deadpond" if number % 2 else "Other", age=7) for number in range(9)]
    response = client.get("/heroes/", params={"limit": 2, "name": "Deadpond", "age": 7})
    pages = [response.json()]
    while "next" in response.links:
        response = client.get(response.links["next"]["url"])
        pages.append(response.json())

    assert pages == [[heroes[1], heroes[3]], [heroes[5], heroes[7]]]


def test_a_cursor_neither_skips_nor_repeats_when_heroes_go(client: httpx2.Client) -> None:
    heroes = [create(client, name=str(number)) for number in range(4)]
    page = client.get("/heroes/", params={"limit": 2})
    client.delete(f"/heroes/{heroes[0]['id']}").raise_for_status()

    assert client.get(page.links["next"]["url"]).json() == heroes[2:]


def test_a_link_carries_any_name(client: httpx2.Client) -> None:
    name = 'a>b;"c", &=?#%25 ü😀'
    heroes = [create(client, name=name) for _ in range(2)]
    page = client.get("/heroes/", params={"limit": 1, "name": name})

    assert client.get(page.links["next"]["url"]).json() == heroes[1:]


def test_the_longest_link_fits_its_bound(client: httpx2.Client) -> None:
    name = "\U0001f600" * 100
    for _ in range(2):
        create(client, name=name)

    assert client.get("/heroes/", params={"limit": 1, "name": name}).status_code == 200


def test_filters_compare_exactly(client: httpx2.Client) -> None:
    hero = create(client, name="Deadpond", age=48)
    create(client, name="deadpond", age=48)
    create(client, name="Deadpond", age=None)

    assert client.get("/heroes/", params={"name": "Deadpond", "age": 48}).json() == [hero]
    assert len(client.get("/heroes/", params={"name": "Deadpond"}).json()) == 2
    assert len(client.get("/heroes/", params={"age": 48}).json()) == 2
    assert client.get("/heroes/", params={"age": 0}).json() == []


def test_only_the_fields_that_are_sent_change(client: httpx2.Client) -> None:
    hero = create(client, age=48)
    response = client.patch(f"/heroes/{hero['id']}", json={"name": "Deadpuddle"})

    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    assert response.json() == {**hero, "name": "Deadpuddle"}
    assert client.get(f"/heroes/{hero['id']}").json() == response.json()


def test_a_null_age_clears_it(client: httpx2.Client) -> None:
    hero = create(client, age=48)

    assert client.patch(f"/heroes/{hero['id']}", json={"age": None}).json() == {**hero, "age": None}


def test_an_empty_change_returns_the_hero(client: httpx2.Client) -> None:
    hero = create(client, age=48)

    assert client.patch(f"/heroes/{hero['id']}", json={}).json() == hero


def test_a_change_leaves_the_other_heroes_alone(client: httpx2.Client) -> None:
    first, second = create(client, name="A"), create(client, name="B")
    client.patch(f"/heroes/{first['id']}", json={"name": "C"}).raise_for_status()

    assert client.get(f"/heroes/{second['id']}").json() == second


def test_an_id_cannot_be_changed(client: httpx2.Client) -> None:
    hero = create(client)

    assert client.patch(f"/heroes/{hero['id']}", json={"id": 4711}).json() == hero


def test_a_deleted_hero_is_gone(client: httpx2.Client) -> None:
    hero, other = create(client), create(client)
    response = client.delete(f"/heroes/{hero['id']}")

    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON
    assert response.json() == {"ok": True}
    assert client.get(f"/heroes/{hero['id']}").status_code == 404
    assert client.get("/heroes/").json() == [other]


@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
@pytest.mark.parametrize("hero_id", [1, 9007199254740991])
def test_a_missing_hero_is_not_found(client: httpx2.Client, method: str, hero_id: int) -> None:
    response = client.request(method, f"/heroes/{hero_id}", json={"name": "X"} if method == "PATCH" else None)

    assert response.status_code == 404
    assert response.headers["Content-Type"] == PROBLEM
    assert response.json() == {"detail": "Hero not found"}


def test_an_empty_change_of_a_missing_hero_is_not_found(client: httpx2.Client) -> None:
    assert client.patch("/heroes/1", json={}).status_code == 404
