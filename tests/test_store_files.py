"""The home folder: what is published, what is destroyed, what is private, and who did what."""

import json
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from office import new_id, open_poll, said
from zuofeng_survey.errors import PollError, StorageError, ZuofengError
from zuofeng_survey.store import Home, Store, cast, file_system, write_private
from zuofeng_survey.store.burial import bury


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


# ── publishing ───────────────────────────────────────────────────────────────────────────────────
def test_a_name_is_given_once(home, office):
    assert refusal(open_poll, home) == "poll-exists"
    home.dataset("別の").mkdir()
    assert refusal(open_poll, home, "別の") == "poll-exists"


def test_names_of_64_chinese_characters_do_not_run_into_each_other(home):
    names = ["评" * 63 + last for last in "甲乙"]
    offices = [open_poll(home, name) for name in names]
    offices[0].cast(offices[0].codes("A")[0], said(1))
    assert [o.store.status().cast["A"] for o in offices] == [1, 0]
    assert home.polls() == sorted(names)
    for opened in offices:
        opened.store.dispose()


@pytest.mark.parametrize("name", ["nothing", "", ".", "..", "../polls/x", "a/b"])
def test_an_unknown_poll_is_told(home, name):
    assert refusal(Store.of, home, name) == "poll-unknown"


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", "null", "\xff"])
def test_a_broken_definition_is_told(home, office, content):
    (home.folder(office.poll.name) / "poll.json").write_text(content, encoding="latin-1")
    assert refusal(Store.of, home, office.poll.name) == "poll-broken"


@pytest.mark.parametrize("change", [{"closes": "2099-01-01"}, {"name": "x"}, {"k": 3}])
def test_a_definition_that_is_not_the_published_one_is_refused(home, office, change):
    path = home.folder(office.poll.name) / "poll.json"
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | change), encoding="utf-8")
    assert refusal(Store.of, home, office.poll.name) == "poll-broken"


def test_publishing_that_fails_leaves_nothing(home, monkeypatch, postgresql):
    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("zuofeng_survey.store.making.sync_folder", refuse)
    assert refusal(open_poll, home) == "home"
    assert home.polls() == list((home.path / "polls").iterdir()) == []
    monkeypatch.undo()
    open_poll(home).store.dispose()


# ── the end ──────────────────────────────────────────────────────────────────────────────────────
def schemas(cluster) -> int:
    return int(cluster.sql("SELECT count(*) FROM pg_namespace WHERE nspname LIKE 'zf\\_%'"))


def test_destroying_leaves_no_box_no_tables_and_no_key(home, postgresql):
    before = schemas(postgresql)
    office = open_poll(home)
    write_private(home.key(office.poll.name), office.key.dumps().encode())
    office.cast(office.codes("A")[0], said(1))
    office.store.destroy()
    assert list((home.path / "polls").iterdir()) == list((home.path / "keys").iterdir()) == []
    assert schemas(postgresql) == before
    assert home.broken_act() == 0


def test_a_box_half_destroyed_is_finished_by_whoever_comes_next(home, office, monkeypatch, postgresql):
    before = schemas(postgresql)
    monkeypatch.setattr("zuofeng_survey.store.burial._finish", lambda *_: None)
    bury(home.path, office.poll.name, home.database)
    monkeypatch.undo()
    assert home.polls() == []
    assert refusal(Store.of, home, office.poll.name) == "poll-unknown"
    Home.at(home.path, database=home.database)
    assert list((home.path / "polls").iterdir()) == []
    assert schemas(postgresql) == before - bool(home.database)


def test_a_form_server_that_looks_away_takes_nothing_into_a_destroyed_box(home, office):
    elsewhere = Store.of(home, office.poll.name)
    cast(elsewhere, new_id(), office.codes("A")[0], said(1))
    office.store.close()
    office.store.destroy()
    for code in office.codes("A")[1:4]:
        with pytest.raises((PollError, StorageError)):
            cast(elsewhere, new_id(), code, said(2))
    elsewhere.dispose()


# ── the folder ───────────────────────────────────────────────────────────────────────────────────
def test_secrets_can_be_read_by_their_owner_only(tmp_path):
    home = Home.at(tmp_path / "home")
    office = open_poll(home)
    write_private(home.key("k"), b"secret")
    for path in (home.path / "pepper", home.key("k"), home.folder(office.poll.name) / "poll.json"):
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
    for folder in (home.path, *(p for p in home.path.iterdir() if p.is_dir())):
        assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    office.store.dispose()


