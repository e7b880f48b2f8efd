"""The models that Slicewise ships, each as a recipe that `python -m training reproduce NAME` repeats."""
