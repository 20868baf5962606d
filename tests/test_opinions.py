"""Free texts: nothing that names a person is read, likeness is found, two people code."""

import random
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from zuofeng_survey.dataset import Dataset
from zuofeng_survey.errors import UsageError
from zuofeng_survey.opinions import alike, compare, mask, read, suggest, taxonomies
from zuofeng_survey.opinions.masking import SURNAMES

DATASETS = Path(__file__).parents[1] / "data" / "datasets"
ORDINARY = (
    "办事窗口中午没有人值班，希望安排轮班。",
    "村里的路灯坏了两个月，反映后还没有修。",
    "材料要跑三个部门，希望一次说清。",
    "今年的答复比去年快，谢谢。",
    "会议和报表还是太多，影响下村。",
    "向书记反映过三次，和主任也说过，没有回音。",
    "希望镇长和局长多下村，支部书记多开会听意见。",
    "水费从2020年1月涨到3.5元，交了120元。",
    "明白纸发了，黄金周期间没人，高温天停水。",
    "方便群众是好事，金额太少，马上办没有做到。",
)
NUMBERS = {
    "phone": (
        "13800000000", "138 0000 0000", "+86-138-0000-0000", "１３８００００００００", "138.0000.0000", "1 3 8 0 0 0 0 0 0 0 0",
        "138——0000——0000", "0999-1234567", "(0999)1234567", "（０９９９）１２３４５６７", "0999 1234567转801", "123 4567",
        "400-123-4567", "一三八零零零零零零零零", "壹叁捌零零零零零零零零", "一三8 零零零零 0000",
    ),
    "id": ("990001199001011234", "99000119900101123X", "990001 19900101 1234", "９９０００１１９９００１０１１２３Ｘ", "990001-1990-01-01-123x", "990001900101123", "990001 900101 123"),
    "card": ("6200 0000 0000 0000", "6200000000000000000"),
    "email": ("a.b@example.com",),
    "plate": ("京A12345", "京A·D12345"),
}


@pytest.mark.parametrize("kind", NUMBERS)
def test_numbers_that_name_a_person_are_covered_however_they_are_written(kind):
    for number in NUMBERS[kind]:
        found = mask(f"联系{number}，谢谢")
        assert found.kinds == (kind,), number
        assert number not in found.text


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_sentences_stay_as_they_are(text):
    assert mask(text).text == text


def test_accounts_and_names_that_are_announced_are_covered():
    assert mask("加微信 zf_demo_01 联系").text == "加微信〔账号〕 联系"
    assert mask("有个叫张三丰的，天天打牌。").text == "有个叫〔姓名〕的，天天打牌。"
    assert mask("欧阳主任不在，找李书记。").text == "〔姓〕主任不在，找〔姓〕书记。"


def test_most_invented_names_are_covered():
    rng = random.Random(5)
    given_names = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂兰英华建国文斌志红玉春梅海燕小波安山川瑞雯博思远"
    frames = ("{}副镇长办事拖拉。", "昨天找{}办证，态度不好。", "{}同志很负责。", "反映{}收了红包。", "请{}给个说法。")
    names = ["".join(rng.choice(s) for s in (sorted(SURNAMES), given_names, given_names)) for _ in range(200)]
    left = [n for n in names if n in mask(rng.choice(frames).format(n)).text]
    assert len(left) / len(names) < 0.15, left


@given(st.text(alphabet="我找他电话13800 -，。１３", max_size=40))
@settings(max_examples=60, deadline=None)
def test_no_eleven_digits_of_a_mobile_number_stay_together(text):
    assert "13800000000" not in mask(f"{text}。13800000000。{text}").text


def test_what_says_the_same_is_one_group_and_the_rest_stands_alone():
    texts = ["路灯坏了两个月没人修", "路灯坏了，两个月没有人修", "窗口中午没有人", "路灯坏了两个月没人修！！", "", "好"]
    assert alike(texts, least=0.6).group.tolist() == [0, 0, -1, 0, -1, -1]
    assert alike(texts, least=0.6).table()["n"].tolist() == [3]


def test_likeness_does_not_depend_on_the_order_of_texts():
    texts = list(ORDINARY) * 3
    assert alike(texts).table()["n"].tolist() == [3] * len(ORDINARY)
    assert alike(texts[::-1]).group.tolist()[::-1] != [-1] * len(texts)


def test_a_likeness_out_of_range_is_refused():
    with pytest.raises(ValueError, match="least must be"):
        alike(["a"], least=0)


def test_cues_suggest_the_area_people_speak_of():
    said = {
        "窗口中午没有人值班": "area.2",
        "材料来回跑，窗口互相推诿，态度冷淡": "area.5",
        "路灯反映了几个月一直没修，拖着": "area.3",
        "干部下村只拍照，走过场": "area.4",
        "办低保要送礼，收红包": "area.6",
    }
    assert suggest(list(said), "area6").code == tuple(said.values())


def test_what_speaks_for_nothing_gets_no_suggestion():
    found = suggest(["谢谢", ""], "focus8")
    assert found.code == ("", "") and found.score.tolist() == [0, 0]
    assert suggest([], "focus8").code == ()


def test_enough_coded_texts_are_learnt_from_and_say_how_often_they_were_right():
    rng = random.Random(1)
    make = {"area.2": ["窗口", "没人", "脱岗", "中午"], "area.6": ["红包", "送礼", "摊派", "请客"]}
    coded = [(f"{rng.choice(w)}的事情{rng.choice(w)}了", c) for c, w in make.items() for _ in range(40)]
    found = suggest(["中午脱岗", "摊派又请客"], "area6", examples=coded)
    assert (found.method, found.code) == ("learnt", ("area.2", "area.6"))
    assert found.accuracy > 0.9
    assert all(found.because)


def test_an_unknown_taxonomy_names_the_nearest():
    with pytest.raises(UsageError) as refused:
        suggest(["x"], "area")
    assert refused.value.code == "taxonomy-unknown"
    assert set(taxonomies()) == {"area6", "focus8", "ailment5"}


def test_two_coders_settle_what_they_agree_on_and_a_third_the_rest():
    found = compare(["a", "b", "a", "c"], ["a", "b", "c", "b"], third=["c", "", "a", ""])
    assert found.settled == ("a", "b", "a", "")
    assert found.open == (3,)
    assert not found.is_sound
    assert found.table()["both"].tolist() == [1, 1, 0]


def test_coders_who_agree_on_most_may_be_counted():
    one = ["a", "b", "c", "d"] * 20
    two = [*one[:-4], "b", "b", "c", "d"]
    assert compare(one, two).is_sound


@pytest.mark.parametrize(("first", "second"), [(["a"], ["a", "b"]), (["a", ""], ["a", "b"])])
def test_codes_that_do_not_match_are_refused(first, second):
    with pytest.raises(ValueError, match="both"):
        compare(first, second)


def test_texts_of_a_dataset_are_read_masked_and_never_next_to_answers():
    found = read(Dataset.open(DATASETS / "MY-2020"))
    assert list(found.columns) == ["item", "target", "text", "masked"]
    assert len(found) > 50
    assert found["text"].equals(found["text"].map(lambda t: mask(t).text))
