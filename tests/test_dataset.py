"""The freeze and what it leaves: counts that add up, a root, and no byte that can be changed."""

import shutil
import subprocess

import pandas as pd
import pytest

from office import CLASSES, Office, new_id, open_poll, opinion, said, small
from zuofeng_survey import seal
from zuofeng_survey.dataset import Dataset, freeze, import_table, verify
from zuofeng_survey.dataset.folder import FILES, MANIFEST, SUMS
from zuofeng_survey.errors import KeyRefused, StorageError, ZuofengError
from zuofeng_survey.store import Envelope, Home, Store, admit

MANIFEST_KEYS = {
    "format", "name", "poll", "public_key", "source", "form_id", "version", "access", "k", "counts",
    "totals", "ballots_root", "texts_root", "rows", "files", "software",
}  # fmt: skip


@pytest.fixture
def office(tmp_path):
    opened = open_poll(Home.at(tmp_path))
    yield opened
    opened.store.dispose()


@pytest.fixture(scope="module")
def frozen(tmp_path_factory) -> Dataset:
    office = open_poll(Home.at(tmp_path_factory.mktemp("home")), counts={"A": 4, "B": 9, "C": 3})
    for n, (code, voter_class) in enumerate(office.slips[:-2]):
        own = {} if voter_class.startswith("C") else said(n, text=f"正文{n}")
        office.cast(code, own | {"P1": "yes" if n % 2 else "no"})
    return freeze(office.store, office.key)


def frame(dataset: Dataset, name: str) -> pd.DataFrame:
    return pd.read_parquet(dataset.path / f"{name}.parquet")


def refusal(act, *args, **kwargs) -> str:
    with pytest.raises(ZuofengError) as refused:
        act(*args, **kwargs)
    return refused.value.code


def altered(path) -> str:
    """Return what verifying says first: the code and the thing."""
    problem = next(iter(verify(path)), None)
    return f"{problem.code} {problem.params['what']}" if problem else ""


# ── the freeze ───────────────────────────────────────────────────────────────────────────────────
def test_every_ballot_comes_out_and_the_box_is_gone(office):
    office.cast_all()
    dataset = freeze(office.store, office.key)
    assert dataset.manifest["totals"]["cast"] == dataset.manifest["totals"]["valid"] == 25
    assert frame(dataset, "ratings").groupby("ballot").size().tolist() == [3] * 25
    assert list((office.home.path / "polls").iterdir()) == []
    assert altered(dataset.path) == ""


def test_counts_add_up_in_every_class(office):
    answers = [{}, said(0), {"M": {"T1": {"S1": "dk", "S2": "4"}}}]
    for code, form in zip(office.codes("A"), answers, strict=False):
        office.cast(code, form)
    counts = freeze(office.store, office.key).manifest["counts"]
    assert counts["A"] == {"issued": 5, "cast": 3, "valid": 3, "void": 0,
                           "asked": 18, "answered": 5, "blank": 13, "dk": 1}  # fmt: skip
    assert counts["B"] == dict.fromkeys(counts["B"], 0) | {"issued": 20}


def test_a_nested_class_is_counted_as_one(tmp_path):
    office = open_poll(Home.at(tmp_path), counts={"A": 1, "C": 2})
    for code, name in office.slips:
        own = name.removeprefix("C@") if "@" in name else "T1"
        office.cast(code, {"M": {own: {"S1": "4"}}})
    dataset = freeze(office.store, office.key)
    assert dataset.manifest["counts"]["C"]["issued"] == dataset.manifest["counts"]["C"]["asked"] // 3 == 4
    assert set(frame(dataset, "ballots")["voter_class"]) == {"A", "C"}
    assert dataset.weights == {c["name"]: c["weight"] for c in CLASSES if c["name"] != "B"}


def test_a_poll_with_no_ballot_freezes_too(office):
    dataset = freeze(office.store, office.key)
    assert dataset.manifest["totals"]["cast"] == 0
    assert altered(dataset.path) == ""


def test_an_open_poll_says_so_in_its_dataset(tmp_path):
    office = open_poll(Home.at(tmp_path), questionnaire=opinion(), counts=None)
    for n in range(3):
        office.cast("", {"T1": f"正文{n}", "P1": "yes"})
    dataset = freeze(office.store, office.key)
    assert dataset.manifest["access"] == "open"
    assert sorted(frame(dataset, "texts")["text"]) == ["正文0", "正文1", "正文2"]
    assert len(frame(dataset, "ratings")) == 0
    assert frame(dataset, "apart")["record"].tolist() == [1, 2, 3]
    assert altered(dataset.path) == ""


