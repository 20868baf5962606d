"""What a freeze leaves: answers in long form as Parquet, codebook, manifest."""

from .folder import Dataset
from .freezing import freeze
from .importing import import_table
from .verifying import verify

__all__ = ["Dataset", "freeze", "import_table", "verify"]
