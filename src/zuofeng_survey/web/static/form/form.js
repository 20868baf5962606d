// One form while it is being filled in: its state, its pages, its way to the server.

import { askedQuestions, choicesOf, codeOk, collectAnswers, isBlank, normaliseCode, problemsOf, questionOf, renumberRows, rowsOf, valueOf } from "../answers.js";
import { WORDS, h, speak } from "./words.js";
import { clearDraft, newState, readDraft, takeCode, writeDraft } from "./draft.js";
import { onClick, onInput, onKey } from "./acts.js";
import { afterChange, problemList, showFindings } from "./following.js";
import { fitBallot } from "./ballot.js";
import { PAGES, pageHead, profileNode } from "./pages.js";
import { drawPaper } from "./paper.js";

let formsMade = 0;

class Form {
  constructor(element, definition, host) {
    Object.assign(this, { definition, host, alive: true, errors: new Map(), id: `zf${(formsMade += 1)}` });
    this.lang = host.lang || definition.default_language || "zh";
    this.items = definition.survey.flatMap((group) => group.items);
    this.hasConditions = [...definition.survey, ...this.items].some((row) => row.relevant);
    this.banner = h("div.zf-banner", { role: "alert", hidden: true });
    this.live = h("p.zf-live", { role: "status" });
    this.body = h("form.zf-page", { autocomplete: "off", novalidate: true });
    // JupyterLab would take keys typed on a radio for its own shortcuts.
    const quiet = { "data-lm-suppress-shortcuts": "true" };
    this.root = h(host.ownsPage ? "main.zf" : "div.zf", quiet, this.banner, this.body, this.live);
    element.replaceChildren(this.root);
    this.listen();
  }

  listen() {
    const leave = new AbortController();
    const on = (target, name, act) => target.addEventListener(name, act, { signal: leave.signal });
    on(this.body, "submit", (event) => event.preventDefault());
    on(this.body, "input", (event) => onInput(this, event));
    on(this.body, "click", (event) => onClick(this, event));
    on(this.body, "keydown", (event) => onKey(this, event));
    on(window, "offline", () => this.setAway(true));
    on(window, "online", () => this.ping());
    on(window, "pagehide", () => this.saveNow());
    on(window, "popstate", (event) => this.goBackTo(event.state?.zf));
    on(window, "beforeprint", () => drawPaper(this));
    on(window.matchMedia("print"), "change", (event) => event.matches && drawPaper(this));
    const resizing = new ResizeObserver(() => fitBallot(this));
    resizing.observe(this.root);
    this.pingLater();
    this.stop = () => {
      this.saveNow();
      this.alive = false;
      clearTimeout(this.pingTimer);
      resizing.disconnect();
      leave.abort();
    };
  }

  say(what, params) {
    return speak(this.lang, what, params);
  }

  button(act, { look = "", label = this.say(act), ...props } = {}) {
    return h(`button${look}`, { type: "button", "data-act": act, ...props }, label);
  }

  sentence(problem) {
    if (problem.zh) return this.say(problem);
    const own = problem.code === "constraint" && this.say(this.find(problem.item).item.constraint_message);
    return own || this.say(this.definition.messages[problem.code], problem.params) || problem.code;
  }

  announce(text) {
    this.live.textContent = "";
    setTimeout(() => { this.live.textContent = text; }, 50);
  }

  // Answers

  get targets() {
    const { targets } = this.state;
    return (this.definition.targets ?? []).filter((target) => !targets || targets.includes(target.name));
  }

  get(question) {
    return valueOf(this.state.answers, question);
  }

  set(question, value, name = question.item.name) {
    const { group, row } = question;
    const { answers } = this.state;
    const holder = row ? ((answers[group.name] ??= {})[row] ??= {}) : answers;
    if (isBlank(value)) delete holder[name];
    else holder[name] = value;
    this.last = question.path;
    afterChange(this, question);
    this.save();
  }

  choices(item) {
    return choicesOf(this.definition, item);
  }

  group(name) {
    return this.definition.survey.find((group) => group.name === name);
  }

