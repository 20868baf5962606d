"""Who voted what stays with the voter: what lies on disk while a poll is open, and after the freeze."""

import json
import logging
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import sqlalchemy as sa
from scipy.stats import kendalltau

from office import COUNTS, Office, new_id, number, open_poll, said
from zuofeng_survey import seal
from zuofeng_survey.codes import hash_code, new_code, pretty
from zuofeng_survey.dataset import Dataset, freeze
from zuofeng_survey.errors import CodeRefused
from zuofeng_survey.store import Home
from zuofeng_survey.store.database import envelopes, schema_of, transaction

POLLS, BALLOTS = 100, 25
CANARY = "金丝雀正文"


@pytest.fixture(params=["sqlite", "postgresql"])
def home(request, tmp_path):
    url = request.getfixturevalue("postgresql").url if request.param == "postgresql" else ""
    return Home.at(tmp_path / "home", database=url)


def voted(home: Home) -> tuple[Office, list[str]]:
    """Publish a poll and use every slip; return it with the ballot ids."""
    office, ids = open_poll(home), []
    for n, (code, _) in enumerate(office.slips):
        ids.append(new_id())
        office.cast(code, said(n, text=f"{CANARY}{n}") | {"P1": "yes"}, ids[-1])
    return office, ids


def canaries(office: Office, ids: list[str]) -> dict[str, list[bytes]]:
    """Return what must not be found, in the ways it could be written."""
    texts = [CANARY.encode(), CANARY.encode("utf-16-le"), b'"S1"', b'"answers"', b'"P1":"yes"']
    spelt = [form for code, _ in office.slips for form in (code, pretty(code), code.lower())]
    return {
        "answers": texts,
        "codes": [s.encode() for s in spelt],
        "ballot ids": [form for i in ids for form in (i.encode(), bytes.fromhex(i))],
        "key": [office.key.secret, office.key.dumps().encode()[-60:-4], office.key.secret.hex().encode()],
    }


def found_in(files: list[Path], wanted: dict[str, list[bytes]]) -> dict[str, str]:
    found = {}
    for path in files:
        raw = path.read_bytes() if path.exists() else b""  # a server's own files come and go
        if path.name == "poll.json":  # the questionnaire itself names its items
            raw = raw.replace(b'"S1"', b"").replace(b'"P1"', b"")
        found |= {what: path.name for what, forms in wanted.items() if any(f in raw for f in forms)}
    return found


def all_files(folder: Path) -> list[Path]:
    return [p for p in folder.rglob("*") if p.is_file() and p.parent.name != "keys"]


# ── while it is open ─────────────────────────────────────────────────────────────────────────────
def test_while_open_no_file_has_answers_codes_or_ballot_ids(home):
    office, ids = voted(home)
    assert found_in(all_files(home.path), canaries(office, ids)) == {}
    office.store.dispose()
    assert found_in(all_files(home.path), canaries(office, ids)) == {}


def test_while_open_postgresql_has_no_answers_codes_or_ballot_ids(tmp_path, postgresql):
    office, ids = voted(Home.at(tmp_path, database=postgresql.url))
    postgresql.sql("CHECKPOINT")
    files = [p for p in postgresql.folder.rglob("*") if p.is_file()]
    assert found_in(files, canaries(office, ids) | {"answers": [CANARY.encode()]}) == {}
    office.store.dispose()


def test_the_search_would_find_what_is_there(tmp_path):
    office, ids = voted(Home.at(tmp_path))
    for n, forms in enumerate(canaries(office, ids).values()):
        (tmp_path / f"{n}.txt").write_bytes(b"..." + forms[-1] + b"...")
    assert set(found_in(all_files(tmp_path), canaries(office, ids))) == {"answers", "codes", "ballot ids", "key"}
    office.store.dispose()


def test_envelopes_have_few_lengths_whatever_was_answered(home):
    office, _ = voted(home)
    assert len({len(e.box) for e in office.store.envelopes()}) <= 2
    office.store.dispose()


def test_without_the_ballot_id_no_guess_can_be_tested(home):
    office, ids = voted(home)
    guesses = [seal.canonical(said(n, text=f"{CANARY}{n}") | {"P1": "yes"}) for n in range(125)]
    known = [bytes(32), home.pepper, office.poll.public_key]
    with transaction(office.store._engine, writes=False) as connection:
        stored = {bytes(i): bytes(f) for i, f in connection.execute(sa.select(envelopes.c.id, envelopes.c.fingerprint))}
    for key in (*known, *stored, *(hash_code(c, pepper=home.pepper, poll=office.poll.name) for c, _ in office.slips)):
        assert not {seal.fingerprint(key.hex(), guess) for guess in guesses} & set(stored.values())
    assert {seal.fingerprint(i, g) for i, g in zip(ids, guesses, strict=False)} == set(stored.values())
    office.store.dispose()


def test_a_receipt_says_nothing_of_the_ballot(tmp_path):
    ballot_id = new_id()
    offices = [open_poll(Home.at(tmp_path / str(n))) for n in range(2)]
    receipts = {o.cast(o.codes("A")[0], said(n), ballot_id).text for n, o in enumerate(offices)}
    assert len(receipts) == 1
    for office in offices:
        office.store.dispose()


def test_an_unknown_a_used_and_a_foreign_code_take_the_same_way(tmp_path):
    office = open_poll(Home.at(tmp_path))
    used = office.codes("A")[0]
    office.cast(used, said(1))
    asked: list[list[str]] = []
    office.store._line._connection.set_trace_callback(lambda sql: asked[-1].append(re.sub(r"x'\w+'", "?", sql)))
    other = open_poll(office.home, "另一轮")
    for code in (used, new_code(), other.codes("A")[0]):
        asked.append([])
        with pytest.raises(CodeRefused):
            office.cast(code, said(2))
    assert asked[0] == asked[1] == asked[2] != []  # how long it takes: benchmarks/refusals.py
    other.store.dispose()
    office.store.dispose()


