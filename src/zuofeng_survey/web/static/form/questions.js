// Questions: one node for each kind of item.

import { lengthOf, pickedFor } from "../answers.js";
import { h } from "./words.js";
import { showPlace } from "./acts.js";
import { placeName, showLength } from "./following.js";

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

export { choiceNodes, questionNode, textNode };
