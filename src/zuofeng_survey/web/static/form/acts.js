// What a person does: typing, clicking, keys.

import { parseNumber } from "../answers.js";
import { h } from "./words.js";
import { clearDraft, newState } from "./draft.js";
import { goToTarget, nextUnrated, stepTarget } from "./ballot.js";

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

export { onClick, onInput, onKey, showPlace };
