"""Running models: needs numpy, SimpleITK and onnxruntime, knows neither the viewer nor torch."""
