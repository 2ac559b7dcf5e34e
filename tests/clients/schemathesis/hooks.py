"""Two checks that stand in for schemathesis's own where the protobuf JSON mapping, or no schema at all, is the rule."""
import json
import os
import re

import jsonschema_rs
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import negative_data_rejection

# A request that fits the document and is refused with 400 is a fault of the document, except for these reasons, which
# depend on what is stored, or on what several fields say together.
CODES = {"CODE_INVALID", "RESET_TOKEN_INVALID"}
REASONS = [re.compile(reason) for reason in (
    # Tokens and ids that the product gives.
    r"token of the page before|next_page_token of|page token is not one|not the token of a link",
    r"there is no such|must be the name of a mail|must be (an?|one) .*of yours|must be somebody else|is not known",
    # Names that a table knows: time zones, languages; days that a calendar knows.
    r"IANA time zone|must be a date|locale|language",
    # What fields say together, and times beside now.
    r"must be given|is required with|can come first|must be FAILED or IN_DOUBT|cannot be switched off|were erased|must not hold what|given together|must (not )?be (before|after|later|earlier)|at most .* (ago|ahead)",
    r"must be a time from|in the (past|future)|(ten|twenty) years|half steps|must not be (more|longer)",
    # What bytes and letters are.
    r"must be a JPEG|visible|control characters|U\+0000|too (easily|easy)|common|e-mail address",
)]


class SchemaValidRequestRefused(Failure):
    """A request that fits the document was refused."""


@schemathesis.check
def schema_valid_request_is_taken(ctx, response, case):
    meta = case.meta
    if response.status_code != 400 or meta is None or not meta.generation.mode.is_positive:
        return
    problem = response.json()
    if problem.get("code") in CODES:
        return
    violations = problem.get("violations") or [{"field": "", "description": problem.get("detail", "")}]
    unexpected = [one for one in violations if not any(reason.search(one["description"]) for reason in REASONS)]
    if unexpected:
        raise SchemaValidRequestRefused(
            operation=case.operation.label,
            title="A request that fits the document was refused",
            message=f"{problem.get('code')}: {unexpected}",
        )


def loosen(schema):
    """What the JSON mapping reads beyond the document: values of enums by number, numbers as text."""
    if isinstance(schema, list):
        return [loosen(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    schema = {name: loosen(part) for name, part in schema.items()}
    types = schema.get("type")
    types = types if isinstance(types, list) else [types]
    if "string" in types and "enum" in schema:
        return {"anyOf": [schema, {"type": "integer"}]}
    if "integer" in types or "number" in types:
        return {"anyOf": [schema, {"type": "string", "pattern": r"^-?[0-9.]+([eE][-+]?[0-9]+)?$"}]}
    return schema


with open(os.environ["DOCUMENT"]) as file:
    DOCUMENT = json.load(file)
LOOSE = {"components": {"schemas": loosen(DOCUMENT["components"]["schemas"])}}


def is_valid(schema, value):
    return jsonschema_rs.Draft202012Validator({**LOOSE, **loosen(schema)}).is_valid(value)


def is_read_by_the_mapping(case):
    operation = DOCUMENT["paths"][case.operation.path].get(case.operation.method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and isinstance(case.body, dict):
        return is_valid(content["schema"], case.body)
    known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
    given = {name: int(text) if str(text).lstrip("-").isdigit() else text for name, text in (case.query or {}).items()}
    return bool(given) and all(name in known and is_valid(known[name], value) for name, value in given.items())


@schemathesis.check
def negative_data_is_refused(ctx, response, case):
    if not is_read_by_the_mapping(case):
        return negative_data_rejection(ctx, response, case)
