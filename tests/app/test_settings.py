"""Settings come from the environment, and a wrong one is told in a sentence that names it."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from app.settings import Settings, SettingsError, load_settings
from tests.service import ROOT


def test_the_defaults_serve_this_machine_alone() -> None:
    assert Settings().model_dump() == {
        "host": "127.0.0.1",
        "port": 8000,
        "database_url": "sqlite:///heroes.db",
        "workers": 1,
        "log_level": "info",
        "access_log": False,
        "max_body_size": 65536,
    }


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("HOST", "0.0.0.0", "0.0.0.0"),  # noqa: S104 (only read, never listened on)
        ("PORT", "9000", 9000),
        ("DATABASE_URL", "sqlite:////srv/heroes.db", "sqlite:////srv/heroes.db"),
        ("WORKERS", "4", 4),
        ("LOG_LEVEL", "DEBUG", "debug"),
        ("ACCESS_LOG", "true", True),
        ("MAX_BODY_SIZE", "2048", 2048),
    ],
)
def test_a_setting_is_read_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, expected: object
) -> None:
    monkeypatch.setenv(f"HEROES_{name}", value)

    assert getattr(load_settings(), name.lower()) == expected


@pytest.mark.parametrize(
    ("name", "value"),
    [("PORT", "s3cret"), ("PORT", "65536"), ("WORKERS", "0"), ("LOG_LEVEL", "s3cret"), ("ACCESS_LOG", "s3cret")],
)
def test_a_wrong_setting_is_named_and_never_shown(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(f"HEROES_{name}", value)

    with pytest.raises(SettingsError, match=f"^HEROES_{name}: Input should be") as caught:
        load_settings()

    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("environment", "said"),
    [
        ({"HEROES_WORKERS": "none"}, "HEROES_WORKERS: Input should be a valid integer"),
        ({"HEROES_DATABASE_URL": "s3cret"}, "HEROES_DATABASE_URL: not a database URL"),
        ({"HEROES_DATABASE_URL": "mysql://u:s3cret@h/d"}, "HEROES_DATABASE_URL: no engine for mysql"),
        ({"HEROES_DATABASE_URL": "sqlite://"}, "HEROES_DATABASE_URL: an SQLite database must be a file"),
        ({"HEROES_DATABASE_URL": "sqlite:////nowhere/heroes.db"}, "migration: OperationalError"),
    ],
)
def test_a_service_that_cannot_start_says_why_in_one_line(
    tmp_path: Path, environment: dict[str, str], said: str
) -> None:
    run = subprocess.run(
        [sys.executable, "-m", "app"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), **environment},
        capture_output=True,
        text=True,
        timeout=30,
    )

    assert run.returncode == 2
    assert run.stderr.startswith(said)
    assert run.stderr.count("\n") == 1
    assert "s3cret" not in run.stderr + run.stdout
