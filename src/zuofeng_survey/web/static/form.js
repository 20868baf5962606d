// One form, from its definition to a receipt: plain pages call mount(), anywidget calls render().
// Answers go to the form server and nowhere else; nothing here knows of results.

import { askedQuestions, choicesOf, codeOk, collectAnswers, isBlank, lengthOf, normaliseCode, parseNumber, pickedFor, problemOf, problemsOf, questionOf, renumberRows, rowsOf, valueOf } from "./answers.js";

const WORDS = {
  lang: ["English", "中文"],
  start: ["开始填写", "Start"],
  resume: ["继续填写", "Continue"],
  next: ["下一页", "Next"],
  back: ["上一页", "Back"],
  review: ["检查答卷", "Review"],
  reviewHint: ["提交前请再看一遍。要改哪一处，点“修改”。", "Look through your answers once more before sending."],
  cast: ["提交", "Submit"],
  castBallot: ["投票", "Cast my ballot"],
  sending: ["正在提交，请不要关闭本页…", "Sending; please keep this page open…"],
  change: ["修改", "Change"],
  clear: ["清除", "Clear"],
  blank: ["未答", "not answered"],
  abstained: ["弃权", "abstained"],
  allAbstained: ["全部弃权", "abstained throughout"],
  required: ["必答", "required"],
  collector: ["工作人员填写", "filled in by staff"],
  atMost: ["最多选 {limit} 项", "at most {limit}"],
  characters: ["{length} / {limit} 字", "{length} / {limit}"],
  other: ["请说明", "Please specify"],
  alone: ["有的选项不能同选，已自动调整。", "Adjusted: some of these choices stand alone."],
  rankHint: ["按先后顺序点选，先点的排在前；再点一次取消。", "Choose in order, best first; choose again to take back."],
  ranked: ["{label}：第 {place} 位", "{label}: place {place}"],
  unranked: ["{label}：未排", "{label}: not placed"],
  pickFirst: ["请先在上面选择。", "Choose above first."],
  row: ["第 {n} 条", "No. {n}"],
  "add-row": ["再加一条", "Add another"],
  "remove-row": ["删除", "Remove"],
  removed: ["已删除一条。", "One was removed."],
  "undo-row": ["撤销", "Undo"],
  target: ["评议对象", "Rated"],
  count: ["已评 {rated} / 总 {total}", "Rated {rated} / {total}"],
  "next-unrated": ["下一个未评", "Next unrated"],
  allRated: ["全部评完了。", "Everything is rated."],
  "prev-target": ["上一个", "Previous"],
  "next-target": ["下一个", "Next"],
  place: ["第 {n} / {total} 个", "{n} of {total}"],
  ballotHint: ["空着按弃权计；再点一次可以取消。", "A blank is an abstention; choose a mark again to take it back."],
  page: ["第 {n} / {total} 页", "Page {n} of {total}"],
  minutes: ["约需 {n} 分钟", "About {n} minutes"],
  named: ["本表记名。", "This form is named."],
  confidential: ["本表保密：只有经办人知道是谁填写的。", "This form is confidential."],
  anonymous: ["本表不记名。", "This form is anonymous."],
  sealed: ["本票无记名，密封保存，截止前任何人都看不到内容。", "This ballot is secret and sealed until the poll closes."],
  voterClass: ["您的评议人类别：{label}", "Your voter class: {label}"],
  code: ["代码（17 个字符）", "Code (17 characters)"],
  codeHint: ["在代码条上，形如 XXXX-XXXX-XXXX-XXXX-X，不分大小写。", "On your slip, like XXXX-XXXX-XXXX-XXXX-X, in any case."],
  "check-code": ["确定", "Continue"],
  "other-code": ["换一个代码", "Use another code"],
  closed: ["现在不能填写：还没有开始，或者已经结束。", "This form is not open now."],
  away: ["现在连不上服务器。您填写的内容都在本页，没有丢失。", "The server cannot be reached. What you filled in is safe on this page."],
  awaySending: ["还没有提交成功：连不上服务器。正在自动重试，请不要关闭本页。", "Not submitted yet: the server cannot be reached. Trying again; keep this page open."],
  busy: ["还没有提交成功，正在自动重试。", "Not submitted yet; trying again."],
  refused: ["没有提交成功（{status}）。", "Not submitted ({status})."],
  restored: ["已恢复您上次填写的内容。", "What you had filled in is back."],
  "clear-draft": ["清空重填", "Clear it"],
  clearSure: ["清空已填写的全部内容？", "Clear everything you filled in?"],
  keep: ["草稿保存在本机（关闭浏览器后还能接着填，提交后自动删除）", "Keep a draft on this device (deleted on submitting)"],
  problems: ["有 {n} 处需要修改：", "{n} to mend:"],
  preview: ["预览：不会保存任何内容", "Preview: nothing is stored"],
  previewCast: ["提交时会送出以下内容：", "This is what would be sent:"],
  again: ["重新填写", "Fill in again"],
  done: ["已提交", "Submitted"],
  receipt: ["回执", "Receipt"],
  receiptHint: ["请保存。凭它可以核对本票已经计入；它不显示您怎样填写。", "Keep it: it shows that this ballot is counted, never what it says."],
  "copy-receipt": ["复制", "Copy"],
  copied: ["已复制。", "Copied."],
  "save-receipt": ["存为文本文件", "Save as text file"],
  print: ["打印", "Print"],
  printBlank: ["打印纸质空白表", "Print a blank paper form"],
  "choose-poll": ["请选择一次测评", "Choose a poll"],
  profile: ["您的自查画像", "Your own profile"],
  profileHint: ["只根据您刚才的回答当场计算，不保存、不上传。", "Computed here and now from your answers; stored nowhere."],
  points: ["{score} 分（{n} 题）", "{score} of 100 ({n} items)"],
  noScore: ["答题太少，不计算", "too few answers"],
  detached: ["与笔记本的连接已断开，不影响填写和提交。", "The notebook is disconnected; the form still works."],
};

