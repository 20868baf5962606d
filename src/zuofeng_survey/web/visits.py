"""Form notebooks as pages: rendered while their kernel starts, or taken from those kept ready."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass, field
from typing import Any

from tornado.iostream import StreamClosedError
from voila.app import Voila
from voila.notebook_renderer import NotebookRenderer

from ..errors import Problem
from .answering import PAGE_POLICY, Quiet, check_origin, set_headers
from .api import Office
from .kernels import FormKernels, KernelsFull
from .module import assets
from .pages import BROKEN, full_page, refusal_page

log = logging.getLogger(__name__)
LONGEST_READY = 3600
PAUSE = 1.5  # seconds in which a visitor's page has the processor to itself


@dataclass(slots=True)
class Ready:
    """A rendered page whose kernel waits for a visitor."""

    form: str
    kernel_id: str
    html: str
    made: float = field(default_factory=time.monotonic)


class Visits:
    """Makes pages of form notebooks, and keeps some ready for forms that are being visited."""

    def __init__(self, voila: Voila, office: Office, forms: Collection[str], *, ready: int) -> None:
        self.voila = voila
        self.office = office
        self.forms = forms
        self.wanted = ready
        self.ready: list[Ready] = []
        self.filling: dict[asyncio.Task[None], str] = {}
        self.asked: dict[str, float] = {}

    @property
    def kernels(self) -> FormKernels:
        return self.voila.kernel_manager

    async def start(self, form: str) -> tuple[str, AsyncIterator[str]]:
        """Start a kernel for a form; return its id and the page as it comes."""
        voila = self.voila
        renderer = NotebookRenderer(
            voila_configuration=voila.voila_configuration,
            traitlet_config=voila.config,
            notebook_path=f"{form}.ipynb",
            template_paths=voila.template_paths,
            contents_manager=voila.contents_manager,
            base_url=voila.base_url,
            kernel_spec_manager=voila.kernel_spec_manager,
            page_config={
                "broken": BROKEN,
                "css": assets()["form.css"].url,
                "form": assets()["form.js"].url,
                "script": assets()["kernel.js"].url,
            },
        )
        await renderer.initialize()
        name = renderer.notebook.metadata.kernelspec.name
        kernel_id = await self.kernels.start_kernel(kernel_name=name, path="")
        made = renderer.generate_content_generator(kernel_id, self.kernels.get_kernel(kernel_id))
        return kernel_id, (html async for html, _ in made)

    def take(self, form: str) -> Ready | None:
        """Return a page that was kept ready, if there is one."""
        self.asked[form] = time.monotonic()
        for page in [p for p in self.ready if p.form == form]:
            self.ready.remove(page)
            if page.kernel_id in self.kernels:
                return page
        return None

    def refill(self, form: str) -> None:
        """Make pages ready in the background, up to the number wanted; never the last kernels."""
        have = sum(p.form == form for p in self.ready) + [*self.filling.values()].count(form)
        room = self.kernels.cap - len(self.kernels) - self.kernels.starting
        for _ in range(min(self.wanted - have, room // 2)):
            task = asyncio.ensure_future(self._fill(form))
            self.filling[task] = form
            task.add_done_callback(self.filling.pop)

    async def _fill(self, form: str) -> None:
        await asyncio.sleep(PAUSE)
        try:
            kernel_id, pieces = await self.start(form)
            html = "".join([piece async for piece in pieces])
            self.ready.append(Ready(form, kernel_id, html))
        except KernelsFull:
            return
        except Exception as error:
            log.error("no page of %s could be made ready: %s", form, type(error).__name__)

    async def make_room(self) -> None:
        """Give a visitor the place of a page kept ready for another form."""
        if self.kernels.is_full and self.ready:
            await self.kernels.release(self.ready.pop(0).kernel_id)

    async def reap(self) -> None:
        """Let go of kernels without a page, and of pages nobody has asked for lately."""
        await self.kernels.reap()
        now = time.monotonic()
        for page in list(self.ready):
            unwanted = now - self.asked.get(page.form, 0) > self.kernels.cull_idle_timeout
            if unwanted or now - page.made > LONGEST_READY or page.kernel_id not in self.kernels:
                self.ready.remove(page)
                await self.kernels.release(page.kernel_id)


class FormPage(Quiet):
    """``/voila/render/FORM.ipynb``: a visit, with a kernel of its own."""

    def initialize(self, visits: Visits) -> None:
        self.visits = visits

    def set_default_headers(self) -> None:
        set_headers(self, PAGE_POLICY)

    async def get(self, form: str) -> None:
        if form not in self.visits.forms:
            self.send_error(404)
            return
        if page := self.visits.take(form):
            kernel_id = page.kernel_id
            self.write(page.html)
        else:
            kernel_id = await self._start(form)
        self.visits.kernels.serve_page(kernel_id)
        self.visits.refill(form)

    async def _start(self, form: str) -> str:
        """Send the page as it comes; where it does not become whole, no kernel is left."""
        await self.visits.make_room()
        kernel_id, pieces = await self.visits.start(form)
        try:
            async for piece in pieces:
                self.write(piece)
                await self.flush()
        except StreamClosedError:
            await self.visits.kernels.release(kernel_id)
        except Exception as error:
            log.error("the page of %s broke off: %s", form, type(error).__name__)
            await self.visits.kernels.release(kernel_id)
            self.write(BROKEN)
        return kernel_id

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        error = kwargs.get("exc_info", (None, None, None))[1]
        if isinstance(error, KernelsFull):
            office = self.visits.office
            self.set_status(503)
            self.set_header("Retry-After", "60")
            self.finish(full_page(office.boxes.polls(office.today())))
            return
        code = "page-unknown" if status_code == 404 else "server-fault"
        self.finish(refusal_page(Problem(code)))


class Goodbye(Quiet):
    """``POST /voila/api/shutdown/KERNEL``: what a page sends when it is closed."""

    def initialize(self, visits: Visits) -> None:
        self.visits = visits

    async def post(self, kernel_id: str) -> None:
        check_origin(self)
        await self.visits.kernels.release(kernel_id)
        self.set_status(204)
