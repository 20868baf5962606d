"""Pages for people, and the files they are made of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import tornado.web

from ..errors import Problem, ZuofengError
from ..questionnaire import Text
from .answering import PAGE_POLICY, Quiet, set_headers, status_of
from .api import Office
from .module import Asset, assets
from .pages import index_page, refusal_page


class Page(Quiet):
    """A page for a person; what goes wrong is a page too."""

    def initialize(self, office: Office) -> None:
        self.office = office

    def set_default_headers(self) -> None:
        set_headers(self, PAGE_POLICY)

    def head(self, *path: str) -> None:
        """Answer a monitor without a body."""
        self.get(*path)

    def send(self, asset: Asset) -> None:
        """Finish with a file, compressed where the browser can read that."""
        takes_gzip = "gzip" in self.request.headers.get("Accept-Encoding", "")
        self.set_header("Content-Type", asset.content_type)
        self.set_header("Vary", "Accept-Encoding")
        if takes_gzip:
            self.set_header("Content-Encoding", "gzip")
        self.finish(asset.gzipped if takes_gzip else asset.body)

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, ZuofengError):
            self.set_status(status_of(error))
            self.finish(refusal_page(error.problems[0]))
            return
        code = "page-unknown" if status_code in (404, 405) else "server-fault"
        self.finish(refusal_page(Problem(code)))


class PollPage(Page):
    """``/p/POLL``: the form, without a kernel."""

    def get(self, poll: str) -> None:
        self.send(self.office.told(poll).page)


class FrontPage(Page):
    """``/``: what is open now, and the forms that Voila shows."""

    def initialize(self, office: Office, forms: Mapping[str, Text]) -> None:  # type: ignore[override]
        super().initialize(office)
        self.forms = forms

    def get(self) -> None:
        polls = self.office.boxes.polls(self.office.today())
        self.finish(index_page(polls, list(self.forms.items())))


class UnknownPage(Page):
    """Every other address."""

    def prepare(self) -> None:
        raise tornado.web.HTTPError(404)


class AssetFile(Page):
    """``/zf/…``: a file named by its content, which browsers keep for a year."""

    def get(self, name: str) -> None:
        asset = next((a for a in assets().values() if a.name == name), None)
        if asset is None:
            raise tornado.web.HTTPError(404)
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.send(asset)
