// One form, from its definition to a receipt: plain pages call mount(), anywidget calls render().
// Nothing here knows of results; answers go to the form server and nowhere else.

import { askedQuestions, choicesOf, codeOk, collectAnswers, formatCode, isBlank, lengthOf, normaliseCode, parseNumber, pickedFor, problemOf, problemsOf, questionOf, renumberRows, rowsOf, valueOf } from "./answers.js";

const WORDS = {
  start: ["开始填写", "Start"],
  resume: ["继续填写", "Continue"],
  next: ["下一页", "Next"],
  back: ["上一页", "Back"],
  review: ["检查答卷", "Review"],
  reviewHint: ["提交前请再看一遍。要改哪一处，点“修改”。", "Look through your answers once more. Choose “Change” to mend one."],
  cast: ["提交", "Submit"],
  castBallot: ["投票", "Cast my ballot"],
  sending: ["正在提交，请不要关闭本页…", "Sending; please keep this page open…"],
  change: ["修改", "Change"],
  clear: ["清除", "Clear"],
  blank: ["未答", "not answered"],
  abstained: ["弃权", "abstained"],
  required: ["必答", "required"],
  collector: ["工作人员填写", "filled in by staff"],
  atMost: ["最多选 {limit} 项", "at most {limit}"],
  characters: ["{length} / {limit} 字", "{length} / {limit}"],
  other: ["请说明", "Please specify"],
  alone: ["已按“只能单选”的选项调整。", "Adjusted: one of these choices stands alone."],
  rankHint: ["按先后顺序逐个点选，第一个点的排第一；再点一次取消。", "Choose in order, best first; choose again to take back."],
  ranked: ["{label}：第 {place} 位", "{label}: place {place}"],
  unranked: ["{label}：未排", "{label}: not placed"],
  pickFirst: ["请先在上面选择。", "Choose above first."],
  row: ["第 {n} 条", "No. {n}"],
  addRow: ["再加一条", "Add another"],
  removeRow: ["删除第 {n} 条", "Remove no. {n}"],
  removed: ["已删除一条。", "One was removed."],
  undo: ["撤销", "Undo"],
  name: ["姓名", "Name"],
  count: ["已评 {rated} / 总 {total}", "Rated {rated} / {total}"],
  nextUnrated: ["下一个未评", "Next unrated"],
  allRated: ["全部评完了。", "Everything is rated."],
  previousPerson: ["上一位", "Previous"],
  nextPerson: ["下一位", "Next person"],
  person: ["第 {n} / {total} 位", "{n} of {total}"],
  ballotHint: ["空着按弃权计；再点一次可以取消。", "A blank is an abstention; choose a mark again to take it back."],
  page: ["第 {n} / {total} 页", "Page {n} of {total}"],
  minutes: ["约 {n} 分钟", "about {n} minutes"],
  named: ["本表记名。", "This form is named."],
  confidential: ["本表保密：只有经办人知道是谁填写的。", "This form is confidential."],
  anonymous: ["本表不记名。", "This form is anonymous."],
  sealed: ["本票无记名，密封保存，截止前任何人都看不到内容。", "This ballot is secret and sealed; nobody can read it before the poll closes."],
  voterClass: ["您的评议人类别：{label}", "Your voter class: {label}"],
  codeTitle: ["请输入投票代码", "Enter your code"],
  codeLabel: ["代码（17 个字符）", "Code (17 characters)"],
  codeHint: ["在代码条上，形如 XXXX-XXXX-XXXX-XXXX-X；不分大小写。", "On your slip, like XXXX-XXXX-XXXX-XXXX-X; case does not matter."],
  codeUse: ["确定", "Continue"],
  codeOther: ["换一个代码", "Use another code"],
  closed: ["现在不能填写：还没有开始，或者已经结束。", "This form is not open now."],
  away: ["现在连不上服务器。您填写的内容保存在本页，没有丢失。", "The server cannot be reached. What you filled in is kept on this page."],
  awaySending: ["还没有提交成功：连不上服务器。正在自动重试，请不要关闭本页。", "Not submitted yet: the server cannot be reached. Trying again by itself; keep this page open."],
  busy: ["还没有提交成功，正在自动重试。", "Not submitted yet; trying again by itself."],
  refused: ["没有提交成功（{status}）。", "Not submitted ({status})."],
  restored: ["已恢复您上次填写的内容。", "What you had filled in is back."],
  clearDraft: ["清空重填", "Clear it"],
  clearSure: ["确定清空？", "Really clear?"],
  keep: ["草稿保存在本机（关闭浏览器后还能接着填；提交后自动删除）", "Keep a draft on this device (survives closing the browser; deleted on submitting)"],
  problems: ["有 {n} 处需要修改：", "{n} to mend:"],
  preview: ["预览：不会保存任何内容", "Preview: nothing is stored"],
  previewCast: ["以下是提交时会送出的内容：", "This is what would be sent:"],
  again: ["重新填写", "Fill in again"],
  done: ["已提交", "Submitted"],
  receipt: ["回执", "Receipt"],
  receiptHint: ["请保存。凭它可以核对本票已计入；它不显示您怎样填写。", "Keep it: it shows that this ballot is counted, never what it says."],
  copy: ["复制", "Copy"],
  copied: ["已复制。", "Copied."],
  saveReceipt: ["存为文本文件", "Save as text file"],
  print: ["打印", "Print"],
  printBlank: ["打印纸质空白表", "Print a blank paper form"],
  choosePoll: ["请选择一次测评", "Choose a poll"],
  profile: ["您的自查画像", "Your own profile"],
  profileHint: ["只根据您刚才的回答在本次会话中计算，不保存、不上传。", "Computed from your answers in this session only; stored nowhere."],
  points: ["{score} 分（{n} 题）", "{score} of 100 ({n} items)"],
  noScore: ["答题太少，不计算", "too few answers"],
  detached: ["与笔记本的连接已断开，不影响填写和提交。", "The notebook is disconnected; the form still works."],
  language: ["English", "中文"],
};

const pick = (text, lang) => (lang === "en" && text?.en) || text?.zh || "";
const fill = (sentence, params, lang) => sentence.replace(/\{(\w+)\}/g, (whole, key) =>
  (typeof params[key] === "object" ? pick(params[key], lang) : params[key] ?? whole));

/** An element. Text children become text nodes, so nothing a person wrote turns into markup. */
function h(tag, props = {}, ...children) {
  const node = document.createElement(tag);
  for (const [key, value] of Object.entries(props)) {
    if (value != null && value !== false) node.setAttribute(key, value === true ? "" : value);
  }
  node.append(...children.flat(Infinity).filter((child) => child != null && child !== false && child !== ""));
  return node;
}

const button = (act, label, props = {}) => h("button", { type: "button", "data-act": act, ...props }, label);

// ── storage: the tab's by default, the device's only where the person ticked it ────────────────

function stored(kind, act) {
  try {
    return act(window[kind]);
  } catch {
    return null; // storage is switched off or full: the page itself still holds the answers
  }
}

