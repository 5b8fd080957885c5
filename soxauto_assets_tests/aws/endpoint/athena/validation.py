"""Checking the parameters of a call against the service model.

Here belongs names, types, lengths, patterns and enumerations, as the model that boto3 carries declares them. What does not
belong here: what depends on state.
"""

import re
from functools import cache
from typing import Any

from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, ServiceModel, Shape, StructureShape

from soxauto_assets_tests.aws.endpoint.athena.failures import invalid_request
from soxauto_assets_tests.aws.endpoint.errors import AwsError

_TYPES = {"string": str, "integer": int, "long": int, "boolean": bool, "list": list, "map": dict, "structure": dict}


def validate(action: str, document: object) -> dict[str, Any]:
    """Return the parameters of an action.

    Raises:
        AwsError: The action does not exist, or a parameter is unknown, missing, or of another type, length or form.
    """
    model = _model()
    if action not in model.operation_names:
        raise AwsError("UnknownOperationException", f"Unknown operation: {action}")
    shape = model.operation_model(action).input_shape
    if not isinstance(document, dict):
        raise AwsError("SerializationException", "Start of structure or map found where not expected")
    if shape is not None:
        _structure(shape, document, "")
    return document


@cache
def _model() -> ServiceModel:
    return ServiceModel(Loader().load_service_model("athena", "service-2"), "athena")


def _check(shape: Shape, value: Any, path: str) -> None:
    expected = _TYPES.get(shape.type_name)
    if expected and (not isinstance(value, expected) or (expected is int and isinstance(value, bool))):
        raise AwsError("SerializationException", f"{path or 'input'} is no {shape.type_name}")
    if isinstance(shape, StructureShape):
        _structure(shape, value, path)
    elif isinstance(shape, ListShape):
        _length(shape, len(value), path)
        for number, member in enumerate(value):
            _check(shape.member, member, f"{path}.{number + 1}.member")
    elif isinstance(shape, MapShape):
        for member in value.values():
            _check(shape.value, member, path)
    elif shape.type_name == "string":
        _length(shape, len(value), path)
        pattern = shape.metadata.get("pattern")
        if shape.enum and value not in shape.enum:
            raise _failed(path, f"Member must satisfy enum value set: [{', '.join(shape.enum)}]", value)
        if pattern and "\\u" not in pattern and not re.fullmatch(pattern, value):
            raise _failed(path, f"Member must satisfy regular expression pattern: {pattern}", value)
    elif shape.type_name in ("integer", "long"):
        low, high = shape.metadata.get("min"), shape.metadata.get("max")
        if low is not None and value < low:
            raise _failed(path, f"Member must have value greater than or equal to {low}", value)
        if high is not None and value > high:
            raise _failed(path, f"Member must have value less than or equal to {high}", value)


def _structure(shape: StructureShape, value: dict[str, Any], path: str) -> None:
    """Check a structure. AWS passes over unknown members in places; the stricter reading refuses them."""
    for name, member in value.items():
        where = f"{path}.{_lower(name)}" if path else _lower(name)
        if name not in shape.members:
            raise AwsError("SerializationException", f"unknown member {where}")
        if member is not None:
            _check(shape.members[name], member, where)
    for name in shape.required_members:
        if value.get(name) is None:
            raise _failed(f"{path}.{_lower(name)}" if path else _lower(name), "Member must not be null")


def _length(shape: Shape, length: int, path: str) -> None:
    low, high = shape.metadata.get("min"), shape.metadata.get("max")
    if low is not None and length < low:
        raise _failed(path, f"Member must have length greater than or equal to {low}")
    if high is not None and length > high:
        raise _failed(path, f"Member must have length less than or equal to {high}")


def _failed(path: str, constraint: str, value: object = None) -> AwsError:
    shown = "" if value is None else f" '{value}'"
    return invalid_request(
        f"1 validation error detected: Value{shown} at '{path}' failed to satisfy constraint: {constraint}"
    )


def _lower(name: str) -> str:
    return name[:1].lower() + name[1:]