/** A word of ours by its key, or a {zh, en} of the definition. */
function speak(lang, what, params = {}) {
  const [zh, en] = typeof what === "string" ? WORDS[what] : [what?.zh, what?.en];
  const fill = (whole, key) => (typeof params[key] === "object" ? speak(lang, params[key]) : params[key] ?? whole);
  return ((lang === "en" && en) || zh || "").replace(/\{(\w+)\}/g, fill);
}

/** An element. Children that are text become text nodes: nothing a person wrote turns into markup. */
function h(tag, props = {}, ...children) {
  const [name, ...classes] = tag.split(".");
  const node = document.createElement(name);
  if (classes.length) node.className = classes.join(" ");
  for (const [key, value] of Object.entries(props)) {
    if (value != null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter(Boolean));
  return node;
}

const paragraphs = (text) => text.split("\n").filter((line) => line.trim()).map((line) => h("p", {}, line));

// The draft: in the tab, and on the device only where the person ticked it. The code stays in the tab.

const STORES = ["sessionStorage", "localStorage"];

function stored(store, act) {
  try {
    return act(window[store]);
  } catch {
    return null; // switched off or full: the page itself still holds the answers
  }
}

function readDraft(key) {
  return STORES.map((store) => stored(store, (kept) => JSON.parse(kept.getItem(key)))).find(Boolean);
}

function writeDraft(key, { code, ...state }) {
  stored("sessionStorage", (kept) => kept.setItem(key, JSON.stringify({ code, ...state })));
  stored("localStorage", (kept) => (state.keep ? kept.setItem(key, JSON.stringify(state)) : kept.removeItem(key)));
}

function clearDraft(key) {
  STORES.forEach((store) => stored(store, (kept) => kept.removeItem(key)));
}

function newState() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const ballot_id = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ballot_id, code: "", answers: {}, page: "start", at: {}, keep: false };
}

