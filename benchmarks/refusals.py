"""Unknown, used and foreign codes at the form server: the same answer, in the same time?

TRUST.md A8. Each kind is sent in turns over one kept connection, the pause for guessers switched off (it
would hide any difference). |Δmedian| in milliseconds and the p value of Kolmogorov–Smirnov's test for each
pair; nothing here decides a test.
"""

from __future__ import annotations

import http.client
import itertools
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from statistics import median
from typing import Any

from scipy.stats import ks_2samp

from benchmarks.pages import free_port, running
from zuofeng_survey.codes import new_code
from zuofeng_survey.poll import Target
from zuofeng_survey.publishing import publish
from zuofeng_survey.questionnaire import Text
from zuofeng_survey.store import Home, Store, cast

SERVE = """
import sys
from zuofeng_survey.web import guesses
from zuofeng_survey.web.server import serve
from zuofeng_survey.store import Home
guesses.FREE_PER_MINUTE = 10**9
serve(Home.at(sys.argv[1]), port=int(sys.argv[2]))
"""
ROSTER = [Target(name=f"t{n}", label=Text(zh=f"人员{n}")) for n in range(1, 8)]
FULL = {"B": {t.name: {f"FZ-B0{n}": "4" for n in range(1, 10)} for t in ROSTER}}


def codes_of(home: Home, asked: int) -> dict[str, list[str]]:
    """Publish two polls, use the codes of one of them, and return codes of each kind."""
    counts = {"A": 50, "B": 50, "C": 50, "D": 50}
    made = {
        name: publish(home, "FZ", name, targets=ROSTER, counts=counts, url="http://127.0.0.1")
        for name in ("here", "there")
    }
    used = [code for code, _ in made["here"].slips[:100]]
    with Store.of(home, "here") as store:
        for code in used:
            cast(store, os.urandom(16).hex(), code, FULL)
    foreign = [code for code, _ in made["there"].slips[:100]]
    repeat = lambda some: list(itertools.islice(itertools.cycle(some), asked))  # noqa: E731
    return {
        "unknown": [new_code() for _ in range(asked)],
        "used": repeat(used),
        "foreign": repeat(foreign),
    }


def ask(line: http.client.HTTPConnection, what: str, code: str) -> tuple[float, str]:
    """Send one code; return how long the answer took in milliseconds, and the answer."""
    body: dict[str, Any] = {"code": code}
    if what == "ballots":
        body |= {"ballot_id": os.urandom(16).hex(), "answers": FULL}
    raw = json.dumps(body).encode()
    begun = time.perf_counter()
    line.request("POST", f"/p/here/{what}", raw, {"Content-Type": "application/json"})
    answer = line.getresponse()
    said = answer.read().decode()
    return 1000 * (time.perf_counter() - begun), f"{answer.status} {said}"


def compared(port: int, what: str, codes: dict[str, list[str]]) -> dict[str, Any]:
    """Ask in turns, so that whatever else the machine does falls on every kind alike."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    times: dict[str, list[float]] = {kind: [] for kind in codes}
    answers = set()
    kinds = list(codes)
    for n in range(len(codes["used"])):
        for kind in kinds[n % 3 :] + kinds[: n % 3]:  # none of them always comes first
            spent, said = ask(line, what, codes[kind][n])
            times[kind].append(spent)
            answers.add(said)
    pairs = {
        f"{a} – {b}": {
            "median_difference_ms": round(abs(median(times[a]) - median(times[b])), 4),
            "ks_p": round(float(ks_2samp(times[a], times[b]).pvalue), 4),
        }
        for a, b in itertools.combinations(times, 2)
    }
    medians = {kind: round(median(spent), 3) for kind, spent in times.items()}
    return {"different_answers": len(answers), "median_ms": medians, "pairs": pairs}


def run(*, asked: int = 5000) -> dict[str, Any]:
    """Return all figures of this page."""
    with tempfile.TemporaryDirectory() as folder:
        home = Home.at(Path(folder))
        codes = codes_of(home, asked)
        port = free_port()
        server = [sys.executable, "-c", SERVE, str(home.path), str(port)]
        with running(server, f"http://127.0.0.1:{port}/health", start_new_session=True):
            found = {what: compared(port, what, codes) for what in ("code", "ballots")}
    return {"asked_of_each_kind": asked, **found}


if __name__ == "__main__":
    json.dump(run(), sys.stdout, indent=1, ensure_ascii=False)
    sys.stdout.write("\n")