const drafts = {
  read: (key) => {
    const texts = ["sessionStorage", "localStorage"].map((kind) => stored(kind, (store) => store.getItem(key)));
    return JSON.parse(texts.find(Boolean) ?? "null");
  },
  write: (key, state) => {
    stored("sessionStorage", (store) => store.setItem(key, JSON.stringify(state)));
    const { code, ...rest } = state;
    if (state.keep) stored("localStorage", (store) => store.setItem(key, JSON.stringify(rest)));
    else stored("localStorage", (store) => store.removeItem(key));
  },
  clear: (key) => ["sessionStorage", "localStorage"].forEach((kind) => stored(kind, (store) => store.removeItem(key))),
};

function newBallotId() {
  return [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");
}

const newState = () => ({ ballot_id: newBallotId(), answers: {}, page: "start", code: "", keep: false, at: {} });

/** The code behind # in the address, removed from the address bar and the history. */
function takeCode() {
  const hash = decodeURIComponent(window.location.hash.slice(1));
  const code = hash.startsWith("c=") ? hash.slice(2) : hash;
  if (!hash.startsWith("c=") && normaliseCode(code).length !== 17) return "";
  window.history.replaceState(window.history.state, "", window.location.pathname + window.location.search);
  return code;
}

// ── the form ──────────────────────────────────────────────────────────────────────────────────

let formCount = 0;

class Form {
  constructor(element, definition, host) {
    this.definition = definition;
    this.host = host;
    this.lang = host.lang || definition.default_language || "zh";
    this.id = `zf${(formCount += 1)}`;
    this.isBallot = definition.survey.some((group) => group.repeat_over === "targets");
    this.hasConditions = definition.survey.some((group) => group.relevant || group.items.some((item) => item.relevant));
    this.errors = new Map();
    this.alive = true;
    this.build(element);
  }

  build(element) {
    this.banner = h("div", { class: "zf-banner", role: "alert", hidden: true });
    this.live = h("p", { class: "zf-live", role: "status" });
    this.body = h("form", { class: "zf-page", autocomplete: "off", novalidate: true });
    const landmark = element.closest("main") || !this.host.ownsPage ? "div" : "main";
    // JupyterLab would take keys typed on a radio for its own shortcuts.
    this.root = h(landmark, { class: "zf", "data-lm-suppress-shortcuts": "true" }, this.banner, this.body, this.live);
    this.body.addEventListener("submit", (event) => event.preventDefault());
    this.body.addEventListener("input", (event) => onInput(this, event));
    this.body.addEventListener("click", (event) => onClick(this, event));
    this.body.addEventListener("keydown", (event) => onKey(this, event));
    element.replaceChildren(this.root);
    this.watchSurroundings();
  }

  watchSurroundings() {
    const listen = (target, name, act) => {
      target.addEventListener(name, act);
      (this.undoers ??= []).push(() => target.removeEventListener(name, act));
    };
    listen(window, "offline", () => this.setAway(true));
    listen(window, "online", () => this.ping());
    listen(window, "pagehide", () => this.saveNow());
    listen(window, "beforeprint", () => printPaper(this));
    listen(window, "popstate", (event) => event.state?.zf && !this.locked && this.go(event.state.zf, { push: false }));
    listen(window.matchMedia("print"), "change", (event) => event.matches && printPaper(this));
    this.resizing = new ResizeObserver(() => this.body.querySelector("[data-wide]") && this.fitBallot());
    this.resizing.observe(this.root);
    this.pingLater();
  }

  stop() {
    this.alive = false;
    clearTimeout(this.pingTimer);
    this.saveNow();
    this.resizing.disconnect();
    this.undoers.forEach((undo) => undo());
  }

  // words

  word(key, params = {}) {
    return fill(WORDS[key][this.lang === "en" ? 1 : 0], params, this.lang);
  }

  text(text) {
    return pick(text, this.lang);
  }

  sentence(problem) {
    if (problem.zh) return pick(problem, this.lang);
    const item = this.find(problem.item)?.item;
    const own = problem.code === "constraint" ? this.text(item?.constraint_message) : "";
    return own || fill(this.text(this.definition.messages?.[problem.code]) || problem.code, problem.params ?? {}, this.lang);
  }

  announce(text) {
    this.live.textContent = "";
    setTimeout(() => { this.live.textContent = text; }, 50);
  }

  // answers

  get targets() {
    const all = this.definition.targets ?? [];
    const allowed = this.state.targets;
    return allowed ? all.filter((target) => allowed.includes(target.name)) : all;
  }

  get(question) {
    return valueOf(this.state.answers, question);
  }

  set(question, value, name = question.item.name) {
    const { answers } = this.state;
    const holder = question.row ? ((answers[question.group.name] ??= {})[question.row] ??= {}) : answers;
    if (isBlank(value)) delete holder[name];
    else holder[name] = value;
    afterChange(this, question);
    this.save();
  }

  /** The question at `item`, `item_other`, `item/choice` or `group/row/item`, as the server names places. */
  find(path) {
    const [first, row, name] = String(path).split("/");
    const { survey } = this.definition;
    const repeat = survey.find((group) => group.name === first);
    if (repeat) return questionOf(repeat, row ?? "", repeat.items.find((item) => item.name === name) ?? repeat.items[0]);
    const isNamed = (item) => item.name === first || `${item.name}_other` === first;
    const group = survey.find((each) => each.items.some(isNamed));
    return group ? questionOf(group, rowsOf(group, this.state.answers, this.targets)[0] ?? "", group.items.find(isNamed)) : null;
  }

  asked() {
    return askedQuestions(this.definition, this.state.answers, this.targets);
  }

  collect() {
    return collectAnswers(this.definition, this.state.answers, this.targets);
  }

  // draft

  save() {
    clearTimeout(this.saveTimer);
    this.saveTimer = setTimeout(() => this.saveNow(), 250);
  }

  saveNow() {
    clearTimeout(this.saveTimer);
    const begun = this.state && (this.state.code || !isBlank(this.state.answers) || this.state.page !== "start");
    if (begun && !this.isDone) drafts.write(this.host.storageKey, this.state);
  }

  open() {
    const linked = takeCode() || this.host.initialCode || "";
    const draft = drafts.read(this.host.storageKey);
    const isOurs = draft?.ballot_id && (!linked || !draft.code || draft.code === normaliseCode(linked));
    this.state = isOurs ? { ...newState(), ...draft } : newState();
    this.isRestored = isOurs && !isBlank(this.state.answers);
    if (this.definition.open === false && !this.host.preview) return this.go("closed", { focus: false });
    if (this.state.sending) {
      this.go("review", { focus: false });
      return this.send();
    }
    if (this.needsCode() && linked) return this.useCode(linked);
    return this.go(this.needsCode() ? "code" : this.state.page, { focus: false });
  }

  needsCode() {
    return this.definition.access === "codes" && !this.host.preview && !this.state.code;
  }

  async useCode(typed) {
    if (!codeOk(typed)) return this.go("code", { typed, problem: { code: "code-mistyped" } });
    const code = normaliseCode(typed);
    const { status, body } = await this.host.checkCode(code);
    this.setAway(status === 0 || status >= 500);
    if (status !== 200) {
      const problem = body?.errors?.[0] ?? { zh: WORDS.away[0], en: WORDS.away[1] };
      return this.go("code", { typed, problem });
    }
    Object.assign(this.state, { code, voter_class: body.voter_class, targets: this.isBallot ? body.targets : null });
    return this.go(this.pages().includes(this.state.page) ? this.state.page : "start", { focus: false });
  }

  // pages

  pages() {
    const asked = new Set(this.asked().map((question) => question.group.name));
    const groups = this.definition.survey.filter((group) => asked.has(group.name) || group.repeat_over === "rows");
    return ["start", ...groups.map((group) => `group/${group.name}`), "review"];
  }

  go(page, { push = true, focus = true, ...more } = {}) {
    this.errors.clear();
    const known = page in PAGES || this.pages().includes(page);
    this.page = known ? page : "start";
    if (!["code", "closed", "done"].includes(this.page)) this.state.page = this.page;
    this.draw(more);
    this.saveNow();
    if (push && this.host.ownsPage) window.history[focus ? "pushState" : "replaceState"]({ zf: this.page }, "");
    if (focus) this.toTop();
  }

  toTop() {
    this.body.querySelector("h1, h2")?.focus({ preventScroll: true });
    this.root.scrollIntoView({ block: "start" });
  }

  draw(more = {}) {
    this.drawn = more;
    this.root.lang = this.lang === "en" ? "en" : "zh-CN";
    const [kind, name] = this.page.split("/");
    const group = this.definition.survey.find((each) => each.name === name);
    this.body.replaceChildren(pageHead(this), ...PAGES[kind](this, group ?? more));
    if (this.hasConditions) showAsked(this);
    this.body.querySelectorAll("[data-wide]").forEach(() => this.fitBallot());
  }

  step(by) {
    const pages = this.pages();
    this.go(pages[pages.indexOf(this.page) + by] ?? "review");
  }

  /** The table if it fits and is pointed at with a mouse, else one card a person. */
  isWide(group) {
    const rem = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = (this.root.clientWidth || window.innerWidth) / rem;
    const marks = group.items.reduce((sum, item) => sum + (choicesOf(this.definition, item).length * 1.5 || 9), 7);
    return width >= 45 && width >= marks * 0.85 && !window.matchMedia("(pointer: coarse)").matches;
  }

  fitBallot() {
    const ballot = this.body.querySelector("[data-wide]");
    const group = this.definition.survey.find((each) => each.name === ballot.dataset.group);
    if (String(this.isWide(group)) !== ballot.dataset.wide) ballot.replaceWith(ballotOf(this, group));
    const table = this.body.querySelector(".zf-scroll");
    table?.classList.toggle("zf-scrolls", table.scrollWidth > table.clientWidth + 1);
  }

  // problems

  leave(by) {
    const here = this.page.slice("group/".length);
    const found = by > 0 && this.page.startsWith("group/")
      ? problemsOf(this.definition, this.state.answers, this.targets).filter((p) => this.find(p.item).group.name === here) : [];
    if (found.length) this.showProblems(found);
    else this.step(by);
  }

  showProblems(found) {
    const first = this.find(found[0].item);
    const page = `group/${first.group.name}`;
    if (this.page !== page) this.go(page);
    this.errors = new Map(found.map((problem) => [this.find(problem.item).path, problem]));
    if (first.group.repeat_over === "targets") this.state.at[first.group.name] = first.row;
    this.draw();
    this.errors.forEach((problem, path) => markProblem(this, path, problem));
    if (found.length > 1) this.body.querySelector("h2").after(problemList(this, found));
    this.focusOn(first.path);
  }

  focusOn(path) {
    const place = this.body.querySelector(`[data-q="${CSS.escape(path)}"]`);
    const control = place?.querySelector("input:checked, [aria-invalid=true]") ?? place?.querySelector("input, textarea, select, button:not([data-act=clear])");
    control?.focus({ preventScroll: true });
    place?.scrollIntoView({ block: "center" });
  }

  // connection

  setAway(isAway, words) {
    if (!this.alive || this.isDone) return;
    this.isAway = isAway;
    const text = words ?? this.word(this.state?.sending ? "awaySending" : "away");
    this.banner.hidden = !isAway;
    if (isAway && this.banner.textContent !== text) this.banner.textContent = text;
    if (!isAway) this.wake?.();
    this.pingLater();
  }

  pingLater() {
    clearTimeout(this.pingTimer);
    if (this.host.ping && this.alive && !this.isDone) this.pingTimer = setTimeout(() => this.ping(), this.isAway ? 4000 : 15000);
  }

  async ping() {
    if (!this.host.ping || document.hidden) return this.pingLater();
    const isUp = await this.host.ping();
    if (isUp !== !this.isAway) this.setAway(!isUp);
    else this.pingLater();
  }

  async cast() {
    if (this.state.sending || this.isDone) return;
    this.state.answers = renumberRows(this.definition, this.state.answers);
    const found = problemsOf(this.definition, this.state.answers, this.targets);
    if (found.length) return this.showProblems(found);
    if (this.host.preview) return this.finish("");
    // Frozen until the server has answered: it may have stored a ballot whose receipt was lost.
    this.state.sending = this.collect();
    this.saveNow();
    return this.send();
  }

  async send() {
    this.locked = true;
    this.draw();
    const { status, body } = await this.sendUntilAnswered();
    if (!this.alive) return;
    const answers = this.state.sending;
    this.locked = false;
    this.state.sending = null;
    this.setAway(false);
    if (status <= 201) this.finish(body.receipt, answers);
    else this.refuse(status, body?.errors ?? []);
  }

  async sendUntilAnswered() {
    const { ballot_id, code, sending: answers } = this.state;
    for (let wait = 1000; this.alive; wait = Math.min(wait * 2, 15000)) {
      const slow = setTimeout(() => this.setAway(true), 4000);
      const { status, body } = await this.host.submit({ ballot_id, code, answers });
      clearTimeout(slow);
      const isCast = (status === 200 || status === 201) && body?.receipt;
      if (isCast || (status >= 400 && status < 500 && ![408, 429].includes(status))) return { status, body };
      const said = body?.errors?.[0];
      this.setAway(true, said && `${this.word("busy")}${this.text(said)}`);
      await new Promise((resolve) => { this.wake = resolve; setTimeout(resolve, wait); });
    }
    return {};
  }

  refuse(status, errors) {
    this.saveNow();
    const places = errors.filter((error) => status === 422 && this.find(error.item));
    if (places.length) return this.showProblems(places);
    const said = errors.map((error) => this.text(error)).join(" ");
    return this.go("review", { refused: said || this.word("refused", { status }), status });
  }

  finish(receipt, answers = this.collect()) {
    this.isDone = !this.host.preview;
    clearTimeout(this.saveTimer);
    if (this.isDone) drafts.clear(this.host.storageKey);
    this.banner.hidden = true;
    this.page = "done";
    this.draw({ receipt, answers });
    this.toTop();
    this.host.onCast?.(answers, receipt);
  }

  /** The profile a kernel computed; null takes it away. */
  showProfile(profile) {
    this.profile = profile;
    this.body.querySelector(".zf-profile")?.replaceWith(profileOf(this));
  }
}

// ── what a person does ────────────────────────────────────────────────────────────────────────

const cleanText = (text) => text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f]|[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g, "");

