"""The book of attacks: each is a function with the row that it belongs to and the sentence that has to be true."""

from collections.abc import Callable
from dataclasses import dataclass


class Broken(Exception):
    """The failure of an attack: what it saw when the stack did not hold."""


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


def expect(holds, seen):
    """Fails the attack with `seen` unless something holds."""
    if not holds:
        raise Broken(seen)
