"""The fields that only people fill. They have no value here and no way to be given one."""

from __future__ import annotations

from dataclasses import dataclass, field, fields


@dataclass(frozen=True, slots=True)
class Blanks:
    """What a committee and the person concerned write by hand beside a finding.

    Every field is None and cannot be set: the software proposes what to look at, people decide.

    Attributes
    ----------
    list_or_not, explanation
        Whether the finding is put on the list at all, and the written reason where a guard speaks.
    statement
        What the person says to it.
    decision, authority, minutes
        What was decided, by whom, in which minutes.
    notified_on, review_until, appeal_until
        The day of the written notice, and what follows from it.
    """

    list_or_not: None = field(default=None, init=False)
    explanation: None = field(default=None, init=False)
    statement: None = field(default=None, init=False)
    decision: None = field(default=None, init=False)
    authority: None = field(default=None, init=False)
    minutes: None = field(default=None, init=False)
    notified_on: None = field(default=None, init=False)
    review_until: None = field(default=None, init=False)
    appeal_until: None = field(default=None, init=False)


BLANKS = tuple(f.name for f in fields(Blanks))
BLANK_ZH = {
    "list_or_not": "是否列入名单",
    "explanation": "书面说明",
    "statement": "本人意见",
    "decision": "处理决定",
    "authority": "决定机关",
    "minutes": "会议纪要号",
    "notified_on": "书面通知日期",
    "review_until": "申请复核截止",
    "appeal_until": "提出申诉截止",
}
