"""Small pieces of HTML; every text that goes in is escaped."""

from collections.abc import Iterable, Mapping, Sequence
from html import escape
from pathlib import Path
from typing import Any

from skdistill._ground.saving import save_text
from skdistill.exceptions import ParameterError

__all__ = [
    "STYLE",
    "definitions",
    "escape",
    "flat",
    "page",
    "paragraph",
    "size_text",
    "table",
    "time_text",
    "write_page",
]

STYLE = """\
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 62rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; display: block; overflow-x: auto; }
th, td { padding: .35rem .8rem; text-align: right; white-space: nowrap; }
thead th { border-bottom: 2px solid; }
tbody th { text-align: left; font-weight: normal; }
tbody tr:last-child > * { font-weight: bold; }
td { font-variant-numeric: tabular-nums; }
dl { display: grid; grid-template-columns: minmax(9rem, auto) 1fr; gap: .2rem 1rem; }
dd { margin: 0; overflow-wrap: anywhere; }
"""


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; the first cell of each row is its name."""
    head = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in header)
    body = "\n".join(
        f'<tr><th scope="row">{escape(row[0])}</th>'
        + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:])
        + "</tr>"
        for row in rows
    )
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"


def definitions(pairs: Iterable[tuple[str, str]]) -> str:
    """Return a list of names and what they are."""
    lines = (f"<dt>{escape(k)}</dt><dd>{escape(v)}</dd>" for k, v in pairs)
    return "<dl>\n" + "\n".join(lines) + "\n</dl>"


def paragraph(text: str) -> str:
    """Return a paragraph."""
    return f"<p>{escape(text)}</p>"


def page(title: str, body: str, style: str = STYLE) -> str:
    """Return a page with a title; `body` is HTML already."""
    title = escape(title)
    return f"""\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


def write_page(path: str | Path, text: str) -> None:
    """Write a page to a file whose name ends in ``.html``, or raise ParameterError.

    An old file is whole until the new one is (`replacing`).
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise ParameterError(f"path must end in .html, got {str(path)!r}.")
    save_text(path, text)


def size_text(size: float | None) -> str:
    """Return a number of bytes with its unit, three digits long."""
    if size is None:
        return "not measured"
    for unit in ("B", "kB", "MB"):
        if size < 1000:
            return f"{size:.3g} {unit}"
        size /= 1000
    return f"{size:.3g} GB"


def time_text(seconds: float) -> str:
    """Return a number of seconds with its unit, three digits long."""
    for unit, size in (("s", 1.0), ("ms", 1e-3)):
        if seconds >= size:
            return f"{seconds / size:.3g} {unit}"
    return f"{seconds * 1e6:.3g} µs"


def flat(facts: Mapping[str, Any], prefix: str = "") -> list[tuple[str, str]]:
    """Return (dotted key, text) pairs of nested mappings; long lists keep their first entries."""
    pairs: list[tuple[str, str]] = []
    for key, value in facts.items():
        name = f"{prefix}{key}".replace("_", " ")
        if isinstance(value, Mapping):
            pairs += flat(value, f"{name}: ")
        else:
            pairs.append((name, _text(value)))
    return pairs


def _text(value: object) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    if value and isinstance(value, Sequence) and not isinstance(value, str):
        shown = ", ".join(_text(item) for item in value[:20])
        return shown + (f", ... ({len(value)} in all)" if len(value) > 20 else "")
    return "none" if value is None or value == [] else str(value)
