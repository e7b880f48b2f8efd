"""The library of plots takes long to import and much memory: it comes when a plot is near, and nobody waits for it."""

from __future__ import annotations

import subprocess
import sys

PROGRAM = """
import sys, time
from viewer.gui.plots import plots_are_loaded
import viewer.gui.app
assert "pyqtgraph" not in sys.modules
before = time.monotonic()
assert not plots_are_loaded()
assert time.monotonic() - before < 0.1
while not plots_are_loaded():
    time.sleep(0.01)
assert sys.modules["pyqtgraph"].PlotWidget
"""


def test_nobody_waits_for_the_library_of_plots():
    subprocess.run([sys.executable, "-c", PROGRAM], check=True, timeout=60)
