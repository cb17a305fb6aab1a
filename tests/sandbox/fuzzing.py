"""Requests of every kind, from good to nonsense: `any_call` makes one."""

import json
import random
from typing import Any
from urllib.parse import urlencode

from botocore import xform_name
from botocore.serialize import create_serializer

from helpers.sandbox.aws.service import load_model
from helpers.sandbox.faults.client import CONTROL_PATH
from helpers.sandbox.services.autoscaling import AutoScaling
from helpers.sandbox.services.marketplace import Agreements, Discovery
from helpers.sandbox.services.pricing import Pricing
from helpers.sandbox.services.quotas import Quotas
from helpers.sandbox.services.sagemaker import SageMaker

from .fuzz_values import GENERATION, GOOD, JUNK, NOTHING, Known, mutated, spoil, value
from .in_process import Call

SERVICES = (SageMaker, AutoScaling, Agreements, Discovery, Pricing, Quotas)
OPERATIONS = [
    (cls.service_name, name)
    for cls in SERVICES
    for name in load_model(cls.service_name).operation_names
    if hasattr(cls, xform_name(name))
]

# What the tutorial and its readers ask of STS, and of the services that moto answers.
OTHERS = {
    "sts": ("GetCallerIdentity", "AssumeRole", "GetSessionToken"),
    "iam": (
        "CreateRole",
        "GetRole",
        "DeleteRole",
        "ListRoles",
        "UpdateAssumeRolePolicy",
        "SimulatePrincipalPolicy",
    ),
    "logs": ("CreateLogGroup", "CreateLogStream", "PutLogEvents", "DescribeLogGroups", "GetLogEvents"),
    "cloudwatch": ("PutMetricData", "GetMetricData", "GetMetricStatistics", "ListMetrics"),
    "scheduler": ("CreateSchedule", "GetSchedule", "ListSchedules", "DeleteSchedule"),
    "s3": ("CreateBucket", "PutObject", "GetObject", "ListObjectsV2", "ListBuckets"),
}


def control_call(chance: random.Random, known: Known) -> Call:
    """A call of the control plane, of the Marketplace, of prices or quotas."""
    service, operation = chance.choice(OPERATIONS)
    model = load_model(service)
    if chance.random() < 0.03:
        operation = chance.choice([*model.operation_names, "", "NoSuch"])
    exists = operation in model.operation_names
    shape = model.operation_model(operation).input_shape if exists else None
    params = value(shape, chance, known) if shape is not None else {}
    if operation in GOOD and chance.random() < 0.5:
        params = mutated(GOOD[operation], chance)
    body = spoil(json.dumps(params).encode(), chance)
    if prefix := model.metadata.get("targetPrefix"):
        headers = {"X-Amz-Target": f"{prefix}.{operation}", "Content-Type": "application/x-amz-json-1.1"}
        return Call(service, "POST", "/", body, headers)
    path = model.operation_model(operation).http["requestUri"] if exists else "/nowhere"
    return Call(service, "POST", path, body, {"Content-Type": "application/json"})


def other_call(chance: random.Random, known: Known) -> Call:
    """A call of a service that moto answers."""
    service = chance.choice(tuple(OTHERS))
    model = load_model(service)
    operation = model.operation_model(chance.choice(OTHERS[service]))
    params = value(operation.input_shape, chance, known) if operation.input_shape else {}
    serializer = create_serializer(model.resolved_protocol, include_validation=False)
    try:
        made = serializer.serialize_to_request(params, operation)
        body = made["body"]
        if isinstance(body, dict):
            body = urlencode({name: str(text).encode("utf-8", "replace") for name, text in body.items()})
        body = body if isinstance(body, bytes) else body.encode()
        headers = {str(name): str(text) for name, text in made["headers"].items() if str(text).isascii()}
        path = made["url_path"].encode("ascii").decode()
    except Exception:  # botocore stumbles over nonsense in many ways; it is sent as it is
        return Call(service, "POST", "/", spoil(json.dumps(params).encode(), chance))
    return Call(service, made["method"], path, spoil(body, chance), headers)


def invocation(chance: random.Random, known: Known) -> Call:
    """An invocation: of an endpoint that writes (a few tokens at most), mostly."""
    given: dict[str, Any] = {"max_tokens": chance.choice((1, 1, 2, 3, 0, -1, 100_000, "2"))}
    wanted = chance.choice(("prompt", "prompt", "message", "messages", ""))
    for name, choices in GENERATION.items():
        if name == wanted or chance.random() < 0.08:
            given[name] = choices[0] if chance.random() < 0.5 else chance.choice(choices)
    body = spoil(json.dumps(given, ensure_ascii=chance.random() < 0.5).encode(errors="surrogatepass"), chance)
    name = chance.choice(("e", "e", "e", "chat", "chat", "nobody", "%00", "a%2Fb", "é", ""))
    path = f"/endpoints/{name}/invocations" + ("-response-stream" if chance.random() < 0.5 else "")
    content = chance.choice(("application/json",) * 6 + ("text/csv", "", "application/json; charset=latin-1"))
    headers = {"Content-Type": content}
    if chance.random() < 0.1:
        headers["X-Amzn-SageMaker-Target-Variant"] = chance.choice(("AllTraffic", "Other", "\t", "x" * 500))
    method = chance.choice(("POST",) * 30 + ("GET", "PUT"))
    return Call("sagemaker", method, path.encode("ascii", "xmlcharrefreplace").decode(), body, headers)


def fault_order(chance: random.Random, known: Known) -> Call:
    """A request to the switch for faults."""
    orders = ("show", "clear", "set", "x", 7, None)
    order = {"do": chance.choice(orders), "name": chance.choice(JUNK), "parameters": chance.choice(JUNK)}
    path = CONTROL_PATH if chance.random() < 0.9 else "/_sandbox/nothing"
    return Call("sandbox", "POST", path, spoil(json.dumps(order).encode(), chance))


BAD = (
    "signature",
    "key",
    "unsigned",
    "host",
    "two hosts",
    "region",
    "old",
    "target",
    "silence",
    "leaves",
    "large",
)


MAKERS = (*(control_call,) * 4, *(invocation,) * 3, other_call, fault_order)


def any_call(chance: random.Random, known: Known = NOTHING) -> Call:
    """Any of them, one in ten spoiled on its way."""
    call = chance.choice(MAKERS)(chance, known)
    bad = chance.choice(BAD) if chance.random() < 0.1 else ""
    return Call(call.service, call.method, call.path, call.body, call.headers, bad)
