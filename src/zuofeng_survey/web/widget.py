"""``SurveyForm``: a questionnaire as a widget, in JupyterLab and in Voila.

The kernel behind it holds a questionnaire and nothing else: answers go from the browser to the form
server. Whatever a browser sends to this kernel is looked at with distrust and never answered with a
traceback.
"""

from __future__ import annotations

import os
from typing import Any

import anywidget
import traitlets

from ..questionnaire import Questionnaire, find, load
from . import module
from .definition import preview_definition
from .profile import profile

HOSTED = "ZUOFENG_FORM_SERVER"  # set in a form server's kernels: its pages have the module already
MIME = "application/vnd.zuofeng.form+json"
FROM_BROWSER = ("answers_for_profile",)


class SurveyForm(anywidget.AnyWidget):
    """One questionnaire, to be filled in.

    With a form server behind the page the answers are cast into an open poll; without one (in
    JupyterLab) it is a preview that shows what would be cast, and says that nothing is stored.

    Parameters
    ----------
    form : str or Questionnaire
        A form_id such as ``"FZ"``, a path, or a questionnaire.
    poll : str, optional
        The poll to cast into; by default ``?poll=`` in the address, or the open poll of this form.
    lang : {"", "zh", "en"}, optional
        By default the questionnaire's own language.

    Raises
    ------
    DefinitionError
        ``form-unknown``, or what is wrong with the file.
    """

    _esm = module.form_module()
    _css = module.form_css()

    definition = traitlets.Dict().tag(sync=True)
    form_id = traitlets.Unicode().tag(sync=True)
    poll = traitlets.Unicode().tag(sync=True)
    lang = traitlets.Unicode().tag(sync=True)
    base_url = traitlets.Unicode("/").tag(sync=True)
    answers_for_profile = traitlets.Any(None, allow_none=True).tag(sync=True)
    profile = traitlets.Dict().tag(sync=True)

    def __init__(self, form: str | Questionnaire, *, poll: str = "", lang: str = "") -> None:
        questionnaire = load(find(form)) if isinstance(form, str) else form
        self.questionnaire = questionnaire
        in_page = {"_esm": "", "_css": ""} if os.environ.get(HOSTED) else {}
        super().__init__(
            definition=preview_definition(questionnaire),
            form_id=questionnaire.form_id,
            poll=poll,
            lang=lang,
            **in_page,
        )

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Take from a browser only what a form has to say."""
        super().set_state({k: v for k, v in sync_data.items() if k in FROM_BROWSER})

    @traitlets.observe("answers_for_profile")
    def _show_profile(self, change: Any) -> None:
        wanted = self.questionnaire.settings.profile and isinstance(change.new, dict)
        self.profile = profile(self.questionnaire, change.new) if wanted else {}

    def _repr_mimebundle_(self, **kwargs: Any) -> tuple[dict[str, Any], dict[str, Any]] | None:
        bundle = super()._repr_mimebundle_(**kwargs)
        if bundle and os.environ.get(HOSTED):
            names = ("definition", "form_id", "poll", "lang", "base_url")
            state = {name: getattr(self, name) for name in names}
            bundle[0][MIME] = {"model": self.model_id, "state": state}
        return bundle

    def __repr__(self) -> str:
        return f"<SurveyForm {self.form_id}>"
