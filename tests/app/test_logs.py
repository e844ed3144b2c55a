"""What the log says, and what it must never say."""

import logging
import sys
from pathlib import Path

import httpx2
import pytest

from app.logs import Formatter, configuration
from app.settings import Settings
from tests.service import ROOT, Service

CANARY = "Zq7-canary-4f1e"


def formatted(error: Exception) -> str:
    try:
        raise error
    except Exception:
        record = logging.LogRecord("x", logging.ERROR, "x.py", 1, "failed", None, sys.exc_info())
        record.exc_text = f"a rendering of another handler: {error}"
        return Formatter().format(record)


def test_an_exception_is_told_by_place_and_type_alone() -> None:
    text = formatted(ValueError(CANARY))

    assert "in formatted\n    raise error\nValueError" in text
    assert CANARY not in text


def test_the_causes_of_an_exception_are_told_alike() -> None:
    try:
        raise KeyError(CANARY)
    except KeyError as cause:
        error = RuntimeError(CANARY)
        error.__cause__ = cause

    text = formatted(error)

    assert text.index("KeyError") < text.index("which led to") < text.index("RuntimeError")
    assert CANARY not in text


@pytest.mark.parametrize("workers", ["1", "2"])
def test_a_secret_is_in_no_answer_and_no_log(tmp_path: Path, workers: str) -> None:
    hero = {"name": "Deadpond", "secret_name": CANARY}
    environment = {"HEROES_ACCESS_LOG": "true", "HEROES_LOG_LEVEL": "debug", "HEROES_WORKERS": workers}
    with Service(tmp_path, ROOT, **environment) as service, httpx2.Client(base_url=service.url) as client:
        answers = [
            client.post("/heroes/", json=hero),
            client.get("/heroes/1"),
            client.get("/heroes/"),
            client.patch("/heroes/1", json={"secret_name": CANARY}),
            client.patch("/heroes/1", json={"secret_name": CANARY, "age": -1}),
            client.patch("/heroes/1", json={"secret_name": CANARY * 20}),
            client.patch("/heroes/1", json={"secret_name": CANARY + "\0"}),
            client.patch("/heroes/1", json={"secret_name": [CANARY]}),
            client.post("/heroes/", json=[hero]),
            client.post("/heroes/", json=CANARY),
            client.post(
                "/heroes/", content=f'{{"secret_name": "{CANARY}"', headers={"Content-Type": "application/json"}
            ),
            client.post("/heroes/", content=f"secret_name={CANARY}", headers={"Content-Type": "text/plain"}),
            client.get("/heroes/", params={"secret_name": CANARY}),
            client.get("/heroes/", params={"limit": CANARY}),
            client.delete("/heroes/1"),
        ]
        service.stop()

    assert [answer.status_code for answer in answers] == [200] * 4 + [422] * 6 + [400, 415, 200, 422, 200]
    assert not any(CANARY in answer.text or CANARY in str(answer.headers) for answer in answers)
    assert '"GET /heroes/1 HTTP/1.1" 200' in service.log
    assert CANARY not in service.log


def test_the_log_level_is_set() -> None:
    assert configuration(Settings(log_level="debug"))["root"] == {"handlers": ["default"], "level": "DEBUG"}
