"""Boxes that come and go under the server's hands; refused codes that add up."""

from __future__ import annotations

import datetime as dt
import logging
from pathlib import Path

import pytest

from formserver import Running, publish
from zuofeng_survey.errors import AnswersInvalid, PollError, StorageError
from zuofeng_survey.store import Home, cast
from zuofeng_survey.web.api import Office
from zuofeng_survey.web.bodies import LIMIT_BYTES, read_json
from zuofeng_survey.web.boxes import Boxes
from zuofeng_survey.web.guesses import ALARM_PER_HOUR, LONGEST_PAUSE, Guesses

TODAY = dt.date.today()


@pytest.fixture
def office(tmp_path: Path):
    running = Running(Home.at(tmp_path), tmp_path / "log")
    publish(running, "MY", "my")
    boxes = Boxes(running.home)
    yield Office(boxes, threads=None)  # type: ignore[arg-type]
    boxes.dispose()


def test_a_box_is_opened_once(office: Office):
    assert office.boxes.store("my") is office.boxes.store("my")


@pytest.mark.parametrize("name", ["", ".", "..", "../my", "my/", "no", "my\0", "a" * 65, "my.db"])
def test_a_name_that_is_no_poll_leads_nowhere(office: Office, name: str):
    with pytest.raises(PollError) as error:
        office.boxes.store(name)
    assert error.value.code == "poll-unknown"
    with pytest.raises(PollError):
        office.boxes.counted(name, "0000-0000-0000-0000")


def test_a_poll_published_later_is_found(office: Office, tmp_path: Path):
    publish(Running(office.boxes.home, tmp_path / "log"), "TL", "tl")
    assert [p.name for p in office.boxes.polls(TODAY)] == ["my", "tl"]


def test_a_poll_of_the_same_name_is_another_poll(office: Office, tmp_path: Path):
    before = office.boxes.store("my")
    office.boxes.home.folder("my").rename(tmp_path / "elsewhere")
    publish(Running(office.boxes.home, tmp_path / "log"), "MY", "my")
    after = office.boxes.store("my")
    assert after is not before
    assert after.poll.public_key != before.poll.public_key


def test_a_box_frozen_in_the_middle_is_told_as_the_end(office: Office, tmp_path: Path):
    def frozen_meanwhile(_):
        office.boxes.home.folder("my").rename(tmp_path / "gone")
        office.boxes.home.dataset("my").mkdir()
        raise StorageError.of("database", why="no such file")

    with pytest.raises(PollError) as error:
        office.boxes.use("my", frozen_meanwhile)
    assert error.value.code == "poll-closed"


def test_a_damaged_box_hides_no_other(office: Office, tmp_path: Path):
    publish(Running(office.boxes.home, tmp_path / "log"), "TL", "tl")
    (office.boxes.home.folder("my") / "poll.db").write_bytes(b"not a database" * 1000)
    assert [p.name for p in office.boxes.polls(TODAY)] == ["tl"]


def test_a_receipt_is_found_by_its_first_eighty_bits_only(office: Office):
    receipts = [cast(office.boxes.store("my"), f"{n:032x}", "", {}).text for n in range(20)]
    assert all(office.boxes.counted("my", r) for r in receipts)
    assert office.boxes.counted("my", receipts[0].lower().replace("-", " "))
    last = receipts[0][-1]
    assert not office.boxes.counted("my", receipts[0][:-1] + ("0" if last != "0" else "1"))


def test_a_definition_is_worked_out_once_a_day(office: Office):
    first = office.told("my")
    assert office.told("my") is first
    office.today = lambda: TODAY + dt.timedelta(1)
    assert office.told("my").definition["today"] != first.definition["today"]


# ── bodies ────────────────────────────────────────────────────────────────────────────────────


def test_brackets_inside_words_are_words():
    assert read_json(b'{"a": "[[[[[[[[[[[[[[[[[[[[\\"{{{{"}')["a"].startswith("[[[")


def test_a_body_just_within_the_limit_is_read():
    body = b'{"a": "' + b"x" * (LIMIT_BYTES - 9) + b'"}'
    assert len(read_json(body)["a"]) == LIMIT_BYTES - 9
    with pytest.raises(AnswersInvalid):
        read_json(body + b" ")


# ── guesses ───────────────────────────────────────────────────────────────────────────────────


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_few_slips_of_the_pen_cost_nobody_anything():
    guesses = Guesses(Clock())
    for _ in range(20):
        guesses.refused()
    assert guesses.pause() == 0


def test_guessing_slows_everybody_a_little_and_nobody_for_long():
    clock = Clock()
    guesses = Guesses(clock)
    for _ in range(10_000):
        guesses.refused()
    assert guesses.pause() == LONGEST_PAUSE
    clock.now = 600
    assert guesses.pause() == 0


def test_the_alarm_rings_once_an_hour_and_names_nobody(caplog):
    clock = Clock()
    guesses = Guesses(clock)
    with caplog.at_level(logging.WARNING):
        for _ in range(3 * ALARM_PER_HOUR):
            guesses.refused()
    assert len(caplog.records) == 1
    clock.now = 3601
    with caplog.at_level(logging.WARNING):
        guesses.refused()
    assert len(caplog.records) == 2
