"""Runs docs/quickstart.md: the blocks of each language are one program, against the local runner.

    python3 -m venv target/api-venv
    target/api-venv/bin/pip install -r tests/api/requirements.txt
    npm ci --prefix tests/api && npm ci --prefix tests/browser
    target/api-venv/bin/python tests/api/quickstart.py

The person who opens the connect page has a real browser (tests/browser/person.mjs; /usr/bin/chromium or $CHROMIUM), agrees to
everything, and copies the address from the return page. TypeScript is checked by its compiler, which also strips its
types; Node runs the result. The blocks of curl want bash, GNU date, curl 7.76 and jq.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from stack import ROOT, Stack

PAGE = ROOT / "docs" / "quickstart.md"
TSC = ROOT / "tests" / "api" / "node_modules" / ".bin" / "tsc"


def blocks(language):
    found = re.findall(rf"^```{language}\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    if not found:
        raise SystemExit(f"docs/quickstart.md has no {language} block")
    return "\n".join(found)


def programs(folder):
    """The command of each language."""
    files = {"bash": folder / "quickstart.sh", "ts": folder / "quickstart.mts", "python": folder / "quickstart.py"}
    for language, file in files.items():
        file.write_text(blocks(language))
    options = ["--target", "es2022", "--module", "nodenext", "--strict", "--skipLibCheck"]
    types = ["--types", "node", "--typeRoots", ROOT / "tests" / "api" / "node_modules" / "@types"]
    subprocess.run([TSC, *options, *types, files["ts"]], check=True)
    return {
        "curl": ["bash", files["bash"]],
        "TypeScript": ["node", files["ts"].with_suffix(".mjs")],
        "Python": [sys.executable, files["python"]],
    }


def person(stack, link):
    """Goes to the connect page in a browser. Returns the address that the return page offers."""
    names = [link, *(stack.addresses[name] for name in ("demo", "api", "sandbox", "mailbox"))]
    command = ["node", ROOT / "tests" / "browser" / "person.mjs", *names]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=120).stdout


def play(command, environment, stack):
    """Runs a program; when it shows the connect page, a person goes there and gives it the address that they came back to."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    said = []
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        for line in process.stdout:
            said.append(line.rstrip())
            opened = re.search(r"Open (\S+/connect/\S+)", line)
            if opened:
                process.stdin.write(person(stack, opened.group(1)))
                process.stdin.flush()
    return process.returncode, said


def main():
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        environment = {**os.environ, "API": stack.api, "KEY": stack.keys[0], "RETURN_URL": stack.addresses["return"]}
        for language, command in programs(Path(folder)).items():
            code, said = play(command, environment, stack)
            text = "\n".join(said)
            shown = re.sub(r"/(connect|deletions)/[^ \n]+", r"/\1/…", text)
            print(f"---- {language}\n{shown}")
            for wanted in (r"^active$", r"reports\.read", r"^deletion purging: http"):
                if code or not re.search(wanted, text, re.MULTILINE):
                    raise SystemExit(f"{language} ended with {code} and without {wanted}")
            # The expected output: the page to open, the state, at least one row, the scopes, the deletion; and the head
            # of curl's table.
            if len(said) < (6 if language == "curl" else 5):
                raise SystemExit(f"{language} showed no rows")
    print("the quickstart runs in curl, TypeScript and Python")


if __name__ == "__main__":
    main()
