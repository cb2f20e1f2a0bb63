"""Apache Spark and Ray Data: their pages run, and a worker that is killed costs no row.

`make test-engines` runs them: starting an engine takes longer than most tests.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / "tests" / "python"))

from test_docs import program  # noqa: E402 - of the other tests

KEY = """
from rapidjwt import Key, Signer, VerifierSpec, arrow

key = Key.generate("ES256", kid="2026-11")
signer = Signer(key)
spec = VerifierSpec(key.public(), algorithms=["ES256"])
tokens = [signer.encode({"n": n}) for n in range(500)]
"""

#: Four partitions on two executors; in one task, the Python worker is killed, the first time.
SPARK = f"""
import os, signal
import pyarrow as pa
from pathlib import Path
from pyspark.sql import SparkSession
{KEY}
folder = os.getcwd()

def verified(batches):
    for batch in batches:
        killed = Path(folder, "killed")
        if 400 in batch["id"].to_pylist() and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        result = arrow.verify(spec.verifier(), batch["token"], threads=1, claims={{"n": "int"}})
        yield from pa.table(result).select(["n"]).to_batches()

builder = SparkSession.builder.master("local-cluster[2,1,1024]")
spark = builder.config("spark.ui.enabled", "false").getOrCreate()
log = spark.createDataFrame(list(enumerate(tokens)), "id long, token string").repartition(4)
rows = log.mapInArrow(verified, "n long").collect()
assert sorted(row["n"] for row in rows) == list(range(500))
assert Path("killed").exists()
spark.stop()
print("every row once")
"""

RAY = f"""
import os, signal
import pyarrow as pa
import ray
from pathlib import Path
{KEY}
folder = os.getcwd()

class Verified:
    def __init__(self, spec):
        self.verifier = spec.verifier()

    def __call__(self, table):
        killed = Path(folder, "killed")
        if 400 in table["id"].to_pylist() and not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        result = arrow.verify(self.verifier, table["token"], threads=1, claims={{"n": "int"}})
        return pa.table(result).select(["n"])

ray.init(num_cpus=2, include_dashboard=False)
log = ray.data.from_arrow(pa.table({{"id": range(500), "token": tokens}})).repartition(4)
rows = log.map_batches(
    Verified,
    fn_constructor_args=(spec,),
    batch_format="pyarrow",
    compute=ray.data.ActorPoolStrategy(size=1),
    max_restarts=4,
    max_task_retries=4,
).take_all()
assert sorted(row["n"] for row in rows) == list(range(500))
assert Path("killed").exists()
print("every row once")
"""


def run(text, folder):
    script = folder / "engine_program.py"
    script.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, str(script)],
        cwd=folder,
        env=os.environ
        | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "RAY_DEDUP_LOGS": "0"},
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-5000:]
    return done.stdout


@pytest.mark.parametrize(("page", "package"), [("spark", "pyspark"), ("ray", "ray")])
def test_the_page_of_an_engine_runs(page, package, tmp_path):
    pytest.importorskip(package)
    text = (ROOT / "docs" / "columns" / f"{page}.md").read_text(encoding="utf-8")
    run(program(text), tmp_path)


@pytest.mark.parametrize(("text", "package"), [(SPARK, "pyspark"), (RAY, "ray")])
def test_a_worker_that_is_killed_costs_no_row(text, package, tmp_path):
    pytest.importorskip(package)
    assert run(text, tmp_path).splitlines()[-1] == "every row once"