/** The code behind # in the address, taken out of the address bar and the history. */
function takeCode() {
  const { hash, pathname, search } = window.location;
  const code = hash.replace(/^#(c=)?/, "");
  if (!hash.startsWith("#c=") && normaliseCode(code).length !== 17) return "";
  window.history.replaceState(window.history.state, "", pathname + search);
  return code;
}

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
    const wait = this.isAway ? 4000 : 15000;
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

// What a person does

const cleanText = (text) => text.replace(/(?![\n\t])[\p{Cc}\p{Cs}]/gu, "");
const readNumber = (form, question, input) => parseNumber(input.value);

const READ = {
  select_one: (form, question, input) => input.value,
  select_multiple: readMultiple,
  text: (form, question, input) => cleanText(input.value),
  integer: readNumber,
  decimal: readNumber,
  date: (form, question, input) => (input.validity.badInput ? "?" : input.value),
};

function readMultiple(form, question, { checked, value }) {
  const choices = form.choices(question.item);
  const alone = choices.filter((choice) => choice.exclusive).map((choice) => choice.name);
  const before = form.get(question) ?? [];
  if (!checked) return before.filter((name) => name !== value);
  const kept = before.filter((name) => !alone.includes(name) && !alone.includes(value));
  if (kept.length < before.length) form.announce(form.say("alone"));
  return choices.map((choice) => choice.name).filter((name) => name === value || kept.includes(name));
}

const questionAt = (form, node) => form.find(node.closest("[data-q]").dataset.q);

function onInput(form, { target, timeStamp }) {
  if (target.name === "keep") form.state.keep = target.checked;
  if (target.dataset.go) return goToTarget(form, form.group(target.dataset.go), target.value, ".zf-where select");
  if (!target.closest("[data-q]")) return form.save();
  const question = questionAt(form, target);
  const { key } = target.dataset;
  form.marked = timeStamp;
  if (key === "other") form.set(question, cleanText(target.value), `${question.item.name}_other`);
  else if (key) form.set(question, { ...form.get(question), [key]: cleanText(target.value) });
  else form.set(question, READ[question.item.kind](form, question, target));
}

function onClick(form, event) {
  const node = event.target.closest("[data-act]");
  if (node) ACTS[node.dataset.act](form, node);
  else if (event.target.type === "radio") takeBack(form, event);
}

/** A later click on a chosen radio takes it back, for a blank is an answer too; a double click does not. */
function takeBack(form, { target, timeStamp }) {
  const question = questionAt(form, target);
  if (form.get(question) === target.value && timeStamp - (form.marked ?? 0) > 600) clearAnswer(form, question);
}

function onKey(form, { target, key }) {
  if (target.name === "code" && key === "Enter") form.useCode(target.value);
  if (target.type === "radio" && ["Delete", "Backspace"].includes(key)) clearAnswer(form, questionAt(form, target));
}

function clearAnswer(form, question) {
  form.body.querySelectorAll(`[name="${CSS.escape(question.path)}"]`).forEach((input) => { input.checked = false; });
  form.set(question, null);
}

const ACTS = {
  start: (form) => form.step(1),
  next: (form) => form.step(1),
  review: (form) => form.step(1),
  back: (form) => form.step(-1),
  cast: (form) => form.cast(),
  lang: (form) => {
    form.lang = form.lang === "en" ? "zh" : "en";
    form.draw(form.details);
    form.body.querySelector("[data-act=lang]").focus();
  },
  "check-code": (form) => form.useCode(form.body.querySelector("[name=code]").value),
  "other-code": (form) => {
    form.state = { ...form.state, ballot_id: newState().ballot_id, code: "" };
    form.go("code");
  },
  "clear-draft": (form) => {
    if (!window.confirm(form.say("clearSure"))) return;
    clearDraft(form.host.storageKey);
    const { code, voter_class, targets } = form.state;
    form.state = { ...newState(), code, voter_class, targets };
    form.go("start");
  },
  clear: (form, node) => {
    clearAnswer(form, questionAt(form, node));
    form.focusOn(questionAt(form, node).path);
  },
  change: (form, { value }) => {
    const { group, row } = form.find(value);
    form.state.at[group.name] = row;
    form.go(`group/${group.name}`);
    form.focusOn(value);
  },
  problem: (form, { value }) => form.focusOn(value),
  rank: rankChoice,
  "add-row": (form, { value }) => {
    const rows = (form.state.answers[value] ??= { 1: {} });
    const row = Math.max(...Object.keys(rows).map(Number)) + 1;
    rows[row] = {};
    form.draw();
    form.body.querySelector(`[data-row="${row}"] :is(input, textarea)`).focus();
  },
  "remove-row": removeRow,
  "undo-row": (form) => form.undoRow(),
  "next-unrated": (form, { value }) => nextUnrated(form, form.group(value)),
  "prev-target": (form, { value }) => stepTarget(form, form.group(value), -1),
  "next-target": (form, { value }) => stepTarget(form, form.group(value), 1),
  "copy-receipt": copyReceipt,
  "save-receipt": saveReceipt,
  print: () => window.print(),
  again: (form) => {
    Object.assign(form, { state: newState(), isDone: false, profile: null });
    form.go("start");
  },
};

function rankChoice(form, node) {
  const question = questionAt(form, node);
  const before = form.get(question) ?? [];
  const isPlaced = before.includes(node.value);
  const order = isPlaced ? before.filter((name) => name !== node.value) : [...before, node.value];
  form.set(question, order);
  node.parentElement.childNodes.forEach((each) => showPlace(each, order));
  const label = node.lastChild.textContent;
  form.announce(form.say(isPlaced ? "unranked" : "ranked", { label, place: order.length }));
}

function showPlace(node, order) {
  const place = order.indexOf(node.value) + 1;
  node.setAttribute("aria-pressed", String(place > 0));
  node.firstChild.textContent = place || "";
}

/** Keys that are numbers keep their order in an object: what is put back stands where it stood. */
function removeRow(form, { value }) {
  const [name, row] = value.split("/");
  const rows = form.state.answers[name] ?? {};
  const removed = rows[row];
  const draw = (act) => {
    form.draw();
    form.save();
    form.body.querySelector(`[data-act=${act}]`).focus();
  };
  delete rows[row];
  form.undoRow = () => {
    rows[row] = removed;
    form.undoRow = null;
    draw("add-row");
  };
  draw("undo-row");
}

async function copyReceipt(form) {
  const node = form.body.querySelector(".zf-receipt");
  window.getSelection().selectAllChildren(node);
  try {
    await navigator.clipboard.writeText(node.textContent);
  } catch {
    document.execCommand("copy"); // a page without https has no clipboard
  }
  form.announce(form.say("copied"));
}

function saveReceipt(form) {
  const { title, poll } = form.definition;
  const { receipt } = form.details;
  const text = ["\ufeff", [form.say(title), poll, receipt, form.say("receiptHint"), ""].join("\r\n")];
  const href = URL.createObjectURL(new Blob(text, { type: "text/plain;charset=utf-8" }));
  h("a", { href, download: `${poll}-${receipt}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

// What follows from an answer: only what hangs on it changes, a page is never drawn anew while it is filled in.

function afterChange(form, question) {
  const { item, path, group } = question;
  const place = form.place(path);
  const value = form.get(question);
  if (place) showState(place, question, value, form);
  const isOver = item.max_choices && value?.length > item.max_choices;
  if (isOver || form.errors.has(path)) recheck(form, question);
  if (form.hasConditions) showAsked(form);
  form.items.filter((each) => each.repeat_over === item.name).forEach((each) => {
    form.place(each.name)?.replaceWith(questionNode(form, form.find(each.name)));
  });
  if (group.repeat_over === "targets") showCount(form, group);
}

function recheck(form, question) {
  const problem = problemOf(form.definition, question, form.state.answers);
  form.errors.set(question.path, problem && { item: question.path, ...problem });
  markProblem(form, question.path, form.errors.get(question.path));
}

function showAsked(form) {
  const asked = new Set(form.asked().map((question) => question.path));
  const hide = (place) => place.toggleAttribute("data-off", !asked.has(place.dataset.q));
  form.body.querySelectorAll("[data-q]").forEach(hide);
}

function showState(place, { item }, value, form) {
  const picked = [value ?? []].flat();
  const [clear, other] = [place.querySelector("[data-act=clear]"), place.querySelector(".zf-other")];
  if (clear) clear.hidden = !picked.length;
  if (other) other.hidden = !picked.includes("other");
  place.querySelectorAll("[type=checkbox]").forEach((input) => { input.checked = picked.includes(input.value); });
  place.querySelectorAll("textarea").forEach((area) => showLength(form, area, item.max_length));
}

function showLength(form, area, limit) {
  const length = lengthOf(area.value);
  area.nextSibling.textContent = form.say("characters", { length, limit });
  area.nextSibling.classList.toggle("zf-over", length > limit);
}

function showFindings(form) {
  if (form.hasConditions) showAsked(form);
  form.errors.forEach((problem, path) => markProblem(form, path, problem));
}

function markProblem(form, path, problem) {
  form.body.querySelectorAll(`[data-q="${CSS.escape(path)}"]`).forEach((place) => {
    const message = place.querySelector(".zf-error");
    if (message) message.textContent = problem ? form.sentence(problem) : "";
    place.classList.toggle("zf-wrong", Boolean(problem));
    const fields = place.querySelectorAll("input:not([type=radio]), textarea");
    const controls = place.matches("[role=radiogroup]") ? [place] : fields;
    controls.forEach((control) => control[problem ? "setAttribute" : "removeAttribute"]("aria-invalid", "true"));
  });
}

function problemList(form, found) {
  const items = found.map((problem) => {
    const { path } = form.find(problem.item);
    const link = form.button("problem", { value: path, label: placeName(form, path), look: ".zf-link" });
    return h("li", {}, link, form.sentence(problem));
  });
  const head = h("p", {}, form.say("problems", { n: found.length }));
  return h("div.zf-summary", { role: "alert" }, head, h("ul", {}, items));
}

function rowName(form, { group, row }) {
  if (group.repeat_over === "targets") return form.say(form.targets.find((target) => target.name === row)?.label);
  return group.repeat_over ? form.say("row", { n: rowsOf(group, form.state.answers).indexOf(row) + 1 }) : "";
}

function placeName(form, path) {
  const question = form.find(path);
  return [rowName(form, question), form.say(question.item.label)].filter(Boolean).join(" ");
}

// Questions

/** A short scale stands in one line, short lists in columns, sentences under one another. */
function layoutOf(form, choices, type) {
  const width = form.lang === "en" ? 0.45 : 1;
  const longest = Math.max(...choices.map((choice) => lengthOf(form.say(choice.label)) * width));
  if (type === "radio" && choices.length <= 6 && longest <= 4) return "line";
  return longest <= 9 ? "columns" : "stack";
}

function choiceNodes(form, question, type) {
  const { item, path, group } = question;
  const picked = [form.get(question) ?? []].flat();
  const place = group.repeat_over && placeName(form, path);
  return form.choices(item).map((choice) => {
    const label = form.say(choice.label);
    const named = { "aria-label": place && `${place} ${label}` };
    const checked = picked.includes(choice.name);
    const input = h("input", { type, name: path, value: choice.name, checked, ...named });
    const look = choice.missing || choice.exclusive ? ".zf-apart" : "";
    return h(`label.zf-choice${look}`, {}, input, h("span", {}, label));
  });
}

function selectNodes(form, question, type) {
  const { item, path } = question;
  const picked = [form.get(question) ?? []].flat();
  const named = { "aria-label": `${form.say("clear")} ${placeName(form, path)}` };
  const layout = layoutOf(form, form.choices(item), type);
  return [
    h(`div.zf-${layout}`, {}, choiceNodes(form, question, type)),
    item.or_other && h("div.zf-other", { hidden: !picked.includes("other") }, otherNode(form, item)),
    type === "radio" && form.button("clear", { hidden: !picked.length, ...named, look: ".zf-link.zf-clear" }),
  ];
}

function otherNode(form, item) {
  const name = `${item.name}_other`;
  const words = form.say("other");
  const props = { "data-key": "other", "aria-label": words, placeholder: words };
  return textNode(form, item, name, form.state.answers[name], props);
}

function textNode(form, item, name, value = "", props = {}) {
  const rows = item.max_length > 100 ? 3 : 1;
  const area = h("textarea", { name, id: `${form.id}-${name}`, rows, ...props }, value);
  const node = h("div.zf-text", {}, area, h("span.zf-length", { "aria-hidden": "true" }));
  showLength(form, area, item.max_length);
  return node;
}

function inputNode(form, question, props) {
  return h("input", { name: question.path, id: `${form.id}-${question.path}`, value: form.get(question), ...props });
}

function rankNodes(form, question) {
  const order = form.get(question) ?? [];
  const nodes = form.choices(question.item).map((choice) => {
    const node = form.button("rank", { name: question.path, value: choice.name, label: h("b"), look: ".zf-rank" });
    node.append(h("span", {}, form.say(choice.label)));
    showPlace(node, order);
    return node;
  });
  return [h("p.zf-hint", {}, form.say("rankHint")), h("div.zf-stack", {}, nodes)];
}

function repeatedNodes(form, question) {
  const texts = form.get(question) ?? {};
  const nodes = pickedFor(form.definition, question.item, form.state.answers).map((choice) => {
    const name = `${question.path}/${choice.name}`;
    const label = h("label", { for: `${form.id}-${name}` }, form.say(choice.label));
    return [label, textNode(form, question.item, name, texts[choice.name], { "data-key": choice.name })];
  });
  return nodes.length ? nodes : h("p.zf-hint", {}, form.say("pickFirst"));
}

const CONTROLS = {
  select_one: (form, question) => selectNodes(form, question, "radio"),
  select_multiple: (form, question) => selectNodes(form, question, "checkbox"),
  text: (form, question) => textNode(form, question.item, question.path, form.get(question)),
  integer: (form, question) => inputNode(form, question, { inputmode: "numeric", size: 12 }),
  decimal: (form, question) => inputNode(form, question, { inputmode: "decimal", size: 12 }),
  date: (form, question) => inputNode(form, question, { type: "date" }),
  rank: rankNodes,
  repeated: repeatedNodes,
};

const ROLES = { select_one: "radiogroup", select_multiple: "group", rank: "group", repeated: "group" };

function questionNode(form, question) {
  const { item, path } = question;
  const kind = item.repeat_over ? "repeated" : item.kind;
  const id = `${form.id}-${path}`;
  const limit = item.max_choices && form.say("atMost", { limit: item.max_choices });
  const words = [form.say(item.hint), limit].filter(Boolean).join(" ");
  const hint = words && h("p.zf-hint", { id: `${id}-hint` }, words);
  if (kind === "note") return h("div.zf-note", { "data-q": path }, h("p", {}, form.say(item.label)), hint);
  const role = ROLES[kind];
  const label = role ? h("legend", {}, labelNodes(form, item)) : h("label", { for: id }, labelNodes(form, item));
  const error = h("p.zf-error", { id: `${id}-error`, "aria-live": "polite" });
  const look = role ? "fieldset.zf-q" : "div.zf-q";
  const node = h(look, { "data-q": path, role }, label, hint, CONTROLS[kind](form, question), error);
  const described = role ? node : node.querySelector("input, textarea");
  described.setAttribute("aria-describedby", `${hint ? `${id}-hint ` : ""}${id}-error`);
  return node;
}

function labelNodes(form, item) {
  const tags = [item.required && "required", item.by === "collector" && "collector"].filter(Boolean);
  return [form.say(item.label), tags.map((tag) => h(`small.zf-tag.zf-${tag}`, {}, form.say(tag)))];
}

// The ballot: targets × items

function ballotNode(form, group) {
  const isWide = hasRoom(form, group);
  const sheet = isWide ? ballotTable(form, group) : ballotCard(form, group);
  const props = { "data-wide": String(isWide), "data-group": group.name };
  return h("div.zf-sheet", props, sheet, ballotBar(form, group, isWide));
}

function drawBallot(form, group) {
  form.body.querySelector(".zf-sheet").replaceWith(ballotNode(form, group));
  showFindings(form);
}

/** A table where it fits and there is a mouse, else one card a person. */
function hasRoom(form, group) {
  const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
  const width = (form.root.clientWidth || window.innerWidth) / rem;
  const needed = group.items.reduce((sum, item) => sum + (form.choices(item).length * 1.5 || 9), 7);
  return width >= Math.max(45, needed * 0.85) && !window.matchMedia("(pointer: coarse)").matches;
}

function fitBallot(form) {
  const sheet = form.body.querySelector(".zf-sheet");
  if (!sheet) return;
  const group = form.group(sheet.dataset.group);
  if (String(hasRoom(form, group)) !== sheet.dataset.wide) drawBallot(form, group);
  const scroll = form.body.querySelector(".zf-scroll");
  scroll?.classList.toggle("zf-scrolls", scroll.scrollWidth > scroll.clientWidth + 1);
}

const ratedItems = (group) => group.items.filter((item) => item.kind !== "note");
const markClass = (choice, at) => `${at ? "" : ".zf-first"}${choice.missing ? ".zf-dk" : ""}`;

function ballotTable(form, group) {
  const items = ratedItems(group);
  const columns = items.map((item) => h("colgroup", { span: form.choices(item).length || 1 }));
  const rows = form.targets.map((target) => h("tr", { "data-row": target.name },
    h("th", { scope: "row" }, targetName(form, target)),
    items.map((item) => ballotCells(form, questionOf(group, target.name, item)))));
  return h("div.zf-scroll", {}, h("table.zf-ballot", {},
    h("caption", {}, form.say("ballotHint")), h("colgroup"), columns, ballotHead(form, items), h("tbody", {}, rows)));
}

function ballotHead(form, items) {
  const heads = items.map((item) => {
    const colspan = form.choices(item).length;
    const props = colspan ? { scope: "colgroup", colspan } : { scope: "col", rowspan: 2 };
    return h("th.zf-first", props, form.say(item.label));
  });
  const marks = items.flatMap((item) => form.choices(item).map((choice, at) =>
    h(`th${markClass(choice, at)}`, { scope: "col" }, h("span", {}, form.say(choice.label)))));
  const corner = h("th", { scope: "col", rowspan: 2 }, form.say("target"));
  return h("thead", {}, h("tr", {}, corner, heads), h("tr", {}, marks));
}

function targetName(form, { label, note }) {
  return [form.say(label), form.say(note) && h("small", {}, form.say(note))];
}

function ballotCells(form, question) {
  const { item, path } = question;
  const choices = form.choices(item);
  if (!choices.length) {
    const area = textNode(form, item, path, form.get(question), { "aria-label": placeName(form, path) });
    return h("td.zf-first", { "data-q": path }, area);
  }
  return choiceNodes(form, question, "radio").map(({ firstChild: input }, at) => {
    const label = h("label.zf-mark", { title: form.say(choices[at].label) }, input);
    return h(`td${markClass(choices[at], at)}`, { "data-q": path }, label);
  });
}

function currentTarget(form, group) {
  return Math.max(0, form.targets.findIndex((target) => target.name === form.state.at[group.name]));
}

function ballotCard(form, group) {
  const at = currentTarget(form, group);
  const target = form.targets[at];
  const where = form.say("place", { n: at + 1, total: form.targets.length });
  const options = form.targets.map((each, index) =>
    h("option", { value: each.name, selected: index === at }, optionLabel(form, group, each)));
  return h("section.zf-card", { "data-row": target.name },
    h("p.zf-where", {}, where, h("select", { "data-go": group.name, "aria-label": where }, options)),
    h("h3", { tabindex: "-1" }, targetName(form, target)),
    h("p.zf-hint", {}, form.say("ballotHint")),
    ratedItems(group).map((item) => questionNode(form, questionOf(group, target.name, item))));
}

function optionLabel(form, group, target) {
  const { rated, total } = countOf(form, group, [target]);
  return `${form.say(target.label)} ${rated}/${total}`;
}

function ballotBar(form, group, isWide) {
  const at = currentTarget(form, group);
  const act = (name, disabled = false) => form.button(name, { value: group.name, disabled });
  const count = countOf(form, group);
  const numbers = { "data-rated": count.rated, "data-total": count.total };
  return h("div.zf-bar", {},
    h("p.zf-count", numbers, form.say("count", count)),
    !isWide && act("prev-target", at === 0),
    act("next-unrated"),
    !isWide && act("next-target", at === form.targets.length - 1));
}

function marksOf(form, group, targets) {
  const items = group.items.filter((item) => item.kind === "select_one");
  return targets.flatMap((target) => items.map((item) => questionOf(group, target.name, item)));
}

function countOf(form, group, targets = form.targets) {
  const marks = marksOf(form, group, targets);
  return { rated: marks.filter((question) => !isBlank(form.get(question))).length, total: marks.length };
}

function showCount(form, group) {
  const node = form.body.querySelector(".zf-count");
  const option = form.body.querySelector(".zf-where option:checked");
  if (option) option.textContent = optionLabel(form, group, form.targets[currentTarget(form, group)]);
  if (!node) return;
  const count = countOf(form, group);
  node.textContent = form.say("count", count);
  node.dataset.rated = count.rated;
}

function goToTarget(form, group, target, focus = ".zf-card h3") {
  form.state.at[group.name] = target;
  drawBallot(form, group);
  form.save();
  form.body.querySelector(focus)?.focus({ preventScroll: true });
  form.body.querySelector(".zf-sheet").scrollIntoView();
}

function stepTarget(form, group, by) {
  goToTarget(form, group, form.targets[currentTarget(form, group) + by].name);
}

/** The first blank after the last mark made or looked for, going round. */
function nextUnrated(form, group) {
  const marks = marksOf(form, group, form.targets);
  const from = marks.findIndex((question) => question.path === form.last) + 1;
  const round = [...marks.slice(from), ...marks.slice(0, from)];
  const next = round.find((question) => isBlank(form.get(question)));
  if (!next) return form.announce(form.say("allRated"));
  form.last = next.path;
  if (!form.place(next.path)) goToTarget(form, group, next.row);
  return form.focusOn(next.path);
}

// Pages

const title = (form, look = "") => h(`h1${look}`, { tabindex: "-1" }, form.say(form.definition.title));
const heading = (text) => h("h2", { tabindex: "-1" }, text);
const actions = (...nodes) => h("div.zf-actions", {}, nodes);

function pageHead(form) {
  const pages = form.pages();
  const [n, total] = [pages.indexOf(form.page), pages.length - 1];
  const words = form.say("page", { n, total });
  const hasOwnTitle = ["code", "closed", "start"].includes(form.page);
  return h("header.zf-head", {},
    form.host.preview && h("p.zf-preview", {}, form.say("preview")),
    !hasOwnTitle && title(form, ".zf-title"),
    n > 0 && [h("progress", { max: total, value: n, "aria-label": words }), words],
    form.button("lang", { lang: form.lang === "en" ? "zh-CN" : "en", look: ".zf-link" }));
}

const PAGES = {
  closed: (form) => [title(form), h("p", {}, form.say("closed"))],
  code: codePage,
  start: startPage,
  group: groupPage,
  review: reviewPage,
  done: donePage,
};

const statusNote = (form, word, act) =>
  h("p.zf-restored", { role: "status" }, form.say(word), form.button(act, { look: ".zf-link" }));
const restoredNote = (form) => form.isRestored && statusNote(form, "restored", "clear-draft");

function codePage(form, { typed, problem }) {
  const id = `${form.id}-code`;
  const ids = { hint: `${id}-hint`, error: `${id}-error` };
  const named = { "aria-describedby": `${ids.hint} ${ids.error}`, "aria-invalid": problem && "true" };
  const habits = { size: 26, autocapitalize: "characters", spellcheck: "false" };
  return [
    title(form),
    restoredNote(form),
    h("div.zf-q", {},
      h("label", { for: id }, form.say("code")),
      h("p.zf-hint", { id: ids.hint }, form.say("codeHint")),
      h("input", { id, name: "code", value: typed, ...habits, ...named }),
      h("p.zf-error", { id: ids.error, role: "alert" }, problem && form.sentence(problem))),
    actions(form.button("check-code", { look: ".zf-primary" })),
  ];
}

function startPage(form) {
  const { definition, state } = form;
  const startWord = form.isRestored ? "resume" : "start";
  return [
    title(form),
    restoredNote(form),
    state.voter_class && h("p.zf-class", {}, form.say("voterClass", { label: state.voter_class.label })),
    h("div.zf-intro", {}, paragraphs(form.say(definition.instructions))),
    h("p.zf-secrecy", {}, form.say(definition.anonymity_note) || form.say(definition.anonymity ?? "anonymous")),
    definition.minutes && h("p.zf-hint", {}, form.say("minutes", { n: definition.minutes })),
    definition.long_form && !form.host.preview && keepNode(form),
    actions(
      form.button("start", { label: form.say(startWord), look: ".zf-primary" }),
      form.button("print", { label: form.say("printBlank"), look: ".zf-link" })),
  ];
}

function keepNode(form) {
  const input = h("input", { type: "checkbox", name: "keep", checked: form.state.keep });
  return h("label.zf-choice.zf-keep", {}, input, h("span", {}, form.say("keep")));
}

function groupPage(form, group) {
  const pages = form.pages();
  const forward = pages[pages.indexOf(form.page) + 1] === "review" ? "review" : "next";
  const body = { targets: targetNodes, rows: rowNodes }[group.repeat_over] ?? itemNodes;
  return [
    heading(form.say(group.label)),
    restoredNote(form),
    h("div.zf-intro", {}, paragraphs(form.say(group.hint))),
    body(form, group),
    actions(form.button("back"), form.button(forward, { look: ".zf-primary" })),
  ];
}

function itemNodes(form, group, row = "") {
  return group.items.map((item) => questionNode(form, questionOf(group, row, item)));
}

function targetNodes(form, group) {
  const notes = group.items.filter((item) => item.kind === "note");
  return [notes.map((item) => h("p.zf-note", {}, form.say(item.label))), ballotNode(form, group)];
}

function rowNodes(form, group) {
  const rows = rowsOf(group, form.state.answers);
  const sections = rows.map((row) => {
    const name = rowName(form, { group, row });
    const named = { value: `${group.name}/${row}`, "aria-label": `${form.say("remove-row")} ${name}` };
    const remove = rows.length > 1 && form.button("remove-row", { ...named, look: ".zf-link.zf-clear" });
    return h("section.zf-card", { "data-row": row }, h("h3", {}, name), remove, itemNodes(form, group, row));
  });
  const isFull = rows.length >= group.max_rows;
  return [
    sections,
    form.undoRow && statusNote(form, "removed", "undo-row"),
    form.button("add-row", { value: group.name, disabled: isFull }),
  ];
}

function reviewPage(form, { status, said }) {
  const { survey } = form.definition;
  const asked = form.asked().filter((question) => question.item.kind !== "note");
  const castWord = survey[0].repeat_over === "targets" ? "castBallot" : "cast";
  const disabled = Boolean(form.state.sending);
  const groups = survey.map((group) => asked.filter((question) => question.group === group));
  return [
    heading(form.say("review")),
    said && h("p.zf-summary", { role: "alert" }, said),
    status === 403 && form.button("other-code"),
    h("p.zf-hint", {}, form.say("reviewHint")),
    h("div.zf-review", {}, groups.map((questions) => reviewSections(form, questions, disabled))),
    disabled && h("p", { role: "status" }, form.say("sending")),
    actions(
      form.button("back", { disabled }),
      form.button("cast", { disabled, label: form.say(castWord), look: ".zf-primary" })),
  ];
}

/** A section for a group, and one for each row of a repeat. */
function reviewSections(form, asked, disabled) {
  return [...new Set(asked.map((question) => question.row))].map((row) => {
    const own = asked.filter((question) => question.row === row);
    const { group, path } = own[0];
    const isBallot = group.repeat_over === "targets";
    const name = [!isBallot && form.say(group.label), rowName(form, own[0])].filter(Boolean).join(" ");
    const named = { value: path, "aria-label": `${form.say("change")} ${name}` };
    const isAbstention = isBallot && own.every((question) => isBlank(form.get(question)));
    const answers = own.map((question) =>
      h("div", {}, h("dt", {}, form.say(question.item.label)), answerNode(form, question)));
    return h("section", {}, h("h3", {}, name),
      form.button("change", { disabled, ...named, look: ".zf-link.zf-clear" }),
      isAbstention ? h("p.zf-blank", {}, form.say("allAbstained")) : h(isBallot ? "dl.zf-tight" : "dl", {}, answers));
  });
}

function answerNode(form, question) {
  const value = form.get(question);
  const blank = question.group.repeat_over === "targets" ? "abstained" : "blank";
  return isBlank(value) ? h("dd.zf-blank", {}, form.say(blank)) : h("dd", {}, answerText(form, question.item, value));
}

function answerText(form, item, value) {
  const other = form.state.answers[`${item.name}_other`];
  const labelOf = (name) => form.say(form.choices(item).find((choice) => choice.name === name)?.label) || name;
  const full = (name) => (name === "other" && other ? `${labelOf(name)}（${other}）` : labelOf(name));
  if (item.repeat_over) return repeatedText(form, item, value);
  if (item.kind === "rank") return value.map((name, index) => `${index + 1}. ${full(name)}`).join("\n");
  return [value].flat().map(full).join(form.lang === "en" ? ", " : "、");
}

function repeatedText(form, item, texts) {
  const picked = pickedFor(form.definition, item, form.state.answers).filter(({ name }) => texts[name]);
  return picked.map(({ name, label }) => `${form.say(label)}：${texts[name]}`).join("\n");
}

function donePage(form, { receipt, answers }) {
  if (form.host.preview) {
    return [
      heading(form.say("preview")),
      h("p", {}, form.say("previewCast")),
      h("pre.zf-cast", { tabindex: "0" }, JSON.stringify(answers, null, 1)),
      profileNode(form),
      actions(form.button("again")),
    ];
  }
  return [
    heading(form.say("done")),
    paragraphs(form.say(form.definition.thanks)),
    h("h3", {}, form.say("receipt")),
    h("p.zf-receipt", {}, receipt),
    h("p.zf-hint", {}, form.say("receiptHint")),
    actions(["copy-receipt", "save-receipt", "print"].map((act) => form.button(act))),
    profileNode(form),
  ];
}

function profileNode(form) {
  const groups = form.profile?.groups ?? [];
  const head = [h("h2", {}, form.say("profile")), h("p.zf-hint", {}, form.say("profileHint"))];
  return h("section.zf-profile", {}, groups.length && head, groups.map((group) =>
    [h("h3", {}, form.say(group.label)), h("ul", {}, group.scales.map((scale) => barNode(form, scale)))]));
}

function barNode(form, { label, score, n }) {
  const bar = h("i");
  bar.style.width = `${score ?? 0}%`;
  const words = score == null ? form.say("noScore") : form.say("points", { score: Math.round(score), n });
  return h("li", {}, h("span", {}, form.say(label)), h("span", {}, words), h("div", { "aria-hidden": "true" }, bar));
}

// Paper: the whole form with empty boxes, drawn when somebody prints before casting

function drawPaper(form) {
  form.root.querySelector(".zf-paper")?.remove();
  if (form.isDone) return;
  const { instructions, anonymity_note, survey } = form.definition;
  const texts = [instructions, anonymity_note].map((text) => paragraphs(form.say(text)));
  const groups = survey.map((group) => [
    h("h2", {}, form.say(group.label)),
    paragraphs(form.say(group.hint)),
    group.repeat_over === "targets" ? paperBallot(form, group) : group.items.map((item) => paperItem(form, item)),
  ]);
  form.root.append(h("section.zf-paper", {}, title(form), texts, groups));
}

function boxesOf(form, item) {
  const mark = item.kind === "rank" ? "（　）" : "□";
  return form.choices(item).map((choice) => h("span", {}, `${mark} ${form.say(choice.label)}`));
}

function paperBallot(form, group) {
  const items = ratedItems(group);
  const heads = items.map((item) => h("th", {}, form.say(item.label)));
  const rows = form.targets.map(({ label }) =>
    h("tr", {}, h("th", {}, form.say(label)), items.map((item) => h("td", {}, boxesOf(form, item)))));
  const head = h("thead", {}, h("tr", {}, h("th", {}, form.say("target")), heads));
  return h("table", {}, head, h("tbody", {}, rows));
}

function paperItem(form, item) {
  const boxes = boxesOf(form, item);
  const space = { text: "div.zf-lines", note: "div" }[item.kind] ?? (boxes.length ? "p" : "div.zf-rule");
  const label = h(item.kind === "note" ? "span" : "b", {}, form.say(item.label));
  return h("div.zf-item", {}, h("p", {}, label, " ", form.say(item.hint)), h(space, {}, boxes));
}

// Hosts

async function request(url, body, patience = 20000) {
  const impatient = new AbortController();
  const timer = setTimeout(() => impatient.abort(), patience);
  const quiet = { credentials: "same-origin", referrerPolicy: "no-referrer", cache: "no-store" };
  const headers = { "Content-Type": "application/json" };
  const post = body && { method: "POST", headers, body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, { ...quiet, ...post, signal: impatient.signal });
    return { status: answer.status, body: await answer.json().catch(() => null) };
  } catch {
    return { status: 0, body: null };
  } finally {
    clearTimeout(timer);
  }
}

/** The host of a poll's own page; `base` is its address, such as `/p/fz-jia-2020`. */
function pageHost(base, more = {}) {
  const root = base.replace(/\/+$/, "");
  return {
    storageKey: `zf:${root}`,
    ownsPage: true,
    submit: (ballot) => request(`${root}/ballots`, ballot),
    checkCode: (code) => request(`${root}/code`, { code }),
    ping: async () => (await request(`${root}/../../health`, null, 4000)).status === 200,
    ...more,
  };
}

function mount(element, definition, host) {
  const form = new Form(element, definition, host);
  form.open();
  return form;
}

async function openPolls(model, root) {
  const asked = model.get("poll") || new URLSearchParams(window.location.search).get("poll");
  if (asked) return [{ poll: asked }];
  const { body } = await request(`${root}/forms/${encodeURIComponent(model.get("form_id"))}/polls`);
  return Array.isArray(body) ? body : [];
}

function choosePoll(el, polls, lang) {
  return new Promise((resolve) => {
    const nodes = polls.map(({ poll, title: name }) =>
      h("button", { type: "button", "data-act": "choose-poll", value: poll }, speak(lang, name) || poll));
    nodes.forEach((node, index) => node.addEventListener("click", () => resolve(polls[index])));
    el.replaceChildren(h("div.zf", {}, h("h2", {}, speak(lang, "choose-poll")), h("div.zf-stack", {}, nodes)));
  });
}

async function render({ model, el }) {
  const root = (model.get("base_url") || "/").replace(/\/+$/, "");
  const lang = model.get("lang");
  const polls = await openPolls(model, root);
  const chosen = polls.length > 1 ? await choosePoll(el, polls, lang) : polls[0];
  const base = chosen && `${root}/p/${encodeURIComponent(chosen.poll)}`;
  const { body } = base ? await request(`${base}/definition.json`) : {};
  const isLive = Boolean(body?.survey);
  const definition = isLive ? body : model.get("definition");
  if (!definition?.survey) return el.replaceChildren(h("p", {}, speak(lang, "closed")));
  const onCast = (answers) => {
    if (!definition.profile) return;
    model.set("answers_for_profile", answers);
    model.save_changes();
  };
  const host = isLive ? pageHost(base, { lang, onCast, ownsPage: false }) : { lang, onCast, preview: true };
  const form = mount(el, definition, host);
  model.on("change:profile", () => form.showProfile(model.get("profile")));
  model.on("comm:close", () => form.setAway(true, form.say("detached")));
  return () => form.stop();
}

export { mount, pageHost };
export default { render };
