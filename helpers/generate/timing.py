"""The times of a stream, in a diagram of the way that its request went."""

from typing import TYPE_CHECKING

from ..errors import BadInput
from ..notebook.diagram import show
from ..notebook.markup import Html

if TYPE_CHECKING:
    from .stream import Stream
    from .types import Response

WIDTH, LEFT, LEAST = 680, 20, 3  # pixels: of the bar of time, of its left end, of its shorter part


def show_timing(stream: "Stream") -> Html:
    """Show how a request travels, with the times of a stream that has ended; raises BadInput for another."""
    first, response = stream.time_to_first_token_seconds, stream.response
    if response is None:
        raise BadInput("This stream has no whole answer to time: read it to its end first.")
    if first is None:
        words = "The answer was empty, so there is no first token to time."
        return Html(words, words)
    whole = response.latency_seconds
    before = min(max(WIDTH * first / whole, LEAST), WIDTH - LEAST) if whole else WIDTH / 2
    return show(
        "request",
        first=_seconds(first),
        whole=_seconds(whole),
        pace=_pace(response, whole - first),
        before=f"{before:.0f}",
        turn=f"{LEFT + before:.0f}",
        after=f"{WIDTH - before:.0f}",
    )


def _pace(response: "Response", seconds: float) -> str:
    """Return the pace after the first token, where the answer lists its tokens, or counts them."""
    tokens = (response.tokens or 0) - 1
    return f" ({tokens / seconds:.0f} tokens/s)" if tokens > 0 and seconds > 0 else ""


def _seconds(seconds: float) -> str:
    return f"{seconds * 1000:.0f} ms" if seconds < 1 else f"{seconds:.1f} s"
