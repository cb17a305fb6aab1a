"""JupyterLab as the README starts it, and one notebook in it, in a browser."""

import json
import os
import secrets
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.request import urlopen

import nbformat
from nbformat.v4 import new_notebook

if TYPE_CHECKING:  # without Playwright the tests are skipped, and that takes this module
    from playwright.sync_api import Browser, Locator, Page, Playwright

NOTEBOOKS = Path(__file__).resolve().parents[2] / "notebooks"
CHROMIUM = next((path for name in ("chromium", "chromium-browser") if (path := shutil.which(name))), None)
# Root has no sandbox to give to Chromium; nothing here needs the network, a GPU or an update.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
START_SECONDS = 120
CELLS_SECONDS = 600
QUIET = {"notification": {"fetchNews": "false", "checkForUpdates": False}}


@dataclass(frozen=True)
class Lab:
    """A running JupyterLab: its address and token, the folder of its notebooks, those of its settings."""

    url: str
    token: str
    folder: Path
    own: Mapping[str, str]

    def book(self, name: str) -> str:
        """The address that opens one notebook alone."""
        return f"{self.url}/lab/tree/{name}?reset&token={self.token}"

    def write(self, name: str, *cells: nbformat.NotebookNode) -> None:
        """Write a notebook of these cells."""
        kernel = {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}
        book = new_notebook(cells=cells, metadata={"kernelspec": kernel})
        nbformat.write(book, self.folder / name)

    def trust(self, name: str) -> None:
        """Trust one notebook, as `make lab` does all."""
        command = [sys.executable, "-m", "jupyter", "trust", str(self.folder / name)]
        subprocess.run(command, check=True, env={**os.environ, **self.own}, stdout=subprocess.DEVNULL)


@contextmanager
def running_lab(folder: Path, environment: Mapping[str, str] = {}) -> Iterator[Lab]:
    """JupyterLab on a free port with a copy of the notebooks, with settings of its own."""
    shutil.copytree(NOTEBOOKS, folder / "notebooks", ignore=shutil.ignore_patterns("runs", ".*"))
    own = {f"JUPYTER_{name}_DIR": str(folder / name.lower()) for name in ("CONFIG", "DATA", "RUNTIME")}
    own |= {"JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces")}
    _write_settings(folder / "config")
    lab = Lab(f"http://127.0.0.1:{_free_port()}", secrets.token_hex(16), folder / "notebooks", own)
    command = [sys.executable, "-m", "jupyter", "lab", "notebooks/00_start_here.ipynb", "--no-browser"]
    command += [
        "--allow-root",
        "--ServerApp.port_retries=0",
        f"--ServerApp.port={lab.url.rpartition(':')[2]}",
    ]
    command += [f"--IdentityProvider.token={lab.token}", "--LabApp.expose_app_in_browser=True"]
    with (folder / "lab.log").open("wb") as log:
        process = subprocess.Popen(
            command, cwd=folder, env={**os.environ, **own, **environment}, stdout=log, stderr=log
        )
        try:
            _wait_until_up(lab, process, folder / "lab.log")
            yield lab
        finally:
            process.terminate()  # JupyterLab ends its kernels first, and was once seen to hang in that
            try:
                process.wait(60)
            except subprocess.TimeoutExpired:
                process.kill()  # its kernels end when they miss it


def launch(playwright: "Playwright") -> "Browser":
    """Debian's Chromium with a new empty profile."""
    return playwright.chromium.launch(executable_path=CHROMIUM, args=list(FLAGS))


