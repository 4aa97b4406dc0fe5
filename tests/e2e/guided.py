"""Answers the questions of `sam deploy --guided` at a pseudo-terminal, against ministack, and counts them.

    target/ci-tools/e2e-venv/bin/python tests/e2e/guided.py target/ci-tools/venv/bin/sam

Everything but the two parameters without a default is answered with the Enter key, as somebody does who knows nothing
better. The run fails when a question is asked that is not expected here, when the answers do not end in samconfig.toml, or
when the stack is not there afterwards. The functions' packages are empty: this run is about the way to a stack.
"""

import os
import pty
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A question ends with a colon and a blank, after its default in brackets, and leaves the line open.
QUESTION = re.compile(r"[\t\n](?:\x1b\[1m)?(?P<asked>[A-Z][^\n\x1b\[]*?)(?:\x1b\[0m)?\s*(?:\[[^\n]*?\])?: $")
TYPED = {"Parameter ApiOrigin": "https://api.example.org", "Parameter MailFrom": "privacy@example.org"}
OTHERS = [
    "Stack Name",
    "AWS Region",
    "Confirm changes before deploy",
    "Allow SAM CLI IAM role creation",
    "Disable rollback",
    "Save arguments to configuration file",
    "SAM configuration file",
    "SAM configuration environment",
]
# How long ministack's start, and then the whole dialogue, may take, in seconds: only a broken one needs as long.
PATIENCE = 600


def main(sam):
    folder = Path(tempfile.mkdtemp(prefix="mooring-guided-"))
    shutil.copy(ROOT / "template.yaml", folder)
    shutil.copy(ROOT / "samconfig.toml", folder)
    port = free_port()
    environment = os.environ | {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ENDPOINT_URL": f"http://localhost:{port}",
        "SAM_CLI_TELEMETRY": "0",
        "BIND_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "TMPDIR": str(folder),
    }
    with open(folder / "ministack.log", "w") as log:
        cloud = subprocess.Popen(
            [Path(sys.executable).with_name("ministack")], env=environment, stdout=log, stderr=log
        )
    try:
        wait_ready(cloud, port)
        asked, said = answer([sam, "deploy", "--guided"], folder, environment)
    finally:
        cloud.terminate()
        cloud.wait()
    saved = (folder / "samconfig.toml").read_text()
    judge(asked, said, saved, (ROOT / "template.yaml").read_text())
    shutil.rmtree(folder)


def answer(command, folder, environment):
    """Runs the command at a terminal and returns the questions that it asked and everything that it said."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        os.execvpe(str(command[0]), [str(part) for part in command], environment)
    asked, said, fresh = [], "", ""
    until = time.monotonic() + PATIENCE
    while time.monotonic() < until:
        if select.select([terminal], [], [], 0.5)[0]:
            try:
                text = os.read(terminal, 65536).decode(errors="replace")
            except OSError:  # the terminal closes with its program
                break
            if not text:
                break
            said, fresh = said + text, fresh + text
        found = QUESTION.search(fresh.replace("\r", ""))
        if found:
            question = found["asked"].strip()
            asked.append(question)
            os.write(terminal, (TYPED.get(question, "") + "\n").encode())
            fresh = ""
    else:
        os.kill(pid, signal.SIGTERM)
    os.waitpid(pid, 0)
    return asked, said


def judge(asked, said, saved, template):
    block = template[template.index("\nParameters:") : template.index("\nConditions:")]
    parameters = [f"Parameter {name}" for name in re.findall(r"^  (\w+):$", block, re.MULTILINE)]
    expected = set(OTHERS) | set(parameters)
    strange = [question for question in asked if question not in expected]
    missing = sorted(expected - set(asked))
    assert not strange, f"asked and not expected: {strange}\n{said[-2000:]}"
    assert not missing, f"not asked: {missing}\n{said[-2000:]}"
    assert "Security Constraints" not in said, said[-2000:]
    for value in TYPED.values():
        assert value in saved, f"{value} was not saved:\n{saved}"
    typed = sum(question in TYPED for question in asked)
    print(
        f"sam deploy --guided: {len(asked)} questions, {len(parameters)} of them parameters; {typed} want an answer, "
        "Enter is right for all others; none is about authentication"
    )
    assert "Successfully created/updated stack - mooring in eu-central-1" in said, said[-2000:]
    print("the stack was created")


def wait_ready(cloud, port):
    until = time.monotonic() + PATIENCE
    while cloud.poll() is None and time.monotonic() < until:
        try:
            urllib.request.urlopen(f"http://localhost:{port}/_ministack/ready", timeout=1).read()
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"ministack did not answer; its exit code is {cloud.poll()}")


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


main(sys.argv[1])
