// A filled form against its definition, without a screen: what is asked, what is wrong with it, and
// what is cast. The server checks every ballot again; what is found here is courtesy.

import { evaluate, truth } from "./expression.js";

const CODE_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const OTHER = { name: "other", label: { zh: "其他", en: "Other" }, missing: null, exclusive: false };

function isBlank(value) {
  if (value == null) return true;
  if (typeof value === "object") return Object.values(value).every(isBlank);
  return typeof value === "string" && value.trim() === "";
}

function choicesOf(definition, item) {
  const listed = definition.choices[item.list_name] ?? [];
  const lacksOther = item.or_other && listed.every((choice) => choice.name !== OTHER.name);
  return lacksOther ? [...listed, OTHER] : listed;
}

/** The picked choices that a `repeat_over` text is asked for; 没有发现 and 不了解 need no text. */
function pickedFor(definition, item, answers) {
  const source = definition.survey.flatMap((group) => group.items).find((other) => other.name === item.repeat_over);
  const picked = answers[item.repeat_over] ?? [];
  return choicesOf(definition, source).filter((choice) => picked.includes(choice.name) && !choice.exclusive);
}

function rowsOf(group, answers, targets) {
  if (group.repeat_over === "targets") return targets.map((target) => target.name);
  if (group.repeat_over !== "rows") return [""];
  const rows = Object.keys(answers[group.name] ?? {});
  return rows.length ? rows : ["1"];
}

function questionOf(group, row, item) {
  return { group, row, item, path: row ? `${group.name}/${row}/${item.name}` : item.name };
}

function questionsOf(definition, answers, targets) {
  return definition.survey.flatMap((group) =>
    rowsOf(group, answers, targets).flatMap((row) => group.items.map((item) => questionOf(group, row, item))));
}

function holderOf(answers, { group, row }) {
  return row ? answers[group.name]?.[row] ?? {} : answers;
}

function valueOf(answers, question) {
  return holderOf(answers, question)[question.item.name];
}

function isAsked(question, values, today) {
  return [question.group.relevant, question.item.relevant]
    .every((tree) => tree == null || truth(evaluate(tree, values, { today })));
}

/** Names in an expression: this row's answers before those of the form; what is not asked is blank. */
function valuesFor(question, answers, hidden) {
  const values = { ...answers, ...holderOf(answers, question) };
  for (const other of hidden) {
    if (!other.row || (other.row === question.row && other.group === question.group)) delete values[other.item.name];
  }
  return values;
}

/** Questions whose conditions hold. A condition may hang on a hidden answer: repeat until it settles. */
function askedQuestions(definition, answers, targets) {
  const all = questionsOf(definition, answers, targets);
  const conditional = all.filter(({ group, item }) => group.relevant || item.relevant);
  let hidden = new Set();
  for (let round = 0; round <= conditional.length; round += 1) {
    const now = new Set(conditional.filter((q) => !isAsked(q, valuesFor(q, answers, hidden), definition.today)));
    const settled = now.size === hidden.size && [...now].every((question) => hidden.has(question));
    hidden = now;
    if (settled) break;
  }
  return all.filter((question) => !hidden.has(question)).map((question) => ({ ...question, hidden }));
}

/** What was typed, as a number where it is one (full-width digits too), else the words themselves. */
function parseNumber(typed) {
  const text = typed.normalize("NFKC").trim();
  return /^[+-]?\d+(\.\d+)?$/.test(text) ? Number(text) : text;
}

const lengthOf = (text) => [...text].length;

function isDate(text) {
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : null;
  return date !== null && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text);
}

function checkNames(names, choices) {
  const got = names.find((name) => choices.every((choice) => choice.name !== name));
  return got === undefined ? null : { code: "not-a-choice", params: { got } };
}

function checkMultiple(picked, item, choices) {
  const alone = choices.find((choice) => choice.exclusive && picked.includes(choice.name));
  if (alone && picked.length > 1) return { code: "exclusive-choice", params: { choice: alone.label } };
  const limit = item.max_choices;
  if (limit && picked.length > limit) return { code: "too-many-choices", params: { limit } };
  return checkNames(picked, choices);
}

function checkText(text, limit) {
  const length = lengthOf(text);
  return length > limit ? { code: "too-long", params: { limit, length } } : null;
}

function checkNumber(value) {
  return typeof value === "number" && Math.abs(value) <= 1e15 ? null : { code: "not-a-number", params: {} };
}

