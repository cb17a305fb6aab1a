"""The next token as bars, with sliders that reshape them without asking the model again."""

import random
import threading
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import ipywidgets as widgets

from ..catalog import SETTINGS
from ..generate.next_token import NextToken, Sampling, check, draw, look, most_at_once
from ..generate.reshape import Reshaping, reshape
from ..notebook.display import Output, show_markdown, show_widget
from ..notebook.frontend import STATUS_CLASS, attended
from ..notebook.markup import Html, escape
from . import bars
from .parts import LABEL, WRAP, number
from .rendering import line

if TYPE_CHECKING:
    from ..generate.client import Client

ASK = "Ask"
MOST_LOOKS = 4  # of one press, or of one cell where nobody can press
ORDER = (
    "Assumed: k cuts first, then p, then temperature acts, and the likelihoods are those before all three. "
    "Of this Cohere documents only that p acts after k."
)


class NextTokenView:
    """Bars of the likeliest next tokens; a cell that ends with it shows it. Make it with `next_token`.

    `known` has the draws so far, `reshaping` the probabilities at the sliders' setting, `drawn` what was
    drawn at it. Without a front end (`interactive` False; None detects it) it asks when it is made.
    """

    def __init__(
        self,
        client: "Client",
        prompt: str,
        setting: Sampling,
        *,
        seconds: float = 3.0,
        interactive: bool | None = None,
        dice: random.Random | None = None,
    ) -> None:
        check(client)
        self._client, self._seconds = client, seconds
        self._writer = client.session.writer
        self._dice = dice or random.Random()  # nosec B311: draws a token, no secret
        self._values = {"temperature": setting.temperature, "k": setting.k, "p": setting.p}
        for name, value in self._values.items():
            client.limits[name].check(name, value)
        self.known = NextToken(prompt)
        self.drawn: list[str] = []
        self._copy: Output | None = None
        self._thread: threading.Thread | None = None
        self._drawing = threading.Lock()  # sliders and answers both redraw
        self.interactive = attended() if interactive is None else interactive
        if self.interactive:
            self._build(prompt)
        else:
            self._ask_until_known(prompt)

    @property
    def setting(self) -> Sampling:
        """The values of the sliders."""
        return Sampling(self._values["temperature"], int(self._values["k"]), self._values["p"])

    @property
    def reshaping(self) -> Reshaping:
        """The probabilities of the seen tokens at the sliders' setting, in their order."""
        return reshape(self.known.seen, self.setting)

    def ask(self, prompt: str) -> None:
        """Ask for answers of one token each, more of them for the same prompt; raise what goes wrong."""
        if prompt != self.known.prompt:
            self.known = NextToken(prompt)
            if self.interactive:
                self.chart.value = ""  # another prompt's bars
        self.drawn = []
        for known in look(self._client, self.known, self.setting, seconds=self._seconds):
            self.known = known
            self._show()

    def draw(self) -> None:
        """Draw a token by the bars; where they aren't known, have the model draw some in one request."""
        setting, reshaping, known = self.setting, self.reshaping, self.known
        if reshaping.is_known:
            (chosen,) = self._dice.choices(known.seen, [each.probability for each in reshaping.tokens])
            new = [chosen.token]
        else:
            answers = draw(self._client, known.prompt, setting, most_at_once(self._client))
            self.known, new = known.plus(answers), [each.token for each in answers]
        if setting == self.setting:  # a slider may have moved meanwhile
            self.drawn += new
        self._show()

    def wait(self, timeout: float | None = None) -> None:
        """Wait until the work of a button has ended, or `timeout` seconds."""
        if self._thread is not None:
            self._thread.join(timeout)

    def static_copy(self) -> str:
        """Return the bars as Markdown for saved notebooks, every text shown literally."""
        table = bars.markdown(self.known, self.reshaping, self.setting, self._writer, self.drawn)
        return f"{table}\n\n{ORDER}" if self._client.session.spends_money else table

    def _ipython_display_(self) -> None:
        if self.interactive:
            show_widget(self.widget)
            self._copy = Output()
            self._copy.show(self._folded())
        else:
            show_markdown(self.static_copy())

    def _folded(self) -> Html:
        summary = "The bars when the model was last asked or a token drawn (kept in the saved notebook)"
        shown = self.known, self.reshaping, self.setting
        chart, words = bars.chart(*shown, self._writer), bars.describe_effect(*shown)
        return Html(f"<details><summary>{summary}</summary>{chart}<p>{escape(words)}</p></details>", words)

    def _ask_until_known(self, prompt: str) -> None:
        """Ask several times, so that no second press is needed; draw where the bars stay unknown even so."""
        for _ in range(MOST_LOOKS):
            self.ask(prompt)
            if self._can_be_moved():
                return
        if not bars.can_be_shown(self.reshaping):
            self.draw()

    def _can_be_moved(self) -> bool:
        """Whether the bars can be shown, and, where there is a slider to move, at the highest temperature."""
        hottest = replace(self.setting, temperature=self._client.limits["temperature"].high)
        wanted = [self.setting, hottest] if self.interactive else [self.setting]
        return all(bars.can_be_shown(reshape(self.known.seen, each)) for each in wanted)

    def _build(self, prompt: str) -> None:
        self.prompt = widgets.Textarea(
            prompt, description="prompt", rows=2, style=LABEL, layout=widgets.Layout(width="auto")
        )
        self.ask_button = widgets.Button(description=ASK, button_style="primary", icon="search")
        self.draw_button = widgets.Button(description="Draw", icon="random")
        ask = self.ask if self._client.session.spends_money else self._ask_until_known
        self.ask_button.on_click(lambda _: self._do("Asking", lambda: ask(self.prompt.value)))
        self.draw_button.on_click(lambda _: self._do("Drawing", self.draw))
        self.status, self.chart = widgets.HTML(), widgets.HTML()
        self.status.add_class(STATUS_CLASS)
        self.controls: dict[str, Any] = {}
        sliders = [self._slider(name, value) for name, value in self._values.items()]
        buttons = widgets.HBox([self.ask_button, self.draw_button], layout=widgets.Layout(**WRAP))
        note = widgets.HTML(line(ORDER))
        parts = [self.prompt, *sliders, buttons, self.status, self.chart]
        self.widget = widgets.VBox([*parts, *([note] if self._client.session.spends_money else [])])
        self._redraw()

    def _slider(self, name: str, value: float) -> Any:
        box, slider, row = number(SETTINGS[name], value, self._client.limits[name], self._say)
        self.controls[name] = box

        def moved(change: Mapping[str, Any]) -> None:
            self._values[name] = change["new"]
            self.drawn = []
            self._redraw()

        slider.observe(moved, "value")  # not the box's, which may be out of range for a moment
        return row

    def _say(self, words: str) -> None:
        self.status.value = line(words)

    def _do(self, doing: str, work: Callable[[], None]) -> None:
        """Run a button's work in a thread, one at a time, so that the sliders go on working."""
        if self.ask_button.description != ASK:
            self._say(f"Wait until the first button says {ASK} again, then press once more.")
            return
        self.ask_button.description = f"{doing} ..."  # disabled, it would lose the keyboard's focus
        self._thread = threading.Thread(target=self._work, args=(work,), name="next token", daemon=True)
        self._thread.start()

    def _work(self, work: Callable[[], None]) -> None:
        try:
            work()
        except Exception as error:  # shown, as a thread's exceptions are lost otherwise
            self.status.value = line(f"Failed: {error}")
        finally:
            self.ask_button.description = ASK

    def _show(self) -> None:
        """Redraw, and keep a copy for the saved notebook."""
        if self.interactive:
            self._redraw()
            if self._copy is not None:
                self._copy.show(self._folded())

    def _redraw(self) -> None:
        with self._drawing:
            reshaping, setting, known = self.reshaping, self.setting, self.known
            words, unknown = bars.describe_effect(known, reshaping, setting), not bars.can_be_shown(reshaping)
            if self.drawn and unknown:
                self.chart.value = bars.tally(self.drawn, setting, self._writer)
            elif known.draws:
                self.chart.value = bars.chart(known, reshaping, setting, self._writer)
            said = [words] if unknown or not self.drawn else []
            if self.drawn:
                said.append(bars.describe_draws(self.drawn))
            elif known.draws and unknown:
                said.append(bars.ASK_YOURS if self._client.session.spends_money else bars.ASK_ON)
            self.status.value = line(" ".join(said))
            self.draw_button.disabled = not known.draws


def next_token(
    client: "Client",
    *,
    prompt: str,
    temperature: float = 1.0,
    k: int = 0,
    p: float = 0.75,
    seconds: float = 3.0,
    interactive: bool | None = None,
) -> NextTokenView:
    """Show what the model may write first after `prompt`, with sliders for temperature, k and p.

    `seconds` is how long one look asks. A press of Ask looks until every temperature can be shown, MOST_LOOKS
    times at most, and then draws; where the endpoint costs money it looks once. Raises BadInput for a model
    without likelihoods, and for a value that it does not take.
    """
    setting = Sampling(temperature, k, p)
    return NextTokenView(client, prompt, setting, seconds=seconds, interactive=interactive)
