"""The command line from outside: processes, pipes, signals, a terminal."""

from __future__ import annotations

import json
import os
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import rapidjwt
from rapidjwt import Key, Signer
from rapidjwt.cli.program import program

from .conftest import is_one_line
from .tokens import token

PROGRAM = [sys.executable, "-W", "error", "-m", "rapidjwt"]
SECRET = "a secret of at least thirty-two bytes, from a vault"
PATIENCE = 30
posix = pytest.mark.skipif(sys.platform == "win32", reason="POSIX only")


def process(*arguments, stdin="", program=PROGRAM, **environment):
    return subprocess.run(
        [*program, *arguments],
        input=stdin,
        env=os.environ | environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=PATIENCE,
        check=False,
    )


def script(text, *arguments, **environment):
    return process(*arguments, program=[sys.executable, "-c", text], **environment)


def test_a_round_trip_of_processes_keeps_results_and_notes_apart():
    done = process("keygen", "ES256", "--out", "key.pem", "--public-out", "public.pem")
    assert (done.returncode, done.stdout) == (0, "")
    assert is_one_line(done.stderr)
    done = process("sign", "--key", "key.pem", "--claim", "sub=alice", "--expires-in", "15m")
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(r"[\w-]+\.[\w-]+\.[\w-]+\n", done.stdout)
    made = done.stdout
    verify = ["verify", "--key", "public.pem", "--alg", "ES256"]
    done = process(*verify, stdin=made)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("Verified\n")
    done = process(*verify, stdin=made.replace(".", ".e", 1))
    assert (done.returncode, done.stdout) == (1, "")
    assert is_one_line(done.stderr)


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["inspect", "no token"], 1),
        (["verify", "--key", "missing", "--alg", "ES256", "x.y.z"], 3),
        (["sign"], 2),
        (["unknown"], 2),
        (["--unknown"], 2),
        ([], 2),
        (["--help"], 0),
        (["-h"], 0),
        (["--version"], 0),
    ],
)
def test_the_exit_code_reaches_the_shell_without_a_traceback(arguments, code):
    done = process(*arguments)
    assert done.returncode == code
    assert "Traceback" not in done.stdout + done.stderr


def test_the_console_script_is_the_module():
    done = process("--version", program=[Path(sys.executable).with_name("rapidjwt")])
    assert done.stdout == process("--version").stdout == f"rapidjwt {rapidjwt.__version__}\n"


@pytest.mark.parametrize("command", program.commands)
def test_each_command_has_a_short_help_with_examples(command):
    done = process(command, "--help")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"Usage: rapidjwt {command} ")
    options, examples = done.stdout.split("\n  Examples:\n")
    assert len(options.splitlines()) <= 38
    assert all(f"rapidjwt {command}" in line for line in examples.splitlines())
    assert "\\" not in done.stdout  # an escape that nothing has evaluated
    assert command in process("--help").stdout


@pytest.mark.parametrize("missing", ["click", "rich"])
@pytest.mark.parametrize("arguments", [["--version"], ["inspect", "x"], []])
def test_without_the_extra_one_line_says_what_to_install(missing, arguments):
    text = f"import sys; sys.modules[{missing!r}] = None; import runpy; sys.argv[0] = 'rapidjwt'; "
    done = script(text + "runpy.run_module('rapidjwt', run_name='__main__')", *arguments)
    assert (done.returncode, done.stdout) == (5, "")
    assert is_one_line(done.stderr)
    assert "pip install 'rapidjwt[cli]'" in done.stderr


def test_another_missing_module_is_not_taken_for_the_extra():
    text = (
        "import sys; sys.modules['rapidjwt.key_set'] = None; from rapidjwt.cli import main; main()"
    )
    done = script(text)
    assert done.returncode == 1
    assert "rapidjwt.key_set" in done.stderr
    assert "pip install" not in done.stderr


def test_the_package_does_not_import_its_command_line():
    done = script(
        "import rapidjwt, sys; print({'click', 'rich', 'rapidjwt.cli'} & set(sys.modules))"
    )
    assert done.stdout == "set()\n"


