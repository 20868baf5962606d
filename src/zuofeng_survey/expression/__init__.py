"""What decides whether an item is shown (``relevant``) or its answer accepted (``constraint``).

The part of XPath that XLSForm authors write, parsed once into plain lists which this module and
``web/static/expression.js`` interpret alike; nothing is ever ``eval``-ed. From XPath 1.0, the ODK
XForms specification, and JavaRosa where those are silent. The contract with ``expression.js``::

    ["lit", 3 | "text"]  ["ref", name]  ["current"]  ["neg", t]  ["or" | "and" | "+" | "*", t, t, …]
    ["=" | "!=" | "<" | "<=" | ">" | ">=" | "-" | "div" | "mod", t, t]  ["regex", t, pattern]
    [any other function of FUNCTIONS, t, …]
    pattern: ["cat", p, …]  ["alt", p, …]  ["rep", p, least, most or -1]
             ["set", from, before, from, before, …] of code points, rising

    value   boolean, number (IEEE double), string, list of names (select_multiple, rank, repeats);
            unanswered, null, an object or an absent name is ''
    string  list → its names joined by a space; 1.0 → '1', never an exponent; true → 'true'
    number  '' and other text → NaN; '-1.5' → -1.5 (no '+', no exponent); 'YYYY-MM-DD' → days since
            1970-01-01, so dates compare and ``today() - 7`` is a week ago; true → 1
    truth   '', an empty list, 0 and NaN are false, all else is true
    = !=    as truths if a side is boolean, else as numbers if a side is a number or both look like
            one, else as strings; ``<`` and its kin, and arithmetic, always as numbers
"""

from .circles import find_cycle
from .evaluating import evaluate, truth
from .parsing import FUNCTIONS, Expression, parse

__all__ = ["FUNCTIONS", "Expression", "evaluate", "find_cycle", "parse", "truth"]
