"""Learning: a process of its own, which never imports the viewer. Models leave it as files only."""

import os

# Before torch is loaded. Threads that wait must sleep: spinning ones starve the window beside which this runs, and
# each other; with one more busy process on two cores a step took 0.25 s instead of 0.5 to 4 s.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
