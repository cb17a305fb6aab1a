"""The prompt in a reader's request."""

from starlette.requests import Request

from ...errors import BadInput
from ...records import payload

MOST_BYTES = 32_768  # of a request's body


async def read_prompt(request: Request) -> str:
    """Return the prompt of a JSON body, {"prompt": text}. Raises BadInput.

    Only JSON is taken: for that, a browser asks before it sends another site's request, and is refused.
    """
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise BadInput("The request takes a body of the type application/json.")
    try:
        asked = payload.parse(await _body(request))
        prompt = payload.text(asked, "prompt")
    except payload.WrongShape as error:
        raise BadInput(f'The body takes {{"prompt": a text}}: {error}.') from error
    if len(asked) > 1:
        raise BadInput("The body takes a prompt and nothing else.")
    if not prompt.strip():
        raise BadInput("The prompt is empty: write one.")
    return prompt


async def _body(request: Request) -> bytes:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > MOST_BYTES:
            raise BadInput(f"The prompt is too long: {MOST_BYTES:,} bytes are the limit.")
    return body