@posix
def test_a_reader_that_goes_away_is_no_error():
    with subprocess.Popen(
        [*PROGRAM, "inspect"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        running.stdout.close()
        running.stdin.write(token())
        running.stdin.close()
        running.stdin = None
        assert running.wait(PATIENCE) == 141
        assert running.stderr.read() == ""


@posix
def test_a_reader_of_help_that_goes_away_is_no_error():
    assert in_shell("{ rapidjwt --help; echo $? >&2; } | true").stderr.endswith("141\n")


def in_shell(command):
    """Run a line of sh in which `rapidjwt` is the program of this interpreter."""
    program = shlex.join(PROGRAM)
    return process(program=["sh", "-c", f'rapidjwt() {{ {program} "$@"; }}; {command}'])


READING = [
    "inspect",
    "inspect --tokens -",
    "verify --key public.pem --alg ES256",
    "verify --key public.pem --alg ES256 --tokens -",
    "verify --key - --alg ES256 x",
    "verify --jwks - --alg ES256 x",
    "sign --key -",
    "sign --key private.pem --claims -",
    "jwks -",
    "thumbprint -",
]
WRITING = [
    "inspect TOKEN",
    "inspect --json TOKEN",
    "inspect --json --tokens list",
    "verify --key public.pem --alg ES256 TOKEN",
    "verify --key public.pem --alg ES256 --json TOKEN",
    "sign --key private.pem",
    "keygen ES256 --out new.pem --json",
    "jwks public.pem",
    "thumbprint public.pem",
    "bench --alg HS256 --seconds 0",
    "--help",
    "--version",
    "verify --help",
]


@posix
@pytest.mark.parametrize("command", READING)
def test_a_closed_standard_input_is_one_line(command, private_file, public_file):
    done = in_shell(f"rapidjwt {command} <&-")
    assert (done.returncode, done.stdout) == (3, "")
    assert done.stderr == "rapidjwt: Standard input is closed\n"


@posix
@pytest.mark.parametrize(
    ("output", "message"),
    [
        (">&-", "is closed"),
        pytest.param(
            ">/dev/full",
            "cannot be written: No space left on device",
            marks=pytest.mark.skipif(not Path("/dev/full").exists(), reason="Linux only"),
        ),
    ],
)
@pytest.mark.parametrize("command", WRITING)
def test_output_that_cannot_be_written_is_one_line(
    command, output, message, key, private_file, public_file
):
    made = rapidjwt.encode({"sub": "alice"}, key, "ES256")
    Path("list").write_text(f"{made}\n{made}\n")
    command = command.replace("TOKEN", made)
    done = in_shell(f"rapidjwt {command} {output}")
    notes = [line for line in done.stderr.splitlines() if "Measuring" not in line]
    assert notes == [f"rapidjwt: Standard output {message}"]
    assert done.returncode == 3


@posix
@pytest.mark.parametrize("errors", ["2>&-", "2>/dev/full", "<&- >&- 2>&-"])
@pytest.mark.parametrize(
    ("command", "code"),
    [
        ("keygen ES256 --out new.pem", 0),
        ("verify --key public.pem --alg ES256 x.y.z", 1),
        ("inspect --unknown", 2),
        ("sign --key missing", 3),
        ("", 2),
    ],
)
def test_without_standard_error_the_exit_code_is_the_same(
    command, code, errors, public_file, tmp_path
):
    if "full" in errors and not Path("/dev/full").exists():
        pytest.skip("Linux only")
    done = in_shell(f"rapidjwt {command} {errors}")
    assert (done.returncode, done.stdout) == (code, "")
    assert (tmp_path / "new.pem").exists() == command.startswith("keygen")


@posix
def test_without_the_extra_and_standard_error_the_exit_code_is_the_same():
    text = "import sys; sys.modules['click'] = None; sys.stderr = None; from rapidjwt.cli import "
    done = script(f"{text}main; sys.exit(main(['--version']))")
    assert (done.returncode, done.stdout) == (5, "")


@posix
@pytest.mark.usefixtures("_interruptible")
def test_an_interrupt_is_quiet():
    with subprocess.Popen(
        [sys.executable, "-m", "rapidjwt", "bench", "--seconds", "60"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as running:
        assert running.stderr.readline().startswith("rapidjwt: Measuring")
        running.send_signal(signal.SIGINT)
        out, err = running.communicate(timeout=PATIENCE)
    assert running.returncode == 130
    assert (out, err.strip()) == ("", "")


def test_ascii_terminals_get_numbers_for_other_characters():
    done = process("inspect", token({"sub": "h\u00e9llo \u20ac"}), PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert "h\\xe9llo \\u20ac" in done.stdout


@pytest.mark.parametrize("shell", ["zsh", "fish"])
def test_shells_can_complete_commands(shell):
    assert "rapidjwt" in process(_RAPIDJWT_COMPLETE=f"{shell}_source").stdout
    words = {"COMP_WORDS": "rapidjwt thumb", "COMP_CWORD": "1" if shell == "zsh" else "thumb"}
    assert "thumbprint" in process(_RAPIDJWT_COMPLETE=f"{shell}_complete", **words).stdout


@pytest.mark.skipif(shutil.which("bash") is None, reason="there is no bash")
@pytest.mark.parametrize(
    ("typed", "words"),
    [
        ("thumb", {"thumbprint"}),
        ("verify --iss", {"--iss", "--issuer"}),
        ("sign --alg ES25", {"ES256", "ES256K"}),
    ],
)
def test_bash_completes_what_is_typed(typed, words):
    number = len(typed.split())
    completing = (
        'eval "$(_RAPIDJWT_COMPLETE=bash_source rapidjwt)"; complete -p rapidjwt; '
        f"COMP_WORDS=(rapidjwt {typed}) COMP_CWORD={number}; "
        '_rapidjwt_completion rapidjwt; printf "%s\\n" "${COMPREPLY[@]}"'
    )
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = process(program=["bash", "-c", completing], PATH=path)
    registered, *offered = done.stdout.splitlines()
    assert registered.endswith(" rapidjwt")
    assert set(offered) == words


@pytest.mark.skipif(shutil.which("fish") is None, reason="there is no fish")
def test_fish_completes_what_is_typed():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    completing = (
        "_RAPIDJWT_COMPLETE=fish_source rapidjwt | source; complete -C 'rapidjwt sign --alg ES25'"
    )
    done = process(program=["fish", "--no-config", "-c", completing], PATH=path)
    assert {line.split("\t")[0] for line in done.stdout.splitlines()} == {"ES256", "ES256K"}


@pytest.mark.skipif(shutil.which("zsh") is None, reason="there is no zsh")
def test_zsh_accepts_its_completion():
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    completing = (
        'autoload -U compinit; compinit -D; eval "$(_RAPIDJWT_COMPLETE=zsh_source rapidjwt)"; '
        "print $_comps[rapidjwt]"
    )
    done = process(program=["zsh", "-f", "-c", completing], PATH=path)
    assert (done.stdout, done.stderr) == ("_rapidjwt_completion\n", "")


@pytest.mark.parametrize(
    "command",
    [
        "inspect --tokens",
        "verify --key",
        "verify --jwks",
        "verify --tokens",
        "sign --key",
        "sign --claims",
        "keygen ES256 --out",
        "keygen ES256 --public-out",
        "jwks",
        "jwks one.pem",
        "thumbprint",
    ],
)
def test_shells_can_complete_names_of_files(command):
    words = {"COMP_WORDS": f"rapidjwt {command} si", "COMP_CWORD": "si"}
    assert process(_RAPIDJWT_COMPLETE="fish_complete", **words).stdout.startswith("file,si")


def in_terminal(arguments, stdin=None, typed=None, **environment):
    """Run with a pseudo-terminal as output, and as input when text is typed at a prompt."""
    master, slave = os.openpty()
    names = ("NO_COLOR", "TERM", "COLORTERM", "COLUMNS", "CI")
    surroundings = {name: value for name, value in os.environ.items() if name not in names}
    with subprocess.Popen(
        [*PROGRAM, *arguments],
        stdin=slave if typed else subprocess.PIPE,
        stdout=slave,
        stderr=slave,
        start_new_session=True,
        env=surroundings | {"TERM": "xterm-256color"} | environment,
    ) as running:
        os.close(slave)
        if stdin is not None:
            running.stdin.write(stdin.encode())
            running.stdin.close()
        try:
            shown = read_terminal(master, typed)
            code = running.wait(PATIENCE)
        finally:
            running.kill()
            os.close(master)
    return code, shown


def read_terminal(master, typed):
    shown = b""
    deadline = time.monotonic() + PATIENCE
    while select.select([master], [], [], max(0, deadline - time.monotonic()))[0]:
        try:
            data = os.read(master, 65536)
        except OSError:  # how Linux reports that the other side is closed
            data = b""
        if not data:
            return shown.decode()
        shown += data
        if typed and b": " in shown:
            os.write(master, typed.encode())
            typed = None
    pytest.fail(f"The program did not end: {shown!r}")


def without_colours(text):
    return re.sub(r"\x1b\[[\d;]*m", "", text).replace("\r\n", "\n")


@posix
def test_inspect_in_a_terminal_shows_all_in_colour_and_that_nothing_was_verified():
    made = Signer(Key.from_secret(SECRET), lifetime=300).encode({"sub": "alice", "admin": True})
    code, shown = in_terminal(["inspect", "-"], stdin=f"Bearer {made}\n")
    assert code == 0
    text = without_colours(shown)
    assert "\x1b" not in text
    header, claims, times, end = re.split(r"\n\n(?=Claims|Times|Nothing)", text)
    assert header == 'Header (not verified)\n{\n  "alg": "HS256",\n  "typ": "JWT"\n}'
    assert '"sub": "alice"' in claims
    assert re.search(r"iat  issued \d+ s ago", times)
    assert re.search(r"exp  expires in [45] min  ", times)
    assert end.startswith("Nothing was verified: anyone can write such a token.")
    # The bold yellow of the warning, and one of the colours of JSON.
    assert re.search(r"\x1b\[1;33mNothing was verified", shown)
    assert re.search(r"\x1b\[[\d;]*m\"alice\"\x1b\[0m", shown)


@posix
@pytest.mark.parametrize("environment", [{"NO_COLOR": "1"}, {"TERM": "dumb"}])
def test_a_terminal_without_colours_gets_none(environment):
    code, shown = in_terminal(["inspect", "-"], stdin=token(), **environment)
    assert code == 0
    assert "\x1b" not in shown
    assert "Nothing was verified" in shown


def test_a_pipe_gets_no_colours():
    assert "\x1b" not in process("inspect", token(), TERM="xterm-256color").stdout


@posix
def test_a_hostile_token_cannot_add_sequences_to_the_colours():
    code, shown = in_terminal(["inspect", "-"], stdin=token({"sub": "\x1b[2J\x1b]0;x\x07\x9b"}))
    assert code == 0
    assert not set("\x1b\x07\x9b") & set(without_colours(shown))
    assert "\\u001b[2J" in without_colours(shown)


RECIPIENT = Key.generate("X25519")
#: Commands whose output people copy, each with its standard input.
COPIED = {
    "sign": ("sign --key env:SECRET --sub " + "alice" * 20, ""),
    "sign --format json": ("sign --key env:SECRET --format json --sub " + "alice" * 20, ""),
    "encrypt": ("encrypt --key recipient.pem --alg ECDH-ES", "content" * 20),
    "thumbprint": ("thumbprint recipient.pem", ""),
    "jwks": ("jwks recipient.pem", ""),
    "inspect --json": ("inspect --json", token({"sub": "alice" * 20})),
}


@pytest.mark.parametrize("name", COPIED)
def test_what_people_copy_is_the_value_and_one_line_break(name):
    Path("recipient.pem").write_text(RECIPIENT.to_pem(), encoding="ascii")
    command, stdin = COPIED[name]
    asked = {"SECRET": SECRET, "FORCE_COLOR": "1", "COLUMNS": "20"}
    done = process(*command.split(), stdin=stdin, **asked)
    assert (done.returncode, done.stderr) == (0, "")
    value = done.stdout.removesuffix("\n")
    assert done.stdout == f"{value}\n"
    assert value == value.strip()
    assert "\x1b" not in value
    if value.startswith("{"):
        assert value == json.dumps(json.loads(value), indent=2)
    else:
        assert re.fullmatch(r"[\w.-]+", value)
    if os.name == "posix":
        code, shown = in_terminal(command.split(), stdin=stdin, **asked)
        assert code == 0
        # An encrypted token is different each time, but it has the same length.
        assert [len(line) for line in shown.split("\r\n")] == [
            len(line) for line in done.stdout.split("\n")
        ]
        assert "\x1b" not in shown


@posix
@pytest.mark.parametrize("command", ["inspect", "verify --key env:SECRET --alg HS256"])
def test_a_narrow_terminal_and_a_pipe_get_the_same_lines(command):
    made = Signer(Key.from_secret(SECRET)).encode({"sub": "alice" * 20})
    code, shown = in_terminal(command.split(), stdin=made, SECRET=SECRET, COLUMNS="20")
    assert code == 0
    assert without_colours(shown) == process(*command.split(), stdin=made, SECRET=SECRET).stdout
    assert shown.endswith("\r\n")
    assert not shown.endswith("\r\n\r\n")


@posix
def test_a_secret_that_is_typed_is_not_shown():
    code, shown = in_terminal(["sign", "--key", "-", "--alg", "HS256"], typed=f"{SECRET}\n")
    assert code == 0
    assert SECRET not in shown
    assert rapidjwt.decode(shown.split()[-1], SECRET, ["HS256"]) == {}
