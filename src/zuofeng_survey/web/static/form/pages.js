// Pages: code, start, groups, review, receipt.

import { isBlank, pickedFor, questionOf, rowsOf } from "../answers.js";
import { h, paragraphs } from "./words.js";
import { rowName } from "./following.js";
import { questionNode } from "./questions.js";
import { ballotNode } from "./ballot.js";

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

export { PAGES, pageHead, profileNode, title };
