"""Walks docs/quickstart.md as a newcomer does: installs by its commands, and runs the blocks of each language as one program
against the local runner.

    python3 -m venv target/api-venv
    target/api-venv/bin/pip install -r tests/api/requirements.txt
    npm ci --prefix tests/api && npm ci --prefix tests/browser && npm ci --prefix tests/clients
    target/api-venv/bin/python tests/api/quickstart.py

The commands run in a copy of the files that they need. The person who opens the connect page has a real browser
(tests/browser/person.mjs; /usr/bin/chromium or $CHROMIUM), agrees to everything, and copies the address from the return page.
TypeScript runs on every Node that the page states, and its compiler checks it as a user's would. What a program prints has to
be what the page shows, where `…` stands for any text; figures and currencies depend on the day and on the account. The blocks of curl want curl 7.76 and jq, and run in every shell of SHELLS.
"""

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

from stack import BUSY, PATIENCE, ROOT, Person, Stack

PAGE = ROOT / "docs" / "quickstart.md"
TOOLS = ROOT / "tests" / "api" / "node_modules"
NODES = {version: ROOT / "tests" / "clients" / "node_modules" / f"node-{version}" / "bin" for version in (22, 24)}
SHELLS = ("bash", "dash", "zsh")
# The parts of a clone that the page's commands use.
CLONE = ("clients", "functions/openapi/openapi.json", "LICENSE", "Cargo.toml")
BUILT = shutil.ignore_patterns("node_modules", "dist", "generated", "_generated", "__pycache__")


class Section:
    """A language's part of the page: its commands, its program, and the output that it shows."""

    def __init__(self, title, language):
        found = re.search(rf"^## {title}\n(.*?)(?=^## |\Z)", PAGE.read_text(), re.MULTILINE | re.DOTALL)
        if not found:
            raise SystemExit(f"docs/quickstart.md has no part {title}")
        blocks = re.findall(r"^```(\w+)\n(.*?)^```$", found[1], re.MULTILINE | re.DOTALL)
        self.commands = "".join(text for kind, text in blocks if kind == "sh")
        self.program = "\n".join(text for kind, text in blocks if kind == language)
        self.shown = "".join(text for kind, text in blocks if kind == "text")
        if not (self.program and self.shown):
            raise SystemExit(f"docs/quickstart.md has no {language}, or shows no output of it")

    def check(self, said, stack):
        """Fails unless a program said what the page shows."""
        shown = self.shown.replace("http://127.0.0.1:8787", stack.api)
        varies = {"…": ".+?", "EUR": "[A-Z]{3}"}
        parts = re.split(r"(…|EUR|\d[\d.]*)", shown.strip())
        pattern = "".join(varies.get(part) or (r"\d[\d.]*" if part[:1].isdigit() else re.escape(part)) for part in parts)
        if not re.fullmatch(pattern, said.strip(), re.DOTALL):
            raise SystemExit(f"the page shows\n{shown}\nand the program said\n{said}")


def clone(folder):
    """Copies what the page's commands use, without what they build."""
    for name in CLONE:
        source, copy = ROOT / name, folder / name
        copy.parent.mkdir(parents=True, exist_ok=True)
        if source.is_dir():
            shutil.copytree(source, copy, ignore=BUILT)
        else:
            shutil.copy(source, copy)
    return folder


def install(section, folder, path=()):
    """Runs the commands of a part in a clone. `path` comes first in the search for programs."""
    environment = {**os.environ, "PATH": os.pathsep.join([*map(str, path), os.environ["PATH"]]), "PIP_QUIET": "1"}
    subprocess.run(["bash", "-eu", "-c", section.commands], cwd=folder, env=environment, check=True, stdout=subprocess.DEVNULL)


def curl(folder):
    section = Section("curl", "bash")
    file = folder / "quickstart.sh"
    file.write_text(section.program)
    for shell in SHELLS:
        yield f"curl in {shell}", [shell, "-eu", file], section, shell == "bash"


def typescript(folder):
    section = Section("TypeScript", "ts")
    for version, path in NODES.items():
        place = clone(folder / f"node-{version}")
        install(section, place, [path])
        file = place / "quickstart" / "quickstart.mts"
        file.write_text(section.program)
        # What a user's project has beside the program: the types of Node.
        types = place / "quickstart" / "node_modules" / "@types"
        if not types.exists():
            types.symlink_to(TOOLS / "@types")
        options = ["--noEmit", "--target", "es2022", "--module", "nodenext", "--strict", "--types", "node"]
        subprocess.run([TOOLS / ".bin" / "tsc", *options, file], check=True, cwd=file.parent)
        yield f"TypeScript on Node {version}", [path / "node", "--disable-warning=ExperimentalWarning", file], section, True


def python(folder):
    section = Section("Python", "python")
    place = clone(folder / "python")
    install(section, place)
    file = place / "quickstart.py"
    file.write_text(section.program)
    yield "Python", [place / ".venv" / "bin" / "python", file], section, True


def person(stack, link):
    """Goes to the connect page in a browser. Returns the address that the return page offers."""
    names = [link, *(stack.addresses[name] for name in ("demo", "api", "sandbox", "mailbox"))]
    command = ["node", ROOT / "tests" / "browser" / "person.mjs", *names]
    return subprocess.run(command, check=True, text=True, stdout=subprocess.PIPE, timeout=PATIENCE).stdout


def play(command, environment, connect):
    """Runs a program; when it shows the connect page, a person goes there and gives it the address that they came back to."""
    said = []
    with subprocess.Popen(command, env=environment, text=True, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for line in process.stdout:
            said.append(line)
            opened = re.search(r"Open (\S+/connect/\S+)", line)
            if opened:
                process.stdin.write(f"{connect(opened[1]).strip()}\n")
                process.stdin.flush()
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode} after\n{''.join(said)}")
    return "".join(said)


def receipt(stack):
    """Moves the clock by the page's command; then every deletion of the programs is done, and has its receipt."""
    page = re.search(r"^## See the receipt\n.*?^```sh\n(.*?)^```$", PAGE.read_text(), re.MULTILINE | re.DOTALL)
    subprocess.run(["bash", "-eu", "-c", page[1].replace("http://localhost:8789", stack.demo)], check=True)
    end = time.monotonic() + PATIENCE
    listed = stack.need(200, stack.keys[0], "GET", "/v1/deletions")
    for one in listed["deletions"]:
        while (answer := stack.call(stack.keys[0], "GET", f"/v1/deletions/{one['id']}/receipt"))[0] in (409, *BUSY):
            if time.monotonic() > end:
                raise SystemExit(f"no receipt came: {answer}")
            time.sleep(0.5)
        if answer[0] != 200:
            raise SystemExit(f"no receipt: {answer}")
    print(f"{len(listed['deletions'])} deletions have their receipts")


def main():
    with tempfile.TemporaryDirectory() as folder, Stack(ads=120, advertisers=3) as stack:
        environment = {**os.environ, "API": stack.api, "KEY": stack.keys[0], "RETURN_URL": stack.addresses["return"]}
        for language in (curl, typescript, python):
            for name, command, section, has_browser in language(Path(folder)):
                # The pages are the same for every shell: in one of them a person goes there with a browser.
                connect = (lambda link: person(stack, link)) if has_browser else (lambda link: Person().connect(link))
                said = play(command, environment, connect)
                shown = re.sub(r"/(connect|deletions)/[^ \n]+", r"/\1/…", said)
                print(f"---- {name}\n{shown}", flush=True)
                section.check(said, stack)
        receipt(stack)
    print("the quickstart runs as printed")


if __name__ == "__main__":
    main()
