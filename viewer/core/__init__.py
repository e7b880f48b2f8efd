"""What a study is and what may be done with it: no Qt, no VTK, no files."""
