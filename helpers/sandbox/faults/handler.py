"""The sandbox's side of `control`: a request that has been checked for its signature already."""

import json
from dataclasses import asdict
from typing import Any

from ..aws.service import AwsError, Reply, parse_json
from .client import CONTROL_PATH
from .switch import Faults
from .table import BadFault


class FaultControl:
    """Answers show, set and clear."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def handle(self, path: str, body: bytes) -> Reply:
        """What is set, after doing what the body says. Raises AwsError."""
        if path != CONTROL_PATH:
            raise AwsError("NotFound", f"The sandbox has nothing at {path}.", 404)
        try:
            self._do(parse_json(body))
        except BadFault as error:
            raise AwsError("BadFault", str(error)) from error
        told = {"set": [asdict(setting) for setting in self._faults.settings]}
        return Reply(200, json.dumps(told).encode(), {"Content-Type": "application/json"})

    def _do(self, request: dict[str, Any]) -> None:
        order, name, parameters = request.get("do"), request.get("name"), request.get("parameters", {})
        if not isinstance(parameters, dict):
            raise BadFault("The parameters are not a JSON object.")
        if order == "set":
            self._faults.set(name, parameters)
        elif order == "clear":
            self._faults.clear(name)
        elif order != "show":
            raise BadFault(f"{order!r} is not one of show, set, clear.")
