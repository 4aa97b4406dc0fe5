"""Holds every bill of materials in target/sbom against CycloneDX's own schema."""

import pathlib
import sys

from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

validator = JsonStrictValidator(SchemaVersion.V1_5)
bills = sorted(pathlib.Path("target/sbom").rglob("*.cdx.json"))
wrong = [(bill, error) for bill in bills if (error := validator.validate_str(bill.read_text()))]
for bill, error in wrong:
    print(f"{bill}: {error}", file=sys.stderr)
print(f"{len(bills)} bills of materials, {len(wrong)} not as CycloneDX 1.5 says")
sys.exit(1 if wrong or not bills else 0)
