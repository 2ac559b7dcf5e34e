"""Two checks that stand in for schemathesis's own where the protobuf JSON mapping, or no schema at all, is the rule."""
import json
import os
import re
import unicodedata

import jsonschema_rs
import schemathesis
from schemathesis.core.failures import Failure
from schemathesis.specs.openapi.checks import negative_data_rejection

# A request that fits the document and is refused with 400 is a fault of the document, except for these reasons, which
# depend on what is stored, or on what several fields say together. Each is the whole text of a violation.
CODES = {"CODE_INVALID", "RESET_TOKEN_INVALID"}
REASONS = re.compile("|".join((
    # Tokens and ids that the product gives.
    r"must be the (next_page_token of (the page before|an earlier page)|token of the page before)",
    r"the page token is not one that a list has answered",
    r"is not the token of a link of ours",
    r"there is no such exercise",
    r"must be an exercise of the catalogue or one of yours",
    r"must be (a|a day of a) routine of yours",
    r"must be somebody else",
    # Names that a table knows, days that a calendar knows, and times beside now.
    r"must be the name of a mail",
    r"must be an IANA time zone such as Europe/Berlin",
    r"must be a language tag such as en or ru-RU",
    r"must be a date such as 2026-11-16",
    r"must be a time (in the years 1|from 1970) to 9999",
    r"must not be in the future|must be within the last ten years",
    r"must be (before end_time|within a day after the start)|must not be before the start",
    r"must not be after to_date|must be at most twenty years before to_date",
    # What several fields say together, some of them with what is stored.
    r"must not be given together with \w+",
    r"is required with (day_id|routine_id)",
    r"must be given, or duration_seconds or distance_m",
    r"does not fit what is counted in this exercise|is required, because it is counted in this exercise",
    r"must be at least min_reps",
    r"must have at most \d+ sets in all",
    r"must not hold what muscle_groups holds",
    r"must differ from the start",
    r"leaves too few exercises for this goal and level",
    # Values of a kind that are defined and yet not for this field.
    r"[a-z_]+ is not a muscle group that can come first",
    r"must be FAILED or IN_DOUBT",
    r"cannot be switched off",
    r"its codes or links were erased and cannot be sent again",
    r"must be in half steps",
    # What bytes, letters and addresses are.
    r"must be a JPEG, PNG or WebP picture|is a picture without its end",
    r"must not hold slashes or control characters",
    r"must not hold (control characters|characters that turn the direction of text)",
    r"must hold something that can be seen",
    r"must not contain the character U\+0000",
    r"must be (an|the beginning of an) e-mail address",
    r"must (be harder to guess: .*|not be made of your own name or address); take four words that do not belong together",
)))


def is_unseen(case, field):
    """Whether the field is a text that was sent and that nobody sees: its normal form is empty."""
    value = case.body
    for name in re.findall(r"\w+", field):
        try:
            value = value[int(name) if isinstance(value, list) else name]
        except (KeyError, IndexError, TypeError, ValueError):
            return False
    return isinstance(value, str) and value != "" and all(unicodedata.category(one)[0] in "CZ" for one in value)


def is_expected(case, violation):
    if violation["description"] in ("is required", "must not be empty", "must have at least 1 characters"):
        return is_unseen(case, violation["field"])
    return REASONS.fullmatch(violation["description"]) is not None


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
    unexpected = [one for one in violations if not is_expected(case, one)]
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


def settled(value):
    """The value with its texts in their normal form, by which their lengths count: without what nobody sees."""
    if isinstance(value, list):
        return [settled(part) for part in value]
    if isinstance(value, dict):
        return {name: settled(part) for name, part in value.items()}
    if not isinstance(value, str):
        return value
    seen = "".join(one for one in value if unicodedata.category(one) != "Cf")
    return unicodedata.normalize("NFC", seen).strip()


def is_read_by_the_mapping(case):
    operation = DOCUMENT["paths"][case.operation.path].get(case.operation.method.lower(), {})
    content = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if content is not None and isinstance(case.body, dict):
        return is_valid(content["schema"], case.body) or is_valid(content["schema"], settled(case.body))
    known = {one["name"]: one["schema"] for one in operation.get("parameters", []) if one["in"] == "query"}
    given = {name: int(text) if re.fullmatch(r"-?[0-9]+", str(text)) else text for name, text in (case.query or {}).items()}
    return bool(given) and all(name in known and is_valid(known[name], value) for name, value in given.items())


@schemathesis.check
def negative_data_is_refused(ctx, response, case):
    if not is_read_by_the_mapping(case):
        return negative_data_rejection(ctx, response, case)
