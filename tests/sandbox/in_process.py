"""The sandbox's application in this process, for requests by the thousand."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from starlette.types import ASGIApp

from helpers import catalog
from helpers.sandbox import app
from helpers.sandbox.aws.service import load_model
from helpers.sandbox.faults.client import CONTROL_PATH
from helpers.sandbox.serve import new_address
from helpers.sandbox.services.marketplace.listings import listing
from helpers.sandbox.settings import ROLE_ARN, Settings

MEDIUM, CHAT = catalog.model("cohere-medium"), catalog.model("command-r-08-2024")
SECONDS = 30.0  # a request that takes longer hangs


@dataclass(frozen=True)
class Call:
    """One HTTP request, before it is signed; `bad` says in which way the signed one is spoiled."""

    service: str
    method: str
    path: str
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    bad: str = ""

    @property
    def operation(self) -> str:
        """The operation that X-Amz-Target, or the last part of the path, names."""
        return self.headers.get("X-Amz-Target", self.path).replace("/", ".").rpartition(".")[2]


@dataclass(frozen=True)
class Heard:
    """An answer: its status (0: none, as the client had left) and its body."""

    status: int
    body: bytes

    def json(self) -> Any:
        """The body's JSON, None if it is none."""
        try:
            return json.loads(self.body)
        except ValueError:
            return None


class InProcess:
    """The sandbox's application around an engine; everything deploys and subscribes at once."""

    def __init__(self, engine: Any, others: ASGIApp) -> None:
        self._others = others
        self.address = new_address(1, engine.path)
        self.host = "127.0.0.1:1"
        self._engine = engine
        self._renew()

    def _renew(self) -> None:
        settings = Settings(endpoint_seconds=0, subscription_seconds=0)
        self.app = app.join(self.address, settings, self._engine)
        self.app._others._result.set_result(self._others)

    async def deploy(self) -> None:
        """Endpoints `e` (Medium) and `chat` (Command R), and what they need."""
        for model, name, kind in ((MEDIUM, "e", "ml.g5.xlarge"), (CHAT, "chat", "ml.p5.48xlarge")):
            await self._subscribe(model)
            package = {"ModelPackageName": model.package_arn("us-east-1", kind)}
            made = {"ModelName": name, "PrimaryContainer": package, "EnableNetworkIsolation": True}
            await self.do("sagemaker", "CreateModel", ExecutionRoleArn=ROLE_ARN, **made)
            spec = {"VariantName": "AllTraffic", "ModelName": name, "InitialInstanceCount": 1}
            spec |= {"InstanceType": kind, "InferenceAmiVersion": "al2-ami-sagemaker-inference-gpu-3-1"}
            await self.do(
                "sagemaker", "CreateEndpointConfig", EndpointConfigName=name, ProductionVariants=[spec]
            )
            await self.do("sagemaker", "CreateEndpoint", EndpointName=name, EndpointConfigName=name)

    async def _subscribe(self, model: catalog.Model) -> None:
        sold = listing(model.listing_id)
        quote = await self.do(
            "marketplace-agreement",
            "CreateAgreementRequest",
            intent="NEW",
            agreementProposalIdentifier=sold.proposal_id,
            requestedTerms=[{"id": term["id"]} for term in sold.terms().values()],
        )
        accepted = quote["agreementRequestId"]
        await self.do("marketplace-agreement", "AcceptAgreementRequest", agreementRequestId=accepted)

    async def do(self, service: str, operation: str, **params: Any) -> dict[str, Any]:
        """A good request's answer."""
        target = f"{load_model(service).metadata['targetPrefix']}.{operation}"
        heard = await self.send(
            Call(service, "POST", "/", json.dumps(params).encode(), {"X-Amz-Target": target})
        )
        assert heard.status == 200, heard
        return dict(heard.json())

    async def clear(self) -> None:
        """Take back the faults that a request may have set."""
        cleared = await self.send(Call("sandbox", "POST", CONTROL_PATH, b'{"do": "clear"}'))
        assert cleared.status == 200, cleared

    async def deploy_again(self) -> None:
        """Put everything back, in a new application: agreements may be cancelled, endpoints deleted."""
        await self.clear()
        self._renew()
        await self.deploy()

    async def send(self, call: Call) -> Heard:
        """The answer to a call. Raises TimeoutError when there is none."""
        parts: list[bytes] = []
        status = 0

        async def send(message: dict[str, Any]) -> None:
            nonlocal status
            status = message.get("status", status)
            parts.append(message.get("body", b""))

        async with asyncio.timeout(SECONDS):
            await self.app(self._scope(call), self._receive(call), send)  # type: ignore[arg-type]
        return Heard(status, b"".join(parts))

    def _receive(self, call: Call) -> Any:
        half = call.body[: len(call.body) // 2]
        messages = [{"type": "http.request", "body": call.body, "more_body": False}]
        if call.bad in ("silence", "leaves"):
            messages = [{"type": "http.request", "body": half, "more_body": True}]
        if call.bad == "large":
            messages = [{"type": "http.request", "body": b" " * 7_000_000 + call.body, "more_body": False}]
        if call.bad == "leaves":
            messages.append({"type": "http.disconnect"})

        async def receive() -> dict[str, Any]:
            if messages:
                return messages.pop(0)
            await asyncio.Event().wait()
            raise AssertionError

        return receive

    def _scope(self, call: Call) -> dict[str, Any]:
        body = b" " * 7_000_000 + call.body if call.bad == "large" else call.body
        headers = [("host", "evil.example" if call.bad == "host" else self.host)]
        headers += [] if call.bad == "unsigned" else self._signed(call, body)
        if call.bad == "two hosts":
            headers.append(("host", "evil.example"))
        return {
            "type": "http",
            "http_version": "1.1",
            "scheme": "http",
            "root_path": "",
            "server": ("127.0.0.1", 1),
            "client": ("127.0.0.1", 2),
            "method": call.method,
            "path": call.path,
            "raw_path": call.path.encode("ascii", "replace"),
            "query_string": b"",
            "headers": [(name.lower().encode(), text.encode("latin-1")) for name, text in headers],
        }

    def _signed(self, call: Call, body: bytes) -> list[tuple[str, str]]:
        key, secret = self.address.access_key_id, self.address.secret_access_key
        key, secret = {"key": ("AKIAOTHER", secret), "signature": (key, "other")}.get(call.bad, (key, secret))
        headers = dict(call.headers)
        if call.bad == "target":
            headers["X-Amz-Target"] = "Nobody.Nothing"
        request = AWSRequest(call.method, f"http://{self.host}{call.path}", headers, body)
        region = "mars-1" if call.bad == "region" else "us-east-1"
        SigV4Auth(Credentials(key, secret), _signing_name(call.service), region).add_auth(request)
        if call.bad == "old":
            request.headers.replace_header("X-Amz-Date", "20200101T000000Z")
        return [(name, text) for name, text in request.headers.items() if name.lower() != "host"]


def _signing_name(service: str) -> str:
    return service if service == "sandbox" else str(load_model(service).signing_name)
