"""The right to cast once: what is typed, what is caught, what is kept."""

import itertools
import random

import pytest

from zuofeng_survey.codes import (
    ALPHABET,
    check_character,
    hash_code,
    new_code,
    normalise,
    pretty,
    shuffle,
)
from zuofeng_survey.errors import CodeRefused

CODE = "7K2M9QW4T0ZB1XD3"
CODE += check_character(CODE)


def mistyped(text: str) -> bool:
    try:
        normalise(text)
    except CodeRefused as error:
        return error.code == "code-mistyped"
    return False


def samples(n: int) -> list[str]:
    return [new_code() for _ in range(n)]


def test_a_code_is_sixteen_characters_and_a_check():
    code = new_code()
    assert len(code) == 17
    assert set(code) <= set(ALPHABET)
    assert check_character(code[:16]) == code[16]
    assert len(pretty(code)) == 21


def test_every_single_wrong_character_is_caught():
    for code in samples(20):
        for place, wrong in itertools.product(range(17), ALPHABET):
            if wrong != code[place]:
                assert mistyped(code[:place] + wrong + code[place + 1 :])


def test_every_swap_of_two_characters_is_caught():
    for code in samples(40):
        for i, j in itertools.combinations(range(17), 2):
            swapped = list(code)
            swapped[i], swapped[j] = swapped[j], swapped[i]
            assert code[i] == code[j] or mistyped("".join(swapped))


def test_two_wrong_characters_pass_about_once_in_32():
    rng = random.Random(1)
    passed = 0
    for code in samples(4000):
        wrong = list(code)
        for place in rng.sample(range(17), 2):
            wrong[place] = rng.choice([c for c in ALPHABET if c != code[place]])
        passed += not mistyped("".join(wrong))
    assert 60 < passed < 200


@pytest.mark.parametrize("text", [
    CODE,
    pretty(CODE),
    pretty(CODE).lower(),
    f"  {pretty(CODE)}\n",
    CODE.replace("0", "O").replace("1", "I"),
    CODE.replace("0", "o").replace("1", "l"),
    "".join(chr(ord(c) + 0xFEE0) for c in CODE),
    "　".join([CODE[:8], CODE[8:]]),
    pretty(CODE).replace("-", "－"),
    pretty(CODE).replace("-", "—"),
    pretty(CODE).replace("-", "・"),
    "\u200b".join(CODE),
    "\ufeff" + CODE,
])  # fmt: skip
def test_a_code_is_read_as_people_type_it(text):
    assert normalise(text) == CODE


@pytest.mark.parametrize("text", ["", "-", CODE[:-1], CODE + "0", "U" + CODE[1:], CODE * 50, "\x00" + CODE,
                                  "评议码", "%27--", "①②③④"])  # fmt: skip
def test_what_is_no_code_is_told_without_looking_it_up(text):
    assert mistyped(text)


def test_a_hundred_thousand_codes_are_all_different():
    codes = {new_code() for _ in range(100_000)}
    assert len(codes) == 100_000
    first = [sum(code[i] == "0" for code in codes) for i in range(16)]
    assert all(abs(n - 3125) < 300 for n in first)  # 5 standard deviations are 275


def test_shuffling_leaves_no_order_behind():
    total = 0.0
    for _ in range(400):
        numbers = list(range(10))
        shuffle(numbers)
        total += sum(a < b for a, b in itertools.combinations(numbers, 2)) / 45
    assert abs(total / 400 - 0.5) < 0.04


def test_a_hash_needs_pepper_poll_and_code():
    pepper = bytes(32)
    hashes = {
        hash_code(CODE, pepper=pepper, poll="a"),
        hash_code(CODE, pepper=b"\x01" * 32, poll="a"),
        hash_code(CODE, pepper=pepper, poll="b"),
        hash_code(new_code(), pepper=pepper, poll="a"),
    }
    assert len(hashes) == 4
    assert all(len(h) == 32 for h in hashes)
