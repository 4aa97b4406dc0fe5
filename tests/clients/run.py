"""Tests the clients of clients/ as packages: built, installed somewhere else, and run against the local runner.

    npm ci --prefix tests/clients && npm ci --prefix clients/typescript
    python3 tests/clients/run.py

Builds both packages from the description, installs them in empty places, runs their own tests there on each Node that the
package states, and then the whole way against a runner, which `MOORING` names or cargo builds. TypeScript is also checked
as a user's program. A second build has to give the same files.
"""

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1] / "api"))

from stack import ROOT, Person, Stack

TYPESCRIPT = ROOT / "clients" / "typescript"
PYTHON = ROOT / "clients" / "python"
TOOLS = ROOT / "tests" / "clients" / "node_modules"
NODES = {version: TOOLS / f"node-{version}" / "bin" / "node" for version in (22, 24)}


def run(*command, **options):
    subprocess.run([str(part) for part in command], check=True, **options)


def digest(*folders):
    """One digest of all files of the folders, with their names."""
    found = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.rglob("*")):
        if path.is_file() and "__pycache__" not in path.parts:
            found.update(f"{path.relative_to(ROOT)}\0".encode() + path.read_bytes())
    return found.hexdigest()


def built(folders, build):
    """Builds what git does not keep from nothing, because a file of an earlier build would hide one that is missing."""
    for folder in folders:
        shutil.rmtree(folder, ignore_errors=True)
    build()
    return digest(*folders)


def built_twice(build, *folders):
    """Builds twice: both times the same comes out."""
    if built(folders, build) != built(folders, build):
        raise SystemExit(f"{folders[-1].relative_to(ROOT)} differs between two builds")


def typescript(place):
    """Packs the package and installs it in a project of its own. Returns the project."""
    build = ("npm", "run", "--silent", "build")
    built_twice(lambda: run(*build, cwd=TYPESCRIPT), TYPESCRIPT / "src" / "generated", TYPESCRIPT / "dist")
    run("npm", "pack", "--silent", "--pack-destination", place, cwd=TYPESCRIPT, stdout=subprocess.DEVNULL)
    [package] = place.glob("*.tgz")
    project = place / "project"
    (project / "test").mkdir(parents=True)
    (project / "package.json").write_text('{"private": true, "type": "module"}')
    run("npm", "install", "--silent", "--no-audit", "--no-fund", "--no-save", package, cwd=project)
    for test in (TYPESCRIPT / "test").iterdir():
        (project / "test" / test.name).write_bytes(test.read_bytes())
    (project / "node_modules" / "standardwebhooks").symlink_to(TOOLS / "standardwebhooks")
    return project


def python(place):
    """Installs the package in an environment of its own. Returns its Python."""
    built_twice(lambda: run(sys.executable, PYTHON / "generate.py"), PYTHON / "src" / "mooring" / "_generated")
    run(sys.executable, "-m", "venv", place / "venv")
    interpreter = place / "venv" / "bin" / "python"
    install = (interpreter, "-m", "pip", "install", "--quiet", "--disable-pip-version-check")
    run(*install, PYTHON, "standardwebhooks==1.1.0", "mypy==2.4.1")
    return interpreter


def play(command, environment, folder):
    """Runs a program of the whole way; a person opens the page that it shows, and gives back where they came to."""
    with subprocess.Popen(
        [str(part) for part in command], env=environment, text=True, cwd=folder, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        for line in process.stdout:
            opened = re.fullmatch(r"Open (\S+)\n", line)
            if opened:
                process.stdin.write(f"{Person().connect(opened[1])}\n")
                process.stdin.flush()
            else:
                print(f"  {line}", end="", flush=True)
    if process.returncode:
        raise SystemExit(f"{command[0]} ended with {process.returncode}")


def main():
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        project, interpreter = typescript(place), python(place)
        tests = sorted((project / "test").glob("*.test.mjs"))
        for node in NODES.values():
            run(node, "--test", "--test-reporter=dot", *tests, cwd=project)
        run(interpreter, "-m", "unittest", "discover", "-s", PYTHON / "tests", cwd=place)
        run(interpreter, "-m", "mypy", "--no-incremental", "--strict", PYTHON / "tests", cwd=place)
        with Stack() as stack:
            environment = {**os.environ, "API": stack.api, "KEY": stack.keys[0], "RETURN_URL": stack.return_url}
            for node in NODES.values():
                play([node, project / "test" / "runner.mjs"], environment, project)
            play([interpreter, PYTHON / "tests" / "runner.py"], environment, place)
    print("both clients go the whole way")


if __name__ == "__main__":
    main()