def stuff(office: Office, content: bytes, public_key: bytes = b"") -> None:
    """Put an envelope in through the store, as whoever has broken into the form server could."""
    code = office.codes("A").pop()
    code_hash, voter_class = admit(office.store, code)
    box = seal.Sealer(public_key or office.poll.public_key).seal(content)
    office.store.cast(Envelope(seal.envelope_id(new_id()), bytes(32), voter_class, box), code_hash)


@pytest.mark.parametrize("content", [
    seal.ballot("另一轮", "A", b"{}"),
    seal.ballot("小测评-2020", "B", b"{}"),
    seal.ballot("小测评-2020", "A", b'{"M":{"T9":{}}}'),
    seal.ballot("小测评-2020", "A", b'{"M":{"T1":{"S1":"99"}}}'),
    seal.ballot("小测评-2020", "A", b"[1]"),
    seal.ballot("小测评-2020", "A", b"null"),
    b"not json", b"{}", b"",
])  # fmt: skip
def test_an_envelope_with_nothing_valid_in_it_is_void_and_stops_nobody(office, content):
    stuff(office, content)
    counts = freeze(office.store, office.key).manifest["counts"]["A"]
    assert (counts["cast"], counts["valid"], counts["void"]) == (1, 0, 1)


def test_an_envelope_sealed_to_another_key_is_void(office):
    stuff(office, seal.ballot("小测评-2020", "A", b"{}"), seal.new_key("x").public)
    assert freeze(office.store, office.key).manifest["totals"]["void"] == 1


def test_what_today_decided_is_not_decided_again(tmp_path):
    item = {"type": "text", "name": "T1", "label": "说明", "constraint": "today() = '2020-12-20'"}
    survey = [{"type": "group", "name": "R", "label": "说明", "items": [item]}]
    q = opinion().model_copy(update={"survey": small(survey=survey, composite=None).survey})
    office = open_poll(Home.at(tmp_path), questionnaire=q, counts=None)
    for answers in (b'{"T1":"x"}', b'{"T1":7}'):
        box = seal.Sealer(office.poll.public_key).seal(seal.ballot(office.poll.name, "all", answers))
        office.store.cast(Envelope(seal.envelope_id(new_id()), bytes(32), "all", box), None)
    totals = freeze(office.store, office.key).manifest["totals"]
    assert (totals["valid"], totals["void"]) == (1, 1)


def test_progress_is_told(office):
    office.cast_all()
    seen = []
    freeze(office.store, office.key, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(n, 25) for n in range(1, 26)]


def test_another_polls_key_changes_nothing(office):
    for key in (seal.new_key(office.poll.name), seal.Key("x", office.key.secret)):
        with pytest.raises(KeyRefused):
            freeze(office.store, key)
    assert office.store.status().open


# ── again, and in the middle ─────────────────────────────────────────────────────────────────────
def test_a_rehearsal_leaves_the_box_and_the_freeze_after_it_ends_it(office):
    office.cast_all()
    first = freeze(office.store, office.key, keep=True)
    assert office.home.polls() == [office.poll.name]
    second = freeze(office.store, office.key)
    assert first.hash == second.hash
    assert office.home.polls() == []


def test_a_frozen_poll_cannot_be_frozen_again(office):
    with Store.of(office.home, office.poll.name) as elsewhere:
        freeze(office.store, office.key)
        assert refusal(freeze, elsewhere, office.key) == "poll-unknown"
    assert refusal(Store.of, office.home, office.poll.name) == "poll-unknown"


def test_a_dataset_of_another_origin_is_not_taken_for_ours(office, tmp_path):
    office.cast_all()
    other = open_poll(Home.at(tmp_path / "other"))
    dataset = freeze(other.store, other.key)
    shutil.copytree(dataset.path, office.home.dataset(office.poll.name))
    assert refusal(freeze, office.store, office.key) == "dataset-other"
    assert office.store.status().open
    assert altered(office.home.dataset(office.poll.name)) == ""


@pytest.mark.parametrize("what", ["an empty folder", "a file"])
def test_what_is_no_dataset_is_not_written_over(office, what):
    place = office.home.dataset(office.poll.name)
    place.mkdir() if what == "an empty folder" else place.write_text("x", encoding="utf-8")
    assert refusal(freeze, office.store, office.key) == "dataset-other"
    assert office.store.status().open


def test_a_dataset_damaged_before_the_box_was_destroyed_keeps_the_box(office):
    office.cast_all()
    dataset = freeze(office.store, office.key, keep=True)
    (dataset.path / "ratings.parquet").write_bytes(b"")
    assert refusal(freeze, office.store, office.key) == "dataset-altered"
    shutil.rmtree(dataset.path)
    assert freeze(office.store, office.key).manifest["totals"]["valid"] == 25


