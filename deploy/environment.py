"""Prepares this checkout for `make`: the virtual environment, the port, the secret key.

    python3 deploy/environment.py install requirements.txt ...
    python3 deploy/environment.py port 8000
    python3 deploy/environment.py secret-key

Runs before anything is installed and under whatever python3 the machine has, so
it uses the standard library only and the syntax of Python 3.6: an old Python
must get as far as saying that it is too old.
"""

import errno
import hashlib
import json
import secrets
import socket
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
STAMP = VENV / "installed.json"  # which state of each requirement file is installed
SECRET_KEY = ROOT / ".secret-key"

MINIMUM = (3, 11)
INTERPRETERS = ("python3", "python3.13", "python3.12", "python3.11")
# Debian ships ensurepip, without which a virtual environment has no pip, apart from Python.
PROBE = """
import sys
try:
    import ensurepip, venv
    complete = 1
except ImportError:
    complete = 0
print(sys.version_info[0], sys.version_info[1], complete)
"""
# What pip says when it never got an answer; which of them depends on its version.
NO_NETWORK = (
    "connection broken by",
    "Failed to establish a new connection",
    "Temporary failure in name resolution",
    "Network is unreachable",
    "ConnectTimeoutError",
    "ReadTimeoutError",
    "Read timed out",
)


class Trouble(Exception):
    """Something that whoever typed the command can mend; its text says how."""


def probe(interpreter: str) -> tuple:
    """(major, minor, whether it can make environments), or () where it does not run."""
    try:
        answer = subprocess.check_output([interpreter, "-c", PROBE], stderr=subprocess.DEVNULL).split()
        return int(answer[0]), int(answer[1]), answer[2] == b"1"
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return ()


def spelled(version: tuple) -> str:
    return ".".join(str(number) for number in version[:2])


def find_python(interpreters: tuple) -> str:
    """The first interpreter that is new enough and complete. Raises Trouble where there is none."""
    incomplete, newest = "", ()
    for interpreter in interpreters:
        found = probe(interpreter)
        if found[:2] >= MINIMUM and found[2]:
            return interpreter
        if found[:2] >= MINIMUM:
            incomplete = incomplete or spelled(found)
        newest = max(newest, found[:2])
    if incomplete:
        raise Trouble(
            f"Python {incomplete} is here, but without the part that makes virtual environments. "
            f"On Debian or Ubuntu install it with: apt-get install python{incomplete}-venv"
        )
    have = f"this machine has {spelled(newest)}" if newest else "this machine has none"
    raise Trouble(f"The register needs Python {spelled(MINIMUM)} or newer; {have}. Install it and try again.")


def make_environment() -> None:
    """A working .venv: kept when it works, made anew when its Python is gone, too old or half installed."""
    found = probe(str(VENV_PYTHON))
    has_pip = found and subprocess.call([str(VENV_PYTHON), "-c", "import pip"], stderr=subprocess.DEVNULL) == 0
    if has_pip and found[:2] >= MINIMUM:
        return
    python = find_python((sys.executable,) + INTERPRETERS)
    print("Making the virtual environment .venv ...", flush=True)
    made = subprocess.Popen(
        [python, "-m", "venv", "--clear", str(VENV)], stdout=subprocess.PIPE, stderr=subprocess.STDOUT
    )
    output = made.communicate()[0].decode("utf-8", "replace")
    if made.returncode:
        raise Trouble(f"The virtual environment .venv could not be made: {last_line(output)}")


def last_line(output: str) -> str:
    """The last line of a program's output that says something."""
    return ([line.strip() for line in output.splitlines() if line.strip()] or ["it said nothing"])[-1]


def read_stamp() -> dict:
    try:
        return json.loads(STAMP.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def install(names: list) -> None:
    """Bring .venv up to the requirement files; quick where none of them changed."""
    make_environment()
    wanted = {name: hashlib.sha256((ROOT / name).read_bytes()).hexdigest() for name in names}
    stamp = read_stamp()
    changed = [name for name in names if stamp.get(name) != wanted[name]]
    if not changed:
        return
    print(f"Installing {' and '.join(changed)} (the first time takes a minute) ...", flush=True)
    run_pip(changed)
    stamp.update(wanted)
    STAMP.write_text(json.dumps(stamp, indent=1, sort_keys=True), encoding="utf-8")


def run_pip(names: list) -> None:
    """Install the files in one go. Raises Trouble that tells a missing network from other failures."""
    # Two retries ride out a hiccup; pip's five make a machine without network wait for nothing.
    command = [str(VENV_PYTHON), "-m", "pip", "install", "--disable-pip-version-check", "-q", "--retries", "2"]
    for name in names:
        command += ["-r", str(ROOT / name)]
    pip = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    output = pip.communicate()[0].decode("utf-8", "replace")
    if pip.returncode == 0:
        return
    if any(sign in output for sign in NO_NETWORK):
        raise Trouble("The packages could not be fetched: pip cannot reach its index. Check the network and try again.")
    errors = [line for line in output.splitlines() if line.startswith("ERROR:")]
    raise Trouble(f"Installing the packages failed. pip says: {errors[0] if errors else last_line(output)}")


def check_port(text: str) -> None:
    """Raise Trouble unless a server can listen on this port of 127.0.0.1."""
    if not text.isdigit() or not 0 < int(text) < 65536:
        raise Trouble(f"PORT is {text!r}; give a number from 1 to 65535.")
    port = int(text)
    taken = f"Port {port} is already in use. Stop what uses it, or choose another one, such as PORT={port % 65535 + 1}."
    with socket.socket() as probing:
        # Some systems let two programs bind one address; a server that answers is there all the same.
        probing.settimeout(2)
        if probing.connect_ex(("127.0.0.1", port)) == 0:
            raise Trouble(taken)
    with socket.socket() as listening:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listening.bind(("127.0.0.1", port))
        except OSError as error:
            if error.errno == errno.EACCES:
                raise Trouble(f"Port {port} is reserved for the administrator; choose one above 1023.") from None
            raise Trouble(taken) from None


def read_secret_key() -> str:
    """The key for trying production settings at home: made once, readable by its owner only."""
    if not SECRET_KEY.exists() or not SECRET_KEY.read_text(encoding="ascii").strip():
        SECRET_KEY.touch(mode=0o600)
        SECRET_KEY.write_text(secrets.token_urlsafe(48), encoding="ascii")
    return SECRET_KEY.read_text(encoding="ascii").strip()


def main(arguments: list) -> None:
    if arguments[:1] == ["install"] and len(arguments) > 1:
        install(arguments[1:])
    elif arguments[:1] == ["port"] and len(arguments) == 2:
        check_port(arguments[1])
    elif arguments == ["secret-key"]:
        print(read_secret_key())
    else:
        raise Trouble(__doc__.strip())


if __name__ == "__main__":
    try:
        main(sys.argv[1:])
    except Trouble as trouble:
        sys.exit(str(trouble))
    except KeyboardInterrupt:
        sys.exit("Interrupted; run the same command again to go on.")
