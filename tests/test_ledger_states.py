"""The state machines, walked at random: whatever is tried, what stands is what the declaration allows."""

import datetime as dt
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ledger_entries import APPEAL, BY, CLOSED, DAY, KEY, PROBLEM, TASK
from zuofeng_survey.errors import LedgerError
from zuofeng_survey.ledger import Book, Change, declaration, declarations
from zuofeng_survey.ledger.database import events, transaction
from zuofeng_survey.ledger.recording import Batch, Now

FIRST = {"problems": (KEY, PROBLEM), "tasks": ("GZ-2020-001", TASK), "appeals": ("SQ-2020-000001", APPEAL)}
SAID = {
    "problems": {**CLOSED, "evidence": "照片", "measures_done": True, "lookback": "没有反弹", "mend_by": "2020-09-01"},
    "tasks": {f"q{n}_{what}": v for n in (1, 2, 3, 4) for what, v in (("pct", 50), ("text", "好"))}
    | {"h1_pct": 40, "h1_checker": "核账员", "y_result": "完成", "y_approver": "负责人", "y_reason": "无"},
    "appeals": {"accept_notice_at": "2020-03-04", "six_mode": "马上办", "assigned_to": "甲镇", "result": "支持",
                "visitor": "作风办", "score": "好", "transfer_at": "2020-03-03", "review_at": "2020-05-01"},
}  # fmt: skip
WALKS = st.sampled_from(sorted(FIRST)).flatmap(
    lambda name: st.tuples(
        st.just(name),
        st.lists(
            st.tuples(
                st.sampled_from([None, *(t.name for t in declaration(name).transitions)]),
                st.sets(st.sampled_from(sorted(SAID[name])), max_size=9),
            ),
            max_size=12,
        ),
    )
)


@given(WALKS)
def test_no_walk_leaves_the_declared_steps_or_breaks_a_rule(walk: tuple[str, Sequence]):
    name, steps = walk
    known, (key, first) = declaration(name), FIRST[name]
    batch = Batch(known, {}, by=BY, on=DAY)
    batch.take(0, Change(key, first))
    for n, (step, fields) in enumerate(steps, start=1):
        before, problems = batch.now[key], len(batch.problems)
        batch.take(n, Change(key, {f: SAID[name][f] for f in sorted(fields)}, before.version, step))
        now = batch.now[key]
        if len(batch.problems) > problems:
            assert now == before
        elif step:
            taken = known.step(step)
            assert taken and before.state in taken.sources and now.state == taken.target
            assert all(now.row.get(f) is not None for f in taken.needs)
        else:
            assert now.state == before.state
        _holds(name, now)
    assert [e.version for e in batch.events] == list(range(1, len(batch.events) + 1))


def _holds(name: str, now: Now) -> None:
    """Say again, in plain Python, what the declarations promise."""
    row = now.row
    if name == "problems" and now.state in ("已销号", "回头看", "归档"):
        assert row["witnesses"] >= 2 and row["evidence"] and row["published"] and row["measures_done"]
        assert row["approver"] != row["owner"]
        span = dt.date.fromisoformat(row["lookback_due"]) - dt.date.fromisoformat(row["closed_date"])
        assert 90 <= span.days <= 180
    if name == "tasks":
        assert row["owner"] not in (row.get("h1_checker"), row.get("y_approver"))
    if name == "appeals":
        assert row["kind"] != "检举控告" or set(row) <= {"appeal_id", "kind", "transfer_at"}


@settings(max_examples=6, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture])
@given(WALKS)
def test_the_log_gives_back_what_was_done_and_verifies(memory: Path, walk: tuple[str, Sequence]):
    name, steps = walk
    key, first = FIRST[name]
    with TemporaryDirectory(dir=memory) as folder:
        book = Book.open(Path(folder))
        book.record(name, [Change(key, first)], by=BY, on=DAY)
        for step, fields in steps:
            entry = book.entry(name, key)
            change = Change(key, {f: SAID[name][f] for f in fields}, int(entry["version"]), step)
            try:
                book.record(name, [change], by=BY, on=DAY)
            except LedgerError:
                assert book.entry(name, key) == entry
        told = book.events(name, key)
        replayed = {r.field: r.new for r in told.itertuples() if r.field}
        kept = {f: v for f, v in replayed.items() if v is not None and v == v}
        assert set(kept) == set(book.entry(name, key)) - {"state", "version", "recorded", "due", "clock", "overdue"}
        assert book.verify() == []
        with transaction(book.engine, writes=False) as connection:
            assert len(connection.execute(events.select()).all()) == told["version"].nunique()


@pytest.mark.parametrize("known", declarations().values(), ids=lambda d: d.id)
def test_every_state_can_be_reached_and_every_end_is_one(known):
    reached, before = {known.initial}, set()
    while reached != before:
        before = set(reached)
        reached |= {t.target for t in known.transitions if set(t.sources) & reached}
    assert reached == set(known.states)
    assert known.final and set(known.final) <= reached


def test_the_plans_steps_are_the_plans_words():
    names = [t.name for t in declaration("tasks").transitions]
    assert names[:6] == ["一季报账", "二季报账", "半年核账", "三季报账", "四季报账", "年终清账"]
    assert declaration("tasks").initial == "立账"
    steps = [t.name for t in declaration("appeals").transitions]
    assert [s for s in steps if s in ("受理", "交办", "办理", "回访", "考评")] == ["受理", "交办", "办理", "回访", "考评"]
    assert len(declaration("appeals").by_name["six_mode"].choices) == 6
    problem = declaration("problems").by_name
    assert len(problem["area6"].choices) == len(problem["focus8"].choices) - 2 == 7
    assert [*problem["fake3"].choices] == ["虚假整改", "表面整改", "敷衍整改"]
    assert [len(problem[f].choices) for f in ("ailment5", "act4")] == [5, 4]
