"""Writes template.yaml as the transform of CloudFormation makes it, for `cargo xtask rules --template`.

    python3 infra/deploy/translate.py template.yaml target/template.json

It deploys nothing and does not call AWS. The managed policies that SAM may add have a name that no rule accepts.
"""

import json
import os
import sys
from pathlib import Path

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402: it reads the region when it is imported
from samtranslator.yaml_helper import yaml_parse  # noqa: E402


class ManagedPolicies:
    """The policies that SAM adds to a role that it makes itself, by the names that it asks for."""

    def load(self):
        names = ["AWSLambdaBasicExecutionRole", "AWSLambdaSQSQueueExecutionRole", "AWSXrayWriteOnlyAccess"]
        return {name: f"arn:aws:iam::aws:policy/service-role/{name}" for name in names}


def main(source, target):
    template = yaml_parse(Path(source).read_text())
    # A package has no URI before `sam package` has uploaded it, and the transform refuses a folder.
    template["Globals"]["Function"]["CodeUri"] = "s3://packages/none"
    translated = transform(template, {}, ManagedPolicies())
    Path(target).write_text(json.dumps(translated, indent=1))


if __name__ == "__main__":
    main(*sys.argv[1:])
