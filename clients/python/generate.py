"""Writes src/mooring/_generated from the API's description: models by datamodel-code-generator, calls by our templates.

    python generate.py

The build of the package runs it by itself. Git does not keep what this writes, so that it can be no older than the
description; a source distribution carries it.
"""

import copy
import json
import keyword
import re
import tomllib
import warnings
from pathlib import Path
from typing import Any

HOME = Path(__file__).resolve().parent
DESCRIPTION = HOME / "../../functions/openapi/openapi.json"
GENERATED = HOME / "src/mooring/_generated"
METHODS = ("get", "put", "post", "delete", "patch", "head")
SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
FORMATS = {"date": "datetime.date", "date-time": "datetime.datetime"}
# Answers that hold a secret, and the field: the representation of a model leaves it out.
SECRETS = {
    "EndpointCreated": ["secret"],
    "RotatedSecret": ["secret"],
    "SessionResponse": ["url"],
    "TokenResponse": ["token"],
}


def generate() -> None:
    description = json.loads(DESCRIPTION.read_text())
    version = tomllib.loads((HOME / "pyproject.toml").read_text())["project"]["version"]
    if version != description["info"]["version"]:
        raise SystemExit(f"pyproject.toml has version {version}, the workspace {description['info']['version']}")
    for schema, fields in SECRETS.items():
        missing = set(fields) - set(description["components"]["schemas"][schema]["properties"])
        if missing:
            raise SystemExit(f"generate.py hides {schema}.{missing}, which the description does not have")
    GENERATED.mkdir(exist_ok=True)
    (GENERATED / "__init__.py").write_text('"""Written by generate.py from the API\'s description."""\n')
    models(description)
    events(description)
    calls(description)


def events(description: dict[str, Any]) -> None:
    """Writes the union of all events that a webhook delivers; one that this version does not know stays an event."""
    bodies = [one["post"]["requestBody"]["content"]["application/json"]["schema"] for one in description.get("webhooks", {}).values()]
    known = [f"models.{body['$ref'].rpartition('/')[2]}" for body in bodies]
    uses = "from mooring._generated import models\n" if known else ""
    ordered = 'Annotated[WebhookEvent, Field(union_mode="left_to_right")]'
    (GENERATED / "events.py").write_text(f'''"""Written by generate.py from the API\'s description."""

import datetime
from typing import {"Annotated, " if known else ""}Any

from pydantic import {"Field, " if known else ""}TypeAdapter

{uses}from mooring._model import Model


class OtherEvent(Model):
    """An event whose type this version does not know."""

    type: str
    timestamp: datetime.datetime
    data: dict[str, Any]


WebhookEvent = {" | ".join([*dict.fromkeys(known), "OtherEvent"])}
EVENTS: TypeAdapter[WebhookEvent] = TypeAdapter({ordered if known else "WebhookEvent"})
''')


def models(description: dict[str, Any]) -> None:
    """Writes the models of all schemas."""
    from datamodel_code_generator import DataModelType, InputFileType, LiteralType, PythonVersion
    from datamodel_code_generator import generate as write_models
    from datamodel_code_generator.format import Formatter

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        write_models(
            json.dumps(tolerant(description)),
            input_filename="openapi.json",
            input_file_type=InputFileType.OpenAPI,
            output=GENERATED / "models.py",
            output_model_type=DataModelType.PydanticV2BaseModel,
            target_python_version=PythonVersion.PY_311,
            base_class="mooring._model.Model",
            enum_field_as_literal=LiteralType.All,
            use_type_alias=True,
            use_union_operator=True,
            use_standard_collections=True,
            use_schema_description=True,
            use_field_description=True,
            snake_case_field=True,
            disable_timestamp=True,
            formatters=[Formatter.BUILTIN],
        )


def tolerant(description: dict[str, Any]) -> dict[str, Any]:
    """Leaves the rules of values out, which the API itself judges, and lets later words into enumerations."""
    description = copy.deepcopy(description)
    schemas = description["components"]["schemas"]
    for schema in schemas.values():
        loosen(schema)
    # The models are those of the schemas; calls() writes the rest.
    return {"openapi": "3.1.0", "info": description["info"], "paths": {}, "components": {"schemas": schemas}}