def test_a_private_file_is_never_written_over(tmp_path):
    write_private(tmp_path / "k", b"first")
    assert refusal(write_private, tmp_path / "k", b"second") == "file-exists"
    assert [p.name for p in tmp_path.iterdir()] == ["k"]
    assert (tmp_path / "k").read_bytes() == b"first"


@pytest.mark.parametrize("content", [None, b"", b"short"])
def test_a_lost_pepper_is_told_and_no_new_one_made(tmp_path, content):
    home = Home.at(tmp_path)
    office = open_poll(home)
    office.store.dispose()
    (tmp_path / "pepper").unlink()
    if content is not None:
        (tmp_path / "pepper").write_bytes(content)
    assert refusal(Store.of, home, office.poll.name) == "pepper-lost"


def test_a_missing_box_is_told_and_not_made_anew(tmp_path):
    office = open_poll(Home.at(tmp_path))
    office.store.dispose()
    for file in tmp_path.glob("polls/*/poll.db*"):
        file.unlink()
    assert refusal(Store.of, office.home, office.poll.name) == "database"
    assert not list(tmp_path.glob("polls/*/poll.db*"))


MOUNTS = """\
/dev/sda1 / ext4 rw 0 0
server:/export /srv/office nfs4 rw 0 0
//nas/share /mnt/share\\040of\\040all cifs rw 0 0
/dev/sdb1 /srv/office/local xfs rw 0 0
broken line
"""


@pytest.mark.parametrize(("path", "kind"), [("/", "ext4"), ("/srv/offices", "ext4"), ("/srv/office/var", "nfs4"),
                                            ("/mnt/share of all/x", "cifs"), ("/srv/office/local/x", "xfs")])  # fmt: skip
def test_the_file_system_of_a_folder_is_the_nearest_mount(tmp_path, path, kind):
    (tmp_path / "mounts").write_text(MOUNTS, encoding="utf-8")
    assert file_system(tmp_path.__class__(path), tmp_path / "mounts") == kind


@pytest.mark.parametrize("kind", ["nfs4", "cifs", "smb3", "9p", "fuse.sshfs", "virtiofs", "ceph"])
def test_a_home_on_a_network_is_refused(tmp_path, monkeypatch, kind):
    (tmp_path / "mounts").write_text(f"/dev/sda1 / ext4 rw 0 0\nx {tmp_path}/far {kind} rw 0 0\n", encoding="utf-8")
    monkeypatch.setattr("zuofeng_survey.store.files.MOUNTS", tmp_path / "mounts")
    assert refusal(Home.at, tmp_path / "far" / "home") == "network-file-system"
    assert not (tmp_path / "far").exists()
    assert Home.at(tmp_path / "near").polls() == []


def test_a_home_that_is_a_file_is_told(tmp_path):
    (tmp_path / "home").write_text("x", encoding="utf-8")
    assert refusal(Home.at, tmp_path / "home") == "home"


# ── acts ─────────────────────────────────────────────────────────────────────────────────────────
@pytest.fixture
def acted(tmp_path):
    home = Home.at(tmp_path)
    for n in range(5):
        home.record("publish", f"轮次{n}")
    assert home.broken_act() == 0
    return home


def test_every_changed_byte_of_the_acts_is_noticed(acted):
    path = acted.path / "acts.jsonl"
    whole = path.read_bytes()
    for place in range(len(whole)):
        path.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert acted.broken_act() > 0, place


@pytest.mark.parametrize("change", [lambda ls: ls[1:], lambda ls: ls[:-1], lambda ls: ls[:2] + ls[3:],
                                    lambda ls: [*ls, ls[-1]], lambda ls: ls[::-1], lambda ls: [],
                                    lambda ls: ls[:1] + ls[:1] + ls[1:]])  # fmt: skip
def test_acts_cannot_be_removed_doubled_or_moved(acted, change):
    path = acted.path / "acts.jsonl"
    path.write_bytes(b"".join(change(path.read_bytes().splitlines(keepends=True))))
    assert acted.broken_act() > 0


def test_an_act_cut_off_by_a_power_cut_is_written_again(acted):
    path = acted.path / "acts.jsonl"
    whole = path.read_bytes()
    path.write_bytes(b"".join(whole.splitlines(keepends=True)[:-1]))
    acted.record("close", "轮次9")
    assert acted.broken_act() == 0
    assert path.read_bytes().startswith(whole)


def test_acts_of_many_at_once_make_one_chain(acted):
    with ThreadPoolExecutor(8) as threads:
        list(threads.map(lambda n: acted.record("view", str(n)), range(40)))
    assert acted.broken_act() == 0
    assert len((acted.path / "acts.jsonl").read_bytes().splitlines()) == 45
