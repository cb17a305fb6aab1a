"""The client: it generates and streams text with any Cohere text model on a SageMaker endpoint."""

import json
import time
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from dataclasses import replace
from typing import Any

from botocore.exceptions import IncompleteReadError, ReadTimeoutError, ResponseStreamingError
from urllib3.exceptions import HTTPError

from ..catalog import SETTINGS, Model
from ..connect.aws_errors import explained
from ..connect.session import Session
from ..errors import BadInput, ModelFailed
from ..records import usage
from ..records.payload import WrongShape, parse
from .apis import APIS
from .checks import check, with_settings
from .history import check_history
from .retries import RETRY_SECONDS, retried
from .served import served_model
from .stream import Stream
from .types import Request, Response, TokenLikelihood


class Client:
    """A client of the model on one endpoint.

    The model, and with it the API and the parameter ranges, is found through the endpoint's own model
    package; `model_package_arn`, or else `model_id`, is checked against it. `api` chooses between chat v1 and
    v2, and is needed for a package that the catalogue lacks. With a `model`, of `catalog.choose`, nothing is
    asked: for callers who may invoke the endpoint and no more. Raises EndpointNotFound, EndpointNotReady,
    UnknownModel without that `api`, or BadInput for another model than expected.
    """

    def __init__(
        self,
        session: Session,
        endpoint_name: str,
        *,
        model_id: str | None = None,
        model_package_arn: str | None = None,
        api: str | None = None,
        model: Model | None = None,
        sleep: Callable[[float], object] = time.sleep,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self.session, self.endpoint_name = session, endpoint_name
        self.model = model or served_model(session, endpoint_name, model_id, model_package_arn, api)
        if not self.model.generates:
            raise BadInput(
                f"{self.model.name} does not write text; choose a model whose API is generate or chat."
            )
        self.limits = self.model.limits
        self._api = APIS[self.model.api]
        self._sleep, self._clock = sleep, clock
        self._pauses: Sequence[float] = RETRY_SECONDS

    def without_retries(self) -> "Client":
        """Return a copy that raises Throttled at once, for callers that send again themselves."""
        client = copy(self)
        client._pauses = ()
        return client

    def supports(self, feature: str) -> bool:
        """Return whether the model's API has "likelihoods" or "chat", or a setting such as "seed"."""
        setting = SETTINGS.get(feature)
        return feature in self._api.features if setting is None else self.model.api in setting.apis

    def generate(
        self,
        prompt: str,
        *,
        max_tokens: int | None = None,
        temperature: float | None = None,
        k: int | None = None,
        p: float | None = None,
        frequency_penalty: float | None = None,
        presence_penalty: float | None = None,
        stop_sequences: Sequence[str] = (),
        num_generations: int | None = None,
        likelihoods: str = "NONE",
        seed: int | None = None,
    ) -> Response:
        """Generate from a prompt and return the whole answer.

        Ranges are in `limits`; None takes the model's default. `likelihoods` is "NONE", "GENERATION" or
        "ALL" (the prompt's too). Raises BadInput before anything is sent, ModelRefused or ModelFailed for
        the model's own errors.
        """
        request = Request(
            prompt=prompt,
            max_tokens=max_tokens,
            temperature=temperature,
            k=k,
            p=p,
            frequency_penalty=frequency_penalty,
            presence_penalty=presence_penalty,
            stop_sequences=stop_sequences,
            num_generations=num_generations,
            likelihoods=likelihoods,
            seed=seed,
        )
        return self._invoke(request)

    def stream(self, prompt: str, *, likelihoods: str = "NONE", **settings: Any) -> Stream:
        """Generate like `generate`, with text to read as it is written; `settings` are `generate`'s.

        Likelihoods come at the end, in the stream's `response`. A stream has one text: `num_generations`
        other than 1 raises BadInput.
        """
        if settings.get("num_generations") not in (None, 1):
            raise BadInput("A stream has one text; ask for several with generate.")
        return self._invoke_stream(with_settings(Request(prompt, likelihoods=likelihoods), settings))

    def tokens(self, text: str) -> tuple[TokenLikelihood, ...]:
        """Return the model's tokens of `text`, each with its log-likelihood given those before it.

        Raises BadInput for APIs without likelihoods. Generates nothing; takes the time of any prompt.
        """
        request = Request(text, max_tokens=0, likelihoods="ALL")
        return self._invoke(request).generations[0].token_likelihoods

    def chat(
        self,
        message: str,
        *,
        history: Sequence[Mapping[str, str]] = (),
        preamble: str | None = None,
        **settings: Any,
    ) -> Response:
        """Answer a message that follows a conversation; `settings` are those of `generate`.

        `history` is a list of turns, {"role": "USER" | "CHATBOT", "message": text}; `preamble` tells the
        model how to behave. Only for models whose API is chat.
        """
        return self._invoke(self._chat_request(message, history, preamble, settings))

    def chat_stream(
        self,
        message: str,
        *,
        history: Sequence[Mapping[str, str]] = (),
        preamble: str | None = None,
        **settings: Any,
    ) -> Stream:
        """Answer like `chat`, with text to read as it is written."""
        return self._invoke_stream(self._chat_request(message, history, preamble, settings))

    def _chat_request(
        self,
        message: str,
        history: Sequence[Mapping[str, str]],
        preamble: str | None,
        settings: Mapping[str, Any],
    ) -> Request:
        if not self.supports("chat"):
            raise BadInput(
                f"{self.model.name} keeps no conversation: use generate, or a model whose API is chat."
            )
        return with_settings(Request(message, history=check_history(history), preamble=preamble), settings)

    def _invoke(self, request: Request) -> Response:
        body = self._api.body(check(request, self.model, self.supports), stream=False)
        ended, tokens = usage.begin(self._clock), None
        try:
            response = self._answer(body)
            # with "ALL" the prompt's tokens are listed too
            tokens = None if request.likelihoods == "ALL" else response.tokens
            return response
        finally:
            ended(tokens)

    def _answer(self, body: dict[str, Any]) -> Response:
        started = self._clock()
        answer = self._send("invoke_endpoint", body)
        with explained(f"read the answer of {self.endpoint_name!r}"):
            try:
                raw = answer["Body"].read()
            except (ResponseStreamingError, IncompleteReadError, HTTPError) as error:
                if isinstance(error, ReadTimeoutError):
                    raise
                raise self._failed(f"broke off in the middle of its answer: {error}", "") from error
        return replace(self._read(raw), latency_seconds=self._clock() - started)

    def _invoke_stream(self, request: Request) -> Stream:
        body = self._api.body(check(request, self.model, self.supports), stream=True)
        send = self._send
        return Stream(
            lambda: send("invoke_endpoint_with_response_stream", body)["Body"],
            self._api,
            self.endpoint_name,
            self._clock,
        )

    def _read(self, raw: bytes) -> Response:
        try:
            answer = parse(raw)
            problem = self._api.error(answer)
            if problem is None:
                return self._api.response(answer)
        except WrongShape as error:
            words = raw[:200].decode(errors="replace")
            raise self._failed(
                f"answered, but not as {self.model.name} does: {error}: {words}", words
            ) from error
        words = self._api.partial_text(answer)
        raise self._failed(f"did not finish its answer; the model says: {problem}.", problem, words)

    def _failed(self, what: str, words: str, partial_text: str = "") -> ModelFailed:
        message = f"{self.endpoint_name!r} {what}"
        return ModelFailed(message, status=200, model_message=words, partial_text=partial_text)

    def _send(self, operation: str, body: dict[str, Any]) -> dict[str, Any]:
        call = getattr(self.session.client("sagemaker-runtime"), operation)
        arguments = {"EndpointName": self.endpoint_name, "ContentType": "application/json"}
        payload = json.dumps(body, ensure_ascii=False).encode()
        with explained(f"generate with {self.endpoint_name!r} in {self.session.region}"):
            return retried(lambda: dict(call(Body=payload, **arguments)), self._pauses, self._sleep)
