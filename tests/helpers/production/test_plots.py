"""The figure of a load test says in words what it shows."""

import pandas as pd

from helpers.production.plots import under_load


def test_its_words_have_the_figures_and_the_knee() -> None:
    table = pd.DataFrame(
        {
            "tokens_a_second": [50.0, 99.0, 101.0],
            "first_token_p50": [0.3, 0.35, 1.2],
            "first_token_p95": [0.2, 0.3, 2.5],
        },
        index=[1, 2, 4],
    )
    picture = under_load(table)
    assert "knee at 2" in picture.alt
    assert "4: 101 tokens a second, first token after 1.20 s (p50), 2.50 s (p95)" in picture.alt
    assert len(picture.figure.axes) == 2
    assert picture.png().startswith(b"\x89PNG")