const READ = {
  select_one: (form, question, input) => input.value,
  select_multiple: readMultiple,
  text: (form, question, input) => cleanText(input.value),
  integer: (form, question, input) => parseNumber(input.value),
  decimal: (form, question, input) => parseNumber(input.value),
  date: (form, question, input) => (input.validity.badInput ? "?" : input.value),
};

function readMultiple(form, question, input) {
  const choices = choicesOf(form.definition, question.item);
  const alone = new Set(choices.filter((choice) => choice.exclusive).map((choice) => choice.name));
  const before = form.get(question) ?? [];
  if (!input.checked) return before.filter((name) => name !== input.value);
  const kept = alone.has(input.value) ? [] : before.filter((name) => !alone.has(name));
  if (kept.length < before.length) form.announce(form.word("alone"));
  const picked = [...kept, input.value];
  return choices.map((choice) => choice.name).filter((name) => picked.includes(name));
}

function onInput(form, { target, timeStamp }) {
  if (target.dataset.go) return goToTarget(form, target.dataset.go, target.value);
  if (target.name === "keep") form.state.keep = target.checked;
  const place = target.closest("[data-q]");
  if (!place) return form.save();
  const question = form.find(place.dataset.q);
  const { key } = target.dataset;
  if (key === "other") form.set(question, cleanText(target.value), `${question.item.name}_other`);
  else if (key) form.set(question, { ...form.get(question), [key]: cleanText(target.value) });
  else form.set(question, READ[question.item.kind](form, question, target));
  form.lastMark = timeStamp;
}

