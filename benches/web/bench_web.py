"""Requests per second of small web apps with PyJWT and with rapidjwt: `make bench-web`.

One worker process per app serves on the loopback interface and verifies one RS256 token per
request; `wrk` sends requests from one thread. Each app is started again for every round, the
libraries take turns, and the responses are checked (200 with the right subject, 401 for a changed
token) before anything is timed. The duration of the run is bounded: servers x libraries x rounds x
seconds.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from contextlib import contextmanager, suppress
from importlib.util import find_spec
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, NoReturn

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE.parent))

from fixtures import CLAIMS, key_pair, sign, tampered  # noqa: E402  (needs the path above)
from machine import cpu_model, installed_versions, today  # noqa: E402
from report import update_docs, web_report  # noqa: E402
from results import WEB_RESULTS, WebLoad, WebResults, write  # noqa: E402

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LIBRARIES = {"PyJWT": "jwt", "rapidjwt": "rapidjwt"}
CONNECTIONS = 16
START_SECONDS = 15.0
DISTRIBUTIONS = ("PyJWT", "rapidjwt", "Flask", "Django", "FastAPI", "gunicorn", "uvicorn")

GUNICORN = "gunicorn --workers 1 --log-level warning --bind 127.0.0.1:{port}"
SERVERS = {
    "Flask, gunicorn sync": GUNICORN + " --worker-class sync flask_app:app",
    "Flask, gunicorn gthread": GUNICORN + " --worker-class gthread --threads 4 flask_app:app",
    "Django, gunicorn sync": GUNICORN + " --worker-class sync django_app:app",
    "FastAPI, uvicorn": (
        "uvicorn --workers 1 --log-level warning --no-access-log --host 127.0.0.1 --port {port} "
        "fastapi_app:app"
    ),
}


def stop(message: str) -> NoReturn:
    """End the program with a one-line message."""
    raise SystemExit(f"bench-web: {message}")


def find_wrk() -> str:
    """Return the path of `wrk`, which is installed from Debian's packages if that is possible."""
    if found := shutil.which("wrk"):
        return found
    if shutil.which("apt-get") and hasattr(os, "geteuid") and os.geteuid() == 0:
        for action in (["update"], ["install", "--yes", "wrk"]):
            subprocess.run(["apt-get", "-qq", *action], check=False, stdout=subprocess.DEVNULL)
    if found := shutil.which("wrk"):
        return found
    stop("the load generator `wrk` is missing; install it (Debian: apt-get install wrk)")


def free_port() -> int:
    """Return a loopback port on which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def get(url: str, token: str) -> tuple[int, str]:
    """Return status and body of one request."""
    request = urllib.request.Request(url, headers={"Authorization": f"Bearer {token}"})
    try:
        with urllib.request.urlopen(request, timeout=5) as response:
            return response.status, response.read().decode()
    except urllib.error.HTTPError as refusal:
        return refusal.code, refusal.read().decode()


def wait_until_up(process: subprocess.Popen[bytes], url: str) -> None:
    """Return when the server responds; end the program if it does not."""
    end = time.monotonic() + START_SECONDS
    while time.monotonic() < end and process.poll() is None:
        with suppress(OSError):
            get(url, "")
            return
        time.sleep(0.05)
    stop(f"the server at {url} did not start")


@contextmanager
def serving(command: str, library: str, public_key: Path) -> Iterator[str]:
    """Run one server during the block and yield its base URL."""
    port = free_port()
    environment = os.environ | {
        "JWT_LIBRARY": LIBRARIES[library],
        "JWT_PUBLIC_KEY": str(public_key),
    }
    module, *options = command.format(port=port).split()
    process = subprocess.Popen([sys.executable, "-m", module, *options], cwd=HERE, env=environment)
    url = f"http://127.0.0.1:{port}"
    try:
        wait_until_up(process, f"{url}/public")
        yield url
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def check_answers(url: str, token: str, what: str) -> None:
    """End the program unless the app accepts the good token and refuses a changed one."""
    if get(f"{url}/me", token) != (200, CLAIMS["sub"]):
        stop(f"{what} does not accept a good token")
    if get(f"{url}/me", tampered(token))[0] != 401:
        stop(f"{what} does not refuse a changed token")


def load(wrk: str, url: str, token: str, seconds: int) -> WebLoad:
    """Send requests for `seconds` and return the report of `wrk`; a failed one ends the program."""
    command = [wrk, "-t1", f"-c{CONNECTIONS}", f"-d{seconds}s", "--latency"]
    command += ["-H", f"Authorization: Bearer {token}", url]
    text = subprocess.run(
        command, capture_output=True, text=True, check=True, timeout=seconds + 30
    ).stdout
    if "Non-2xx" in text:
        stop(f"{url} answered with errors under load")
    rate = re.search(r"Requests/sec:\s+([\d.]+)", text)
    if rate is None:
        stop(f"wrk reported no rate for {url}")
    return WebLoad(per_second=float(rate[1]), p50_ms=latency(text, 50), p99_ms=latency(text, 99))


def latency(text: str, percent: int) -> float:
    """Return a percentile of `wrk`'s latency distribution in milliseconds."""
    found = re.search(rf"^\s+{percent}%\s+([\d.]+)(us|ms|s)$", text, re.MULTILINE)
    if found is None:
        return float("nan")
    return float(found[1]) * {"us": 1e-3, "ms": 1.0, "s": 1e3}[found[2]]


