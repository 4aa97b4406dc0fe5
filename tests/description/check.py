"""Holds the API's description against linters, and against what generators of two languages make of it.

    python3 -m venv target/description-venv
    target/description-venv/bin/pip install -r tests/description/requirements.txt
    npm ci --prefix tests/description
    target/description-venv/bin/python tests/description/check.py

Lints with Redocly, Spectral and openapi-spec-validator: a warning fails. Generates with openapi-typescript, hey-api,
openapi-python-client and openapi-generator (which wants Java), compiles what they made, and counts the operations: every one
of the description is generated, and no other. `use.ts` is a program on the clients of TypeScript; generated.py calls every
operation of the packages of Python.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

HERE = Path(__file__).resolve().parent
FILE = HERE.parents[1] / "functions" / "openapi" / "openapi.json"
NODE = HERE / "node_modules" / ".bin"
PYTHON = Path(sys.executable).parent
METHODS = ("get", "post", "put", "patch", "delete", "head")
QUIET = {"REDOCLY_TELEMETRY": "off", "REDOCLY_SUPPRESS_UPDATE_NOTICE": "true", "NO_COLOR": "1"}


def run(name, *command, folder=HERE):
    """Runs a program; what it says is shown only when it fails."""
    started = time.monotonic()
    words = [str(word) for word in command]
    done = subprocess.run(words, cwd=folder, env={**os.environ, **QUIET}, text=True, capture_output=True)
    if done.returncode:
        raise SystemExit(f"{name}:\n{done.stdout}{done.stderr}")
    return f"{name} ({time.monotonic() - started:.0f} s)", done.stdout


def together(jobs):
    """Runs jobs on two cores; returns their texts. The first that fails ends the run."""
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(lambda job: run(*job), jobs))


def lint():
    return together([
        ("redocly", NODE / "redocly", "lint", FILE, "--config=redocly.yaml"),
        ("spectral", NODE / "spectral", "lint", FILE, "--ruleset=spectral.yaml", "--fail-severity=hint"),
        ("openapi-spec-validator", PYTHON / "openapi-spec-validator", FILE),
    ])


def generate(folder):
    client = ["generate", f"--path={FILE}", "--meta=none", f"--config={folder / 'client.json'}", "--fail-on-warning"]
    (folder / "client.json").write_text(json.dumps({"post_hooks": []}))
    generator = ["generate", "--input-spec", FILE, "--generator-name=python", "--output", folder / "generator"]
    # Without `webhooks`: of an event this generator makes a call whose parameters have no types, which Python cannot read.
    # Events have a tag of their own, so that by default it stands in a module that nothing imports.
    parts = "apis,models,supportingFiles,apiTests=false,modelTests=false,apiDocs=false,modelDocs=false"
    names = ["--package-name=mooring_api", f"--global-property={parts}"]
    return together([
        ("openapi-generator", PYTHON / "openapi-generator-cli", *generator, *names),
        ("hey-api", NODE / "openapi-ts", "--input", FILE, "--output", folder / "hey-api", "--silent"),
        ("openapi-typescript", NODE / "openapi-typescript", FILE, "--output", folder / "openapi-typescript.ts"),
        ("openapi-python-client", PYTHON / "openapi-python-client", *client, f"--output-path={folder / 'mooring_client'}"),
    ])


def operations(description):
    return [
        operation
        for item in description["paths"].values()
        for method, operation in item.items()
        if method in METHODS
    ]


def form(content):
    """The TypeScript of an answer's body, or None when the description does not go into it."""
    schema = content.get("application/json", next(iter(content.values())))["schema"]
    if "$ref" in schema:
        return f'components["schemas"]["{schema["$ref"].rsplit("/", 1)[1]}"]'
    return "string" if schema.get("type") == "string" else None


