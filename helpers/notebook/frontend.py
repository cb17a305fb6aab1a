"""Is somebody looking at this cell, or does it run unattended (papermill, nbval, a plain script)?"""

import os
import sys


def attended() -> bool:
    """Whether the cell that runs now was sent by a front end in which a person can answer.

    A front end says with every cell whether it can ask its user for input: JupyterLab can; papermill,
    nbconvert and nbval cannot. In the environment, PLAYGROUND_SYNC=1 means unattended, 0 attended.
    """
    setting = os.environ.get("PLAYGROUND_SYNC", "")
    if setting:
        return setting == "0"
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    return bool(getattr(kernel, "_allow_stdin", False))  # ipykernel keeps the request's `allow_stdin` here


STATUS_CLASS = "playground-status"


# ipywidgets gives the handle of a slider no name, and nothing that a screen reader is told of when it
# changes. This script gives both, to every view of a playground that there is or will be.
SCRIPT = f"""<script>
(() => {{
  const name = () => {{
    for (const handle of document.querySelectorAll('.widget-slider [role=slider]:not([aria-label])')) {{
      const label = handle.closest('.widget-slider').querySelector('.widget-label');
      if (label && label.title) handle.setAttribute('aria-label', label.title);
    }}
    for (const status of document.querySelectorAll('.{STATUS_CLASS}:not([role])'))
      status.setAttribute('role', 'status');
  }};
  name();
  if (window.playgroundNames) return;
  let waiting = false;
  window.playgroundNames = new MutationObserver(() => {{
    if (waiting) return;
    waiting = true;
    setTimeout(() => {{ waiting = false; name(); }}, 200);
  }});
  window.playgroundNames.observe(document.body, {{childList: true, subtree: true}});
}})();
</script>"""
