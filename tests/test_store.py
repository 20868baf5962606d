"""The ballot box, on SQLite and on PostgreSQL: one code, one ballot, and nothing half done."""

import datetime as dt
import json
import random
import shutil
import sqlite3
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
import sqlalchemy as sa

from office import Office, new_id, open_poll, opinion, said
from zuofeng_survey.codes import hash_code, new_code, pretty
from zuofeng_survey.errors import (
    AnswersInvalid,
    BallotConflict,
    CodeRefused,
    StorageError,
    ZuofengError,
)
from zuofeng_survey.store import Home, Store, admit, cast
from zuofeng_survey.store.database import codes, envelopes, metadata, state, transaction


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request, tmp_path):
    url = request.getfixturevalue("postgresql").url if request.param == "postgresql" else ""
    return Home.at(tmp_path / "home", database=url)


@pytest.fixture
def office(home):
    opened = open_poll(home)
    yield opened
    opened.store.dispose()


def refusal(act, *args, **kwargs) -> str:
    with pytest.raises(ZuofengError) as refused:
        act(*args, **kwargs)
    return refused.value.code


def burnt(store: Store) -> int:
    with transaction(store._engine, writes=False) as connection:
        return connection.execute(sa.select(sa.func.coalesce(sa.func.sum(codes.c.used), 0))).scalar()


# ── one code, one ballot ─────────────────────────────────────────────────────────────────────────
def test_a_ballot_is_counted_once_and_its_receipt_found(office):
    receipt = office.cast(office.codes("B")[0], said(7))
    now = office.store.status()
    assert receipt.fresh
    assert office.store.counted(receipt.text)
    assert not office.store.counted("0000-0000-0000-0000")
    assert (now.issued, now.cast, now.open) == ({"A": 5, "B": 20}, {"A": 0, "B": 1}, True)


def test_the_same_ballot_again_gives_the_same_receipt(office):
    code, ballot_id = office.codes("A")[0], new_id()
    first = office.cast(code, said(7), ballot_id)
    for other in (code, pretty(code).lower(), office.codes("A")[1], "", "typo"):
        assert office.cast(other, said(7), ballot_id).text == first.text
    assert sum(office.store.status().cast.values()) == burnt(office.store) == 1


def test_the_same_ballot_with_other_content_is_refused_and_burns_nothing(office):
    ballot_id = new_id()
    office.cast(office.codes("A")[0], said(7), ballot_id)
    for code in office.codes("A"):
        with pytest.raises(BallotConflict):
            office.cast(code, said(8), ballot_id)
    assert burnt(office.store) == 1


def test_one_code_gives_one_ballot(office):
    code = office.codes("A")[0]
    office.cast(code, said(1))
    assert refusal(office.cast, code, said(2)) == "code-refused"
    assert sum(office.store.status().cast.values()) == 1


def test_an_unknown_code_and_a_used_one_are_told_the_same(office):
    used, unknown = office.codes("A")[0], new_code()
    office.cast(used, said(1))
    told = []
    for code in (used, unknown):
        for act in (lambda c=code: office.cast(c, said(2)), lambda c=code: admit(office.store, c)):
            with pytest.raises(CodeRefused) as refused:
                act()
            told.append(json.dumps([p.as_json() for p in refused.value.problems]))
    assert len(set(told)) == 1


def test_a_code_of_another_poll_is_unknown_here(home, office):
    other = open_poll(home, "另一轮")
    assert refusal(office.cast, other.slips[0][0], said(1)) == "code-refused"
    other.store.dispose()


@pytest.mark.parametrize(("code", "told"), [("", "code-needed"), (None, "code-needed"), (7, "code-needed"),
                                            ("AAAA", "code-mistyped")])  # fmt: skip
def test_a_code_that_is_none_is_told_as_such(office, code, told):
    assert refusal(office.cast, code, said(1)) == told


@pytest.mark.parametrize("answers", [None, [], "x", {"S1": "4"}, {"M": {"T9": {"S1": "4"}}}, {"T1": b"x"},
                                     {"M": {"T1": {"S1": "9"}}}, {("a",): 1}, {"T1": {"x"}}])  # fmt: skip
def test_an_invalid_ballot_burns_no_code(office, answers):
    code = office.codes("A")[0]
    with pytest.raises(AnswersInvalid):
        office.cast(code, answers)
    assert burnt(office.store) == 0
    assert office.cast(code, said(1)).fresh


def test_nesting_without_end_is_refused(office):
    deep: dict = {}
    for _ in range(100_000):
        deep = {"M": deep}
    assert refusal(office.cast, office.codes("A")[0], deep) == "answers-shape"


