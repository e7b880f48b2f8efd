"""Learning: a process of its own, which never imports the viewer. Models leave it as files only."""
