"""Measures the shape of the Rust code below shared/ and functions/: lines of functions and files, documented items.

    python3 tests/shape/functions.py [ROOT ...]

Tests do not count: files named tests.rs, folders named tests or testing, and `mod tests` blocks are left out. The lines
of a function are those from its `fn` to its closing brace, both counted.
"""

import re
import statistics
import sys
from pathlib import Path

FUNCTION = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?(?:const )?(?:async )?fn (\w+)")
PUBLIC = re.compile(r"^\s*pub (?:(?:const |async )*fn|struct|enum|trait|type|mod|const|static) \w+")
FIELD = re.compile(r"^\s+pub \w+: ")
TESTS = re.compile(r"^(\s*)(?:pub(?:\([^)]*\))? )?mod tests? \{$")


def sources(root):
    """The files that count, with their lines, tests left out."""
    for folder in ("shared", "functions"):
        for file in sorted((root / folder).glob("**/*.rs")):
            parts = file.relative_to(root).parts
            if not {"tests", "testing", "target"} & set(parts) and file.name not in ("tests.rs", "testing.rs"):
                yield file, without_tests(file.read_text().split("\n"))


def without_tests(lines):
    """The lines without `mod tests { … }`."""
    kept, indent = [], None
    for line in lines:
        if indent is None and (match := TESTS.match(line)):
            indent = match[1]
        if indent is None:
            kept.append(line)
        elif line == indent + "}":
            indent = None
    while kept and kept[-1] in ("", "#[cfg(test)]"):
        kept.pop()
    return kept


def functions_of(lines):
    """The name and number of lines of each function that has a body."""
    for start, line in enumerate(lines):
        if match := FUNCTION.match(line):
            length = lines_of(lines[start:], match[1])
            if length is not None:
                yield match[2], length


def lines_of(lines, indent):
    """The lines of the function that begins with the first line; nothing for a mere signature."""
    is_open = False
    for number, line in enumerate(lines):
        if is_open and line == indent + "}":
            return number + 1
        if not is_open:
            if line.endswith(";"):
                return None
            if line.endswith("}") and "{" in line:
                return number + 1
            is_open = line.endswith("{")
    return None


def documented(lines):
    """Numbers of public items and fields: all, and those with a doc comment before their attributes."""
    found = [number for number, line in enumerate(lines) if PUBLIC.match(line) or FIELD.match(line)]
    return len(found), sum(has_comment(lines, number) for number in found)


def has_comment(lines, number):
    """Whether a doc comment stands above a line; attributes may stand between. A module's own stands in its file."""
    if re.match(r"^\s*pub mod \w+;", lines[number]):
        return True
    while number > 0:
        number -= 1
        line = lines[number].strip()
        if line.startswith("///"):
            return True
        if line.startswith("pub ") or not line.endswith(("]", ",", "(", "[")):
            return False
    return False


def spread(values):
    """Median, 95th percentile and largest of some numbers."""
    ordered = sorted(values)
    percentile = ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]
    return f"median {statistics.median(ordered):g}, p95 {percentile}, max {ordered[-1]}"


def measure(root):
    """Prints the figures of a tree, and its longest functions and files."""
    functions, files, items, described = [], [], 0, 0
    for file, lines in sources(root):
        files.append((len(lines), str(file.relative_to(root))))
        functions += [(length, name, str(file.relative_to(root))) for name, length in functions_of(lines)]
        public, told = documented(lines)
        items, described = items + public, described + told
    lengths, sizes = [length for length, *_ in functions], [size for size, _ in files]
    print(f"{root}: {len(functions)} functions, lines: {spread(lengths)}")
    print(f"  {len(files)} files, lines: {spread(sizes)}")
    print(f"  public items and fields: {items}, documented {described} ({100 * described / items:.1f} %)")
    longest = [f"{length} {name} ({file})" for length, name, file in sorted(functions)[-3:]]
    print("  longest functions:", "; ".join(longest))
    print("  longest files:", "; ".join(f"{size} {file}" for size, file in sorted(files)[-3:]))


if __name__ == "__main__":
    for root in sys.argv[1:] or [Path(__file__).resolve().parents[2]]:
        measure(Path(root))
