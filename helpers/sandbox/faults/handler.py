"""The server's side of `client`: executes requests whose signature has been verified."""

import json
from dataclasses import asdict
from typing import Any

from ..aws.service import AwsError, HttpReply, parse_json
from .switch import Faults
from .table import BadFault


class FaultControl:
    """The handler of show, set and clear."""

    def __init__(self, faults: Faults) -> None:
        self._faults = faults

    def handle(self, body: bytes) -> HttpReply:
        """Do what the body asks; return the faults that are set then. Raises AwsError."""
        try:
            self._do(parse_json(body))
        except BadFault as error:
            raise AwsError("BadFault", str(error)) from error
        answer = {"set": [asdict(setting) for setting in self._faults.settings]}
        return HttpReply(200, json.dumps(answer).encode(), {"Content-Type": "application/json"})

    def _do(self, request: dict[str, Any]) -> None:
        action, name, parameters = request.get("do"), request.get("name"), request.get("parameters", {})
        if not isinstance(parameters, dict):
            raise BadFault("The parameters are not a JSON object.")
        if action == "set":
            self._faults.set(name, parameters)
        elif action == "clear":
            self._faults.clear(name)
        elif action != "show":
            raise BadFault(f"{action!r} is not one of show, set, clear.")
