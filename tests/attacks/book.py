"""The book of attacks: each is a function with the row that it belongs to and the sentence that has to be true.

`open.toml` beside this file names those that are known to go through.
"""

import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


class Broken(Exception):
    """What the attack saw, when the stack did not hold."""


@dataclass(frozen=True)
class Attack:
    row: str
    says: str
    run: Callable


ATTACKS: list[Attack] = []


def attack(row, says):
    """Enters a function into the book."""

    def enter(function):
        ATTACKS.append(Attack(row, says, function))
        return function

    return enter


def known_open():
    """The sentences of the attacks that are known to go through, each with the reason."""
    listed = tomllib.loads((Path(__file__).parent / "open.toml").read_text()).get("open", [])
    sentences = {one.says for one in ATTACKS}
    for entry in listed:
        if entry["says"] not in sentences:
            raise SystemExit(f"open.toml names an attack that is not in the book: {entry['says']}")
    return {entry["says"]: entry["why"] for entry in listed}


def expect(holds, seen):
    """Fails the attack with what was seen unless something holds."""
    if not holds:
        raise Broken(seen)
