"""Running models: needs numpy, SimpleITK and onnxruntime, knows neither the viewer nor torch."""

import os

# onnxruntime reports models, errors and the computer to its makers over the network, unless this is set before its
# first import: nothing leaves the computer.
os.environ["ORT_DISABLE_TELEMETRY"] = "1"
