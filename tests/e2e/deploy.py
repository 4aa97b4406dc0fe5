"""Deploys template.yaml into a running ministack, through the transform that CloudFormation itself applies to SAM.

Reads settings as JSON on standard input and writes on standard output, as JSON, the names and addresses of everything. What ministack
does not make of the transformed template is made here from it: the routes of the HTTP API, which SAM puts into an
OpenAPI body, and TTL and point-in-time recovery of the tables. docs/e2e.md lists what is overridden and why.
"""

import json
import sys
import time
from pathlib import Path

import boto3
from botocore.config import Config
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

STACK = "mooring"
BUCKET = "mooring-packages"
# How long the stack or an answer may take, in seconds: only a broken cloud needs as long.
PATIENCE = 600
METHODS = {"get", "post", "put", "patch", "delete", "options"}


class NoManagedPolicies:
    """The template states every role, so SAM makes none and adds no policy of AWS's own."""

    def load(self):
        return {}


def main():
    settings = json.load(sys.stdin)
    cloud = Cloud(settings["endpoint"], settings["region"])
    template = yaml_parse(Path(settings["template"]).read_text())
    functions = overridden(template, settings)
    cloud.upload(functions, Path(settings["packages"]))
    transformed = transform(template, {}, NoManagedPolicies())
    cloud.create_stack(json.dumps(transformed), settings["parameters"])
    places = cloud.places()
    resources = transformed["Resources"]
    cloud.bridge_routes(resources, places)
    cloud.bridge_tables(resources, places)
    cloud.own_domain(places["Api"], settings["domain"])
    json.dump(cloud.outcome(functions, places), sys.stdout)


def overridden(template, settings):
    """Puts the packages and the settings into the template; returns resource and package name of each function."""
    variables = template["Globals"]["Function"]["Environment"]["Variables"]
    variables.update(settings["variables"])
    template["Globals"]["Function"]["Architectures"] = [settings["architecture"]]
    functions = {}
    for name, resource in template["Resources"].items():
        if resource["Type"] != "AWS::Serverless::Function":
            continue
        package = resource["Metadata"]["BuildProperties"]["Binary"]
        functions[name] = package
        properties = resource["Properties"]
        properties["CodeUri"] = f"s3://{BUCKET}/{package}.zip"
        own = properties.get("Environment", {}).get("Variables", {})
        for variable in own.keys() & settings["replaced"].keys():
            own[variable] = settings["replaced"][variable]
        for event in properties.get("Events", {}).values():
            if event["Type"] == "ScheduleV2":
                event["Properties"]["ScheduleExpression"] = settings["schedule"]
    return functions


class Cloud:
    """The services of one ministack."""

    def __init__(self, endpoint, region):
        def client(service):
            return boto3.client(
                service,
                endpoint_url=endpoint,
                region_name=region,
                aws_access_key_id="test",
                aws_secret_access_key="test",
                config=Config(read_timeout=PATIENCE),
            )

        self.cloudformation = client("cloudformation")
        self.s3 = client("s3")
        self.api = client("apigatewayv2")
        self.dynamodb = client("dynamodb")
        self.sqs = client("sqs")
        self.functions = client("lambda")
        self.region = region

    def upload(self, functions, packages):
        self.s3.create_bucket(Bucket=BUCKET, CreateBucketConfiguration={"LocationConstraint": self.region})
        for package in functions.values():
            self.s3.upload_file(str(packages / package / "bootstrap.zip"), BUCKET, f"{package}.zip")

    def create_stack(self, body, parameters):
        """The template is larger than a direct body may be: it goes by way of the bucket, as `sam deploy` sends it."""
        self.s3.put_object(Bucket=BUCKET, Key="template.json", Body=body.encode())
        url = f"{self.s3.meta.endpoint_url}/{BUCKET}/template.json"
        self.cloudformation.create_stack(
            StackName=STACK,
            TemplateURL=url,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
            Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in parameters.items()],
        )
        until = time.monotonic() + PATIENCE
        while time.monotonic() < until:
            stack = self.cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
            if stack["StackStatus"] == "CREATE_COMPLETE":
                return
            if "FAILED" in stack["StackStatus"] or "ROLLBACK" in stack["StackStatus"]:
                events = self.cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]
                failed = [e for e in events if "FAILED" in e["ResourceStatus"]]
                why = [f"{e['LogicalResourceId']}: {e.get('ResourceStatusReason')}" for e in failed]
                sys.exit(f"the stack ended as {stack['StackStatus']}: {why}")
            time.sleep(0.2)
        sys.exit(f"the stack was not created within {PATIENCE} seconds")

    def places(self):
        pages = self.cloudformation.get_paginator("list_stack_resources").paginate(StackName=STACK)
        found = [one for page in pages for one in page["StackResourceSummaries"]]
        return {one["LogicalResourceId"]: one["PhysicalResourceId"] for one in found}

    def bridge_routes(self, resources, places):
        """One integration a function and one route an operation of the body."""
        integrations = {}
        body = resources["Api"]["Properties"]["Body"]
        for path, operations in body["paths"].items():
            for method in operations.keys() & METHODS:
                name = operations[method]["x-amazon-apigateway-integration"]["$ref"].rpartition("/")[2]
                uri = json.dumps(body["components"]["x-amazon-apigateway-integrations"][name]["uri"])
                function = next(name for name in places if f"${{{name}.Arn}}" in uri)
                if function not in integrations:
                    integrations[function] = self.integration(places["Api"], places[function])
                target = f"integrations/{integrations[function]}"
                self.api.create_route(ApiId=places["Api"], RouteKey=f"{method.upper()} {path}", Target=target)

    def integration(self, api, function):
        arn = self.functions.get_function(FunctionName=function)["Configuration"]["FunctionArn"]
        made = self.api.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=arn, PayloadFormatVersion="2.0"
        )
        return made["IntegrationId"]

    def bridge_tables(self, resources, places):
        for name, resource in resources.items():
            if resource["Type"] != "AWS::DynamoDB::Table":
                continue
            table, properties = places[name], resource["Properties"]
            expiry = properties["TimeToLiveSpecification"]
            self.dynamodb.update_time_to_live(TableName=table, TimeToLiveSpecification=expiry)
            recovery = properties["PointInTimeRecoverySpecification"]
            if recovery["PointInTimeRecoveryEnabled"]:
                self.dynamodb.update_continuous_backups(
                    TableName=table, PointInTimeRecoverySpecification=recovery
                )

    def own_domain(self, api, domain):
        """A custom domain in front of the API, as ApiOrigin means one."""
        self.api.create_domain_name(DomainName=domain)
        self.api.create_api_mapping(DomainName=domain, ApiId=api, Stage="$default")

    def outcome(self, functions, places):
        queues = {name: places[name] for name in places if name.endswith(("Queue", "DeadLetters"))}
        mappings = {}
        for mapping in self.functions.list_event_source_mappings()["EventSourceMappings"]:
            queue = mapping["EventSourceArn"].rsplit(":", 1)[-1]
            name = next(name for name, url in queues.items() if url.rsplit("/", 1)[-1] == queue)
            mappings[name] = mapping["UUID"]
        tables = {
            name.removesuffix("Table").lower(): places[name] for name in places if name.endswith("Table")
        }
        return {
            "resources": len(places),
            "routes": len(self.api.get_routes(ApiId=places["Api"], MaxResults="500")["Items"]),
            "functions": {package: places[name] for name, package in functions.items()},
            "tables": tables,
            "queues": queues,
            "mappings": mappings,
            "logs": places["FunctionLogs"],
        }


main()