def assertions(described):
    """A program that only compiles when each operation has its types: of its success, of a refusal and of a failure."""
    lines = [
        'import type { components, operations } from "./openapi-typescript.js";',
        'import type * as hey from "./hey-api/types.gen.js";',
        'import * as sdk from "./hey-api/sdk.gen.js";',
        "type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false;",
        'type Problem = components["schemas"]["Problem"];',
        "type Fits<A, B> = [A, B] extends [B, A] ? Same<unknown, A> extends true ? false : true : false;",
    ]
    for operation in described:
        name = operation["operationId"]
        capital = name[0].upper() + name[1:]
        lines.append(f"export const {name}: unknown = sdk.{name};")
        for status in ("4XX", "5XX"):
            body = f'operations["{name}"]["responses"]["{status}"]["content"]["application/problem+json"]'
            lines.append(f"true satisfies Same<{body}, Problem>;")
            lines.append(f'true satisfies Fits<hey.{capital}Errors["{status}"], hey.Problem>;')
        for status, answer in operation["responses"].items():
            if not status.startswith("2") or not answer.get("content"):
                continue
            media = "application/json" if "application/json" in answer["content"] else next(iter(answer["content"]))
            wanted = form(answer["content"])
            if wanted is None:
                continue
            body = f'operations["{name}"]["responses"][{status}]["content"]["{media}"]'
            lines.append(f"true satisfies Same<{body}, {wanted}>;")
            lines.append(f"true satisfies Fits<hey.{capital}Responses[{status}], {wanted}>;")
    return "\n".join(lines) + "\n"


def compile_all(folder, described):
    (folder / "operations.ts").write_text(assertions(described))
    (folder / "use.ts").write_text((HERE / "use.ts").read_text())
    (folder / "package.json").write_text('{ "type": "module" }')
    options = {"target": "es2022", "module": "esnext", "moduleResolution": "bundler", "lib": ["es2022", "dom", "dom.iterable"], "strict": True}
    options |= {"noEmit": True, "noUncheckedIndexedAccess": True, "types": []}
    (folder / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "files": ["operations.ts", "use.ts"]}))
    (folder / "node_modules").symlink_to(HERE / "node_modules")
    (folder / "mooring_api").symlink_to(folder / "generator" / "mooring_api")
    mypy = ["--no-error-summary", "--cache-dir", folder / "mypy", "--package=mooring_client"]
    return [
        run("tsc --strict", NODE / "tsc", "--project", folder),
        run("mypy", PYTHON / "mypy", *mypy, folder=folder),
        run("compileall", sys.executable, "-m", "compileall", "-q", "generator/mooring_api", folder=folder),
    ]


def count(folder, description):
    """Counts the operations that each generator made, and fails unless they are those of the description."""
    described = {operation["operationId"] for operation in operations(description)}
    events = {item["post"]["operationId"] for item in description["webhooks"].values()}
    text = (folder / "openapi-typescript.ts").read_text().split("export interface operations {")[1]
    typed = set(re.findall(r"^    (\w+): \{$", text, re.MULTILINE))
    sdk = set(re.findall(r"^export const (\w+) = ", (folder / "hey-api" / "sdk.gen.ts").read_text(), re.MULTILINE))
    for name, made in (("openapi-typescript", typed - events), ("hey-api", sdk)):
        if made != described:
            raise SystemExit(f"{name}: {len(made)} of {len(described)}; {sorted(made ^ described)}")
        print(f"{name} {len(made)}")
    _, said = run("packages of Python", sys.executable, HERE / "generated.py", folder, FILE)
    for line in said.splitlines():
        if int(line.split()[1]) != len(described):
            raise SystemExit(f"{line} of {len(described)}")
        print(line)
    print(f"{len(described)} operations, each generated four times and typed for success, refusal and failure")


def main():
    description = json.loads(FILE.read_text())
    for name, _ in lint():
        print(name, flush=True)
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made).resolve()
        for name, _ in [*generate(folder), *compile_all(folder, operations(description))]:
            print(name, flush=True)
        count(folder, description)


if __name__ == "__main__":
    main()