def test_a_dataset_that_does_not_read_back_is_removed_and_the_box_kept(office, monkeypatch):
    office.cast_all()
    monkeypatch.setattr("zuofeng_survey.dataset.freezing.verify", lambda _: ["wrong"])
    assert refusal(freeze, office.store, office.key) == "dataset-unread"
    monkeypatch.undo()
    assert freeze(office.store, office.key).manifest["totals"]["valid"] == 25


def test_a_full_disk_leaves_no_dataset_and_the_box(office, monkeypatch):
    office.cast_all()

    def refuse(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.write_table", refuse)
    with pytest.raises(StorageError):
        freeze(office.store, office.key)
    monkeypatch.undo()
    assert list((office.home.path / "datasets").iterdir()) == []
    assert freeze(office.store, office.key).manifest["totals"]["valid"] == 25


def test_an_altered_box_is_not_counted(office):
    office.cast_all()
    office.store._key = bytes(32)
    assert refusal(freeze, office.store, office.key) == "box-altered"
    assert list((office.home.path / "datasets").iterdir()) == []


def test_two_do_not_freeze_one_poll_at_once(office):
    office.cast_all()
    told = []

    def meanwhile(done: int, _: int) -> None:
        if done == 1:
            with Store.of(office.home, office.poll.name) as other:
                told.append(refusal(freeze, other, office.key))

    freeze(office.store, office.key, progress=meanwhile)
    assert told == ["freeze-running"]


# ── what it holds ────────────────────────────────────────────────────────────────────────────────
def test_the_tables_have_these_columns_and_no_more(frozen):
    assert {name: list(frame(frozen, name).columns) for name in ("ballots", "ratings", "apart", "texts")} == {
        "ballots": ["ballot", "voter_class", "salt"],
        "ratings": ["ballot", "voter_class", "target", "item", "value"],
        "apart": ["record", "item", "target", "value"],
        "texts": ["item", "target", "text", "salt"],
    }
    assert {p.name for p in frozen.path.iterdir()} == {*FILES, MANIFEST, SUMS}


def test_the_manifest_has_these_keys_and_no_time(frozen):
    assert set(frozen.manifest) == MANIFEST_KEYS
    assert set(frozen.manifest["software"]) == {"zuofeng-survey"}
    assert set(frozen.codebook) == {"questionnaire", "targets", "classes"}


def test_a_receipt_of_every_voter_is_in_the_list(office):
    receipts = office.cast_all()
    dataset = freeze(office.store, office.key)
    assert (dataset.path / "receipts.txt").read_text(encoding="ascii").split() == sorted(receipts)


def test_sha256sum_can_check_it_without_us(frozen):
    done = subprocess.run(["sha256sum", "-c", "--strict", SUMS], cwd=frozen.path, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b": OK") == len(FILES) + 1


# ── tables from elsewhere ────────────────────────────────────────────────────────────────────────
def imported(tmp_path, text: str, **columns: str) -> Dataset:
    (tmp_path / "r.csv").write_text(text, encoding="utf-8-sig")
    columns = {"voter": "s", "target": "d", "value": "y"} | columns
    return import_table(tmp_path / "r.csv", tmp_path / "数据", **columns)


def test_a_table_becomes_a_dataset_that_verifies(tmp_path):
    dataset = imported(tmp_path, "s,d,y,c\n1,a,3,甲\n1,b,4.5,甲\n2,a,5,乙\n", voter_class="c")
    assert dataset.manifest["totals"]["valid"] == 2
    assert dataset.weights == {"甲": 0.5, "乙": 0.5}
    assert (dataset.is_imported, dataset.name) == (True, "数据")
    assert altered(dataset.path) == ""


@pytest.mark.parametrize(("text", "told"), [
    ("s,d,y\n1,a,x\n", "table-number"),
    ("s,d,y\n1,a,inf\n", "table-number"),
    ("s,d,y\n1,a,\n", "table-empty"),
    ("s,d,y\n1,a,3\n1,a,4\n", "table-twice"),
    ("s,d\n1,a\n", "table-column"),
    ("s,d,y\n", "table-unreadable"),
    ("", "table-unreadable"),
])  # fmt: skip
def test_a_table_that_will_not_do_leaves_nothing(tmp_path, text, told):
    assert refusal(imported, tmp_path, text) == told
    assert [p.name for p in tmp_path.iterdir()] == ["r.csv"]


def test_a_dataset_is_never_written_over(tmp_path):
    imported(tmp_path, "s,d,y\n1,a,3\n")
    assert refusal(imported, tmp_path, "s,d,y\n1,a,4\n") == "dataset-exists"