/** A second, later click on a chosen radio takes it back: a blank is an answer too. */
function takeBack(form, event) {
  const question = form.find(event.target.closest("[data-q]").dataset.q);
  if (form.get(question) !== event.target.value || event.timeStamp - (form.lastMark ?? 0) < 600) return;
  clearAnswer(form, question);
}

function clearAnswer(form, question) {
  form.body.querySelectorAll(`[name="${CSS.escape(question.path)}"]`).forEach((input) => { input.checked = false; });
  form.set(question, undefined);
}

function onClick(form, event) {
  const act = event.target.closest("[data-act]");
  if (act && !act.disabled) return ACTS[act.dataset.act](form, act);
  if (event.target.type === "radio") takeBack(form, event);
}

function onKey(form, event) {
  const { target, key } = event;
  if (key === "Enter" && target.name === "code") ACTS["check-code"](form);
  if (target.type === "radio" && (key === "Delete" || key === "Backspace")) {
    clearAnswer(form, form.find(target.closest("[data-q]").dataset.q));
  }
}

const questionOfButton = (form, act) => form.find(act.closest("[data-q]").dataset.q);

const ACTS = {
  start: (form) => form.step(1),
  next: (form) => form.leave(1),
  review: (form) => form.leave(1),
  back: (form) => form.leave(-1),
  cast: (form) => form.cast(),
  change: (form, act) => changeAnswer(form, act.value),
  "goto-problem": (form, act) => form.focusOn(act.value),
  lang: (form) => { form.lang = form.lang === "en" ? "zh" : "en"; form.draw(form.drawn); form.body.querySelector("[data-act=lang]").focus(); },
  "check-code": (form) => form.useCode(form.body.querySelector("[name=code]").value),
  "other-code": (form) => { form.state = { ...newState(), answers: form.state.answers, page: form.state.page, keep: form.state.keep }; form.go("code"); },
  "clear-draft": clearDraft,
  clear: (form, act) => { const question = questionOfButton(form, act); clearAnswer(form, question); form.focusOn(question.path); },
  rank: rankChoice,
  "add-row": (form, act) => { const key = addRow(form, form.find(act.value).group); form.draw(); form.focusOn(key); },
  "remove-row": removeRow,
  "undo-row": (form) => { form.undoRow(); form.save(); form.draw(); },
  "next-unrated": (form, act) => nextUnrated(form, act.value),
  "prev-target": (form, act) => stepTarget(form, act.value, -1),
  "next-target": (form, act) => stepTarget(form, act.value, 1),
  "copy-receipt": copyReceipt,
  "save-receipt": saveReceipt,
  print: () => window.print(),
  restart: (form) => { form.state = newState(); form.isDone = false; form.go("start"); },
};

function changeAnswer(form, path) {
  const { group, row } = form.find(path);
  form.state.at[group.name] = row;
  form.go(`group/${group.name}`);
  form.focusOn(path);
}

function clearDraft(form, act) {
  if (!act.dataset.sure) {
    act.dataset.sure = "yes";
    act.textContent = form.word("clearSure");
    return;
  }
  const { code, voter_class, targets } = form.state;
  drafts.clear(form.host.storageKey);
  form.state = { ...newState(), code, voter_class, targets };
  form.isRestored = false;
  form.go("start");
}

function rankChoice(form, act) {
  const question = questionOfButton(form, act);
  const before = form.get(question) ?? [];
  const isPlaced = before.includes(act.value);
  const order = isPlaced ? before.filter((name) => name !== act.value) : [...before, act.value];
  form.set(question, order);
  act.parentElement.querySelectorAll("[data-act=rank]").forEach((each) => showPlace(form, each, order));
  const label = act.querySelector("span:last-child").textContent;
  form.announce(form.word(isPlaced ? "unranked" : "ranked", { label, place: order.length }));
}

function showPlace(form, node, order) {
  const place = order.indexOf(node.value) + 1;
  node.setAttribute("aria-pressed", String(place > 0));
  node.firstChild.textContent = place || "";
}

function addRow(form, group) {
  const rows = (form.state.answers[group.name] ??= {});
  const key = Math.max(0, ...Object.keys(rows).map(Number)) + 1;
  rows[key] = {};
  return questionOf(group, String(key), group.items.find((item) => item.kind !== "note")).path;
}

/** Keys that look like numbers keep their order in an object: what is put back stands where it stood. */
function removeRow(form, act) {
  const [name, key] = act.value.split("/");
  const rows = form.state.answers[name];
  const removed = rows[key];
  delete rows[key];
  form.undoRow = () => { rows[key] = removed; form.undoRow = null; };
  form.save();
  form.draw();
  form.announce(form.word("removed"));
  form.body.querySelector("[data-act=undo-row]").focus();
}

async function copyReceipt(form) {
  const code = form.body.querySelector(".zf-receipt");
  window.getSelection().selectAllChildren(code);
  try {
    await navigator.clipboard.writeText(code.textContent);
  } catch {
    document.execCommand("copy"); // pages without https have no clipboard
  }
  form.announce(form.word("copied"));
}

function saveReceipt(form) {
  const { title, poll } = form.definition;
  const code = form.body.querySelector(".zf-receipt").textContent;
  const text = [form.text(title), poll, code, form.word("receiptHint"), ""].join("\r\n");
  const href = URL.createObjectURL(new Blob(["\ufeff", text], { type: "text/plain;charset=utf-8" }));
  h("a", { href, download: `${poll}-${code}.txt` }).click();
  setTimeout(() => URL.revokeObjectURL(href), 1000);
}

