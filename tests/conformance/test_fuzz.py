"""A minute of fuzzing, and that fuzzing finds what it is for. `make fuzz` is the long run."""

import os
from pathlib import Path

from tests import fuzz
from tests.service import ROOT, Service

# Python runs this on start, before the service: it breaks what a run must notice.
_FAULTS = """
import logging
import os

from app.heroes import Heroes
from generated.api import ReadHero200

create_hero = Heroes.create_hero


async def create_and_tell(self, *, body):
    logging.getLogger("faults").error("created %r", body)
    return await create_hero(self, body=body.model_copy(update={"name": f"{body.name}, alias {body.secret_name}"}))


async def die(self, *, hero_id):
    os._exit(3)


ReadHero200.status = 418
Heroes.create_hero = create_and_tell
Heroes.delete_hero = die
"""


def test_fuzzing_finds_no_fault(tmp_path: Path) -> None:
    summary = fuzz.run(
        Service(tmp_path, ROOT, **fuzz.TALKATIVE), seconds=40, seed=1, least=fuzz.Least(cases=800, scenarios=80)
    )

    assert not summary.problems, summary


def test_fuzzing_notices_what_a_faulty_service_does(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(_FAULTS)
    service = Service(tmp_path, ROOT, **fuzz.TALKATIVE, PYTHONPATH=os.pathsep.join((str(tmp_path), str(ROOT))))
    # A path that is not there makes Schemathesis warn.
    options = ["--phases", "examples", "--exclude-path", "/nowhere"]

    summary = fuzz.run(service, 20, 1, fuzz.Least(cases=100, scenarios=1), *options)

    for problem in (
        "Schemathesis ended with status 1",
        " operations were tested",
        "failure: Undocumented status code",
        "error: Server Unavailable",
        "warning: unmatched_filter",
        "cases are too few",
        "0 scenarios of the phase coverage are too few",
        "0 scenarios of the phase fuzzing are too few",
        "0 scenarios of the phase stateful are too few",
        "/heroes/ holds the secret_name 'Dive Wilson'",
        "the log holds the secret_name 'Dive Wilson'",
        "the service logged: ",
        "exit status 3",
    ):
        assert problem in "\n".join(summary.problems), f"fuzzing did not notice: {problem}\n{summary}"
