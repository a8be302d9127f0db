"""Keeps pytest from importing scripts: it runs the examples in the pages, Sphinx the gallery."""

collect_ignore_glob = ["*.py", "_ext/*", "examples/*"]
