"""Whether a person looks at the running cell, and what the page needs for screen readers."""

import os
import sys


def attended() -> bool:
    """Tell whether the running cell was sent by a front end in which a person can answer.

    A front end says with every cell whether it can ask for input: JupyterLab can; papermill, nbconvert and
    nbval cannot. The environment variable PLAYGROUND_SYNC overrides it: 1 means unattended, 0 attended.
    """
    setting = os.environ.get("PLAYGROUND_SYNC", "")
    if setting:
        return setting == "0"
    ipython = sys.modules.get("IPython")
    kernel = getattr(ipython.get_ipython(), "kernel", None) if ipython else None
    return bool(getattr(kernel, "_allow_stdin", False))  # the request's `allow_stdin`, in ipykernel


STATUS_CLASS = "playground-status"


# ipywidgets gives a slider's handle no accessible name, tells no screen reader that a toggle is pressed, and
# announces no changes. This script adds all three to every view, present or future.
SCRIPT = f"""<script>
(() => {{
  const name = () => {{
    for (const handle of document.querySelectorAll('.widget-slider [role=slider]:not([aria-label])')) {{
      const label = handle.closest('.widget-slider').querySelector('.widget-label');
      if (label && label.title) handle.setAttribute('aria-label', label.title);
    }}
    for (const toggle of document.querySelectorAll('.widget-toggle-button[title]:not([aria-pressed])')) {{
      const say = () => {{
        toggle.setAttribute('aria-pressed', toggle.classList.contains('mod-active'));
        if (toggle.title) toggle.setAttribute('aria-label', toggle.title);
      }};
      say();
      new MutationObserver(say).observe(toggle, {{attributes: true, attributeFilter: ['class', 'title']}});
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