def middle(loads: list[WebLoad]) -> WebLoad:
    """Return the medians of several rounds."""
    return WebLoad(
        per_second=round(median(one["per_second"] for one in loads), 1),
        p50_ms=round(median(one["p50_ms"] for one in loads), 3),
        p99_ms=round(median(one["p99_ms"] for one in loads), 3),
    )


def measure(wrk: str, rounds: int, seconds: int, only: str) -> dict[str, dict[str, WebLoad]]:
    """Return the load per server, without a token and with each library, as medians."""
    token = sign(CLAIMS, "RS256")
    results: dict[str, dict[str, WebLoad]] = {}
    with tempfile.TemporaryDirectory() as folder:
        public_key = Path(folder) / "public.pem"
        public_key.write_text(key_pair("RS256").public, encoding="ascii")
        for server, command in SERVERS.items():
            if only not in server:
                continue
            taken: dict[str, list[WebLoad]] = {"no token": [], **{name: [] for name in LIBRARIES}}
            for _ in range(rounds):
                for library in LIBRARIES:
                    print(f"  {server}, {library}", file=sys.stderr, flush=True)
                    with serving(command, library, public_key) as url:
                        check_answers(url, token, f"{server} with {library}")
                        load(wrk, f"{url}/me", token, 1)  # warm up
                        taken[library].append(load(wrk, f"{url}/me", token, seconds))
                        if library == "rapidjwt":
                            taken["no token"].append(load(wrk, f"{url}/public", token, seconds))
            results[server] = {name: middle(loads) for name, loads in taken.items() if loads}
    return results


def main(argv: Sequence[str]) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=3, help="servers started per library")
    parser.add_argument("--seconds", type=int, default=5, help="length of one measurement")
    parser.add_argument("--only", default="", metavar="TEXT", help="servers with TEXT in the name")
    parser.add_argument("--output", type=Path, default=None, metavar="FILE", help="JSON file")
    options = parser.parse_args(argv)
    modules = ["flask", "django", "fastapi", "gunicorn", "uvicorn", *LIBRARIES.values()]
    if missing := [name for name in modules if find_spec(name) is None]:
        stop(f"not installed: {', '.join(missing)}; install the project's `bench` extra")
    servers = measure(find_wrk(), options.rounds, options.seconds, options.only)
    if not servers:
        stop(f"no server has {options.only!r} in its name")
    run = WebResults(
        cpu=cpu_model(),
        cores=os.cpu_count() or 1,
        python=f"{platform.python_implementation()} {platform.python_version()}",
        date=today(),
        command=shlex.join(["python", "benches/web/bench_web.py", *argv]),
        rounds=options.rounds,
        seconds=options.seconds,
        connections=CONNECTIONS,
        versions=installed_versions(DISTRIBUTIONS),
        servers=servers,
    )
    output = options.output or (None if options.only else WEB_RESULTS)
    if output:
        write(output, run)
    if output == WEB_RESULTS:
        update_docs()
    print(web_report(run))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
