"""The service as an operator runs it: a process of its own, on a free port, over an empty database file."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx2

ROOT = Path(__file__).parent.parent
_PATIENCE = 30


class Service:
    """Runs `python -m app` of the checkout `root`; its database and log go into `folder`.

    `environment` adds to the settings.
    """

    def __init__(self, folder: Path, root: Path = ROOT, **environment: str) -> None:
        self._root = root
        self.log_path = folder / "service.log"
        self.database_path = folder / "heroes.db"
        self._environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("HEROES_")},
            "HEROES_PORT": "0",
            "HEROES_DATABASE_URL": f"sqlite:///{self.database_path}",
            **environment,
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.url = ""

    def start(self) -> Self:
        """Starts the process and waits until it answers."""
        written = self.log_path.stat().st_size if self.log_path.exists() else 0
        with self.log_path.open("ab") as log:
            command = [sys.executable, "-m", "app"]
            self._process = subprocess.Popen(
                command, cwd=self._root, env=self._environment, stdout=log, stderr=log, start_new_session=True
            )
        deadline = time.monotonic() + _PATIENCE
        while not self._answers(written):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise AssertionError(f"the service did not start:\n{self.log}")
            time.sleep(0.02)
        return self

    def _answers(self, written: int) -> bool:
        # With several workers it says where it listens before any of them does.
        self.url = self._announced(written)
        try:
            return bool(self.url) and httpx2.get(f"{self.url}/openapi.json").is_success
        except httpx2.TransportError:
            return False

    def _announced(self, start: int) -> str:
        lines = self.log_path.read_bytes()[start:].decode().splitlines()
        return next((line.split(" on ")[1].split()[0] for line in lines if "Uvicorn running on " in line), "")

    @property
    def log(self) -> str:
        """All that the process has written."""
        return self.log_path.read_text()

    def kill(self) -> None:
        """Ends all its processes at once, as a power cut would."""
        assert self._process, "the service was never started"
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait(_PATIENCE)

    def stop(self) -> int:
        """Ends it politely and returns its exit status."""
        assert self._process, "the service was never started"
        self._process.terminate()
        return self._process.wait(_PATIENCE)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process and self._process.poll() is None:
            self.stop()
