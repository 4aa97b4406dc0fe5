"""Calls every operation of the two generated Python packages against a transport that answers the description's examples.

Run by check.py with the folder of the packages: what is called, sent and read is the packages' own code. An operation is
typed when its success is read into the class that the description names, and 404 and 503 into a problem.
"""

import datetime
import enum
import importlib
import inspect
import io
import json
import pkgutil
import re
import sys
import typing
from pathlib import Path

import httpx

DESCRIPTION = json.loads(Path(sys.argv[2]).read_text())
sys.path.insert(0, sys.argv[1])
ORIGIN = "https://api.example.com"
METHODS = ("get", "post", "put", "patch", "delete", "head")


def resolve(schema):
    while "$ref" in schema:
        at = DESCRIPTION
        for part in schema["$ref"].removeprefix("#/").split("/"):
            at = at[part]
        schema = at
    return schema


def operations():
    for path, item in DESCRIPTION["paths"].items():
        for method in METHODS:
            if method in item:
                yield item[method]["operationId"], method.upper(), path, item[method]


def plain(name):
    """A name as both generators can be compared by: without case, separators and what they add to reserved words."""
    return re.sub(r"[^a-z0-9]", "", name.lower().removeprefix("var_"))


def examples(schema):
    return resolve(schema).get("examples", [{}])


def answer(operation, status):
    """The media type and the body of an answer: the description's example, a text, or nothing."""
    responses = operation["responses"]
    content = (responses.get(str(status)) or responses[f"{status // 100}XX"]).get("content", {})
    if not content:
        return None, None, ""
    media = next(iter(content))
    schema = content[media]["schema"]
    if media == "application/problem+json":
        return media, schema, {**examples(schema)[0], "status": status}
    if schema.get("type") == "string":
        return media, schema, "<html></html>"
    return media, schema, examples(schema)[0]


def success(operation):
    return int(next(status for status in operation["responses"] if status.startswith(("2", "3")) and status.isdigit()))


def parts(hint):
    """The plain types of a hint: of a union, of an annotated type."""
    if typing.get_origin(hint) is typing.Annotated:
        return parts(typing.get_args(hint)[0])
    inner = typing.get_args(hint) if typing.get_origin(hint) is not list else ()
    return [part for one in inner for part in parts(one)] or [hint]


def value(hint, example):
    """An example as the type that a parameter of the package wants."""
    if isinstance(example, list):
        of = next((part for part in parts(hint) if typing.get_origin(part) is list), None)
        return [value(typing.get_args(of)[0], one) if of else one for one in example]
    for part in parts(hint):
        if isinstance(part, type) and issubclass(part, enum.Enum):
            return part(example)
        if part is datetime.date:
            return datetime.date.fromisoformat(example)
    return example


def bodies(hint, operation):
    """The examples of a body, each as the class that it fits."""
    content = operation["requestBody"]["content"]
    schema = next(iter(content.values()))["schema"]
    for example in examples(schema):
        classes = [part for part in parts(hint) if hasattr(part, "from_dict")]
        yield next((one for one in (fitting(of, example) for of in classes) if one is not None), example)


def fitting(of, example):
    try:
        made = of.from_dict(example)
        kept = made.to_dict()
    except (KeyError, TypeError, ValueError):
        return None
    return made if kept == example else None


def arguments(function, operation):
    """What the function is called with, once for each example of a body."""
    hints = typing.get_type_hints(function, include_extras=True)
    given, known = {}, {}
    for parameter in map(resolve, operation["parameters"]):
        known[plain(parameter["name"])] = parameter
    body = None
    for name in inspect.signature(function).parameters:
        parameter = known.pop(plain(name), None)
        if parameter is not None:
            if "example" in parameter:
                given[name] = value(hints[name], parameter["example"])
        elif name not in ("client", "self") and not name.startswith("_"):
            body = name
    assert not known, f"{function.__name__} has no parameter for {sorted(known)}"
    # The forms of people's pages have no fields in the description: openapi-generator makes no parameter of them.
    if "application/x-www-form-urlencoded" in operation.get("requestBody", {}).get("content", {}) and body is None:
        return [given]
    if "requestBody" not in operation:
        return [given]
    assert body, f"{function.__name__} takes no body"
    return [{**given, body: one} for one in bodies(hints[body], operation)]


