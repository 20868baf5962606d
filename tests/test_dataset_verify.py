"""Verifying: no byte of a dataset can change, and no forger make the hashes fit, unnoticed."""

import json
import random
import shutil

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from office import open_poll, said
from zuofeng_survey.dataset import Dataset, freeze, verify
from zuofeng_survey.dataset.folder import FILES, MANIFEST, SUMS, sha256, sums
from zuofeng_survey.errors import DatasetError
from zuofeng_survey.store import Home


@pytest.fixture(scope="module")
def frozen(tmp_path_factory) -> Dataset:
    office = open_poll(Home.at(tmp_path_factory.mktemp("home")), counts={"A": 4, "B": 9, "C": 3})
    for n, (code, voter_class) in enumerate(office.slips[:-2]):
        own = {} if voter_class.startswith("C") else said(n, text=f"正文{n}")
        office.cast(code, own | {"P1": "yes" if n % 2 else "no"})
    return freeze(office.store, office.key)


@pytest.fixture
def copied(frozen, tmp_path) -> Dataset:
    return Dataset.open(shutil.copytree(frozen.path, tmp_path / frozen.name))


def frame(dataset: Dataset, name: str) -> pd.DataFrame:
    return pd.read_parquet(dataset.path / f"{name}.parquet")


def altered(path) -> str:
    """Return what verifying says first: the code and the thing."""
    problem = next(iter(verify(path)), None)
    return f"{problem.code} {problem.params['what']}" if problem else ""


@pytest.mark.parametrize("name", [*FILES, MANIFEST, SUMS])
def test_every_changed_byte_is_noticed_and_its_file_named(copied, name):
    rng = random.Random(name)
    whole = (copied.path / name).read_bytes()
    places = {0, len(whole) - 1, *rng.sample(range(len(whole)), min(40, len(whole)))}
    for place in sorted(places):
        flipped = whole[place] ^ (1 << rng.randrange(8))
        (copied.path / name).write_bytes(whole[:place] + bytes([flipped]) + whole[place + 1 :])
        assert name in altered(copied.path), place
    (copied.path / name).write_bytes(whole)
    assert altered(copied.path) == ""


@pytest.mark.parametrize("name", [*FILES, MANIFEST, SUMS])
def test_a_missing_file_is_named(copied, name):
    (copied.path / name).unlink()
    assert altered(copied.path) == f"dataset-lacks {name}"


@pytest.mark.parametrize("name", ["note.txt", ".DS_Store", ".ipynb_checkpoints/x", "ratings.parquet.bak"])
def test_what_does_not_belong_is_named(copied, name):
    (copied.path / name).parent.mkdir(exist_ok=True)
    (copied.path / name).write_text("x", encoding="utf-8")
    assert altered(copied.path) == f"dataset-extra {name.split('/')[0]}"


@pytest.mark.parametrize("name", [*FILES, MANIFEST, SUMS])
def test_an_emptied_file_is_named(copied, name):
    (copied.path / name).write_bytes(b"")
    assert name in altered(copied.path)


def reseal(dataset: Dataset, **changes: object) -> None:
    """Make every hash fit again, as a forger would."""
    files = {name: sha256(dataset.path / name) for name in FILES}
    manifest = dataset.manifest | changes | {"files": files}
    (dataset.path / MANIFEST).write_text(json.dumps(manifest), encoding="utf-8")
    digests = files | {MANIFEST: sha256(dataset.path / MANIFEST)}
    (dataset.path / SUMS).write_text(sums(digests), encoding="ascii")


def rewrite(dataset: Dataset, name: str, change) -> None:
    old = pq.read_table(dataset.path / f"{name}.parquet")
    new = change(old.to_pandas())
    pq.write_table(pa.Table.from_pandas(new, schema=old.schema, preserve_index=False), dataset.path / f"{name}.parquet")


FORGED = {
    "ballots_root": ("ratings", lambda f: f.assign(value=["3" if f["value"][0] == "4" else "4", *f["value"][1:]])),
    "texts_root": ("texts", lambda f: f.assign(text=["换过的", *f["text"][1:]])),
    "ratings › voter_class": ("ratings", lambda f: f.assign(voter_class="A")),
    "rows": ("apart", lambda f: f.iloc[1:]),
    "ballots › ballot": ("ballots", lambda f: f.assign(ballot=1)),
}


@pytest.mark.parametrize("what", [w for w in FORGED if w != "ballots › ballot"])
def test_a_table_changed_with_all_its_hashes_is_noticed(copied, what):
    name, change = FORGED[what]
    before = frame(copied, name)
    rewrite(copied, name, change)
    assert not before.equals(frame(copied, name))
    reseal(copied)
    assert altered(copied.path) == f"dataset-differs {what}"


def test_a_ballot_taken_out_with_all_its_hashes_is_noticed(copied):
    rewrite(copied, "ballots", lambda f: f.iloc[1:])
    rewrite(copied, "ratings", lambda f: f[f["ballot"] > 1])
    reseal(copied, rows=copied.manifest["rows"] | {"ballots": copied.manifest["rows"]["ballots"] - 1})
    assert altered(copied.path) == "dataset-differs ballots_root"


def test_a_ballot_number_given_twice_is_noticed(copied):
    rewrite(copied, "ballots", FORGED["ballots › ballot"][1])
    rewrite(copied, "ratings", lambda f: f.assign(ballot=1))
    reseal(copied)
    assert altered(copied.path) == "dataset-differs ballots › ballot"


@pytest.mark.parametrize("key", ["cast", "valid", "void", "answered", "blank", "dk", "asked"])
def test_counts_that_do_not_fit_the_tables_are_noticed(copied, key):
    counts = json.loads(json.dumps(copied.manifest["counts"]))
    counts["B"][key] += 1
    totals = copied.manifest["totals"] | {key: copied.manifest["totals"][key] + 1}
    reseal(copied, counts=counts, totals=totals)
    assert altered(copied.path).startswith(("dataset-differs counts › B", "dataset-differs totals › cast"))


@pytest.mark.parametrize("receipts", ["", "0000-0000-0000-0000\n", "x"])
def test_receipts_that_do_not_fit_are_noticed(copied, receipts):
    (copied.path / "receipts.txt").write_text(receipts, encoding="ascii")
    reseal(copied)
    assert altered(copied.path) in ("dataset-differs rows", "dataset-altered receipts.txt")


@pytest.mark.parametrize("manifest", ["[]", "{}", '{"format": 9}', '{"format": 1}', "null", "[" * 9999])
def test_a_manifest_of_another_shape_is_told(copied, manifest):
    (copied.path / MANIFEST).write_text(manifest, encoding="utf-8")
    digests = {name: sha256(copied.path / name) for name in (*FILES, MANIFEST)}
    (copied.path / SUMS).write_text(sums(digests), encoding="ascii")
    assert altered_code(copied.path) in ("dataset-altered", "dataset-format")
    with pytest.raises(DatasetError):
        Dataset.open(copied.path)


def altered_code(path) -> str:
    return verify(path)[0].code


def test_a_folder_that_is_no_dataset_is_told(tmp_path):
    assert altered_code(tmp_path) == altered_code(tmp_path / "nothing") == "dataset-missing"
    with pytest.raises(DatasetError):
        Dataset.open(tmp_path)
