"""Apache Spark and Ray Data: their pages run, and a worker that is killed costs no row.

`make test-engines` runs them: starting an engine takes longer than most tests.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rapidjwt import Key, Signer

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


#: Every Python process imports it at its start. A worker of an audit is killed, the first time,
#: when it has written some of the results of a file.
KILLER = """
import os, signal
from pathlib import Path
from rapidjwt.audit import parts, reading

reading.ROWS, parts._ROWS = 50, 100
write, killed = parts.Parts.write, Path(__file__).with_name("killed")

def write_and_die(self):
    write(self)
    if self._suffix and self._written == 2 and not killed.exists():
        killed.touch()
        os.kill(os.getpid(), signal.SIGKILL)

parts.Parts.write = write_and_die
"""
#: Two executors, as on a cluster: a local master does not repeat tasks.
CLUSTER = "--master local-cluster[2,1,1024] --conf spark.ui.enabled=false pyspark-shell"


def run(text, folder):
    script = folder / "engine_program.py"
    script.write_text(text, encoding="utf-8")
    return run_python([str(script)], folder)


def run_python(arguments, folder, code=0, **variables):
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env=os.environ
        | {"PYSPARK_PYTHON": sys.executable, "SPARK_LOCAL_IP": "127.0.0.1", "RAY_DEDUP_LOGS": "0"}
        | variables,
        capture_output=True,
        text=True,
        timeout=280,
        check=False,
    )
    assert done.returncode == code, done.stderr[-5000:]
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


def files_of_tokens(folder):
    """Write three files of tokens, and their keys, one of which has expired; return their names."""
    keys = [Key.generate("ES256", kid=kid) for kid in ("new", "old")]
    new, old = (key.public().to_jwk() | {"alg": "ES256"} for key in keys)
    (folder / "keys.json").write_text(json.dumps({"keys": [new, old | {"exp": 1_600_000_000}]}))
    signers = [Signer(key, issuer="https://auth.example") for key in keys]
    tokens = [signers[n % 3 == 2].encode({"n": n}) for n in range(299)] + ["no token"]
    for name in ("a.parquet", "b.parquet"):
        pq.write_table(pa.table({"token": tokens}), folder / name)
    (folder / "c.log").write_text("\n".join([*tokens[:-1], "eyJ..refused"]))
    return ["a.parquet", "b.parquet", "c.log"]


@pytest.mark.parametrize(("engine", "package"), [("spark", "pyspark"), ("ray", "ray")])
def test_an_audit_on_an_engine_is_that_of_this_machine(engine, package, tmp_path):
    pytest.importorskip(package)
    command = ["-m", "rapidjwt", "audit", *files_of_tokens(tmp_path), "--key", "keys.json"]
    command += ["--json", "--at", "2100-01-01T00:00Z"]
    here = json.loads(run_python([*command, "--out", "here"], tmp_path, 1))
    assert (here["tokens"], here["valid"]) == (900, 600)
    assert here["refused"] == {"unknown_key": 297, "malformed_token": 3}

    (tmp_path / "path").mkdir()
    (tmp_path / "path" / "sitecustomize.py").write_text(KILLER)
    path = {"PYTHONPATH": str(tmp_path / "path"), "PYSPARK_SUBMIT_ARGS": CLUSTER}
    command += ["--engine", engine, "--out", "there"]
    there = json.loads(run_python(command, tmp_path, 1, **path))
    assert (tmp_path / "path" / "killed").exists()
    assert there == here
    rows = pq.read_table(tmp_path / "there")
    assert rows.to_pylist() == pq.read_table(tmp_path / "here").to_pylist()

    again = json.loads(run_python([*command, "--resume"], tmp_path, 1, **path))
    assert again == there
    assert pq.read_table(tmp_path / "there").num_rows == 900
    missing = [*command[:-1], "other", "missing.log"]
    assert run_python(missing, tmp_path, 3, **path) == ""
