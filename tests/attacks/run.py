"""Attacks a running stack: two tenants, several browsers, and a platform that lies. One line for each attack.

    python3 tests/attacks/run.py                 # every attack that has to be held off
    python3 tests/attacks/run.py --only A1       # those of a row, or whose sentence contains a text
    python3 tests/attacks/run.py --open          # those too that are known to go through
    python3 tests/attacks/run.py --list

Only the standard library. `MOORING` names a runner that is built already. It ends with 1 when something went through.
"""

import argparse
import resource
import sys
import time
import traceback

import connecting  # noqa: F401, the books enter their attacks
import credentials  # noqa: F401
import days  # noqa: F401
import deletions  # noqa: F401
import edges  # noqa: F401
import hostile  # noqa: F401
import machine  # noqa: F401
from arena import Arena
from book import ATTACKS, Broken, known_open


def options():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="TEXT", help="attacks of this row, or whose sentence contains the text")
    parser.add_argument("--open", action="store_true", help="attacks too that are known to go through")
    parser.add_argument("--list", action="store_true", help="shows the attacks and runs none")
    parser.add_argument("--patience", type=float, metavar="S", help="how many seconds to wait for what never comes")
    parser.add_argument("--trace", action="store_true", help="shows where an attack ended")
    return parser.parse_args()


def chosen(args):
    named = [one for one in ATTACKS if args.only is None or args.only == one.row or args.only in one.says]
    return sorted(named, key=lambda one: [word.zfill(4) for word in one.row.split()])


def judged(one, arena, trace):
    """Makes one attack; answers what went through, or nothing."""
    arena.platform.behave()
    try:
        one.run(arena)
    except Broken as seen:
        return str(seen)
    except Exception as error:
        if trace:
            traceback.print_exc()
        return f"{type(error).__name__}: {error}"
    return None


def main():
    args = options()
    attacks, still_open = chosen(args), known_open()
    if args.list:
        for one in attacks:
            print(f"{'open' if one.says in still_open else '    '}  {one.row:<18} {one.says}")
        return 0
    if not attacks:
        print("no attack is called so")
        return 2
    started, through, left = time.monotonic(), 0, 0
    with Arena() as arena:
        arena.patience = args.patience or arena.patience
        for one in attacks:
            if one.says in still_open and not args.open:
                left += 1
                print(f"open    {one.row:<18} {one.says}: {still_open[one.says]}", flush=True)
                continue
            seen = judged(one, arena, args.trace)
            through += seen is not None
            verdict, detail = ("held", "") if seen is None else ("THROUGH", f": {seen}")
            print(f"{verdict:<7} {one.row:<18} {one.says}{detail}", flush=True)
    spent = sum(sum(resource.getrusage(who)[:2]) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    held = len(attacks) - through - left
    took = time.monotonic() - started
    print(f"{held} attacks held off, {through} went through, {left} are open; {took:.0f} s, {spent:.0f} s of CPU")
    return 1 if through else 0


if __name__ == "__main__":
    sys.exit(main())