def loosen(schema: Any) -> None:
    if isinstance(schema, list):
        for one in schema:
            loosen(one)
    if not isinstance(schema, dict):
        return
    for rule in ("pattern", "minLength", "maxLength", "minimum", "maximum", "minItems", "maxItems", "additionalProperties"):
        if not isinstance(schema.get(rule), dict):
            schema.pop(rule, None)
    if schema.get("format") not in FORMATS:
        schema.pop("format", None)
    for one in list(schema.values()):
        loosen(one)
    if "enum" in schema and schema.get("type") == "string":
        words = {"type": "string", "enum": schema.pop("enum")}
        schema["anyOf"] = [words, {"type": schema.pop("type")}]


class Parameter:
    """An argument of a method."""

    def __init__(self, name: str, schema: dict[str, Any], schemas: dict[str, Any], *, required: bool) -> None:
        self.name = name
        self.word = f"{name}_" if keyword.iskeyword(name) else name
        self.type = annotation(schema, schemas)
        self.required = required
        if not required and not self.type.endswith("| None"):
            self.type += " | None"


def annotation(schema: dict[str, Any], schemas: dict[str, Any]) -> str:
    """Returns the annotation of a value that is sent. Words are those of the description, and no others."""
    if "$ref" in schema:
        named = resolved(schema, schemas)
        return annotation(named, schemas) if "enum" in named else f"models.{schema['$ref'].rpartition('/')[2]}"
    if "enum" in schema:
        return f"Literal[{', '.join(map(repr, schema['enum']))}]"
    if "const" in schema:
        return f"Literal[{schema['const']!r}]"
    for union in ("anyOf", "oneOf"):
        if union in schema:
            return " | ".join(dict.fromkeys(annotation(one, schemas) for one in schema[union]))
    kinds = schema.get("type", "object")
    if isinstance(kinds, list):
        return " | ".join(annotation({**schema, "type": kind}, schemas) for kind in sorted(kinds, key="null".__eq__))
    if kinds == "null":
        return "None"
    if kinds == "array":
        return f"Sequence[{annotation(schema['items'], schemas)}]"
    if kinds == "string" and schema.get("format") in FORMATS:
        return FORMATS[schema["format"]]
    return SCALARS.get(kinds, "dict[str, Any]")


