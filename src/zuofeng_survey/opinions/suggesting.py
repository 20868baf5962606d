"""A code to begin with for each text: a suggestion to two people who code, never a code.

Without examples a text is compared with the cues of each code; with enough texts that people have
coded, a linear model learns from them, and says how often it was right on texts that it had not
seen. Both run on this machine: words from rjieba, the rest from scikit-learn.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ..html import table_html
from .masking import tagger
from .taxonomies import Taxonomy, taxonomy

FLOOR = 0.12
SURE = 0.5
ENOUGH = 60
ENOUGH_A_CODE = 8
FOLDS = 4


@dataclass(frozen=True, slots=True, eq=False)
class Suggestions:
    """One suggestion a text.

    Attributes
    ----------
    code : tuple of str
        Empty where nothing speaks for any code.
    score : ndarray, shape (n,)
        Cosine with the code's cues, or the model's probability.
    because : tuple of str
        The words that spoke for it, for people to see.
    method : str
        ``cues`` or ``learnt``.
    accuracy : float
        Learnt: share right in cross-validation; NaN for cues.
    """

    taxonomy: str
    code: tuple[str, ...]
    score: NDArray[np.float64]
    because: tuple[str, ...]
    method: str
    accuracy: float

    def table(self) -> pd.DataFrame:
        """Return one row a text: code, code_label, score, because."""
        labels = taxonomy(self.taxonomy).labels
        return pd.DataFrame(
            {
                "code": self.code,
                "code_label": [labels.get(c, "") for c in self.code],
                "score": self.score,
                "because": self.because,
            }
        )

    def _repr_html_(self) -> str:
        return table_html(self.table())


def suggest(
    texts: Sequence[str], name: str, *, examples: Sequence[tuple[str, str]] = ()
) -> Suggestions:
    """Suggest a code of one taxonomy for each text.

    Parameters
    ----------
    texts : sequence of str
        Masked texts.
    name : {"area6", "focus8", "ailment5"}
        The taxonomy.
    examples : sequence of (text, code)
        What two people have settled. From 60 on, at least 8 a code in use, the suggestions are
        learnt from them; codes with fewer are never suggested then.

    Raises
    ------
    UsageError
        ``taxonomy-unknown``.

    Examples
    --------
    >>> suggest(["窗口中午没有人值班", "谢谢"], "area6").code
    ('area.2', '')
    """
    known = taxonomy(name)
    usable = _usable(examples, known)
    if len(texts) and len(usable) >= ENOUGH and len({c for _, c in usable}) > 1:
        return _learnt(texts, known, usable)
    return _by_cues(texts, known)


def words(text: str) -> list[str]:
    """Return the words of a text, of two letters and more, and its bigrams of characters.

    >>> words("路灯坏了")
    ['路灯', '路灯', '灯坏', '坏了']
    """
    cut = [w for w in tagger().cut(text) if len(w) > 1]
    return [*cut, *(text[i : i + 2] for i in range(len(text) - 1))]


def _usable(examples: Sequence[tuple[str, str]], known: Taxonomy) -> list[tuple[str, str]]:
    count = Counter(code for _, code in examples)
    return [(t, c) for t, c in examples if c in known.labels and count[c] >= ENOUGH_A_CODE]


def _by_cues(texts: Sequence[str], known: Taxonomy) -> Suggestions:
    """Cosine of each text's cues, weighted by how few codes share a cue, with each code's."""
    spread = Counter(cue for cues in known.cues.values() for cue in cues)
    codes = list(known.cues)
    found = [_heard(text, known, spread) for text in texts]
    score = np.array([[sum(h[c].values()) for c in codes] for h in found]).reshape(-1, len(codes))
    best = score.argmax(axis=1) if len(texts) else np.zeros(0, dtype=int)
    top = score[np.arange(len(texts)), best]
    told = [top[i] >= FLOOR for i in range(len(texts))]
    code = tuple(codes[b] if t else "" for b, t in zip(best, told, strict=True))
    because = tuple("、".join(h[c]) if c else "" for h, c in zip(found, code, strict=True))
    return Suggestions(known.name, code, np.where(told, top, 0.0), because, "cues", float("nan"))


def _heard(text: str, known: Taxonomy, spread: Counter[str]) -> dict[str, dict[str, float]]:
    """Return, a code, the cues that stand in a text and what each weighs."""
    heard = {cue for cue in spread if cue in text}
    whole = {c for c in heard if not any(c != other and c in other for other in heard)}
    norm = np.sqrt(max(len(whole), 1))
    return {
        code: {cue: 1 / spread[cue] / norm for cue in cues if cue in whole}
        for code, cues in known.cues.items()
    }


def _learnt(
    texts: Sequence[str], known: Taxonomy, examples: Sequence[tuple[str, str]]
) -> Suggestions:
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    said, codes = zip(*examples, strict=True)
    model = _model()
    folds = StratifiedKFold(FOLDS, shuffle=True, random_state=1)
    unseen = cross_val_predict(model, said, codes, cv=folds)
    model.fit(said, codes)
    chance = model.predict_proba(list(texts))
    best, names = chance.argmax(axis=1), list(model.classes_)
    top = chance[np.arange(len(texts)), best]
    code = tuple(str(names[b]) if p >= SURE else "" for b, p in zip(best, top, strict=True))
    because = tuple(_spoke(model, t, c) if c else "" for t, c in zip(texts, code, strict=True))
    accuracy = float(np.mean(np.asarray(unseen) == np.asarray(codes)))
    return Suggestions(known.name, code, np.where(top >= SURE, top, 0.0), because, "learnt", accuracy)


def _model() -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    terms = TfidfVectorizer(analyzer=words, sublinear_tf=True)  # pyright: ignore[reportArgumentType]
    return make_pipeline(terms, LogisticRegression(C=10, class_weight="balanced", max_iter=500))


def _spoke(model: Any, text: str, code: str) -> str:
    """Return the three words of a text that weigh most for a code."""
    terms, line = model[0], model[-1]
    row = terms.transform([text])
    which = list(line.classes_).index(code)
    weight = line.coef_[which] if len(line.coef_) > 1 else line.coef_[0] * (2 * which - 1)
    speak = sorted(((weight[j] * v, j) for j, v in zip(row.indices, row.data, strict=True)), reverse=True)
    named = terms.get_feature_names_out()
    return "、".join(str(named[j]) for w, j in speak[:3] if w > 0)