// ── what follows from an answer ───────────────────────────────────────────────────────────────

/** Only what hangs on this answer changes on the screen; a page is never drawn anew while it is filled in. */
function afterChange(form, question) {
  const place = form.body.querySelector(`[data-q="${CSS.escape(question.path)}"]`);
  const { item } = question;
  if (place) showState(form, place, question);
  const limitBroken = item.max_choices && (form.get(question) ?? []).length > item.max_choices;
  if (form.errors.has(question.path) || limitBroken) recheck(form, question);
  if (form.hasConditions) showAsked(form);
  for (const dependent of form.definition.survey.flatMap((group) => group.items)) {
    if (dependent.repeat_over === item.name) redraw(form, form.find(dependent.name));
  }
  if (question.group.repeat_over === "targets") showCount(form, question.group);
}

function recheck(form, question) {
  const problem = problemOf(form.definition, question, form.state.answers);
  if (problem) form.errors.set(question.path, { item: question.path, ...problem });
  else form.errors.delete(question.path);
  markProblem(form, question.path, problem && { item: question.path, ...problem });
}

function redraw(form, question) {
  const place = form.body.querySelector(`[data-q="${CSS.escape(question.path)}"]`);
  place?.replaceWith(questionNode(form, question));
}

function showAsked(form) {
  const asked = new Set(form.asked().map((question) => question.path));
  form.body.querySelectorAll("[data-q]").forEach((place) => { place.toggleAttribute("data-off", !asked.has(place.dataset.q)); });
}

function showState(form, place, question) {
  const value = form.get(question);
  const clear = place.querySelector("[data-act=clear]");
  if (clear) clear.hidden = isBlank(value);
  place.querySelectorAll("input[type=checkbox]").forEach((input) => { input.checked = (value ?? []).includes(input.value); });
  const other = place.querySelector(".zf-other");
  if (other) other.hidden = ![value].flat().includes("other");
  place.querySelectorAll("textarea").forEach((area) => showLength(form, area, question.item.max_length));
}

function showLength(form, area, limit) {
  const counter = area.nextElementSibling;
  const length = lengthOf(area.value);
  counter.textContent = form.word("characters", { length, limit });
  counter.classList.toggle("zf-over", length > limit);
}

function markProblem(form, path, problem) {
  form.body.querySelectorAll(`[data-q="${CSS.escape(path)}"]`).forEach((place) => {
    const message = place.querySelector(".zf-error");
    if (message) message.textContent = problem ? form.sentence(problem) : "";
    place.classList.toggle("zf-wrong", Boolean(problem));
    const controls = place.matches("[role=radiogroup]") ? [place] : place.querySelectorAll("input, textarea");
    controls.forEach((control) => (problem ? control.setAttribute("aria-invalid", "true") : control.removeAttribute("aria-invalid")));
  });
}

function problemList(form, found) {
  const link = (problem) => h("li", {}, button("goto-problem", placeOf(form, problem.item), { class: "zf-link", value: form.find(problem.item).path }), ` ${form.sentence(problem)}`);
  return h("div", { class: "zf-summary", role: "alert" }, h("p", {}, form.word("problems", { n: found.length })), h("ul", {}, found.map(link)));
}

function placeOf(form, path) {
  const { group, row, item } = form.find(path);
  const target = form.targets.find((each) => each.name === row);
  const rowName = target ? form.text(target.label) : row && group.repeat_over === "rows" ? form.word("row", { n: row }) : "";
  return [rowName, form.text(item.label)].filter(Boolean).join(" › ");
}

// ── questions ─────────────────────────────────────────────────────────────────────────────────

const SHORT = 7;

/** Short scales stand in a row, long lists in columns, sentences one under the other. */
function layoutOf(choices, lang) {
  const longest = Math.max(...choices.map((choice) => lengthOf(pick(choice.label, lang)) * (lang === "en" ? 0.45 : 1)));
  if (longest > SHORT) return "zf-stack";
  return choices.length > SHORT ? "zf-columns" : "zf-line";
}

function choiceNodes(form, question, type) {
  const picked = [form.get(question) ?? []].flat();
  const target = form.targets.find((each) => each.name === question.row);
  return choicesOf(form.definition, question.item).map((choice) => {
    const label = form.text(choice.label);
    const named = target && { "aria-label": `${form.text(target.label)} ${form.text(question.item.label)} ${label}` };
    const input = h("input", { type, name: question.path, value: choice.name, checked: picked.includes(choice.name), ...named });
    return h("label", { class: choice.missing || choice.exclusive ? "zf-choice zf-apart" : "zf-choice" }, input, h("span", {}, label));
  });
}

function selectNodes(form, question, type) {
  const { item } = question;
  const choices = choicesOf(form.definition, item);
  const picked = [form.get(question) ?? []].flat();
  const other = item.or_other && h("div", { class: "zf-other", hidden: !picked.includes("other") },
    textArea(form, question, `${question.path}_other`, valueOf(form.state.answers, { ...question, item: { name: `${item.name}_other` } }), { "data-key": "other", "aria-label": form.word("other") }));
  const clear = type === "radio" && button("clear", form.word("clear"), { class: "zf-link zf-clear", hidden: !picked.length, "aria-label": `${form.word("clear")} ${form.text(item.label)}` });
  return [h("div", { class: layoutOf(choices, form.lang) }, choiceNodes(form, question, type)), other, clear];
}

function textArea(form, question, name, value = "", props = {}) {
  const limit = question.item.max_length;
  const area = h("textarea", { name, id: `${form.id}-${name}`, rows: limit > 100 ? 3 : 1, ...props }, value);
  const counter = h("span", { class: "zf-length", "aria-hidden": "true" });
  const wrap = h("div", { class: "zf-text" }, area, counter);
  showLength(form, area, limit);
  return wrap;
}

function inputNode(form, question, props) {
  const value = form.get(question);
  return h("input", { name: question.path, id: `${form.id}-${question.path}`, value: value ?? "", ...props });
}

function rankNodes(form, question) {
  const order = form.get(question) ?? [];
  const nodes = choicesOf(form.definition, question.item).map((choice) => {
    const node = button("rank", "", { class: "zf-rank", name: question.path, value: choice.name });
    node.append(h("b"), h("span", {}, form.text(choice.label)));
    showPlace(form, node, order);
    return node;
  });
  return [h("p", { class: "zf-hint" }, form.word("rankHint")), h("div", { class: "zf-stack" }, nodes)];
}

function repeatedNodes(form, question) {
  const picked = pickedFor(form.definition, question.item, form.state.answers);
  const texts = form.get(question) ?? {};
  if (!picked.length) return [h("p", { class: "zf-hint" }, form.word("pickFirst"))];
  return picked.map((choice) => {
    const name = `${question.path}/${choice.name}`;
    return h("div", {}, h("label", { for: `${form.id}-${name}` }, form.text(choice.label)), textArea(form, question, name, texts[choice.name], { "data-key": choice.name }));
  });
}