@pytest.mark.parametrize("ballot_id", ["0" * 31, "0" * 33, "G" * 32, "A" * 32, 7, None, "0" * 32 + "\n"])
def test_a_ballot_id_is_32_hexadecimal_digits(office, ballot_id):
    assert refusal(cast, office.store, ballot_id, office.codes("A")[0], said(1)) == "ballot-id"


def test_a_nested_voter_rates_their_own_target_only(home):
    office = open_poll(home, counts={"C": 2})
    code = office.codes("C@T2")[0]
    assert admit(office.store, code)[1] == "C@T2"
    assert refusal(office.cast, code, said(1)) == "unknown-target"
    assert office.cast(code, {"M": {"T2": {"S1": "4"}}}).fresh
    office.store.dispose()


def test_turnout_is_told_by_class_and_never_by_target(home):
    office = open_poll(home, counts={"A": 3, "C": 1})
    office.cast(office.codes("C@T1")[0], {})
    now = office.store.status()
    assert (now.issued, now.cast) == ({"A": 3, "C": 2}, {"A": 0, "C": 1})
    office.store.dispose()


def test_a_poll_without_codes_is_open_to_all(home):
    office = open_poll(home, questionnaire=opinion(), counts=None)
    for _ in range(3):
        office.cast("", {"T1": "正文"})
    assert admit(office.store, "") == (None, "all")
    assert office.store.status().cast == {"all": 3}
    office.store.dispose()


def test_it_takes_nothing_outside_its_days_except_what_it_has(office):
    days = {"opens": dt.date(2020, 12, 20), "closes": dt.date(2020, 12, 22)}
    store, code, ballot_id = office.store, office.codes("A")[0], new_id()
    store.poll = store.poll.model_copy(update=days)
    assert refusal(cast, store, ballot_id, code, said(1), today=dt.date(2020, 12, 19)) == "poll-not-yet"
    first = cast(store, ballot_id, code, said(1), today=dt.date(2020, 12, 22))
    assert cast(store, ballot_id, code, said(1), today=dt.date(2030, 1, 1)).text == first.text
    assert refusal(cast, store, new_id(), code, said(1), today=dt.date(2020, 12, 23)) == "poll-closed"


def test_after_closing_nothing_new_comes_in_and_the_old_is_still_known(office):
    ballot_id, (code, other, *_) = new_id(), office.codes("A")
    first = office.cast(code, said(1), ballot_id)
    assert office.store.close()
    assert not office.store.close()
    assert office.cast(code, said(1), ballot_id).text == first.text
    assert refusal(office.cast, other, said(2)) == "poll-closed"
    assert burnt(office.store) == 1


def test_many_threads_with_one_code_get_one_ballot_in(office):
    code, gate = office.codes("B")[0], threading.Barrier(16)

    def try_it(n: int) -> bool:
        gate.wait()
        try:
            return office.cast(code, said(n)).fresh
        except CodeRefused:
            return False

    with ThreadPoolExecutor(16) as threads:
        assert sum(threads.map(try_it, range(16))) == 1
    assert burnt(office.store) == 1


def test_one_ballot_sent_by_many_threads_is_new_once(office):
    code, ballot_id = office.codes("B")[0], new_id()
    with ThreadPoolExecutor(8) as threads:
        receipts = list(threads.map(lambda _: office.cast(code, said(7), ballot_id), range(8)))
    assert len({r.text for r in receipts}) == 1
    assert sum(r.fresh for r in receipts) == 1


# ── what lies in it ──────────────────────────────────────────────────────────────────────────────
def test_the_tables_have_these_columns_and_no_time_or_address(office):
    found = sa.inspect(office.store._engine)
    schema = office.store._engine.get_execution_options().get("schema_translate_map", {}).get(None)
    tables = {t: [c["name"] for c in found.get_columns(t, schema)] for t in found.get_table_names(schema)}
    assert tables == {
        "codes": ["hash", "voter_class", "used"],
        "envelopes": ["id", "fingerprint", "voter_class", "box"],
        "state": ["one", "definition", "open", "cast", "digest"],
    }
    assert set(tables) == set(metadata.tables)


def test_code_hashes_lie_in_the_order_of_the_hashes(office):
    pepper = office.home.pepper
    hashes = sorted(hash_code(c, pepper=pepper, poll=office.poll.name) for c, _ in office.slips)
    with transaction(office.store._engine, writes=False) as connection:
        stored = [bytes(h) for (h,) in connection.execute(sa.select(codes.c.hash))]
    assert stored == hashes


