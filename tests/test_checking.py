"""The item-writing rules: each says what it should, and is silent about a plain sentence."""

from __future__ import annotations

import pytest

from small_forms import form
from zuofeng_survey.questionnaire import check, loads

FIVE = """
choices:
  sat:
    - {name: 3, label: 满意, score: 100}
    - {name: 2, label: 一般, score: 50}
    - {name: 1, label: 不满意, score: 0}
    - {name: 9, label: 不了解, missing: dk}
  yn: [{name: a, label: 有}, {name: b, label: 没有}]
  yr: [{name: a, label: 有}, {name: b, label: 没有}, {name: r, label: 不愿回答, missing: refused}]
scales: {s: {label: 满意}}
"""


def codes(*items: str, more: str = FIVE, **settings: str) -> set[str]:
    """Return the rules broken by a small form, leaving out what the frame itself does not use."""
    said = {
        "form_id": "T",
        "version": "1",
        "title": "试",
        "purpose": "summary",
        "minutes": "1",
        **settings,
    }
    head = "settings: {" + ", ".join(f"{k}: {v}" for k, v in said.items()) + "}\n"
    q = loads(form(*items, more=more, head=head))
    return {p.code for p in check(q)} - {"style-unused"}


def text(label: str, more: str = "") -> str:
    return f"{{type: text, name: T-1, label: '{label}'{more}}}"


def rating(label: str, more: str = ", scale: s", name: str = "T-1", list_name: str = "sat") -> str:
    return f"{{type: select_one {list_name}, name: {name}, label: '{label}'{more}}}"


def listed(*choices: str) -> str:
    return f"choices: {{l: [{', '.join('{' + c + '}' for c in choices)}]}}\nscales: {{s: {{label: 量}}}}\n"


WORDING = [
    ("您是否认为服务很好？", "style-leading"),
    ("服务质量显著改善的情况", "style-leading"),
    ("大力推进改革的情况", "style-leading"),
    ("大家都满意的窗口", "style-leading"),
    ("服务热情并且办事很快", "style-double"),
    ("服务热情以及办事很快", "style-double"),
    ("工作人员态度和办事效率", "style-double"),
    ("我不是不愿意加班", "style-negative"),
    ("没有人不按时到岗", "style-negative"),
    ("一" * 41, "style-long"),
]
PLAIN = [
    "一" * 40,
    "落实“支部建设以及党员管理”办法",
    "您能不能按时找到工作人员？",
    "村（社区）干部的态度",
    "与群众说话的和气程度",
    "您不满意的原因",
    "没有按时办结的事",
    "第一位接待人员负责到底的情况",
    "困难、问题的办理",
]


@pytest.mark.parametrize(("label", "code"), WORDING)
def test_a_badly_worded_item_is_warned_of(label: str, code: str) -> None:
    assert codes(rating(label)) == {code}


@pytest.mark.parametrize("label", PLAIN)
def test_a_plain_sentence_is_left_alone(label: str) -> None:
    assert codes(rating(label)) == set()


def test_an_open_question_may_ask_for_two_things_at_once() -> None:
    assert codes(text("请说明时间和地点")) == set()


@pytest.mark.parametrize(
    ("item", "anonymity", "broken"),
    [
        (text("您的姓名"), "anonymous", {"style-personal"}),
        (text("您的联系电话"), "sealed", {"style-personal"}),
        (text("意见", ", hint: 请留下身份证号"), "anonymous", {"style-personal"}),
        (text("您的姓名"), "named", set()),
        (text("请写一件事（请不要写姓名）"), "anonymous", set()),
        (text("意见", ", hint: 不用写姓名"), "anonymous", set()),
        (text("您的政治面貌"), "named", {"style-intrusive"}),
        (text("您的民族"), "confidential", {"style-intrusive"}),
        (text("民族团结工作的开展情况"), "anonymous", set()),
    ],
)
def test_personal_matters_are_asked_only_where_they_may_be(
    item: str, anonymity: str, broken: set[str]
) -> None:
    assert codes(item, anonymity=anonymity) == broken


def test_unit_and_rank_together_point_to_a_person() -> None:
    units = ", ".join(f"{{name: u{n}, label: 单位{n}}}" for n in range(20))
    ranks = ", ".join(f"{{name: r{n}, label: 级{n}}}" for n in range(3))
    lists = f"choices: {{u: [{units}], r: [{ranks}]}}\n"
    own = (
        "{type: select_one u, name: T-1, label: 您所在的单位}",
        "{type: select_one r, name: T-2, label: 您的职级}",
    )
    assert codes(*own, more=lists) == {"style-identifies"}
    assert codes(*own, more=lists, anonymity="named") == set()
    assert codes(own[1], more=lists) == set()
    typed = "{type: text, name: T-1, label: 您所在的单位}"
    assert codes(typed, own[1], more=lists) == {"style-identifies"}


