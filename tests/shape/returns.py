#!/usr/bin/env python3
"""Counts how often one report row's way through `run_sync` returns to a module that it already left.

    python3 tests/shape/returns.py [--max N] [--root FOLDER]

The script builds the unit tests of `mooring-domain`, runs one of them in gdb, and records each call between two modules
of `run_sync`. The test is a first sync in which nothing fails: names, then the rows of seven days on each level. It prints
the calls in their order, and two sums: of the whole job, and of a row's part of it. With `--max N` it fails when the second
is above N. `--root` names another checkout of the repository, so that the same rule measures an earlier state.

The rule:

1. A module is a file of `run_sync`. Ports, connectors and the rest of the domain are no modules here: the script sees a
   call that comes back from there (such as the kit's question to the gate) as a call of the module that waits for it.
2. A call enters a module when its caller stands in another module. When the callee ends, the caller goes on: that is no
   entry. A call back into a module that still waits for its callee is one.
3. The first entry into a module is no return. Each later one is.
4. A call instruction counts once, however often a loop executes it. A function that is called at two places counts twice.
5. An async function is called when its body is first polled. The fakes never wait, so each body is polled once.
6. A row's way begins when control enters `levels::read`, which asks for rows, and ends with the job. A module that the job
   entered before counts as left, and a call instruction of before counts again.

Nothing is left out by hand: what the test executes counts, constructors and methods of plain values too.
"""

import argparse
import bisect
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

TEST = "run_sync::tests::the_first_sync_stores_names_and_seven_days_and_leaves_the_rest_to_others"
PLAN = "MOORING_RETURNS_PLAN"


def build(root):
    """Builds the unit tests and returns their binary."""
    command = ["cargo", "test", "-p", "mooring-domain", "--lib", "--no-run", "--message-format", "json"]
    out = subprocess.run(command, cwd=root, check=True, stdout=subprocess.PIPE, text=True).stdout
    built = (json.loads(line) for line in out.splitlines() if line.startswith("{"))
    return next(one["executable"] for one in built if one.get("executable") and one.get("profile", {}).get("test"))


def symbols(binary):
    """The functions of `run_sync` and their addresses: (address, module, function, depth of its closure)."""
    names = subprocess.run(["nm", "-C", binary], check=True, stdout=subprocess.PIPE, text=True).stdout
    found = []
    for line in names.splitlines():
        address, kind, name = line.split(" ", 2) if line[:1] != " " else ("", "", line)
        if kind not in ("t", "T"):
            continue
        path = re.search(r"^<?&?mooring_domain::\S*?ops::run_sync::(.*)$", name)
        bare = (path.group(1) if path else "").replace("::{{closure}}", "")
        is_ours = path and "core::ptr::" not in name and not re.match(r"tests|\w+::tests", bare)
        module = (re.match(r"([a-z_]+)::", bare) or [None, "run_sync"])[1]
        found.append((int(address, 16), module if is_ours else None, bare, name.count("{{closure}}")))
    return sorted(found, key=lambda one: one[0])


def async_functions(root):
    """The names of async functions by module, read from the source."""
    folder = next(path for path in pathlib.Path(root, "shared/domain/src").rglob("run_sync") if path.is_dir())
    files = [*folder.glob("*.rs"), *folder.parent.glob("run_sync.rs")]
    own = {path: "run_sync" if path.stem in ("mod", "run_sync") else path.stem for path in files}
    return {(own[path], name) for path in files for name in re.findall(r"async fn (\w+)", path.read_text("utf-8"))}


