"""Reads a schema from Rust types that kopium generated from a custom resource definition.

The generated code is regular: structs with public fields, enums of plain variants, serde attributes for the names. Ranges
and patterns are not in the types; names, nesting, types, enumerations and what is required are.
"""

import re

_COMMENT = re.compile(r"^\s*//.*$", re.M)
_ITEM = re.compile(r"pub (struct|enum) (\w+)\s*\{\n(.*?)^\}", re.M | re.S)
_EMPTY = re.compile(r"pub struct (\w+)\s*\{\s*\}")
_FIELD = re.compile(r"((?:#\[serde\((?:[^()]|\([^()]*\))*\)\]\s*)?)pub ([\w#]+):\s+(.*?),\n(?=\s*(?:#\[|pub |$))", re.S)
_VARIANT = re.compile(r"(?:#\[serde\(rename = \"([^\"]*)\"\)\]\s*)?([\w#]+),")
_RENAME = re.compile(r'rename = "([^"]*)"')
_SCALARS = {
    "String": {"type": "string"},
    "bool": {"type": "boolean"},
    "i32": {"type": "integer"},
    "i64": {"type": "integer"},
    "f64": {"type": "number"},
    "IntOrString": {"x-kubernetes-int-or-string": True},
    "Condition": {"type": "object"},
    "serde_json::Value": {},
}


def schema(source: str, root: str) -> dict:
    """The schema of the type `root`."""
    source = _COMMENT.sub("", source)
    # An object of which the definition says nothing more.
    items = {name: ("struct", None) for name in _EMPTY.findall(source)}
    items |= {name: (kind, body) for kind, name, body in _ITEM.findall(_EMPTY.sub("", source))}
    return _of_type(root, items)


def _of_type(text: str, items: dict) -> dict:
    text = re.sub(r"\s+", "", text).replace(",>", ">")
    if generic := re.fullmatch(r"(Option|Vec|BTreeMap)<(.*)>", text):
        name, inner = generic.groups()
        if name == "Option":
            return _of_type(inner, items)
        if name == "Vec":
            return {"type": "array", "items": _of_type(inner, items)}
        return {"type": "object", "additionalProperties": _of_type(inner.split(",", 1)[1], items)}
    if text in _SCALARS:
        return _SCALARS[text]
    kind, body = items[text]
    if kind == "enum":
        return {"type": "string", "enum": [rename or name for rename, name in _VARIANT.findall(body)]}
    if body is None:
        return {"type": "object"}
    properties, required = {}, []
    for attribute, field, inner in _FIELD.findall(body + "\n"):
        rename = _RENAME.search(attribute)
        name = rename.group(1) if rename else field.removeprefix("r#")
        properties[name] = _of_type(inner, items)
        if not inner.strip().startswith("Option"):
            required.append(name)
    assert len(properties) == body.count("pub "), f"a field of {text} was not understood"
    return {"type": "object", "properties": properties, "required": required}