const CONTROLS = {
  select_one: (form, question) => selectNodes(form, question, "radio"),
  select_multiple: (form, question) => selectNodes(form, question, "checkbox"),
  text: (form, question) => textArea(form, question, question.path, form.get(question)),
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
  const label = form.text(item.label);
  const hint = form.text(item.hint) || (item.max_choices ? form.word("atMost", { limit: item.max_choices }) : "");
  if (kind === "note") return h("div", { class: "zf-note", "data-q": path }, h("p", {}, label), hint && h("p", { class: "zf-hint" }, hint));
  const ids = { hint: `${form.id}-${path}-hint`, error: `${form.id}-${path}-error` };
  const tags = [item.required && "required", item.by === "collector" && "collector"].filter(Boolean)
    .map((tag) => h("small", { class: `zf-tag zf-${tag}` }, form.word(tag)));
  const isGroup = kind in ROLES;
  const name = isGroup ? h("legend", {}, label, tags) : h("label", { for: `${form.id}-${path}` }, label, tags);
  const described = { "aria-describedby": hint ? `${ids.hint} ${ids.error}` : ids.error };
  const node = h(isGroup ? "fieldset" : "div", { class: "zf-q", "data-q": path, role: ROLES[kind], ...(isGroup && described) },
    name, hint && h("p", { class: "zf-hint", id: ids.hint }, hint), CONTROLS[kind](form, question), h("p", { class: "zf-error", id: ids.error, role: "alert" }));
  if (!isGroup) node.querySelector("input, textarea").setAttribute("aria-describedby", described["aria-describedby"]);
  return node;
}

// ── the ballot: targets × items ───────────────────────────────────────────────────────────────

function ballotOf(form, group) {
  const wide = form.isWide(group);
  return h("div", { "data-wide": String(wide), "data-group": group.name }, wide ? ballotTable(form, group) : ballotCard(form, group), ballotBar(form, group, wide));
}

function ballotTable(form, group) {
  const items = group.items.filter((item) => item.kind !== "note");
  const listOf = (item) => (item.kind === "select_one" ? choicesOf(form.definition, item) : []);
  const top = items.map((item) => {
    const choices = listOf(item);
    return choices.length ? h("th", { scope: "colgroup", colspan: choices.length }, form.text(item.label)) : h("th", { scope: "col", rowspan: 2 }, form.text(item.label));
  });
  const marks = items.flatMap((item) => listOf(item).map((choice, at) => h("th", { scope: "col", class: markClass(choice, at) }, h("span", {}, form.text(choice.label)))));
  const columns = items.map((item) => h("colgroup", { span: listOf(item).length || 1 }));
  const head = h("thead", {}, h("tr", {}, h("th", { scope: "col", rowspan: 2 }, form.word("name")), top), h("tr", {}, marks));
  const rows = form.targets.map((target) => h("tr", { "data-row": target.name },
    h("th", { scope: "row" }, form.text(target.label), form.text(target.note) && h("small", {}, form.text(target.note))),
    items.map((item) => ballotCells(form, questionOf(group, target.name, item)))));
  return h("div", { class: "zf-scroll" }, h("table", { class: "zf-ballot" }, h("caption", {}, form.word("ballotHint")), h("colgroup"), columns, head, h("tbody", {}, rows)));
}

const markClass = (choice, at) => [at === 0 && "zf-first", choice.missing && "zf-dk"].filter(Boolean).join(" ") || null;

function ballotCells(form, question) {
  if (question.item.kind !== "select_one") {
    const name = placeOf(form, question.path);
    return h("td", { class: "zf-first", "data-q": question.path }, textArea(form, question, question.path, form.get(question), { "aria-label": name }));
  }
  return choiceNodes(form, question, "radio").map((label, at) => {
    const choice = choicesOf(form.definition, question.item)[at];
    label.lastChild.remove();
    label.className = "zf-mark";
    label.title = form.text(choice.label);
    return h("td", { class: markClass(choice, at), "data-q": question.path }, label);
  });
}

function currentTarget(form, group) {
  const targets = form.targets;
  return Math.max(0, targets.findIndex((target) => target.name === form.state.at[group.name]));
}

function ballotCard(form, group) {
  const at = currentTarget(form, group);
  const target = form.targets[at];
  const total = form.targets.length;
  const options = form.targets.map((each, index) => h("option", { value: each.name, selected: index === at }, optionLabel(form, group, each)));
  return h("section", { class: "zf-card", "data-row": target.name },
    h("p", { class: "zf-where" }, h("span", {}, form.word("person", { n: at + 1, total })), h("select", { "data-go": group.name, "aria-label": form.word("person", { n: at + 1, total }) }, options)),
    h("h3", { tabindex: "-1" }, form.text(target.label), form.text(target.note) && h("small", {}, form.text(target.note))),
    h("p", { class: "zf-hint" }, form.word("ballotHint")),
    group.items.map((item) => questionNode(form, questionOf(group, target.name, item))));
}

function optionLabel(form, group, target) {
  const { rated, total } = countOf(form, group, [target]);
  return `${form.text(target.label)}（${rated}/${total}）`;
}

function ballotBar(form, group, wide) {
  const at = currentTarget(form, group);
  const steps = !wide && [button("prev-target", form.word("previousPerson"), { value: group.name, disabled: at === 0 }),
    button("next-target", form.word("nextPerson"), { value: group.name, disabled: at === form.targets.length - 1 })];
  const count = countOf(form, group);
  return h("div", { class: "zf-bar" }, h("p", { class: "zf-count", "data-rated": count.rated, "data-total": count.total }, form.word("count", count)),
    button("next-unrated", form.word("nextUnrated"), { value: group.name }), steps);
}

function* marksOf(form, group, targets = form.targets) {
  for (const target of targets) {
    for (const item of group.items) if (item.kind === "select_one") yield questionOf(group, target.name, item);
  }
}

function countOf(form, group, targets) {
  const marks = [...marksOf(form, group, targets)];
  return { rated: marks.filter((question) => !isBlank(form.get(question))).length, total: marks.length };
}

function showCount(form, group) {
  const count = countOf(form, group);
  const node = form.body.querySelector(".zf-count");
  if (!node) return;
  node.textContent = form.word("count", count);
  node.dataset.rated = count.rated;
  const option = form.body.querySelector(".zf-where option:checked");
  if (option) option.textContent = optionLabel(form, group, form.targets[currentTarget(form, group)]);
}

function goToTarget(form, groupName, target) {
  form.state.at[groupName] = target;
  const group = form.find(groupName).group;
  form.body.querySelector("[data-wide]").replaceWith(ballotOf(form, group));
  if (form.hasConditions) showAsked(form);
  form.save();
  form.body.querySelector(".zf-card h3")?.focus({ preventScroll: true });
  form.body.querySelector("[data-wide]").scrollIntoView({ block: "start" });
}

function stepTarget(form, groupName, by) {
  const group = form.find(groupName).group;
  goToTarget(form, groupName, form.targets[currentTarget(form, group) + by].name);
}