  /** The question at `item`, `item_other`, `item/choice` or `group/row/item`, as the server names places. */
  find(path) {
    const [first, row, name] = path.split("/");
    const repeat = this.group(first);
    const item = repeat
      ? repeat.items.find((each) => each.name === name) ?? repeat.items[0]
      : this.items.find((each) => each.name === first || `${each.name}_other` === first);
    if (repeat) return questionOf(repeat, row ?? "", item);
    const group = this.definition.survey.find((each) => each.items.includes(item));
    return group && questionOf(group, rowsOf(group, this.state.answers, this.targets)[0], item);
  }

  place(path) {
    return this.body.querySelector(`[data-q="${CSS.escape(path)}"]`);
  }

  asked() {
    return askedQuestions(this.definition, this.state.answers, this.targets);
  }

  problems() {
    return problemsOf(this.definition, this.state.answers, this.targets);
  }

  save() {
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.saveNow(), 250);
  }

  saveNow() {
    clearTimeout(this.saveTimer);
    const { state } = this;
    const isBegun = state && (state.code || state.page !== "start" || !isBlank(state.answers));
    if (isBegun && this.alive && !this.isDone && !this.host.preview) writeDraft(this.host.storageKey, state);
  }

  // Pages

  async open() {
    const linked = takeCode() || this.host.initialCode || "";
    const draft = !this.host.preview && readDraft(this.host.storageKey);
    // Another voter's code on the same telephone begins another ballot.
    const isOurs = draft && (!linked || !draft.code || draft.code === normaliseCode(linked));
    this.state = { ...newState(), ...(isOurs && draft) };
    this.isRestored = isOurs && !isBlank(draft.answers);
    const needsCode = this.definition.access === "codes" && !this.host.preview && !this.state.code;
    if (this.definition.open === false && !this.host.preview) this.go("closed", { focus: false });
    else if (this.state.sending) this.send();
    else this.go(needsCode ? "code" : this.state.page, { focus: false, typed: linked });
    if (linked && this.page === "code") await this.useCode(linked, false);
  }

  async useCode(typed, focus = true) {
    const refuse = (problem) => this.go("code", { push: false, typed, problem });
    if (!codeOk(typed)) return refuse({ code: "code-mistyped" });
    const code = normaliseCode(typed);
    const { status, body } = await this.host.checkCode(code);
    this.setAway(status === 0 || status >= 500);
    if (status !== 200) return refuse(body?.errors?.[0] ?? { zh: WORDS.away[0], en: WORDS.away[1] });
    Object.assign(this.state, { code, voter_class: body.voter_class, targets: body.targets });
    return this.go(this.state.page, { focus });
  }

  pages() {
    const asked = new Set(this.asked().map((question) => question.group));
    const groups = this.definition.survey.filter((group) => asked.has(group));
    return ["start", ...groups.map((group) => `group/${group.name}`), "review"];
  }

  go(page, { push = true, focus = true, ...details } = {}) {
    const isOurs = page === "closed" || (page === "code" && !this.state.code);
    if (page === "review") this.state.answers = renumberRows(this.definition, this.state.answers);
    this.errors.clear();
    this.page = isOurs || this.pages().includes(page) ? page : "start";
    if (!isOurs) this.state.page = this.page;
    if (focus) this.isRestored = false;
    this.draw(details);
    this.saveNow();
    if (push && this.host.ownsPage) window.history[focus ? "pushState" : "replaceState"]({ zf: this.page }, "");
    if (focus) this.toTop();
  }

  goBackTo(page) {
    if (page && !this.isDone && !this.state.sending) this.go(page, { push: false });
  }

  toTop() {
    (this.body.querySelector("h2") ?? this.body.querySelector("h1")).focus({ preventScroll: true });
    this.root.scrollIntoView();
  }

  draw(details = {}) {
    this.details = details;
    this.root.lang = this.lang === "en" ? "en" : "zh-CN";
    const [kind, name] = this.page.split("/");
    const nodes = [pageHead(this), PAGES[kind](this, name ? this.group(name) : details)];
    this.body.replaceChildren(...nodes.flat(Infinity).filter(Boolean));
    showFindings(this);
    fitBallot(this);
  }

  /** One page on or back; a page with problems is not left forwards. */
  step(by) {
    const pages = this.pages();
    const isHere = (problem) => `group/${this.find(problem.item).group.name}` === this.page;
    const found = by > 0 ? this.problems().filter(isHere) : [];
    if (found.length) this.showProblems(found);
    else this.go(pages[pages.indexOf(this.page) + by]);
  }

  showProblems(found) {
    const first = this.find(found[0].item);
    if (first.group.repeat_over === "targets") this.state.at[first.group.name] = first.row;
    if (this.page !== `group/${first.group.name}`) this.go(`group/${first.group.name}`);
    this.errors = new Map(found.map((problem) => [this.find(problem.item).path, problem]));
    this.draw();
    const isSaid = found.length === 1 && this.place(first.path).querySelector(".zf-error");
    if (!isSaid) this.body.querySelector("h2").after(problemList(this, found));
    this.focusOn(first.path);
  }

  focusOn(path) {
    const place = this.place(path);
    const control = ["input:checked, textarea[aria-invalid]", "input, textarea, .zf-rank"]
      .map((selector) => place.querySelector(selector)).find(Boolean);
    control?.focus({ preventScroll: true });
    place.scrollIntoView({ block: "center" });
  }

  // Connection

  setAway(isAway, words = this.say(this.state.sending ? "awaySending" : "away")) {
    if (!this.alive || this.isDone) return;
    this.isAway = isAway;
    this.banner.hidden = !isAway;
    if (isAway && this.banner.textContent !== words) this.banner.textContent = words;
    this.pingLater();
  }

  pingLater() {
    clearTimeout(this.pingTimer);
    const wait = 4000; // told within five seconds, also to whoever is only reading
    if (this.host.ping && this.alive && !this.isDone) this.pingTimer = setTimeout(() => this.ping(), wait);
  }

  async ping() {
    if (!this.host.ping || document.hidden) return this.pingLater();
    const isUp = await this.host.ping();
    if (!isUp) return this.setAway(true);
    if (!this.state.sending) return this.setAway(false);
    this.wake?.();
    return this.pingLater();
  }

  async cast() {
    if (this.state.sending || this.isDone) return;
    const found = this.problems();
    const answers = collectAnswers(this.definition, this.state.answers, this.targets);
    if (found.length) this.showProblems(found);
    else if (this.host.preview) this.finish(answers);
    else {
      // Frozen until the server has answered: it may hold a ballot whose receipt was lost on the way.
      this.state.sending = answers;
      this.saveNow();
      await this.send();
    }
  }

  async send() {
    this.page = "review";
    this.draw();
    const { status, body } = await this.sendUntilAnswered();
    if (!this.alive) return;
    const answers = this.state.sending;
    this.state.sending = null;
    this.setAway(false);
    if (status < 300) this.finish(answers, body.receipt);
    else this.refuse(status, body?.errors ?? []);
  }

  async sendUntilAnswered() {
    const { ballot_id, code, sending: answers } = this.state;
    for (let wait = 1000; this.alive; wait = Math.min(wait * 2, 15000)) {
      const slow = setTimeout(() => this.setAway(true), 4000);
      const { status, body } = await this.host.submit({ ballot_id, code, answers });
      clearTimeout(slow);
      const isCast = [200, 201].includes(status) && body?.receipt;
      if (isCast || (status >= 400 && status < 500 && ![408, 429].includes(status))) return { status, body };
      const said = body?.errors?.[0];
      this.setAway(true, said && this.say("busy") + this.say(said));
      await new Promise((resolve) => {
        setTimeout(resolve, wait);
        this.wake = status ? null : resolve;
      });
    }
    return {};
  }

  refuse(status, errors) {
    const asked = new Set(this.asked().map((question) => question.path));
    const places = errors.filter((error) => status === 422 && asked.has(this.find(error.item ?? "")?.path));
    if (places.length) return this.showProblems(places);
    const said = errors.map((error) => this.say(error)).join(" ");
    return this.go("review", { status, said: said || this.say("refused", { status }) });
  }

  finish(answers, receipt) {
    clearTimeout(this.saveTimer);
    this.isDone = true;
    if (!this.host.preview) clearDraft(this.host.storageKey);
    this.page = "done";
    this.draw({ answers, receipt });
    this.toTop();
    this.host.onCast?.(answers, receipt);
  }

  showProfile(profile) {
    this.profile = profile;
    this.body.querySelector(".zf-profile")?.replaceWith(profileNode(this));
  }
}

export { Form };