@pytest.mark.parametrize(
    ("item", "broken"),
    [
        (rating("近一年，您有没有被要求送礼？", "", list_name="yn"), {"style-sensitive"}),
        (
            rating("您有没有因此受到为难？", ", sensitive: true", list_name="yn"),
            {"style-no-refusal"},
        ),
        (rating("您有没有因此受到为难？", ", sensitive: true", list_name="yr"), set()),
        (rating("反映过问题吗？", ", required: true", list_name="yn"), {"style-no-way-out"}),
        (rating("反映过问题吗？", ", required: true, by: collector", list_name="yn"), set()),
        (rating("反映过问题吗？", ", required: true", list_name="yn or_other"), set()),
        (rating("反映过问题吗？", "", list_name="yn"), set()),
    ],
)
def test_nobody_has_to_answer(item: str, broken: set[str]) -> None:
    assert codes(item) == broken


GOOD, BAD, DK = (
    "name: 3, label: 好, score: 100",
    "name: 1, label: 差, score: 0",
    "name: 9, label: 不知, missing: dk",
)
FAIR = "name: 2, label: 中, score: 50"


@pytest.mark.parametrize(
    ("choices", "broken"),
    [
        ((GOOD, FAIR, BAD, DK), set()),
        ((BAD, FAIR, GOOD, DK), set()),
        ((GOOD, FAIR, BAD), {"style-no-dk"}),
        ((GOOD, FAIR, BAD, "name: 8, label: 不愿回答, missing: refused"), {"style-no-dk"}),
        ((FAIR, GOOD, BAD, DK), {"style-order"}),
        ((GOOD, DK, FAIR, BAD), {"style-missing-last"}),
        (("name: 3, label: 非常同意, score: 100", BAD, DK), {"style-agree"}),
        (("name: 3, label: 很支持, score: 100", BAD, DK), set()),
    ],
)
def test_a_scored_list_is_ordered_complete_and_not_about_agreeing(
    choices: tuple[str, ...], broken: set[str]
) -> None:
    assert codes(rating("服务态度", list_name="l"), more=listed(*choices)) == broken


def test_consent_is_not_a_scale_of_agreement() -> None:
    lists = listed("name: a, label: 同意", "name: b, label: 不同意")
    assert codes(rating("是否同意公开", "", list_name="l"), more=lists) == set()


def test_scored_lists_of_one_form_run_one_way() -> None:
    lists = FIVE.replace(
        "  yn:",
        """  up:
    - {name: 1, label: 从不, score: 0}
    - {name: 2, label: 总是, score: 100}
    - {name: 9, label: 不适用, missing: na}
  yn:""",
    )
    both = (rating("态度"), rating("速度", name="T-2"), rating("次数", name="T-3", list_name="up"))
    assert codes(*both, more=lists) == {"style-direction"}


def test_scores_go_somewhere() -> None:
    assert codes(rating("态度", "")) == {"style-no-scale"}
    assert codes(text("意见", ", reverse: true")) == {"style-reverse"}
    assert codes(
        rating("态度"), more=FIVE.replace("label: 满意}}", "label: 满意, min_valid: 2}}")
    ) == {"style-min-valid"}


def test_a_long_scale_of_statements_turns_one_round() -> None:
    items = [rating(f"我做到了第{n}件事", name=f"T-{n}") for n in range(1, 5)]
    turned = [*items[:3], rating("我没做到第4件事", ", scale: s, reverse: true", name="T-4")]
    assert codes(*items) == {"style-no-reverse"}
    assert codes(*items[:3]) == set()
    assert codes(*turned) == set()
    asked = [rating(f"第{n}件事的办理情况", name=f"T-{n}") for n in range(1, 5)]
    assert codes(*asked) == set()


@pytest.mark.parametrize(
    ("item", "settings", "broken"),
    [
        (rating("态度"), {}, {"style-period"}),
        (rating("近一年的态度"), {}, set()),
        (rating("态度", ", scale: s, hint: 近一年"), {}, set()),
        (rating("态度"), {"instructions": "请按近一年的情况填写。"}, set()),
        (text("意见"), {}, set()),
    ],
)
def test_the_reference_period_is_said_somewhere(
    item: str, settings: dict[str, str], broken: set[str]
) -> None:
    assert codes(item, period="近一年", **settings) == broken


def test_a_form_with_an_english_title_has_english_throughout() -> None:
    title = "{zh: 试, en: Trial}"
    assert codes(text("意见"), title=title, more="") == {"style-english"}
    assert (
        codes("{type: text, name: T-1, label: {zh: 意见, en: Remarks}}", title=title, more="")
        == set()
    )


def test_names_begin_with_the_form_id() -> None:
    assert codes("{type: text, name: X-1, label: 意见}") == {"style-id"}


def test_what_is_defined_is_used_and_weights_make_one() -> None:
    more = """
    choices: {l: [{name: a, label: 甲}]}
    scales: {s: {label: 量}}
    voter_classes: [{name: A, label: 甲, weight: 0.5}, {name: B, label: 乙, weight: 0.4}]
    """
    found = [(p.code, p.place) for p in check(loads(form(more=more)))]
    assert found == [
        ("style-unused", "T.yaml › choices › l"),
        ("style-unused", "T.yaml"),
        ("style-weights", "T.yaml"),
    ]


def test_a_warning_names_its_file_and_item() -> None:
    problem = check(loads(form(text("您是否认为好"))), "county/T.yaml")[0]
    assert (problem.place, problem.item) == ("county/T.yaml › T-1", "T-1")


def test_an_endless_label_is_judged_at_once() -> None:
    assert codes(rating("（" * 200_000)) == {"style-long"}
