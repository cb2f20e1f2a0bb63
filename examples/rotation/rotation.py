"""The demonstration: an authorization server rotates its keys while four API workers are busy.

It kills the server in the middle of a rotation, and once more at any moment, starts it again, and
ends with exit code 1 if a valid token was refused, if a token was signed by a key that was not
published, or if two keys were current at once.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rapidjwt.keyring import DirectoryStore, KeyRing

if TYPE_CHECKING:
    from collections.abc import Generator

    from rapidjwt.keyring import RingKey

HERE = Path(__file__).parent
WORKERS = 4
MODULES = [
    Path(folder) / "softhsm" / "libsofthsm2.so"
    for folder in ("/usr/lib", "/usr/local/lib", "/opt/homebrew/lib")
]


def environment(folder: Path, every: float) -> dict[str, str]:
    """Make a token of SoftHSM and return the variables of all processes."""
    module = next((str(module) for module in MODULES if module.exists()), None)
    if module is None or shutil.which("softhsm2-util") is None:
        raise SystemExit("SoftHSM 2 is not installed (Debian: apt-get install softhsm2)")
    for name in ("tokens", "keyring"):
        (folder / name).mkdir(mode=0o700)
    configuration = folder / "softhsm2.conf"
    configuration.write_text(f"directories.tokendir = {folder / 'tokens'}\nlog.level = ERROR\n")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    variables = os.environ | {
        "SOFTHSM2_CONF": str(configuration),
        "PKCS11_MODULE": module,
        "FOLDER": str(folder),
        "EVERY": str(every),
        "PORT": str(port),
    }
    pins = ["--pin", "1234", "--so-pin", "5678"]
    subprocess.run(
        ["softhsm2-util", "--init-token", "--free", "--label", "rotation", *pins],
        check=True,
        capture_output=True,
        env=variables,
    )
    return variables


@contextmanager
def running(
    program: str, variables: dict[str, str]
) -> Generator[subprocess.Popen[str], None, None]:
    """Run a program of this folder; it is killed in the end."""
    process = subprocess.Popen(
        [sys.executable, str(HERE / program)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=variables,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


class Server:
    """The authorization server, which is killed and started again."""

    def __init__(self, stack: ExitStack, variables: dict[str, str]) -> None:
        """Start it."""
        self._stack, self._variables = stack, variables
        self.start()

    def start(self) -> None:
        """Start it and wait until it answers."""
        self.process = self._stack.enter_context(
            running("authorization_server.py", self._variables)
        )
        if self.process.stdout is None or self.process.stdout.readline() != "ready\n":
            raise SystemExit("The authorization server did not start")

    def restart(self, how: str, begin: float) -> None:
        """Wait until it is dead, and start it."""
        self.process.wait()
        print(f"{time.time() - begin:5.1f} s  the server was killed {how}; it is started again")
        self.start()


class History:
    """All keys that the ring had, as another process sees them."""

    def __init__(self, ring: KeyRing, begin: float) -> None:
        """Start to watch a ring."""
        self._ring, self._begin = ring, begin
        self.keys: dict[str, RingKey] = {}
        self.moments_with_two = 0

    def watch(self) -> None:
        """Read the ring, and print a key that is new."""
        self._ring.refresh()
        keys = self._ring.keys
        self.moments_with_two += sum(key.retired_at is None for key in keys) > 1
        for key in keys:
            if key.kid not in self.keys:
                print(
                    f"{key.published_at - self._begin:5.1f} s  {key.kid[:8]} is published, and "
                    f"signs from {key.signs_from - self._begin:.1f} s"
                )
            self.keys[key.kid] = key


def run(folder: Path, seconds: float, every: float) -> tuple[History, list[dict[str, Any]]]:
    """Run everything, and return what the ring and the workers have seen."""
    with ExitStack() as stack:
        variables = environment(folder, every)
        begin = time.time()
        server = Server(stack, variables)
        history = History(KeyRing(DirectoryStore(folder / "keyring")), begin)
        workers = [stack.enter_context(running("worker.py", variables)) for _ in range(WORKERS)]
        deadly = folder / "die-in-the-next-rotation"
        deadly.touch()
        killed_at = begin + seconds * random.uniform(0.5, 0.8)
        while time.time() < begin + seconds:
            history.watch()
            if server.process.poll() is not None:
                server.restart("in the middle of a rotation", begin)
            elif time.time() > killed_at:
                server.process.send_signal(signal.SIGKILL)
                server.restart("at any moment", begin)
                killed_at = begin + seconds
            time.sleep(0.05)
        reports = [json.loads(worker.communicate(timeout=60)[0]) for worker in workers]
        if deadly.exists():
            raise SystemExit("No key was rotated: the time was too short")
    return history, reports


def signed_out_of_turn(history: History, reports: list[dict[str, Any]]) -> int:
    """Return how many keys signed a token when another one was current."""
    return sum(
        first < history.keys[kid].signs_from or last > (history.keys[kid].retired_at or last)
        for report in reports
        for kid, (first, last) in report["signed"].items()
    )


def main() -> int:
    """Run the demonstration and return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=60, help="how long it runs")
    parser.add_argument("--every", type=float, default=10, help="how long each key signs")
    given = parser.parse_args()
    os.environ["no_proxy"] = "127.0.0.1"
    with tempfile.TemporaryDirectory() as folder:
        history, reports = run(Path(folder), given.seconds, given.every)
    counts: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    for report in reports:
        counts.update(report["counts"])
        reasons.update(report["reasons"])
    counts["keys that have signed"] = len({kid for report in reports for kid in report["signed"]})
    wrong = {
        "valid tokens refused": counts["valid tokens refused"],
        "tokens signed by an unpublished key": counts["tokens signed by an unpublished key"],
        "keys that signed when another one was current": signed_out_of_turn(history, reports),
        "moments with two keys that have no end": history.moments_with_two,
    }
    print()
    for name in ("keys that have signed", "tokens signed", "verifications"):
        print(f"{counts[name]:8,}  {name}")
    for name, count in wrong.items():
        print(f"{count:8,}  {name}")
    for reason, count in reasons.most_common(5):
        print(f"{count:8,}  {reason}")
    return 1 if any(wrong.values()) else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
