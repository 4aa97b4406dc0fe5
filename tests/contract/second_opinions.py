"""Runs the contract of store, vault and queue against servers that others wrote, and holds the result against the table.

    python3 tests/contract/second_opinions.py [ministack] [moto]

Each server gets a virtual environment of pinned versions under target/ci-tools and a free port on loopback, and is
ended by its process id. A test that fails must be in differences.toml with its server and a reason; one that is there
and passes fails the run too, so that the table says what is.
"""

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
SUITE = ["cargo", "test", "--quiet", "--workspace", "--test", "services"]
RESULT = re.compile(r"^test (\S+)(?: - should panic)? \.\.\. (ok|FAILED|ignored)", re.MULTILINE)
PATIENCE_SECONDS = 60
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
    # A transaction of moto copies all tables of its region, so each test has a region of its own.
    settings = {"MOTO_ALLOW_NONEXISTENT_REGION": "true"}
    return [str(programs / "moto_server"), "-H", "127.0.0.1", "-p", str(port)], settings


def install(server: str) -> None:
    home = TOOLS / server
    wanted = (HERE / f"{server}.txt").read_text()
    stamp = home / "installed.txt"
    if stamp.exists() and stamp.read_text() == wanted:
        return
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


def run_suite(server: str, url: str) -> dict[str, str]:
    variables = {f"CONTRACT_{service}_URL": url for service in ["DYNAMODB", "KMS", "SQS"]}
    log = TOOLS / f"{server}-suite.log"
    with log.open("w") as sink:
        subprocess.run(
            [*SUITE, "--", "--format", "pretty", "--test-threads", "4"],
            cwd=ROOT,
            env=os.environ | variables | {"RUST_BACKTRACE": "0"},
            stdout=sink,
            stderr=subprocess.STDOUT,
            timeout=SUITE_SECONDS,
            check=False,
        )
    output = log.read_text()
    results = {name: result for name, result in RESULT.findall(output) if result != "ignored"}
    if not results:
        sys.exit(f"the suite did not run:\n{output[-4000:]}")
    return results


def end(process: subprocess.Popen) -> None:
    process.terminate()
    try:
        process.wait(timeout=10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(timeout=10)


def opinion(server: str) -> list[str]:
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
            results = run_suite(server, url)
        finally:
            end(process)
    return judge(server, results, time.monotonic() - begun)


def judge(server: str, results: dict[str, str], seconds: float) -> list[str]:
    table = tomllib.loads((HERE / "differences.toml").read_text())["difference"]
    known = {row["test"]: row["reason"] for row in table if row["server"] == server}
    failed = {name for name, result in results.items() if result == "FAILED"}
    problems = [f"{name} fails and is not in the table" for name in sorted(failed - known.keys())]
    problems += [f"{name} is in the table and passes" for name in sorted(known.keys() & results.keys() - failed)]
    problems += [f"{name} is in the table and is no test" for name in sorted(known.keys() - results.keys())]
    print(
        f"{server}: {len(results) - len(failed)} of {len(results)} tests pass, "
        f"{len(failed & known.keys())} known differences, {len(problems)} problems, {seconds:.0f} s"
    )
    if problems:
        problems.append(f"the suite's own words are in target/ci-tools/{server}-suite.log")
    return [f"{server}: {problem}" for problem in problems]


def main() -> None:
    servers = sys.argv[1:] or ["ministack", "moto"]
    TOOLS.mkdir(parents=True, exist_ok=True)
    problems = [problem for server in servers for problem in opinion(server)]
    print("\n".join(problems))
    sys.exit(1 if problems else 0)


if __name__ == "__main__":
    main()
