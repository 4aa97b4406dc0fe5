"""Compares the Rust tests of two trees: which were kept, moved, renamed, removed and added.

    python3 tests/shape/test_names.py OLD NEW [--kept]

Reads sources only and builds nothing. A test that moved keeps its name; a renamed one is found by its body. Of each
test that is in both trees it counts the checks, and names those tests that have fewer in the new tree.
"""

import difflib
import re
import sys
import tomllib
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

TEST = re.compile(r"^\s*#\[(?:tokio::)?test\b")
FUNCTION = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:async )?fn (\w+)")
MODULE = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?mod (\w+) \{$")
# A rule of tests/conformance, which is a trial of its own.
RULE = re.compile(r"^    R\d+ \w+ (\w+)::(\w+);$")
CHECK = re.compile(r"\b(?:assert(?:_eq|_ne)?|ensure|prop_assert(?:_eq|_ne)?|bail|panic|unreachable)!")
WORD = re.compile(r"\w+|[^\w\s]")
# How alike two bodies are, from 0 to 1, for one test to count as the other renamed.
ALIKE = 0.55


@dataclass(frozen=True)
class Test:
    """One test: where it lies, what it is called, and the words of its body."""

    package: str
    module: str
    name: str
    words: tuple
    checks: int

    @property
    def path(self):
        """The name that `cargo test -- --list` gives it, behind its package and binary."""
        return f"{self.package} {self.module}::{self.name}"


def tests_of(root):
    """All tests of the packages below a folder."""
    found = []
    for manifest in sorted(root.glob("**/Cargo.toml")):
        if "target" in manifest.relative_to(root).parts:
            continue
        package = tomllib.loads(manifest.read_text()).get("package")
        if package:
            for file in sorted([*manifest.parent.glob("src/**/*.rs"), *manifest.parent.glob("tests/**/*.rs")]):
                found += tests_in(package["name"], file.relative_to(manifest.parent), file.read_text())
    return found


def module_of(file):
    """The binary and the module of a file: `src` is the library, each file right below `tests` a binary."""
    parts = list(file.with_suffix("").parts)
    if parts[0] == "src":
        parts[0] = "lib"
    else:
        parts = parts[1:]
    while len(parts) > 1 and parts[-1] in ("mod", "main", "lib"):
        parts.pop()
    return parts


def tests_in(package, file, text):
    """The tests of one file."""
    lines, modules, found, is_test = text.split("\n"), [], [], False
    for number, line in enumerate(lines):
        if match := MODULE.match(line):
            modules.append((match[1], match[2]))
        elif modules and line == modules[-1][0] + "}":
            modules.pop()
        elif match := RULE.match(line):
            found.append(Test(package, f"conformance::{match[1]}", match[2], (match[2],), 0))
        elif TEST.match(line):
            is_test = True
        elif is_test and (match := FUNCTION.match(line)):
            is_test = False
            body = "\n".join(body_of(lines[number:], match[1]))
            names = [*module_of(file), *(name for _, name in modules)]
            words = tuple(WORD.findall(re.sub(r"//.*", "", body)))
            found.append(Test(package, "::".join(names), match[2], words, len(CHECK.findall(body))))
    return found


def body_of(lines, indent):
    """The lines of a function, whose closing brace stands where its first line begins."""
    for end, line in enumerate(lines):
        if line == indent + "}" or (end == 0 and line.endswith("}")):
            return lines[: end + 1]
    return lines


def pairs_of(old, new):
    """Pairs of an old and a new test that are the same one, and what is left on either side."""
    pairs, old, new = [], list(old), list(new)
    keys = [lambda test: test.path, lambda test: (test.package, test.name), lambda test: test.name]
    for key in keys:
        right = defaultdict(list)
        for test in new:
            right[key(test)].append(test)
        left = Counter(map(key, old))
        for test in list(old):
            if left[key(test)] == 1 and len(right[key(test)]) == 1:
                pairs.append((test, right[key(test)][0]))
                old.remove(test)
                new.remove(right[key(test)][0])
    return pairs + alike(old, new), old, new


def alike(old, new):
    """Pairs whose bodies are alike, the most alike first; takes them out of both lists."""
    scored = []
    for one in old:
        for other in new:
            matcher = difflib.SequenceMatcher(None, one.words, other.words, autojunk=False)
            if matcher.real_quick_ratio() >= ALIKE and matcher.quick_ratio() >= ALIKE and matcher.ratio() >= ALIKE:
                scored.append((matcher.ratio(), one.path, other.path, one, other))
    pairs = []
    for _, _, _, one, other in sorted(scored, key=lambda row: (-row[0], *row[1:3])):
        if one in old and other in new:
            pairs.append((one, other))
            old.remove(one)
            new.remove(other)
    return pairs


def kind_of(one, other):
    """What became of a test that is in both trees."""
    if one.path == other.path:
        return "kept"
    return "moved" if one.name == other.name else "renamed"


def main():
    """Prints each difference in a line, then the counts."""
    old, new = (tests_of(Path(root)) for root in sys.argv[1:3])
    pairs, removed, added = pairs_of(old, new)
    counts = Counter(kind_of(*pair) for pair in pairs)
    for one, other in sorted(pairs, key=lambda pair: (kind_of(*pair), pair[0].path)):
        if (kind := kind_of(one, other)) != "kept" or "--kept" in sys.argv:
            print(f"{kind} {one.path} -> {other.path}")
    for kind, tests in (("removed", removed), ("added", added)):
        print("".join(f"{kind} {path}\n" for path in sorted(test.path for test in tests)), end="")
    for one, other in sorted(pairs, key=lambda pair: pair[1].path):
        if other.checks < one.checks:
            print(f"fewer checks {other.path}: {one.checks} -> {other.checks}")
    print(f"{len(old)} tests before, {len(new)} after: {dict(counts)}, {len(removed)} removed, {len(added)} added")


if __name__ == "__main__":
    main()
