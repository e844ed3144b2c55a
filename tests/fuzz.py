"""Fuzzes the service as it runs, with Schemathesis: `python -m tests.fuzz`. What is sent stands in schemathesis.toml.

A run passes only if Schemathesis found no failure and gave no warning, and if all this holds too, which Schemathesis
does not ask for: it did enough, the process lived through it and logged no error, and no answer and no line of the log
holds a `secret_name` that was sent.
"""

import argparse
import base64
import json
import re
import secrets
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, unquote

from typing_extensions import override

from tests.service import ROOT, Service

# For a service that is to be fuzzed: it says all that it can, so that the log is searched for all that it could say.
TALKATIVE = {"HEROES_LOG_LEVEL": "debug", "HEROES_ACCESS_LOG": "true"}

# In seconds, beyond the time that a run is given: to start, and to finish what is under way.
_PATIENCE = 60
# A third of what a busy machine with two cores does in a second.
_CASES_PER_SECOND = 20
_SCENARIOS_PER_SECOND = 2
_ALARM = re.compile(r"^.*\b(?:ERROR|CRITICAL)\b.*$|^Traceback.*$", re.MULTILINE)


@dataclass(frozen=True)
class Least:
    """What a run must have done to count: the stateful phase alone may stop after a few scenarios, and succeed."""

    cases: int
    scenarios: int
    secrets: int = 5

    @classmethod
    def within(cls, seconds: int) -> Self:
        """What any machine does in this time."""
        return cls(cases=_CASES_PER_SECOND * seconds, scenarios=_SCENARIOS_PER_SECOND * seconds)


@dataclass(frozen=True)
class Summary:
    """What one run did. It passed if there are no problems; `output` is all that Schemathesis printed."""

    seed: int
    cases: int
    scenarios: int
    secrets: int
    problems: list[str]
    output: str

    @override
    def __str__(self) -> str:
        did = f"{self.cases} cases, {self.scenarios} stateful scenarios, {self.secrets} secrets looked for"
        if not self.problems:
            return f"seed {self.seed}: passed ({did})"
        listed = "".join(f"\n  - {problem}" for problem in self.problems)
        return f"{self.output}\nseed {self.seed}: FAILED ({did}){listed}"


@dataclass(frozen=True)
class _Exchange:
    request: str
    # What was sent where everyone may read it again.
    public: str
    # All that came back, headers and body.
    answer: str


@dataclass
class _Traffic:
    """What went over the wire, in its order."""

    exchanges: list[_Exchange] = field(default_factory=list)
    secrets: set[str] = field(default_factory=set)
    # How many were tried, by phase.
    scenarios: Counter[str] = field(default_factory=Counter)

    @property
    def telling_secrets(self) -> list[str]:
        """The secrets that are not likely to stand anywhere by chance."""
        return sorted(secret for secret in self.secrets if len(secret) >= 8 and len(set(secret)) >= 5)

    @property
    def kept_secrets(self) -> list[str]:
        """Of these, the ones that were sent nowhere else."""
        public = "\n".join(exchange.public for exchange in self.exchanges)
        return [secret for secret in self.telling_secrets if secret not in public]


def run(service: Service, seconds: int, seed: int, least: Least | None = None, *options: str) -> Summary:
    """Starts the service, fuzzes it, and stops it. `options` are more options for `schemathesis run`."""
    folder = service.log_path.parent
    events, verdict = folder / "events.ndjson", folder / "verdict.json"
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color", "--config-file", str(ROOT / "schemathesis.toml")]
    command += ["run", "--max-time", str(seconds), "--seed", str(seed), *options]
    command += ["--report-ndjson-path", str(events), "--report-json-path", str(verdict)]
    with service:
        command.append(f"{service.url}/openapi.json")
        process = subprocess.run(
            command,
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
            errors="replace",
            timeout=seconds + _PATIENCE,
        )
        status = service.stop()
    traffic = _read(events)
    log = service.log_path.read_text(errors="replace")
    cases, scenarios, kept = len(traffic.exchanges), traffic.scenarios["stateful"], len(traffic.kept_secrets)
    least = least or Least.within(seconds)
    problems = [
        *_verdict(process.returncode, verdict),
        *_shortfalls("cases", cases, least.cases),
        *_shortfalls("scenarios of the phase examples", traffic.scenarios["examples"], 1),
        *_shortfalls("scenarios of the phase coverage", traffic.scenarios["coverage"], 1),
        *_shortfalls("scenarios of the phase fuzzing", traffic.scenarios["fuzzing"], 1),
        *_shortfalls("scenarios of the phase stateful", scenarios, least.scenarios),
        *_shortfalls("secrets", kept, least.secrets),
        *_leaks(traffic, log),
        *(f"the service logged: {line}" for line in _ALARM.findall(log)[:5]),
    ]
    if status not in (0, -signal.SIGTERM):
        problems.append(f"the service died, or did not stop as it should: exit status {status}")
    return Summary(seed, cases, scenarios, kept, problems, process.stdout)


