"""Where a dataset's tables are read: DuckDB in this process, or Spark when one machine is too small.

The expressions are Ibis's, the same for both. A Spark session that runs already (on a cluster) is
used as it is; otherwise a local one is started that talks to nobody: no UI, bound to 127.0.0.1, no
packages fetched.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from functools import cache
from importlib import resources, util
from pathlib import Path
from typing import Any

from ..errors import UsageError, nearest

ENGINES = ("duckdb", "spark")
DUCKDB, SPARK = ENGINES
MEMORY = "1GB"
MASTER = "local[2]"


def connect(engine: str) -> Any:
    """Return an Ibis connection; Spark's is one for the whole process.

    ``ZUOFENG_MEMORY`` (1GB) is what DuckDB may keep in memory before it writes to disk,
    ``ZUOFENG_SPARK_MASTER`` (local[2]) where a new Spark session runs.

    Raises
    ------
    UsageError
        ``engine-unknown``, ``memory-setting``, ``spark-missing``, ``java-missing``, ``spark-start``.
    """
    if engine not in ENGINES:
        near = nearest(engine, ENGINES) or DUCKDB
        raise UsageError.of("engine-unknown", "--engine", name=engine, known=", ".join(ENGINES), near=near)
    return _spark() if engine == SPARK else _duckdb()


def _duckdb() -> Any:
    import duckdb
    import ibis  # a second to load, and verifying does without

    limit = os.environ.get("ZUOFENG_MEMORY", MEMORY)
    try:
        return ibis.duckdb.connect(memory_limit=limit, temp_directory=str(_scratch("duckdb")))
    except duckdb.Error as error:
        raise UsageError.of("memory-setting", "ZUOFENG_MEMORY", got=limit) from error


@cache
def _spark() -> Any:
    if util.find_spec("pyspark") is None:
        raise UsageError.of("spark-missing", "--engine spark")
    import ibis
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    running = SparkSession.getActiveSession()
    if running is None and not _java():
        raise UsageError.of("java-missing", "--engine spark")
    try:
        return ibis.pyspark.connect(running or _local())
    except (PySparkException, RuntimeError, OSError) as error:
        why = str(error).splitlines()[0][:200]
        raise UsageError.of("spark-start", "--engine spark", why=why) from error


def _java() -> bool:
    home = os.environ.get("JAVA_HOME", "")
    return (Path(home) / "bin" / "java").is_file() if home else shutil.which("java") is not None


def _scratch(engine: str) -> Path:
    """Where what does not fit in memory goes: never the folder one happens to work in."""
    return Path(tempfile.gettempdir()) / f"zuofeng-{engine}-{os.getpid()}"


def _local() -> Any:
    """Start Spark for one reader: few partitions, no server but the one Python speaks to."""
    from pyspark.sql import SparkSession

    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    scratch = _scratch("spark")
    quiet = resources.files("zuofeng_survey.dataset") / "spark-log4j2.properties"
    settings = {
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.driver.extraJavaOptions": f"-Dlog4j2.configurationFile={quiet} -XX:TieredStopAtLevel=1",
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.shuffle.partitions": "4",
        "spark.sql.execution.arrow.pyspark.enabled": "true",
        "spark.sql.catalogImplementation": "in-memory",
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
        "spark.local.dir": str(scratch),
    }
    builder = SparkSession.builder.appName("zuofeng")  # type: ignore[attr-defined]
    builder = builder.master(os.environ.get("ZUOFENG_SPARK_MASTER", MASTER))
    for name, value in settings.items():
        builder = builder.config(name, value)
    return builder.getOrCreate()