def trace(binary, found, waiting):
    """Runs the test in gdb and returns its calls between modules, each call instruction once."""
    stops = []
    for address, module, bare, depth in found:
        is_async = (module, bare.split("::")[-1].rstrip(">")) in waiting
        if module and depth == int(is_async):
            stops.append((address, module, bare))
    plan = {"binary": binary, "test": TEST, "symbols": found, "stops": stops}
    with tempfile.NamedTemporaryFile("w", suffix=".json") as file:
        json.dump(plan, file)
        file.flush()
        command = ["gdb", "-q", "-batch", "-nx", "-x", __file__, binary]
        environment = os.environ | {PLAN: file.name}
        out = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)
    calls = [json.loads(line[6:]) for line in out.stdout.splitlines() if line.startswith("CALL: ")]
    if not calls:
        sys.exit("gdb saw no call:\n" + out.stdout[-2000:] + out.stderr[-2000:])
    return calls


def inside_gdb():
    """What this file does when gdb runs it."""
    import gdb

    plan = json.loads(pathlib.Path(os.environ[PLAN]).read_text())
    starts = [one[0] for one in plan["symbols"]]
    gdb.execute("set pagination off")
    gdb.execute("set breakpoint pending on")
    gdb.execute(f"set args --exact --test-threads 1 {plan['test']}")
    gdb.execute("starti", to_string=True)
    base = next(
        int(line.split()[0], 16)
        for line in gdb.execute("info proc mappings", to_string=True).splitlines()
        if line.rstrip().endswith(plan["binary"])
    )
    seen, of_row = set(), set()
    is_row = False

    class Entry(gdb.Breakpoint):
        def __init__(self, address, module, name):
            super().__init__(f"*{hex(base + address)}", internal=True)
            self.module, self.called = module, name

        def stop(self):
            nonlocal is_row
            frame = gdb.newest_frame().older()
            while frame is not None:
                index = bisect.bisect_right(starts, frame.pc() - 1 - base) - 1
                caller = plan["symbols"][index] if index >= 0 else [0, None, "", 0]
                if caller[1]:
                    break
                frame = frame.older()
            else:
                # What the test itself does with the outcome is no part of the job.
                if self.called != "run":
                    return False
                caller = [0, None, "the test", 0]
            call = (caller[2], frame.pc() if frame else 0, self.called)
            is_new, is_new_of_row = call not in seen, is_row and call not in of_row
            if caller[1] != self.module and (is_new or is_new_of_row):
                seen.add(call)
                of_row.update([call] if is_row else [])
                told = [caller[2], self.module, self.called, is_new, is_new_of_row]
                print("CALL: " + json.dumps(told), flush=True)
            is_row = is_row or self.called == "levels::read"
            return False

    for address, module, name in plan["stops"]:
        Entry(address, module, name)
    gdb.execute("continue")


def full_name(binary):
    """The test's whole path in this binary."""
    listed = subprocess.run([binary, "--list"], check=True, stdout=subprocess.PIPE, text=True).stdout
    return next(line.removesuffix(": test") for line in listed.splitlines() if line.endswith(f"{TEST}: test"))


def main():
    global TEST
    options = argparse.ArgumentParser()
    options.add_argument("--max", type=int, help="fail above this sum")
    options.add_argument("--root", default=pathlib.Path(__file__).parents[2], type=pathlib.Path)
    given = options.parse_args()
    binary = build(given.root)
    TEST = full_name(binary)
    entered, job, row = {}, 0, 0
    print("  job  row")
    for caller, module, called, is_new, is_new_of_row in trace(binary, symbols(binary), async_functions(given.root)):
        is_return = module in entered
        entered.setdefault(module, 0)
        entered[module] += is_return and is_new_of_row
        job, row = job + (is_return and is_new), row + (is_return and is_new_of_row)
        counts = f"{job if is_return and is_new else '':>5}{row if is_return and is_new_of_row else '':>5}"
        print(f"{counts}  {caller} -> {called} ({module})")
    most = sorted(entered.items(), key=lambda one: -one[1])
    print("\nA row returns to " + ", ".join(f"{module} {count}" for module, count in most if count))
    print(f"{len(entered)} modules. Returns to a module already left: whole job {job}, a row {row}.")
    if given.max is not None and row > given.max:
        sys.exit(f"A row may return {given.max} times at most.")


if "gdb" in sys.modules:
    inside_gdb()
elif __name__ == "__main__":
    main()