def resolved(schema: dict[str, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    """Returns the schema that a reference names, or the schema itself."""
    found: dict[str, Any] = schemas[schema["$ref"].rpartition("/")[2]] if "$ref" in schema else schema
    return found


class Operation:
    """An operation as a program calls it."""

    def __init__(self, description: dict[str, Any], path: str, method: str, value: dict[str, Any]) -> None:
        self.schemas, self.value = description["components"]["schemas"], value
        self.path, self.method, self.id = path, method.upper(), value["operationId"]
        self.name = snake(self.id)
        shared = description["components"].get("parameters", {})
        listed = [shared[one["$ref"].rpartition("/")[2]] if "$ref" in one else one for one in value.get("parameters", [])]
        text = {"type": "string"}
        self.path_parameters = [Parameter(one["name"], text, self.schemas, required=True) for one in listed if one["in"] == "path"]
        self.query = [
            Parameter(one["name"], one["schema"], self.schemas, required=one.get("required", False))
            for one in listed
            if one["in"] == "query"
        ]
        self.is_keyed = any(one["name"] == "Idempotency-Key" for one in listed)
        self.is_public = not value.get("security")
        status, answer = next(((code, one) for code, one in value["responses"].items() if re.fullmatch(r"2\d\d", code)), ("", {}))
        self.is_empty = status == "204" or (bool(status) and method == "head")
        self.media: dict[str, Any] = answer.get("content", {})

    @property
    def is_called(self) -> bool:
        """True when a program can read the answer."""
        return self.is_empty or "application/json" in self.media or "text/csv" in self.media

    @property
    def body(self) -> list[Parameter]:
        schema = self.value.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema")
        if schema is None:
            return []
        properties, needed = whole(resolved(schema, self.schemas), self.schemas)
        return [Parameter(name, one, self.schemas, required=name in needed) for name, one in properties.items()]

    @property
    def keywords(self) -> list[Parameter]:
        return sorted([*self.query, *self.body], key=lambda one: not one.required)

    @property
    def answer(self) -> str:
        schema = self.media.get("application/json", {}).get("schema", {})
        return annotation(schema, self.schemas) if "$ref" in schema else "Any"

    @property
    def url(self) -> str:
        return re.sub(r"\{(\w+)\}", r"{segment(\1)}", self.path)

    @property
    def pages(self) -> dict[str, str] | None:
        """The rows of a list that answers pages, and the name of the method that goes through them."""
        if not self.answer.startswith("models.") or not any(one.name == "cursor" for one in self.query):
            return None
        properties = self.schemas[self.answer.removeprefix("models.")]["properties"]
        arrays = {name: one for name, one in properties.items() if one.get("type") == "array" and "$ref" in one["items"]}
        field = "rows" if "rows" in arrays else next(iter(arrays))
        item = annotation(arrays[field]["items"], self.schemas)
        name = f"all{self.id[4:]}" if self.id.startswith("list") else f"all{plural(item.removeprefix('models.'))}"
        return {"field": field, "item": item, "name": snake(name)}

    @property
    def comment(self) -> str:
        texts = [self.value["summary"], self.value.get("description", "")]
        return ". ".join(text for text in texts if text).replace("\\", "\\\\").replace('"""', "'''").rstrip(".") + "."


def whole(schema: dict[str, Any], schemas: dict[str, Any]) -> tuple[dict[str, Any], set[str]]:
    """Returns the fields of a body, and those that each of its forms needs."""
    properties, needed = dict(schema.get("properties", {})), set(schema.get("required", []))
    forms = [whole(resolved(one, schemas), schemas) for union in ("oneOf", "anyOf") for one in schema.get(union, [])]
    for form, _ in forms:
        for name, one in form.items():
            properties.setdefault(name, one)
    if forms:
        needed |= set.intersection(*(wanted for _, wanted in forms))
    return properties, needed


def calls(description: dict[str, Any]) -> None:
    """Writes the calls, once for each kind of client."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    found = [
        Operation(description, path, method, value)
        for path, methods in description["paths"].items()
        for method, value in methods.items()
        if method in METHODS
    ]
    options = {"trim_blocks": True, "lstrip_blocks": True, "keep_trailing_newline": True, "undefined": StrictUndefined}
    template = Environment(loader=FileSystemLoader(HOME / "templates"), autoescape=False, **options).get_template("calls.py.jinja")  # noqa: S701, it writes Python
    called = [one for one in found if one.is_called]
    for word, is_async in (("calls", False), ("calls_async", True)):
        text = template.render(operations=called, is_async=is_async)
        (GENERATED / f"{word}.py").write_text(text)
    pages = [one.id for one in found if not one.is_called]
    facts = f'"""Written by generate.py from the API\'s description."""\n\nVERSION = {description["info"]["version"]!r}\n'
    facts += f"SECRETS: dict[str, list[str]] = {SECRETS!r}\nPAGES = {pages!r}\n"
    (GENERATED / "facts.py").write_text(facts)


def snake(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", name).lower()


def plural(name: str) -> str:
    return f"{name[:-1]}ies" if re.search("[^aeiou]y$", name) else f"{name}s"


try:
    from hatchling.builders.hooks.plugin.interface import BuildHookInterface
except ImportError:
    pass
else:

    class GenerateHook(BuildHookInterface):  # type: ignore[type-arg]
        """Writes the generated modules before the package is built. A source distribution has them already."""

        def initialize(self, version: str, build_data: dict[str, Any]) -> None:
            if DESCRIPTION.exists():
                generate()


if __name__ == "__main__":
    generate()
