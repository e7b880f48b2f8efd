"""Files, folders and databases: in from scanners and researchers, out without loss."""