/** The first blank after the place where the person is, going round. */
function nextUnrated(form, groupName) {
  const group = form.find(groupName).group;
  const blanks = [...marksOf(form, group)].filter((question) => isBlank(form.get(question)));
  if (!blanks.length) return form.announce(form.word("allRated"));
  const order = form.targets.map((target) => target.name);
  const here = form.state.at[groupName] ?? order[0];
  const next = blanks.find((question) => order.indexOf(question.row) >= order.indexOf(here)) ?? blanks[0];
  if (form.body.querySelector(".zf-card") && next.row !== form.body.querySelector(".zf-card").dataset.row) goToTarget(form, groupName, next.row);
  form.state.at[groupName] = next.row;
  return form.focusOn(next.path);
}

// ── pages ─────────────────────────────────────────────────────────────────────────────────────

const heading = (text) => h("h2", { tabindex: "-1" }, text);
const paragraphs = (text) => text.split("\n").filter((line) => line.trim()).map((line) => h("p", {}, line));
const actions = (...nodes) => h("div", { class: "zf-actions" }, nodes);
const primary = (act, label, props) => button(act, label, { class: "zf-primary", ...props });

function pageHead(form) {
  const pages = form.pages();
  const n = pages.indexOf(form.page);
  const total = pages.length - 1;
  const progress = n > 0 && [h("progress", { max: total, value: n, "aria-label": form.word("page", { n, total }) }), h("span", {}, form.word("page", { n, total }))];
  return h("header", { class: "zf-head" }, n > 0 && h("p", { class: "zf-title" }, form.text(form.definition.title)), progress,
    button("lang", form.word("language"), { class: "zf-link", lang: form.lang === "en" ? "zh-CN" : "en" }),
    form.host.preview && h("p", { class: "zf-preview", role: "note" }, form.word("preview")));
}

function restoredNote(form) {
  return form.isRestored && h("p", { class: "zf-restored", role: "status" }, form.word("restored"), " ", button("clear-draft", form.word("clearDraft"), { class: "zf-link" }));
}

const title = (form) => h("h1", { tabindex: "-1" }, form.text(form.definition.title));

const PAGES = {
  closed: (form) => [title(form), h("p", {}, form.word("closed"))],
  code: codePage,
  start: startPage,
  group: groupPage,
  review: reviewPage,
  done: donePage,
};

function codePage(form, { typed = "", problem }) {
  const id = `${form.id}-code`;
  return [title(form), h("div", { class: "zf-q" }, h("label", { for: id }, form.word("codeLabel")),
    h("p", { class: "zf-hint", id: `${id}-hint` }, form.word("codeHint")),
    h("input", { id, name: "code", value: typed, size: 26, autocapitalize: "characters", spellcheck: "false", "aria-describedby": `${id}-hint ${id}-error`, "aria-invalid": problem && "true" }),
    h("p", { class: "zf-error", id: `${id}-error`, role: "alert" }, problem && form.sentence(problem))),
    actions(primary("check-code", form.word("codeUse")))];
}

function startPage(form) {
  const { definition, state } = form;
  const secrecy = form.text(definition.anonymity_note) || form.word(definition.anonymity ?? "anonymous");
  return [title(form), restoredNote(form),
    state.voter_class && h("p", { class: "zf-class" }, form.word("voterClass", { label: state.voter_class.label })),
    h("div", { class: "zf-intro" }, paragraphs(form.text(definition.instructions))),
    h("p", { class: "zf-secrecy" }, secrecy),
    definition.minutes && h("p", { class: "zf-hint" }, form.word("minutes", { n: definition.minutes })),
    definition.long_form && h("label", { class: "zf-choice" }, h("input", { type: "checkbox", name: "keep", checked: state.keep }), h("span", {}, form.word("keep"))),
    actions(primary("start", form.word(form.isRestored ? "resume" : "start")), button("print", form.word("printBlank"), { class: "zf-link" }))].filter(Boolean);
}

function groupPage(form, group) {
  const pages = form.pages();
  const isLast = pages[pages.indexOf(form.page) + 1] === "review";
  return [heading(form.text(group.label)), restoredNote(form), h("div", { class: "zf-lead" }, paragraphs(form.text(group.hint))),
    ...groupBody(form, group),
    actions(button("back", form.word("back")), isLast ? primary("review", form.word("review")) : primary("next", form.word("next")))].filter(Boolean);
}

function groupBody(form, group) {
  if (group.repeat_over === "targets") {
    const notes = group.items.filter((item) => item.kind === "note").map((item) => questionNode(form, questionOf(group, "", item)));
    return [...notes, ballotOf(form, group)];
  }
  if (group.repeat_over === "rows") return rowNodes(form, group);
  return group.items.map((item) => questionNode(form, questionOf(group, "", item)));
}

function rowNodes(form, group) {
  if (isBlank(Object.keys(form.state.answers[group.name] ?? {}))) addRow(form, group);
  const rows = rowsOf(group, form.state.answers, []);
  const sections = rows.map((row, index) => h("section", { class: "zf-card", "data-row": row }, h("h3", {}, form.word("row", { n: index + 1 })),
    button("remove-row", form.word("removeRow", { n: index + 1 }), { class: "zf-link zf-clear", value: `${group.name}/${row}` }),
    group.items.map((item) => questionNode(form, questionOf(group, row, item)))));
  return [...sections, form.undoRow && h("p", {}, form.word("removed"), " ", button("undo-row", form.word("undo"), { class: "zf-link" })),
    button("add-row", form.word("addRow"), { value: group.name, disabled: rows.length >= group.max_rows })];
}

function answerText(form, question) {
  const { item } = question;
  const value = form.get(question);
  if (isBlank(value)) return form.word(question.group.repeat_over === "targets" ? "abstained" : "blank");
  const other = valueOf(form.state.answers, { ...question, item: { name: `${item.name}_other` } });
  const labelOf = (name) => form.text(choicesOf(form.definition, item).find((choice) => choice.name === name)?.label) + (name === "other" && other ? `：${other}` : "");
  if (item.repeat_over) return pickedFor(form.definition, item, form.state.answers).filter(({ name }) => !isBlank(value[name])).map(({ name, label }) => `${form.text(label)}：${value[name]}`).join("\n");
  if (item.kind === "rank") return value.map((name, index) => `${index + 1}. ${labelOf(name)}`).join("　");
  if (item.kind.startsWith("select")) return [value].flat().map(labelOf).join("、");
  return String(value);
}

function reviewPage(form, { refused, status } = {}) {
  const asked = form.asked().filter((question) => question.item.kind !== "note");
  const isSending = Boolean(form.state.sending);
  const castWord = form.word(form.isBallot ? "castBallot" : "cast");
  return [heading(form.word("review")), refused && h("p", { class: "zf-summary", role: "alert" }, refused), status === 403 && button("other-code", form.word("codeOther")),
    h("p", { class: "zf-hint" }, form.word("reviewHint")),
    h("div", { class: "zf-review", inert: isSending }, form.definition.survey.flatMap((group) => reviewGroup(form, group, asked.filter((question) => question.group === group)))),
    isSending && h("p", { role: "status" }, form.word("sending")),
    actions(button("back", form.word("back"), { disabled: isSending }), primary("cast", castWord, { disabled: isSending }))].filter(Boolean);
}

