"""Validates custom resources as the API server does with field validation set to strict: a field that the schema does not
know is an error. Rules in CEL are not evaluated."""

import jsonschema


def problems(document: dict, schemas: dict[str, dict]) -> list[str]:
    """What is wrong with a custom resource."""
    name = f"{document['apiVersion']}/{document['kind']}"
    if name not in schemas:
        return [f"no definition of {name} is known"]
    # OpenAPI 3.0 is on draft 4 where they differ: exclusiveMinimum is a boolean.
    validator = jsonschema.Draft4Validator(closed(schemas[name], root=True))
    return [f"{error.json_path}: {error.message}"[:300] for error in validator.iter_errors(document)]


def closed(schema: dict, root: bool = False) -> dict:
    """The schema with everything forbidden that it does not name."""
    if schema.get("x-kubernetes-int-or-string"):
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    result = dict(schema)
    result.pop("format", None)
    if "properties" in schema or root:
        result["properties"] = {name: closed(inner) for name, inner in schema.get("properties", {}).items()}
    if root:
        result["properties"] |= {name: {} for name in ("apiVersion", "kind", "metadata")}
    if isinstance(schema.get("additionalProperties"), dict):
        result["additionalProperties"] = closed(schema["additionalProperties"])
    elif "properties" in result and not schema.get("x-kubernetes-preserve-unknown-fields"):
        result["additionalProperties"] = False
    if isinstance(schema.get("items"), dict):
        result["items"] = closed(schema["items"])
    if schema.get("nullable"):
        return {"anyOf": [{"type": "null"}, result]}
    return result
