"""Attacks a running stack: two tenants, several browsers, and a platform that lies. Prints one line for each attack.

    python3 tests/attacks/run.py                 # every attack
    python3 tests/attacks/run.py --only A1       # those of a row, or whose sentence contains a text
    python3 tests/attacks/run.py --times         # with the seconds that each took
    python3 tests/attacks/run.py --list

Only the standard library. `MOORING` names a runner that is built already. The program exits with 1 when an attack went through.
"""

import argparse
import resource
import sys
import threading
import time
import traceback
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import connecting  # noqa: F401, the books enter their attacks
import credentials  # noqa: F401
import days  # noqa: F401
import deletions  # noqa: F401
import edges  # noqa: F401
import hostile  # noqa: F401
import machine  # noqa: F401
from arena import Arena
from book import ATTACKS, Broken


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="TEXT", help="attacks of this row, or whose sentence contains the text")
    parser.add_argument("--list", action="store_true", help="shows the attacks and runs none")
    parser.add_argument("--stacks", type=int, default=2, metavar="N", help="how many stacks are attacked at once")
    parser.add_argument("--times", action="store_true", help="shows how many seconds each attack took")
    parser.add_argument("--patience", type=float, metavar="S", help="how many seconds to wait for what never comes")
    parser.add_argument("--trace", action="store_true", help="shows where an attack ended")
    return parser.parse_args()


def chosen(args):
    named = [one for one in ATTACKS if args.only is None or args.only == one.row or args.only in one.says]
    return sorted(named, key=lambda one: [word.zfill(4) for word in one.row.split()])


def judged(one, arena, trace):
    """Makes one attack; returns what went through, or nothing."""
    try:
        try:
            one.run(arena)
            arena.platform.prove()
        finally:
            arena.calm()
    except Broken as seen:
        return str(seen)
    except Exception as error:
        if trace:
            traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return None


class Run:
    """Makes attacks at once, each thread with a stack of its own: an edited answer meets everybody on its stack."""

    def __init__(self, args, stacks):
        self.args, self.stacks = args, stacks
        self.mine, self.through = threading.local(), 0
        self.printing = threading.Lock()

    def arena(self):
        """Returns the stack of this thread."""
        if not hasattr(self.mine, "arena"):
            arena = Arena()
            with self.printing:
                self.stacks.enter_context(arena)
            arena.patience = self.args.patience or arena.patience
            self.mine.arena = arena
        return self.mine.arena

    def make(self, one):
        arena, started = self.arena(), time.monotonic()
        seen = judged(one, arena, self.args.trace)
        took = f"{time.monotonic() - started:5.0f} s  " if self.args.times else ""
        verdict, detail = ("held", "") if seen is None else ("THROUGH", f": {seen}")
        with self.printing:
            self.through += seen is not None
            print(f"{verdict:<7} {took}{one.row:<18} {one.says}{detail}", flush=True)


def main():
    args = options()
    attacks = chosen(args)
    if args.list:
        for one in attacks:
            print(f"{one.row:<18} {one.says}")
        return 0
    if not attacks:
        print("no attack is called so")
        return 2
    started = time.monotonic()
    with ExitStack() as stacks:
        run = Run(args, stacks)
        with ThreadPoolExecutor(args.stacks) as pool:
            # Attacks that need days have stacks of their own and wait most: they begin first, so that no other attack
            # has to wait for them at the end.
            ordered = sorted(attacks, key=lambda one: one.run.__module__ != "days")
            list(pool.map(run.make, ordered))
    spent = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    held, took = len(attacks) - run.through, time.monotonic() - started
    print(f"{held} attacks held off, {run.through} went through; {took:.0f} s, {spent:.0f} s of CPU")
    return 1 if run.through else 0


if __name__ == "__main__":
    sys.exit(main())