def _verdict(status: int, path: Path) -> Iterator[str]:
    """Why the run did not succeed in Schemathesis' own eyes."""
    if status != 0:
        yield f"Schemathesis ended with status {status}"
    report: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    if not report.get("complete"):
        yield "Schemathesis did not finish"
        return
    if report["operations"]["tested"] < report["operations"]["total"]:
        yield f"only {report['operations']['tested']} of {report['operations']['total']} operations were tested"
    if report["test_cases"]["without_checks"]:
        yield f"{report['test_cases']['without_checks']} cases were not checked"
    for failure in report["failures"]:
        yield f"failure: {failure['title']}, {failure['count']} times, in {', '.join(failure['operations'])}"
    for error in report["errors"]:
        yield f"error: {error['title']}, {error['count']} times"
    for kind, warnings in report["warnings"].items():
        if warnings:
            yield f"warning: {kind}: {warnings}"


def _shortfalls(what: str, count: int, least: int) -> Iterator[str]:
    if count < least:
        yield f"{count} {what} are too few, {least} were expected: give it more time, or find what stopped it"


def _read(path: Path) -> _Traffic:
    traffic = _Traffic()
    if not path.exists():
        return traffic
    with path.open() as lines:
        for line in lines:
            for kind, event in json.loads(line).items():
                if kind != "ScenarioFinished":
                    continue
                traffic.scenarios[event["phase"]] += event["status"] != "skip"
                for interaction in event["recorder"].get("interactions", {}).values():
                    _note(traffic, interaction)
    return traffic


def _note(traffic: _Traffic, interaction: dict[str, Any]) -> None:
    request, response = interaction["request"], interaction.get("response") or {}
    headers = [f"{name}: {value}" for name, values in response.get("headers", {}).items() for value in values]
    answer = "\n".join([*headers, _text(response.get("content"))])
    public = [request["uri"], unquote(request["uri"])]
    try:
        body = json.loads(_text(request.get("body")))
    except ValueError:
        body = None
    if isinstance(body, dict):
        secret = body.pop("secret_name", None)
        if isinstance(secret, str):
            traffic.secrets.add(secret)
        public += [value for value in body.values() if isinstance(value, str)]
    traffic.exchanges.append(_Exchange(f"{request['method']} {request['uri']}", "\n".join(public), answer))


def _text(content: Any) -> str:
    """Decodes bytes as the report writes them."""
    encoded = content.get("$base64", "") if isinstance(content, dict) else ""
    return base64.b64decode(encoded).decode(errors="replace")


def _leaks(traffic: _Traffic, log: str) -> Iterator[str]:
    for secret in traffic.telling_secrets:
        spellings = _spellings(secret)
        for exchange in traffic.exchanges:
            # The order counts: Schemathesis sends in public what it has read in an answer.
            if secret in exchange.public:
                break
            if any(spelling in exchange.answer for spelling in spellings):
                yield f"leak: the answer to {exchange.request} holds the secret_name {secret!r}"
                break
    for secret in traffic.kept_secrets:
        if any(spelling in log for spelling in _spellings(secret)):
            yield f"leak: the log holds the secret_name {secret!r}"


def _spellings(text: str) -> set[str]:
    """The text as it is, as JSON and Python may escape it, and as a URL does."""
    return {
        text,
        json.dumps(text)[1:-1],
        json.dumps(text, ensure_ascii=False)[1:-1],
        repr(text)[1:-1],
        quote(text, errors="replace"),
    }


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description="Fuzzes the service as it runs.")
    parser.add_argument(
        "--seconds", type=int, default=570, help="how long to fuzz, in all (default: %(default)s; 60 or more is of use)"
    )
    parser.add_argument(
        "--seed", type=int, help="repeat the run of this seed (default: three new seeds, a third of the time each)"
    )
    arguments = parser.parse_args()
    seeds = [secrets.randbelow(2**32) for _ in range(3)] if arguments.seed is None else [arguments.seed]
    seconds = max(1, arguments.seconds // len(seeds))
    failed = 0
    for seed in seeds:
        print(f"seed {seed}: fuzzing for {seconds} seconds", flush=True)
        with tempfile.TemporaryDirectory() as folder:
            summary = run(Service(Path(folder), ROOT, **TALKATIVE), seconds, seed)
        print(summary, flush=True)
        failed += bool(summary.problems)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
