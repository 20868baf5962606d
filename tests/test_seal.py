"""Envelopes: sealed to one key, of few lengths, opened by nobody else."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from office import open_poll, said
from zuofeng_survey import seal
from zuofeng_survey.errors import KeyRefused
from zuofeng_survey.store import Home

KEY = seal.Key("p", bytes(range(32)))
SEALER = seal.Sealer(KEY.public)
OPENER = seal.Opener(KEY)
BALLOT = {"poll": "p", "voter_class": "A", "answers": {"q": "4", "说": "正文\u2028“"}}


def sealed(answers: object, at_least: int = 0) -> bytes:
    return SEALER.seal(seal.ballot("p", "A", seal.canonical(answers)), at_least=at_least)


def test_what_was_sealed_comes_out_again():
    assert OPENER.open(sealed(BALLOT["answers"])) == BALLOT


@given(st.recursive(st.text() | st.integers() | st.none(), lambda s: st.dictionaries(st.text(), s)))
def test_any_json_survives_an_envelope(answers):
    assert OPENER.open(sealed(answers))["answers"] == answers


def test_the_same_ballot_is_never_sealed_to_the_same_bytes():
    assert len({sealed({}) for _ in range(50)}) == 50


def test_envelopes_are_padded_in_steps():
    lengths = {len(sealed({"q": "x" * n})) for n in range(2000)}
    assert {(length - 48) % 256 for length in lengths} == {0}
    assert len(lengths) == 8 + 1


def test_padding_reaches_at_least_what_is_asked():
    assert {len(sealed({"q": "x" * n}, at_least=3000)) for n in range(2000)} == {48 + 3072}


def test_a_blank_ballot_is_as_long_as_a_full_one(tmp_path):
    office = open_poll(Home.at(tmp_path), counts={"A": 3, "B": 3}, targets=12)
    full = {"M": {t.name: {"S1": "dk", "S2": "dk", "S3": "dk"} for t in office.poll.targets}, "P1": "yes"}
    for code, answers in zip(office.codes("A"), ({}, said(7), full), strict=True):
        office.cast(code, answers)
    assert len({len(e.box) for e in office.store.envelopes()}) == 1


@pytest.mark.parametrize("place", [0, 31, 32, 47, 48, 200, -1])
def test_an_altered_envelope_does_not_open(place):
    altered = bytearray(sealed({"q": "4"}))
    altered[place] ^= 1
    with pytest.raises(KeyRefused) as refused:
        OPENER.open(bytes(altered))
    assert refused.value.code == "envelope-closed"


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b"\xff", b"[" * 5000,
                                     b'{"answers":1,"poll":"p","voter_class":"A","more":1}'])  # fmt: skip
def test_what_is_no_ballot_is_refused_however_well_sealed(content):
    with pytest.raises(KeyRefused):
        OPENER.open(SEALER.seal(content))


def test_another_key_opens_nothing():
    with pytest.raises(KeyRefused):
        seal.Opener(seal.new_key("p")).open(sealed({}))


def test_a_key_is_written_and_read_again():
    assert seal.Key.loads(KEY.dumps()) == KEY
    assert KEY.secret.hex() not in repr(KEY)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", KEY.dumps()[:-10], KEY.dumps().replace("1,", "2,"),
                                  json.dumps({"zuofeng-key": 1, "poll": "p", "secret": "AAAA"})], ids=range(7))  # fmt: skip
def test_what_is_no_key_file_is_told(text):
    with pytest.raises(KeyRefused) as refused:
        seal.Key.loads(text, place="stick.key")
    assert refused.value.problems[0].place == "stick.key"


def test_json_that_means_the_same_has_the_same_fingerprint():
    ballot_id = "0" * 32
    first, second = ({"a": "1", "b": {"x": "2", "y": "3"}}, {"b": {"y": "3", "x": "2"}, "a": "1"})
    prints = {seal.fingerprint(ballot_id, seal.canonical(a)) for a in (first, second)}
    assert len(prints) == 1
    assert seal.fingerprint("1" * 32, seal.canonical(first)) not in prints


def test_a_receipt_is_the_beginning_of_the_envelope_id():
    identity = seal.envelope_id("ab" * 16)
    first, last = seal.receipt_range(seal.receipt(identity))
    assert first <= identity <= last
    assert len(seal.receipt(identity)) == 19
