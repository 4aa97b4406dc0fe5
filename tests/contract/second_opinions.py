"""Runs the contract of store, vault and queue against third-party servers, and compares the result with the table.

    python3 tests/contract/second_opinions.py [ministack] [moto]

Each server gets a virtual environment of pinned versions under target/ci-tools and a free port on loopback, and is
ended by its process id. A test that fails must be in differences.toml with its server and a reason; one that is there
and passes fails the run too, so that the table says what is. Where the reason is a server's speed, a test may pass on
a quick machine (`may_pass`), or is not run (`skip`).
"""

import json
import os
import pathlib
import re
import socket
import subprocess
import sys
import time
import tomllib
import urllib.error
import urllib.request

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
TOOLS = ROOT / "target" / "ci-tools"
BUILD = ["cargo", "test", "--quiet", "--workspace", "--test", "services", "--no-run", "--message-format", "json"]
RESULT = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", re.MULTILINE)
# Only a broken server needs as long to start.
PATIENCE_SECONDS = 600
SUITE_SECONDS = 1_800


def command(server: str, port: int) -> tuple[list[str], dict[str, str]]:
    programs = TOOLS / server / "bin"
    if server == "ministack":
        settings = {
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "IOT_MTLS_ENABLED": "0",
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{port}",
            "MINISTACK_REGION": "eu-central-1",
        }
        return [str(programs / "ministack")], settings
    # A transaction of moto copies all tables of its region, so each test gets a region of its own.
    settings = {"MOTO_ALLOW_NONEXISTENT_REGION": "true"}
    return [str(programs / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], settings


def install(server: str) -> None:
    home = TOOLS / server
    wanted = (HERE / f"{server}.txt").read_text()
    stamp = home / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
    if home.is_symlink():  # to what `.ci/run` keeps between its runs, for other versions
        home.unlink()
    subprocess.run([sys.executable, "-m", "venv", str(home)], check=True)
    pip = [str(home / "bin" / "pip"), "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*pip, "-r", str(HERE / f"{server}.txt")], check=True)
    stamp.write_text(wanted)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_for(process: subprocess.Popen, url: str, log: pathlib.Path) -> None:
    end = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < end:
        if process.poll() is not None:
            break
        try:
            urllib.request.urlopen(url, timeout=2).close()
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    sys.exit(f"{url} does not answer; {log} says:\n{log.read_text()[-2000:]}")


def differences(server: str) -> list[dict]:
    table = tomllib.loads((HERE / "differences.toml").read_text())["difference"]
    return [row for row in table if row["server"] == server]


def build() -> str:
    """Builds the suite's program and returns its path: run by cargo, it would keep the build folder locked."""
    made = subprocess.run(BUILD, cwd=ROOT, stdout=subprocess.PIPE, text=True, check=True).stdout
    for line in made.splitlines():
        message = json.loads(line)
        if message.get("executable") and message["target"]["name"] == "services":
            return message["executable"]
    sys.exit("cargo built no test program `services`")


def skipped(server: str) -> list[str]:
    return [row["test"] for row in differences(server) if row.get("skip")]


def unknown_skips(suite: str, server: str) -> list[str]:
    """Lists rows for tests that are gone: nobody would notice that they skip nothing."""
    listed = subprocess.run([suite, "--list"], cwd=HERE, stdout=subprocess.PIPE, text=True, check=True).stdout
    tests = {line.removesuffix(": test") for line in listed.splitlines()}
    return [f"{server}: {name} is to be skipped and is no test" for name in skipped(server) if name not in tests]


def run_suite(suite: str, server: str, url: str) -> dict[str, str]:
    variables = {f"CONTRACT_{service}_URL": url for service in ["DYNAMODB", "KMS", "SQS"]}
    log = TOOLS / f"{server}-suite.log"
    skips = [word for name in skipped(server) for word in ("--skip", name)]
    with log.open("w") as sink:
        ended = subprocess.run(
            [suite, "--test-threads", "4", "--exact", *skips],
            cwd=HERE,
            env=os.environ | variables | {"RUST_BACKTRACE": "0"},
            stdout=sink,
            stderr=subprocess.STDOUT,
            timeout=SUITE_SECONDS,
            check=False,
        )
    output = log.read_text()
    results = {name: result for name, result in RESULT.findall(output) if result != "ignored"}
    # A suite that dies has said nothing of the tests behind its end. It ends with 101 when tests are red.
    if not results or ended.returncode not in (0, 101) or "\ntest result: " not in output:
        sys.exit(f"the suite did not run to its end ({ended.returncode}):\n{output[-4000:]}")
    return results


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def opinion(suite: str, server: str) -> list[str]:
    install(server)
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    program, settings = command(server, port)
    log = TOOLS / f"{server}.log"
    begun = time.monotonic()
    with log.open("w") as sink:
        process = subprocess.Popen(program, env=os.environ | settings, stdout=sink, stderr=subprocess.STDOUT)
        try:
            wait_for(process, url, log)
            results = run_suite(suite, server, url)
        finally:
            end(process)
    return judge(server, results, time.monotonic() - begun) + unknown_skips(suite, server)


def judge(server: str, results: dict[str, str], seconds: float) -> list[str]:
    known = {row["test"]: row.get("may_pass", False) for row in differences(server) if not row.get("skip")}
    must_fail = {test for test, may_pass in known.items() if not may_pass}
    failed = {name for name, result in results.items() if result == "FAILED"}
    problems = [f"{name} fails and is not in the table" for name in sorted(failed - known.keys())]
    problems += [f"{name} is in the table and passes" for name in sorted(must_fail & results.keys() - failed)]
    problems += [f"{name} is in the table and is no test" for name in sorted(known.keys() - results.keys())]
    print(
        f"{server}: {len(results) - len(failed)} of {len(results)} tests pass, "
        f"{len(failed & known.keys())} known differences, {len(skipped(server))} not run, {len(problems)} problems, {seconds:.0f} s"
    )
    if problems:
        problems.append(f"the suite's own words are in target/ci-tools/{server}-suite.log")
    return [f"{server}: {problem}" for problem in problems]


def main() -> None:
    servers = sys.argv[1:] or ["ministack", "moto"]
    TOOLS.mkdir(parents=True, exist_ok=True)
    suite = build()
    problems = [problem for server in servers for problem in opinion(suite, server)]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
