"""The beginnings of answers: short answers to one prompt, merged into a tree that counts them."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .next_token import most_at_once

if TYPE_CHECKING:
    from .client import Client
    from .types import Generation

_WORDS = re.compile(r"\s*\S+|\s+$")

Path = tuple[str, ...]


@dataclass(frozen=True)
class Branch:
    """The `pieces` that `count` answers share, in order, before they part or end."""

    pieces: Path
    count: int
    branches: tuple["Branch", ...] = ()

    @property
    def text(self) -> str:
        """The pieces joined."""
        return "".join(self.pieces)


def tree(paths: Sequence[Path]) -> tuple[Branch, ...]:
    """Merge the paths into branches, the most frequent first; pieces that all paths share are one branch."""
    counted = Counter(path[0] for path in paths if path)
    return tuple(
        _branch((first,), [path[1:] for path in paths if path and path[0] == first])
        for first, _ in counted.most_common()
    )


def _branch(pieces: Path, rest: Sequence[Path]) -> Branch:
    branches = tree(rest)
    if len(branches) == 1 and branches[0].count == len(rest):
        only = branches[0]
        return Branch((*pieces, *only.pieces), only.count, only.branches)
    return Branch(pieces, len(rest), branches)


def ask(
    client: "Client", prompt: str, *, temperature: float, answers: int = 32, tokens: int = 6
) -> Iterator[tuple[Path, ...]]:
    """Ask for `answers` short answers; yield those of each request, split into tokens or, without any, words.

    k and p are the model's defaults. Raises BadInput for a value that the model does not take.
    """
    listing, most = client.supports("likelihoods"), most_at_once(client)
    for begun in range(0, answers, most):
        response = client.generate(
            prompt,
            max_tokens=tokens,
            temperature=temperature,
            likelihoods="GENERATION" if listing else "NONE",
            num_generations=min(most, answers - begun) if most > 1 else None,  # chat's APIs don't have it
        )
        yield tuple(_path(each) for each in response.generations)


def _path(generation: "Generation") -> Path:
    """Split an answer into pieces, leaving out tokens without text of their own (parts of a character)."""
    listed = tuple(each.token for each in generation.token_likelihoods if each.token)
    return listed or tuple(_WORDS.findall(generation.text))
