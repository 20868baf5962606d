"""The page before anyone votes, without a browser: its inputs, bounds and words."""

import pytest

from zuofeng_survey.web.plan_view import MOST_VOTERS, PlanView


@pytest.fixture(scope="module")
def view() -> PlanView:
    return PlanView()


def said(view: PlanView) -> str:
    return "".join(getattr(part, "value", "") for part in view.body.children)


def test_it_opens_with_the_county_of_the_plan(view):
    assert "一年 24 人、连续两年 8 人、连续三年 2.7 人" in said(view)
    assert "随机种子 1" in said(view) and not view.button.disabled
    assert view.progress.value == view.progress.max == 100


def test_weights_of_a_questionnaire_count_the_classes_there_are(view):
    view.weights.value, view.voters["D"].value = "FZ", 0
    assert view.design().weights == {"A": 0.3, "B": 0.3, "C": 0.25}
    view.weights.value, view.voters["D"].value = "", 10


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"k": 6}, "要小于每个范围的对象数"),
        ({"voters": 0}, "至少要有 3 人"),
        ({"voters": MOST_VOTERS, "targets": 60, "reps": 1000}, "算起来太久"),
    ],
)
def test_what_cannot_be_planned_is_said(view, change, sentence):
    before = {n: getattr(view, n).value for n in ("k", "targets", "reps")}
    counts = {c: box.value for c, box in view.voters.items()}
    for name, value in change.items():
        for box in view.voters.values() if name == "voters" else [getattr(view, name)]:
            box.value = value
    view.button.click()
    assert sentence in said(view) and "zf-warning" in said(view)
    for name, value in before.items():
        getattr(view, name).value = value
    for c, n in counts.items():
        view.voters[c].value = n


def test_a_number_out_of_bounds_is_brought_back(view):
    view.pools.value = 10**9
    assert view.pools.value == 100
    view.pools.value = 12
