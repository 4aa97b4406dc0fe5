"""Runs docs/quickstart.md: the blocks of each language are one program, against the local runner.

    python3 -m venv target/api-venv
    target/api-venv/bin/pip install -r tests/api/requirements.txt
    npm ci --prefix tests/api
    target/api-venv/bin/python tests/api/quickstart.py

The test plays the person who opens the connect page, and agrees to everything. TypeScript is checked by its
compiler, which also strips its types; Node runs the result. The blocks of curl want bash, GNU date, curl 7.76 and jq.
"""

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from stack import ROOT, Person, Stack

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


def play(command, environment):
    """Runs a program; when it shows the connect page, a person goes there and returns the address that they came back to."""
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE}
    said = []
    with subprocess.Popen(command, env=environment, text=True, **pipes) as process:
        for line in process.stdout:
            said.append(line.rstrip())
            opened = re.search(r"Open (\S+/connect/\S+)", line)
            if opened:
                process.stdin.write(Person().connect(opened.group(1)) + "\n")
                process.stdin.flush()
    return process.returncode, said


def main():
    with tempfile.TemporaryDirectory() as folder, Stack() as stack:
        environment = {**os.environ, "API": stack.api, "KEY": stack.keys[0], "RETURN_URL": stack.return_url}
        for language, command in programs(Path(folder)).items():
            code, said = play(command, environment)
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
