"""What may leave a dataset: no group below k, and no way to work one out from the others.

One group hidden by itself equals the total minus the groups shown, so the next smallest goes with
it, and more, until the hidden ones together are no small group either. Where those hidden are of
one mind, their sum would say what each of them answered: then another group goes too.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Flags = NDArray[np.bool_]
Pair = tuple[ArrayLike, ArrayLike]


def hidden(n: ArrayLike, *, k: int, parts: Sequence[Pair] = ()) -> Flags:
    """Return which groups of one breakdown must not be shown.

    Parameters
    ----------
    n : array_like of int, shape (G,)
        Answers of each group; groups of nobody are never hidden, there is nothing to hide.
    k : int
        Smallest group that may be shown.
    parts : sequence of pairs of array_like, each of shape (G,)
        Counts of which a rate is shown: (satisfied, valid).

    Returns
    -------
    ndarray of bool, shape (G,)

    Examples
    --------
    >>> hidden([40, 3, 12, 25], k=5).tolist()
    [False, True, True, False]
    >>> hidden([40, 30, 12], k=5).tolist()
    [False, False, False]
    """
    size = np.asarray(n, dtype=int)
    hide = (size > 0) & (size < k)
    by_size = [int(i) for i in np.argsort(size, kind="stable") if size[i] > 0]
    while hide.any() and not hide[by_size].all():
        if hide.sum() > 1 and size[hide].sum() >= k and not _of_one_mind(parts, hide):
            break
        hide[next(i for i in by_size if not hide[i])] = True
    return hide


def _of_one_mind(parts: Sequence[Pair], hide: Flags) -> bool:
    sums = [(np.asarray(part)[hide].sum(), np.asarray(whole)[hide].sum()) for part, whole in parts]
    return any(part in (0, whole) for part, whole in sums)