function reviewGroup(form, group, asked) {
  const rows = [...new Set(asked.map((question) => question.row))];
  return rows.map((row) => {
    const own = asked.filter((question) => question.row === row);
    const name = row ? placeOf(form, own[0].path).split(" › ")[0] : form.text(group.label);
    return h("section", {}, h("h3", {}, name), button("change", form.word("change"), { class: "zf-link zf-clear", value: own[0].path, "aria-label": `${form.word("change")} ${name}` }),
      h("dl", { class: group.repeat_over === "targets" ? "zf-tight" : null }, own.map((question) => h("div", { class: isBlank(form.get(question)) ? "zf-blank" : null },
        h("dt", {}, form.text(question.item.label)), h("dd", {}, answerText(form, question))))));
  });
}

function donePage(form, { receipt, answers }) {
  if (form.host.preview) {
    return [heading(form.word("preview")), h("p", {}, form.word("previewCast")), h("pre", { class: "zf-cast", tabindex: "0" }, JSON.stringify(answers, null, 1)),
      profileOf(form), actions(button("restart", form.word("again")))];
  }
  return [heading(form.word("done")), paragraphs(form.text(form.definition.thanks)), h("p", {}, form.word("receipt")), h("p", { class: "zf-receipt" }, receipt), h("p", { class: "zf-hint" }, form.word("receiptHint")),
    actions(button("copy-receipt", form.word("copy")), button("save-receipt", form.word("saveReceipt")), button("print", form.word("print"))), profileOf(form)].flat();
}

function profileOf(form) {
  const groups = form.profile?.groups ?? [];
  if (!groups.length) return h("div", { class: "zf-profile" });
  const bar = ({ label, score, n }) => {
    const fillBar = h("i");
    fillBar.style.width = `${score ?? 0}%`;
    return h("li", {}, h("span", {}, form.text(label)), h("span", {}, score == null ? form.word("noScore") : form.word("points", { score: Math.round(score), n })), h("div", { "aria-hidden": "true" }, fillBar));
  };
  return h("section", { class: "zf-profile" }, h("h2", {}, form.word("profile")), h("p", { class: "zf-hint" }, form.word("profileHint")),
    groups.map((group) => [h("h3", {}, form.text(group.label)), h("ul", {}, group.scales.map(bar))]));
}

// ── paper ─────────────────────────────────────────────────────────────────────────────────────

/** The whole form with empty boxes, drawn for the printer only. */
function printPaper(form) {
  form.root.querySelector(".zf-paper")?.remove();
  if (form.page === "done") return;
  const { definition } = form;
  form.root.append(h("section", { class: "zf-paper" }, h("h1", {}, form.text(definition.title)), paragraphs(form.text(definition.instructions)), paragraphs(form.text(definition.anonymity_note)),
    definition.survey.map((group) => [h("h2", {}, form.text(group.label)), group.repeat_over === "targets" ? paperBallot(form, group) : group.items.map((item) => paperItem(form, item))])));
}

function paperBallot(form, group) {
  const items = group.items.filter((item) => item.kind !== "note");
  const boxes = (item) => choicesOf(form.definition, item).map((choice) => h("span", {}, `□ ${form.text(choice.label)}`));
  const rows = form.targets.map((target) => h("tr", {}, h("th", {}, form.text(target.label)), items.map((item) => h("td", {}, boxes(item)))));
  return h("table", {}, h("thead", {}, h("tr", {}, h("th", {}, form.word("name")), items.map((item) => h("th", {}, form.text(item.label))))), h("tbody", {}, rows));
}

function paperItem(form, item) {
  const boxes = choicesOf(form.definition, item).map((choice) => h("span", {}, `${item.kind === "rank" ? "（　）" : "□"} ${form.text(choice.label)}`));
  const space = boxes.length ? h("p", {}, boxes) : item.kind !== "note" && h("p", { class: item.kind === "text" ? "zf-lines" : "zf-rule" });
  return h("div", { class: "zf-item" }, h("p", {}, h("b", {}, form.text(item.label)), " ", form.text(item.hint)), space);
}

// ── hosts ─────────────────────────────────────────────────────────────────────────────────────

async function request(url, body, patience = 20000) {
  const impatient = new AbortController();
  const timer = setTimeout(() => impatient.abort(), patience);
  const post = body && { method: "POST", headers: { "Content-Type": "application/json" }, body: JSON.stringify(body) };
  try {
    const answer = await fetch(url, { credentials: "same-origin", referrerPolicy: "no-referrer", cache: "no-store", signal: impatient.signal, ...post });
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

const SAMPLES = ["甲", "乙", "丙"].map((name, index) => ({ name: `sample-${index + 1}`, label: { zh: `示例${name}`, en: `Sample ${index + 1}` }, note: null }));

function previewOf(definition, more) {
  const needsTargets = definition.survey.some((group) => group.repeat_over === "targets") && !definition.targets?.length;
  const whole = { choices: {}, messages: {}, ...definition, ...(needsTargets && { targets: SAMPLES }) };
  return [whole, { preview: true, storageKey: `zf:preview:${definition.form_id}`, ...more }];
}

async function openPolls(model, root) {
  const asked = model.get("poll") || new URLSearchParams(window.location.search).get("poll");
  if (asked) return [{ poll: asked }];
  const { body } = await request(`${root}/forms/${encodeURIComponent(model.get("form_id"))}/polls`);
  return Array.isArray(body) ? body : [];
}

function choosePoll(el, polls, lang) {
  return new Promise((resolve) => {
    const nodes = polls.map((each) => button("choose-poll", pick(each.title, lang) || each.poll, { value: each.poll }));
    nodes.forEach((node, index) => node.addEventListener("click", () => resolve(polls[index])));
    el.replaceChildren(h("div", { class: "zf" }, h("h2", {}, WORDS.choosePoll[lang === "en" ? 1 : 0]), h("div", { class: "zf-stack" }, nodes)));
  });
}

async function render({ model, el }) {
  const root = (model.get("base_url") || "/").replace(/\/+$/, "");
  const lang = model.get("lang") || "";
  const polls = await openPolls(model, root);
  const poll = polls.length > 1 ? await choosePoll(el, polls, lang) : polls[0];
  const base = poll && `${root}/p/${encodeURIComponent(poll.poll)}`;
  const { status, body } = base ? await request(`${base}/definition.json`) : {};
  const isLive = status === 200 && body?.survey;
  const handOver = (definition) => (answers) => {
    if (!definition.profile) return;
    model.set("answers_for_profile", answers);
    model.save_changes();
  };
  const definition = isLive ? body : model.get("definition");
  if (!definition?.survey) return el.replaceChildren(h("p", {}, WORDS.closed[lang === "en" ? 1 : 0]));
  const more = { lang, onCast: handOver(definition) };
  const form = isLive ? mount(el, definition, pageHost(base, { ...more, ownsPage: false })) : mount(el, ...previewOf(definition, more));
  model.on("change:profile", () => form.showProfile(model.get("profile")));
  model.on("comm:close", () => form.announce(form.word("detached")));
  return () => form.stop();
}

export { mount, pageHost };
export default { render };