def sent(method, path, url, operation):
    """Holds what a package sends against the path and the parameters of the description."""
    pattern = re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path))
    url = httpx.URL(url)
    assert re.fullmatch(pattern, url.path), f"{method} {url.path} is not {path}"
    listed = {resolve(one)["name"] for one in operation["parameters"] if resolve(one)["in"] == "query"}
    assert set(url.params) <= listed, f"{path} is asked for {set(url.params) - listed}"
    for one in map(resolve, operation["parameters"]):
        if one["in"] == "query" and isinstance(one.get("example"), list):
            assert url.params.get_list(one["name"]) == one["example"], f"{one['name']} is sent as {url.query}"


def expect(read, status, operation, models, name):
    """Fails unless what was read is of the class that the description names."""
    _, schema, body = answer(operation, status)
    if schema is None:
        assert read in (None, ""), f"{name} {status}: {read!r}"
    elif "$ref" in schema:
        wanted = schema["$ref"].rsplit("/", 1)[1]
        assert type(read).__name__ == wanted, f"{name} {status} is read as {type(read).__name__}, not as {wanted}"
        if wanted == "Problem":
            assert read.code == body["code"] and read.retryable is body["retryable"], f"{name} {status}"
    else:
        assert read is not None, f"{name} {status} is not read"
        assert schema.get("type") != "string" or isinstance(read, str), f"{name} {status} is {type(read)}"


def tried(operation):
    return (success(operation), 404, 429, 503) if operation["security"] else (success(operation), 404, 503)


def openapi_python_client():
    package = importlib.import_module("mooring_client")
    api = importlib.import_module("mooring_client.api")
    found = {}
    for module in pkgutil.walk_packages(api.__path__, api.__name__ + "."):
        loaded = importlib.import_module(module.name)
        if hasattr(loaded, "sync_detailed"):
            found[plain(module.name.rsplit(".", 1)[1])] = loaded
    for name, method, path, operation in operations():
        module = found.pop(plain(name))
        for status in tried(operation):
            media, _, body = answer(operation, status)

            def handle(request):
                assert request.method == method, f"{name} is sent as {request.method}"
                sent(method, path, str(request.url), operation)
                text = body if isinstance(body, str) else json.dumps(body)
                return httpx.Response(status, text=text, headers={"content-type": media} if media else {})

            options = {"base_url": ORIGIN, "httpx_args": {"transport": httpx.MockTransport(handle)}}
            client = package.AuthenticatedClient(token="moor_test_x", **options)
            for given in arguments(module.sync_detailed, operation):
                read = module.sync_detailed(client=client, **given).parsed
                expect(read, status, operation, package, name)
        yield name
    assert not found, f"more than is described: {sorted(found)}"


def openapi_generator():
    package = importlib.import_module("mooring_api")
    rest = importlib.import_module("mooring_api.rest")
    ending = "_with_http_info"
    found = {
        plain(name.removesuffix(ending)): (of, name)
        for of in vars(package).values()
        if isinstance(of, type) and of.__name__.endswith("Api")
        for name in vars(of)
        if name.endswith(ending)
    }
    for name, method, path, operation in operations():
        of, call = found.pop(plain(name))
        for status in tried(operation):
            media, _, body = answer(operation, status)

            class Transport:
                def request(self, sent_method, url, **_):
                    assert sent_method == method, f"{name} is sent as {sent_method}"
                    sent(method, path, url, operation)
                    text = body if isinstance(body, str) else json.dumps(body)
                    raw = type("Raw", (), {})()
                    raw.status, raw.reason, raw.data = status, "", text.encode()
                    raw.headers = {"content-type": media} if media else {}
                    return rest.RESTResponse(raw)

            client = package.ApiClient(package.Configuration(host=ORIGIN, access_token="moor_test_x"))
            client.rest_client = Transport()
            function = getattr(of(client), call)
            for given in arguments(getattr(function, "__wrapped__", function), operation):
                try:
                    read = function(**given).data
                except package.ApiException as refused:
                    read = refused.data
                expect(read, status, operation, package, name)
        yield name
    assert not found, f"more than is described: {sorted(found)}"


if __name__ == "__main__":
    for generator in (openapi_python_client, openapi_generator):
        print(generator.__name__.replace("_", "-"), len(list(generator())), flush=True)
