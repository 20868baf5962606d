"""Every reference case of a folder: tests/reference, or the one ZUOFENG_CASES names.

``ZUOFENG_CASES=folder pytest tests/test_reference.py`` runs ``folder/cases/*.json`` with
``folder/data``. A case of a known kind needs no code; an unknown kind fails.
"""

import pytest

from reference_kinds import Check, checker, paths, read


@pytest.mark.parametrize("path", paths(), ids=lambda p: p.stem)
def test_case_holds_within_its_tolerance(path):
    case = read(path)
    checks = list(checker(case.name)(case))
    assert checks, "a case must check something"
    wrong = [c for c in checks if not c.holds]
    assert not wrong, "\n".join(f"{c.what}: {c.got} instead of {c.expected}" for c in wrong)


def test_an_unknown_kind_fails():
    with pytest.raises(LookupError, match="no kind known"):
        checker("astrology_1999")


def test_a_kind_is_the_longest_that_fits():
    assert checker("csranks_multinom_exact") is not checker("csranks_pisa2018_math")


@pytest.mark.parametrize("got", [1.1, float("nan"), [1.0, 1.0]])
def test_a_wrong_figure_does_not_hold(got):
    assert not Check("x", got, 1.0, abs=0.01).holds
    assert Check("x", 1.005, 1.0, abs=0.01).holds
