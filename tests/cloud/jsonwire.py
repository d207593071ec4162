"""What the front needs for services that speak JSON (Systems Manager): requests held to botocore's
model, and errors in their own form."""

import functools
import json
import re

import botocore.loaders
import botocore.model
import botocore.validate

TYPE = "application/x-amz-json-1.1"
# moto refuses bad signatures and policies of every service as IAM would; these are a JSON service's.
REFUSALS = {
    "AccessDenied": "AccessDeniedException",
    "SignatureDoesNotMatch": "InvalidSignatureException",
    "InvalidClientTokenId": "UnrecognizedClientException",
}


def parse(body):
    try:
        found = json.loads(body)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


@functools.cache
def _model(service):
    return botocore.model.ServiceModel(
        botocore.loaders.Loader().load_service_model(service, "service-2"), service
    )


def _outside(shape, value, name):
    """The first thing that is outside of what the model allows, besides types and lower bounds."""
    if shape.type_name == "structure":
        rows = [(shape.members[key], item, f"{name}.{key}") for key, item in value.items()]
    elif shape.type_name == "list":
        rows = [(shape.member, item, name) for item in value]
    elif shape.type_name == "map":
        rows = [(shape.value, item, f"{name}[{key}]") for key, item in value.items()]
    else:
        limits = shape.metadata
        if limits.get("enum") and value not in limits["enum"]:
            return f"{name} has {value!r}"
        size = len(value) if isinstance(value, str) else value
        if size > limits.get("max", float("inf")):
            return f"{name} is above {limits['max']}"
        pattern = limits.get("pattern")
        if pattern and not re.search(pattern, value):
            return f"{name} has {value!r}, not like {pattern}"
        return ""
    if len(value) > shape.metadata.get("max", float("inf")):
        return f"{name} has more than {shape.metadata['max']}"
    return next((wrong for row in rows if (wrong := _outside(*row))), "")


def check_request(service, action, params):
    """What is wrong with a request, as text; "" when nothing is."""
    model = _model(service)
    if action not in model.operation_names:
        return f"{action}: no such action of {service}"
    shape = model.operation_model(action).input_shape
    report = botocore.validate.ParamValidator().validate(params, shape)
    if report.has_errors():
        return f"{action}: {report.generate_report()}"
    # botocore's own check lets unknown members pass: its clients leave them out
    unknown = _unknown(shape, params)
    if unknown:
        return f"{action}: parameter {unknown} is not in the service model"
    wrong = _outside(shape, params, action)
    return f"{action}: {wrong}" if wrong else ""


def _unknown(shape, value):
    if shape.type_name == "structure":
        for key, item in value.items():
            if key not in shape.members:
                return key
            found = _unknown(shape.members[key], item)
            if found:
                return found
    if shape.type_name == "list":
        return next((found for item in value if (found := _unknown(shape.member, item))), "")
    return ""


def error_body(code, message):
    return json.dumps({"__type": code, "message": message}).encode()


def error_code(data):
    kind = parse(data).get("__type", "")
    return kind.partition(":")[0].rpartition("#")[2]


def envelope(kind, data):
    """moto's answer as (content type, body): an error it has put into XML becomes JSON."""
    found = re.search(rb"<Code>([^<]*)</Code>\s*<Message>([^<]*)</Message>", data)
    if not data.lstrip().startswith(b"<") or not found:
        return kind, data
    code, message = found[1].decode(), found[2].decode()
    return TYPE, error_body(REFUSALS.get(code, code), message)
