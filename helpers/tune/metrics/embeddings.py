"""Embeddings: vectors of texts whose angle tells how alike their meanings are, without a network.

The vectors are wordllama's (MIT, https://github.com/dleemiller/WordLlama): one for each of 32,000 word
pieces, made from those of large language models; a text is the mean of its pieces. Word order is lost, so a
text and the same words shuffled are the same. They were made for English.
"""

from collections.abc import Iterable
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...errors import BadInput

if TYPE_CHECKING:
    import numpy as np

MOST_KEPT = 50_000  # vectors of a kilobyte each
UNKNOWN = 0  # the word piece for text that the tokenizer does not know
MISSING = (
    "The package wordllama is not installed, so meanings can't be compared: python -m pip install wordllama."
)

_kept: "dict[str, np.ndarray[Any, Any]]" = {}


def available() -> bool:
    """Return whether the vectors are installed."""
    return _folder() is not None


def embed(texts: Iterable[str]) -> "np.ndarray[Any, Any]":
    """Return a row of length 1 for each text: the product of two rows is the cosine of their angle, -1 to 1.

    An empty text counts as one unknown word. Vectors are kept for the next call. Raises BadInput where
    wordllama is not installed.
    """
    import numpy as np

    texts = list(texts)
    if len(_kept) > MOST_KEPT:
        _kept.clear()
    vectors = {text: _kept[text] if text in _kept else _vector(text) for text in dict.fromkeys(texts)}
    _kept.update(vectors)
    return np.array([vectors[text] for text in texts])


def _vector(text: str) -> "np.ndarray[Any, Any]":
    import numpy as np

    pieces, tokenizer = _model()
    ids = tokenizer.encode(text, add_special_tokens=False).ids or [UNKNOWN]
    mean = pieces[ids].mean(axis=0)
    vector: np.ndarray[Any, Any] = mean / np.linalg.norm(mean)
    return vector


@cache
def _model() -> "tuple[np.ndarray[Any, Any], Any]":
    # The files of the wheel are read as they are: wordllama's own loader asks the network for a tokenizer
    # that it has, and importing it sets up logging for the whole process.
    folder = _folder()
    if folder is None:
        raise BadInput(MISSING)
    import numpy as np
    from safetensors.numpy import load_file
    from tokenizers import Tokenizer

    weights = load_file(folder / "weights" / "l2_supercat_256.safetensors")
    tokenizer = Tokenizer.from_file(str(folder / "tokenizers" / "l2_supercat_tokenizer_config.json"))
    return weights["embedding.weight"].astype(np.float32), tokenizer


def _folder() -> Path | None:
    """Return the folder where wordllama is installed, without importing it."""
    found = find_spec("wordllama")
    return Path(found.origin).parent if found and found.origin else None