const CHECKS = {
  select_one: (value, item, choices) => checkNames([value], choices),
  select_multiple: checkMultiple,
  rank: (value, item, choices) =>
    checkNames(value, choices) ?? (value.length < choices.length ? { code: "rank-incomplete", params: {} } : null),
  text: (value, item) => [value].flatMap((text) => (typeof text === "object" ? Object.values(text) : [text]))
    .map((text) => checkText(text, item.max_length)).find(Boolean) ?? null,
  integer: (value) => checkNumber(value) ?? (Number.isInteger(value) ? null : { code: "not-an-integer", params: {} }),
  decimal: checkNumber,
  date: (value) => (isDate(value) ? null : { code: "not-a-date", params: {} }),
};

function checkOther(question, answers) {
  const text = holderOf(answers, question)[`${question.item.name}_other`];
  return question.item.or_other && text ? checkText(text, question.item.max_length) : null;
}

/** What is wrong with one answer: {code, params}, or null. */
function problemOf(definition, question, answers) {
  const { item } = question;
  const value = valueOf(answers, question);
  if (item.kind === "note") return null;
  if (isBlank(value)) return item.required ? { code: "required", params: {} } : null;
  const found = CHECKS[item.kind](value, item, choicesOf(definition, item)) ?? checkOther(question, answers);
  if (found || item.constraint == null) return found;
  const values = valuesFor(question, answers, question.hidden ?? []);
  const holds = truth(evaluate(item.constraint, values, { current: value, today: definition.today }));
  return holds ? null : { code: "constraint", params: {} };
}

/** Every problem of a form, in its order. A row without an answer lacks nothing: it is not cast. */
function problemsOf(definition, answers, targets) {
  const asked = askedQuestions(definition, answers, targets);
  const rowOf = ({ group, row }) => `${group.name}/${row}`;
  const begun = new Set(asked.filter((question) => !isBlank(valueOf(answers, question))).map(rowOf));
  return asked
    .filter((question) => question.row === "" || begun.has(rowOf(question)))
    .map((question) => ({ item: question.path, ...problemOf(definition, question, answers) }))
    .filter((problem) => problem.code);
}

/** Rows numbered 1, 2, … without gaps and without empty ones, as they are cast. */
function renumberRows(definition, answers) {
  const renumbered = { ...answers };
  for (const group of definition.survey.filter((each) => each.repeat_over === "rows")) {
    const rows = Object.values(answers[group.name] ?? {}).filter((row) => !isBlank(row));
    renumbered[group.name] = Object.fromEntries(rows.map((row, index) => [String(index + 1), row]));
  }
  return renumbered;
}

function castValue(definition, item, answers, value) {
  if (!item.repeat_over) return value;
  const texts = pickedFor(definition, item, answers).map(({ name }) => [name, value[name]]);
  return Object.fromEntries(texts.filter(([, text]) => !isBlank(text)));
}

/** The answers as they are cast: asked, not blank, nothing else. */
function collectAnswers(definition, draft, targets) {
  const answers = renumberRows(definition, draft);
  const cast = {};
  for (const question of askedQuestions(definition, answers, targets)) {
    const { group, row, item } = question;
    const value = castValue(definition, item, answers, valueOf(answers, question) ?? "");
    if (isBlank(value)) continue;
    const holder = row ? ((cast[group.name] ??= {})[row] ??= {}) : cast;
    holder[item.name] = value;
    const other = holderOf(answers, question)[`${item.name}_other`];
    if (item.or_other && [value].flat().includes(OTHER.name) && !isBlank(other)) holder[`${item.name}_other`] = other;
  }
  return cast;
}

/** A code as it is sent: 17 characters; lower case, spaces, full-width and O I L are forgiven. */
function normaliseCode(typed) {
  return typed.normalize("NFKC").toUpperCase().replace(/[\s\-‐‑‒–—―−－﹣·・ー]/g, "").replace(/O/g, "0").replace(/[IL]/g, "1");
}

/** In GF(32) modulo x⁵+x²+1 the sum of αⁱ·cᵢ is 0: any one wrong or any two swapped characters show. */
function codeOk(typed) {
  const digits = [...normaliseCode(typed)].map((character) => CODE_ALPHABET.indexOf(character));
  if (digits.length !== 17 || digits.includes(-1)) return false;
  const timesAlpha = (value) => (value & 16 ? (value << 1) ^ 0b100101 : value << 1);
  return digits.reduceRight((sum, digit) => timesAlpha(sum) ^ digit, 0) === 0;
}

export { askedQuestions, choicesOf, codeOk, collectAnswers, isBlank, lengthOf, normaliseCode, parseNumber, pickedFor, problemOf, problemsOf, questionOf, renumberRows, rowsOf, valueOf };
