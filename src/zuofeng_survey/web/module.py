"""The form's script and style as files a browser keeps: one module, named by its own hash."""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass
from functools import cache
from pathlib import Path

HERE = Path(__file__).parent
INNER = ("words", "draft", "form", "acts", "following", "questions", "ballot", "pages", "paper")
PARTS = ("expression.js", "answers.js", *(f"form/{name}.js" for name in INNER), "form.js")
_IMPORT = re.compile(r"^import .*;\n", re.MULTILINE)
_EXPORT = re.compile(r"^export \{.*\};\n?", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Asset:
    """A file under ``/zf/`` that never changes: another content has another name."""

    name: str
    content_type: str
    body: bytes
    gzipped: bytes

    @property
    def url(self) -> str:
        return f"/zf/{self.name}"


def _static(name: str) -> str:
    return (HERE / "static" / name).read_text(encoding="utf-8")


@cache
def form_module() -> str:
    """Return ``form.js`` with what it imports in front of it: one ES module, no imports left."""
    parts = [_IMPORT.sub("", _static(name)) for name in PARTS]
    inner = [_EXPORT.sub("", part) for part in parts[:-1]]
    return "\n".join([*inner, parts[-1]])


@cache
def form_css() -> str:
    """Return the form's style sheet."""
    return _static("form.css")


@cache
def assets() -> dict[str, Asset]:
    """Return the files that pages ask for, each under the name that pages know it by."""
    form = asset("form.js", "text/javascript", form_module())
    css = asset("form.css", "text/css", _static("site.css") + form_css())
    found = {"form.js": form, "form.css": css}
    for name in ("page.js", "kernel.js"):
        text = _static(name).replace('"./form.js"', f'"{form.url}"')
        found[name] = asset(name, "text/javascript", text)
    return found


def asset(name: str, content_type: str, text: str) -> Asset:
    """Make a file of a text, compressed once for everybody."""
    body = text.encode("utf-8")
    stem, suffix = name.split(".")
    digest = hashlib.sha256(body).hexdigest()[:16]
    full_type = f"{content_type}; charset=utf-8"
    return Asset(f"{stem}.{digest}.{suffix}", full_type, body, gzip.compress(body, 9, mtime=0))