class Notebook:
    """One open notebook: run its cells, look at its outputs."""

    def __init__(self, page: "Page", lab: Lab, name: str) -> None:
        self.page, self.name = page, name
        page.goto(lab.book(name), timeout=START_SECONDS * 1000)
        self._wait_until_ready()

    def evaluate(self, script: str, given: Any = None) -> Any:
        """Evaluate a function in the page: what JupyterLab does not answer in time is an error.

        Playwright's own waits for a promise without end.
        """
        return self.page.evaluate(f"given => Promise.race([({script})(given), {_TOO_LATE}])", given)

    def open(self, name: str) -> None:
        """Open a notebook in place of this one, with a new kernel: JupyterLab itself is loaded once."""
        self.name = name
        self.evaluate(_OPEN, name)
        self._wait_until_ready()

    def write(self, cells: Sequence[str]) -> None:
        """Have these code cells instead of all there are, and none of the kernel's variables and widgets."""
        self.evaluate(_WRITE, [list(cells), _FORGET])

    def run_all(self, seconds: float = CELLS_SECONDS) -> None:
        """Run all cells and wait until the last has ended."""
        self.evaluate(
            "() => { window.ran = false;"
            " window.jupyterapp.commands.execute('notebook:run-all-cells').then(() => window.ran = true) }"
        )
        self.page.wait_for_function("window.ran === true", timeout=seconds * 1000)

    def run_until(self, source: str, seconds: float = CELLS_SECONDS) -> None:
        """Run all cells down to the first code cell with this in its source, and wait until it has ended."""
        self.evaluate(_RUN_UNTIL, source)
        self.page.wait_for_function("window.ran === true", timeout=seconds * 1000)

    def reload(self) -> None:
        """Save, and load the page anew, as someone does who closed it half-way; the kernel goes on."""
        self.evaluate("() => window.jupyterapp.commands.execute('docmanager:save')")
        self.page.reload()
        self._wait_until_ready()

    def add_cell(self, source: str) -> int:
        """Put a code cell at the end and run it; its number."""
        return int(self.evaluate(_ADD, source))

    def outputs(self) -> list[list[dict[str, Any]]]:
        """The outputs of every cell, as the notebook would save them."""
        return list(self.evaluate(_OUTPUTS))

    def counts(self) -> list[int | None]:
        """The execution count of every code cell."""
        return list(self.evaluate(_COUNTS))

    def errors(self) -> list[str]:
        """What went wrong in any cell."""
        each = (output for outputs in self.outputs() for output in outputs)
        return [f"{one['ename']}: {one['evalue']}" for one in each if one["output_type"] == "error"]

    def end(self) -> None:
        """End the kernels."""
        self.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")

    def text_of(self, cell: int) -> str:
        """What one cell has printed so far."""
        return "".join("".join(each.get("text", "")) for each in self.outputs()[cell])

    def playground(self) -> "Locator":
        """The playground, scrolled to where it can be seen."""
        widget = self.page.locator(".widget-vbox", has=self.page.get_by_role("button", name="Generate")).first
        widget.wait_for(timeout=60_000)
        widget.scroll_into_view_if_needed()
        return widget

    def theme(self, name: str) -> None:
        """Change JupyterLab's theme, as its Settings menu does, and wait until it is there."""
        self.evaluate(
            "name => window.jupyterapp.commands.execute('apputils:change-theme', {theme: name})", name
        )
        self.page.wait_for_function(
            "name => document.body.dataset.jpThemeName === name", arg=name, timeout=60_000
        )

    def resize(self, width: int, height: int) -> None:
        """Give the page another size, and wait until the notebook has been laid out in it."""
        self.page.set_viewport_size({"width": width, "height": height})
        self.page.wait_for_function(_FITS, arg=[width, height])

    def _wait_until_ready(self) -> None:
        self.page.wait_for_function(_READY, arg=self.name, timeout=START_SECONDS * 1000)


def _write_settings(config: Path) -> None:
    folder = config / "lab" / "user-settings" / "@jupyterlab" / "apputils-extension"
    folder.mkdir(parents=True)
    for name, values in QUIET.items():
        (folder / f"{name}.jupyterlab-settings").write_text(json.dumps(values))


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_until_up(lab: Lab, process: "subprocess.Popen[bytes]", log: Path) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        try:
            with urlopen(f"{lab.url}/api?token={lab.token}", timeout=5):
                return
        except OSError as error:
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"JupyterLab did not start:\n{log.read_text()[-2000:]}") from error
            time.sleep(0.1)


_TOO_LATE = f"""new Promise((_, refuse) => setTimeout(
  () => refuse(new Error('no answer from JupyterLab after {START_SECONDS} s')), {START_SECONDS * 1000}))"""
_READY = """name => {
  const panel = window.jupyterapp?.shell?.currentWidget;
  return Boolean(panel?.context?.path === name && panel.context.isReady && panel.content?.model?.cells?.length
    && panel.sessionContext?.session?.kernel?.status === 'idle');
}"""
_OUTPUTS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
  .map(cell => cell.type === 'code' ? cell.outputs.toJSON() : [])"""
_COUNTS = """() => Array.from(window.jupyterapp.shell.currentWidget.content.model.cells)
  .filter(cell => cell.type === 'code').map(cell => cell.executionCount)"""
_RUN_UNTIL = """source => {
  const book = window.jupyterapp.shell.currentWidget.content;
  const last = Array.from(book.model.cells)
    .findIndex(one => one.type === 'code' && one.sharedModel.getSource().includes(source));
  if (last < 0) throw new Error(`no cell has ${source}`);
  book.activeCellIndex = last + 1;
  window.ran = false;
  window.jupyterapp.commands.execute('notebook:run-all-above').then(() => window.ran = true);
}"""
_OPEN = """async name => {
  window.jupyterapp.shell.currentWidget.dispose();
  await window.jupyterapp.serviceManager.sessions.shutdownAll();
  await window.jupyterapp.commands.execute('docmanager:open', {path: name});
}"""
_FORGET = "import ipywidgets\nipywidgets.Widget.close_all()\nget_ipython().run_line_magic('reset', '-f')"
_WRITE = """async ([sources, forget]) => {
  const panel = window.jupyterapp.shell.currentWidget, cells = panel.content.model.sharedModel;
  const before = cells.cells.length;
  cells.insertCells(before, sources.map(source => ({cell_type: 'code', source})));
  cells.deleteCellRange(0, before);
  panel.content.activeCellIndex = 0;
  await panel.sessionContext.session.kernel.requestExecute({code: forget, silent: true}).done;
}"""
# JupyterLab lays out when the browser tells it; a frame later all that follows from it has been painted.
_FITS = """([width, height]) => {
  const {right, bottom} = window.jupyterapp.shell.currentWidget.node.getBoundingClientRect();
  return innerWidth === width && innerHeight === height && right <= width && right > width - 100
    && bottom <= height && bottom > height - 100
    && new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true))));
}"""
_ADD = """async source => {
  const panel = window.jupyterapp.shell.currentWidget, cells = panel.content.model.sharedModel;
  cells.insertCell(cells.cells.length, {cell_type: 'code', source});
  panel.content.activeCellIndex = cells.cells.length - 1;
  window.jupyterapp.commands.execute('notebook:run-cell');
  return cells.cells.length - 1;
}"""
