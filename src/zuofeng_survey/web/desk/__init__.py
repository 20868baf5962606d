"""The administrators' desk: ledgers to enter, filter, advance and read, in Voila.

It stands behind its own server and token (``zuofeng desk``): neither respondents nor evaluators come
here.
"""

from .desk import LedgerDesk

__all__ = ["LedgerDesk"]