ALTERED = {
    "an envelope is removed": sa.delete(envelopes).where(envelopes.c.id == sa.bindparam("one")),
    "an envelope is emptied": sa.update(envelopes).values(box=b"x").where(envelopes.c.id == sa.bindparam("one")),
    "a fingerprint is changed": sa.update(envelopes).values(fingerprint=bytes(32)),
    "an envelope changes class": sa.update(envelopes).values(voter_class="A"),
    "a code is used up": sa.update(codes).values(used=1),
    "a code is made good again": sa.update(codes).values(used=0),
    "a code changes class": sa.update(codes).values(voter_class="A"),
    "a code is removed": sa.delete(codes).where(codes.c.used == 0),
    "a code is added": sa.insert(codes).values(hash=bytes(32), voter_class="B", used=0),
    "the count is changed": sa.update(state).values(cast=2),
    "the digest is changed": sa.update(state).values(digest=bytes(32)),
}


@pytest.mark.parametrize("what", ALTERED)
def test_a_box_that_was_altered_is_not_counted(office, what):
    for n, code in enumerate(office.codes("B")[:3]):
        office.cast(code, said(n))
    one = next(office.store.envelopes()).id
    with transaction(office.store._engine, writes=True) as connection:
        values = {"one": one} if ":one" in str(ALTERED[what]) else {}
        connection.execute(ALTERED[what], values)
    assert refusal(lambda: list(office.store.envelopes())) == "box-altered"


def copy_of(office: Office, folder: Path) -> Store:
    """Copy a home with its box, for a test to spoil."""
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(office.home.path, folder)
    return Store(Home.at(folder), office.poll)


SPOILT = (
    "DELETE FROM envelopes WHERE id = ?",
    "UPDATE envelopes SET box = randomblob(length(box)) WHERE id = ?",
    "UPDATE envelopes SET box = CAST(box || x'00' AS BLOB) WHERE id = ?",
    "UPDATE envelopes SET id = randomblob(32) WHERE id = ?",
    "UPDATE envelopes SET fingerprint = randomblob(32) WHERE id = ?",
    "UPDATE envelopes SET voter_class = CASE voter_class WHEN 'A' THEN 'B' ELSE 'A' END WHERE id = ?",
    "UPDATE envelopes SET id = 'text' WHERE id = ?",
    "UPDATE envelopes SET box = 7 WHERE id = ?",
    "INSERT INTO envelopes SELECT randomblob(32), fingerprint, voter_class, box FROM envelopes WHERE id = ?",
    "UPDATE codes SET used = 1 - used WHERE hash = (SELECT hash FROM codes WHERE ? != '' ORDER BY random() LIMIT 1)",
    "DELETE FROM codes WHERE hash = (SELECT hash FROM codes WHERE ? != '' ORDER BY random() LIMIT 1)",
    "DELETE FROM state WHERE ? != ''",
    "UPDATE state SET digest = randomblob(32) WHERE ? != ''",
)


def test_whatever_is_done_to_a_box_behind_its_back_is_noticed(memory):
    office = open_poll(Home.at(memory / "home1"))
    office.cast_all()
    ids = [e.id for e in office.store.envelopes()]
    office.store.dispose()
    for trial in range(260):
        store = copy_of(office, memory / "copy")
        if trial % 20:
            with closing(sqlite3.connect(memory / "copy/polls" / office.poll.name / "poll.db")) as box:
                box.execute(SPOILT[trial % len(SPOILT)], (ids[trial % 25],))
                box.commit()
            assert refusal(lambda s=store: list(s.envelopes())) == "box-altered", SPOILT[trial % len(SPOILT)]
        else:
            assert len(list(store.envelopes())) == 25


def test_a_flipped_byte_of_the_file_never_gives_a_wrong_total(memory):
    rng = random.Random(5)
    office = open_poll(Home.at(memory / "home2"))
    office.cast_all()
    whole = list(office.store.envelopes())
    office.store.dispose()
    noticed = 0
    for _ in range(150):
        store = copy_of(office, memory / "copy")
        path = memory / "copy/polls" / office.poll.name / "poll.db"
        raw = bytearray(path.read_bytes())
        raw[rng.randrange(len(raw))] ^= 1 << rng.randrange(8)
        path.write_bytes(raw)
        try:
            assert list(store.envelopes()) == whole  # an unused byte of a page
        except StorageError:
            noticed += 1
    assert noticed > 30


def test_swapping_two_boxes_or_doubling_one_is_noticed(office):
    for n, code in enumerate(office.codes("B")[:3]):
        office.cast(code, said(n))
    first, second, _ = office.store.envelopes()
    with transaction(office.store._engine, writes=True) as connection:
        for envelope, box in ((first, second.box), (second, first.box)):
            mine = envelopes.c.id == envelope.id
            connection.execute(sa.update(envelopes).where(mine).values(box=box))
    assert refusal(lambda: list(office.store.envelopes())) == "box-altered"
