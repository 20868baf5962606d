"""What a freeze leaves: answers in long form as Parquet, codebook, manifest."""

from .folder import Dataset, verify
from .freezing import freeze
from .importing import import_table

__all__ = ["Dataset", "freeze", "import_table", "verify"]