def test_casting_says_nothing_to_any_log(tmp_path, caplog, capfd):
    with caplog.at_level(logging.DEBUG):
        office, _ = voted(Home.at(tmp_path))
        freeze(office.store, office.key)
    assert caplog.records == []
    assert capfd.readouterr() == ("", "")


def test_acts_have_no_time_and_no_voter(tmp_path):
    office, _ = voted(Home.at(tmp_path))
    freeze(office.store, office.key)
    lines = [json.loads(line) for line in (tmp_path / "acts.jsonl").read_bytes().splitlines()]
    assert [line["act"] for line in lines] == ["publish", "close", "freeze", "destroy"]
    assert {key for line in lines for key in line} == {"n", "act", "poll", "before"}


# ── after the freeze ─────────────────────────────────────────────────────────────────────────────
def words(dataset: Dataset) -> str:
    """Return everything a dataset says, unpacked."""
    tables = [pd.read_parquet(p).to_csv() for p in dataset.path.glob("*.parquet")]
    rest = [p.read_text(encoding="utf-8") for p in dataset.path.iterdir() if p.suffix != ".parquet"]
    return "\n".join([*tables, *rest])


def test_after_the_freeze_nothing_of_the_box_is_left(home, postgresql):
    office, ids = voted(home)
    hashes = [hash_code(c, pepper=home.pepper, poll=office.poll.name) for c, _ in office.slips]
    boxes = [part for e in office.store.envelopes() for part in (e.id, e.fingerprint, e.box[:64])]
    dataset = freeze(office.store, office.key)
    wanted = canaries(office, ids) | {"answers": [b"\x00never\x00"], "box": boxes, "hashes": hashes}
    assert found_in(all_files(home.path), wanted) == {}
    told = words(dataset)
    for forms in (boxes, hashes, *(v for k, v in wanted.items() if k != "answers")):
        assert not any(f.hex() in told for f in forms)
    assert not list(home.path.rglob("poll.db*"))
    assert postgresql.sql(f"SELECT count(*) FROM pg_namespace WHERE nspname = '{schema_of(office.poll)}'") == "0"


def test_in_postgresql_codes_and_ballots_could_be_joined_and_after_the_freeze_cannot(tmp_path, postgresql):
    office, _ = voted(Home.at(tmp_path, database=postgresql.url))
    name = schema_of(office.poll)
    join = f'SELECT count(*) FROM {name}.codes c JOIN {name}.envelopes e ON c.xmin = e.xmin'
    assert postgresql.sql(join) == str(sum(COUNTS.values()))  # why an envelope is sealed
    freeze(office.store, office.key)
    left = f"SELECT count(*) FROM pg_class c JOIN pg_namespace n ON relnamespace = n.oid WHERE nspname = '{name}'"
    assert postgresql.sql(left) == "0"


def test_texts_and_what_was_asked_apart_cannot_be_joined_to_ballots(tmp_path):
    office, _ = voted(Home.at(tmp_path))
    dataset = freeze(office.store, office.key)
    columns = {p.stem: set(pd.read_parquet(p).columns) for p in dataset.path.glob("*.parquet")}
    assert columns["texts"] & {"ballot", "voter_class", "record"} == set()
    assert columns["apart"] & {"ballot", "voter_class", "salt"} == set()
    assert columns["ballots"] & columns["texts"] == {"salt"}
    salts = [pd.read_parquet(dataset.path / f"{name}.parquet")["salt"] for name in ("ballots", "texts")]
    assert not set(salts[0]) & set(salts[1])


@pytest.fixture(scope="module")
def orders(memory) -> dict[str, list[float]]:
    """Kendall's τ between the order of casting and every order that 100 frozen polls show."""
    found: dict[str, list[float]] = {}
    for n in range(POLLS):
        office = open_poll(Home.at(memory / str(n)))
        receipts = office.cast_all(texts=True)
        dataset = freeze(office.store, office.key)
        ratings = pd.read_parquet(dataset.path / "ratings.parquet")
        ballots = [number(g.set_index("item")["value"]) for _, g in ratings.groupby("ballot")]
        texts = pd.read_parquet(dataset.path / "texts.parquet")["text"].str[-3:].astype(int)
        listed = (dataset.path / "receipts.txt").read_text(encoding="ascii").split()
        shown = [receipts.index(r) for r in listed]
        pairs = {"ballots": ballots, "texts": texts, "receipts": shown}
        for name, order in pairs.items():
            assert sorted(order) == list(range(BALLOTS))
            found.setdefault(name, []).append(kendalltau(range(BALLOTS), order).statistic)
        for name, one, two in (("texts and ballots", texts, ballots), ("receipts and ballots", shown, ballots)):
            places = np.argsort(one), np.argsort(two)
            found.setdefault(name, []).append(kendalltau(*places).statistic)
    return found


@pytest.mark.parametrize("what", ["ballots", "texts", "receipts", "texts and ballots", "receipts and ballots"])
def test_no_order_in_a_dataset_carries_the_order_of_casting(orders, what):
    sd = (2 * (2 * BALLOTS + 5) / (9 * BALLOTS * (BALLOTS - 1))) ** 0.5  # of τ by chance (Kendall 1938)
    taus = np.array(orders[what])
    assert len(taus) == POLLS
    assert abs(taus.mean()) < 4 * sd / POLLS**0.5
    assert abs(np.abs(taus).mean() - sd * (2 / np.pi) ** 0.5) < 4 * sd * (1 - 2 / np.pi) ** 0.5 / POLLS**0.5
