"""SQLite and PostgreSQL: what they must promise, and what is said when they do not."""

from contextlib import closing

import pytest

from office import new_id, open_poll, said
from zuofeng_survey.errors import StorageError, ZuofengError
from zuofeng_survey.store import Home, Store, cast


def refusal(act, *args, **kwargs) -> str:
    with pytest.raises(ZuofengError) as refused:
        act(*args, **kwargs)
    return refused.value.code


# ── the databases ────────────────────────────────────────────────────────────────────────────────
def test_sqlite_writes_every_ballot_to_disk(tmp_path):
    office = open_poll(Home.at(tmp_path))
    office.cast(office.codes("A")[0], said(1))
    pragmas = {"journal_mode": "wal", "synchronous": 2, "secure_delete": 1, "trusted_schema": 0, "temp_store": 2}
    with closing(office.store._line._connection.cursor()) as cursor:
        found = {p: cursor.execute(f"PRAGMA {p}").fetchone()[0] for p in pragmas}
    assert found == pragmas
    office.store.dispose()


@pytest.mark.parametrize("url", ["mysql://u@h/d", "nonsense", "postgresql+nothing://u@h/d/x?y", "sqlite:///x.db"])
def test_a_database_that_will_not_do_is_told(tmp_path, url):
    assert refusal(open_poll, Home.at(tmp_path, database=url)) in ("database-url", "database")
    assert list((tmp_path / "polls").iterdir()) == []


def test_a_database_that_is_away_is_told_without_its_password(tmp_path):
    home = Home.at(tmp_path, database="postgresql://u:geheim@127.0.0.1:1/d")
    with pytest.raises(StorageError) as refused:
        open_poll(home)
    assert refused.value.code == "database"
    assert "geheim" not in str(refused.value) + repr(home)


def test_a_poll_in_postgresql_asks_for_the_url_when_it_was_left_out(tmp_path, postgresql):
    office = open_poll(Home.at(tmp_path, database=postgresql.url))
    office.store.dispose()
    assert refusal(Store.of, Home.at(tmp_path), office.poll.name) == "database-needed"


def test_a_poll_in_a_file_is_found_also_when_a_url_is_given(tmp_path, postgresql):
    office = open_poll(Home.at(tmp_path))
    again = Store.of(Home.at(tmp_path, database=postgresql.url), office.poll.name)
    assert cast(again, new_id(), office.codes("A")[0], said(1)).fresh
    assert office.store.status().cast["A"] == 1
    again.dispose()
    office.store.dispose()


def test_a_server_restarted_between_two_ballots_loses_neither(tmp_path, postgresql):
    office = open_poll(Home.at(tmp_path, database=postgresql.url))
    first, second, *_ = office.codes("A")
    office.cast(first, said(1))
    postgresql.stop()
    assert refusal(office.cast, second, said(2)) == "database"
    postgresql.start()
    assert office.cast(second, said(2)).fresh
    assert office.store.status().cast["A"] == 2
    office.store.dispose()


@pytest.mark.parametrize(("option", "told"), [("track_commit_timestamp=on", "database-keeps-times"),
                                              ("log_statement=mod", "database-keeps-times"),
                                              ("fsync=off", "not-durable")])  # fmt: skip
def test_a_server_that_keeps_times_or_loses_commits_is_refused(tmp_path, postgresql, option, told):
    postgresql.stop()
    postgresql.start(option)
    try:
        assert refusal(open_poll, Home.at(tmp_path, database=postgresql.url)) == told
    finally:
        postgresql.stop()
        postgresql.start()


def test_postgresql_commits_at_once_and_reads_what_is_committed(tmp_path, postgresql):
    office = open_poll(Home.at(tmp_path, database=postgresql.url + "&options=-csynchronous_commit%3Doff"))
    office.cast(office.codes("A")[0], said(1))
    asked = {"synchronous_commit": "on", "lock_timeout": "30s", "transaction_isolation": "read committed"}
    found = {name: office.store._line._connection.execute(f"SHOW {name}").fetchone()[0] for name in asked}
    assert found == asked
    office.store.dispose()
