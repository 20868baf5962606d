// The ballot: targets × items, a table on a desk, one card a person on a phone.

import { isBlank, questionOf } from "../answers.js";
import { h } from "./words.js";
import { placeName, showFindings } from "./following.js";
import { choiceNodes, questionNode, textNode } from "./questions.js";

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

export { ballotNode, fitBallot, goToTarget, nextUnrated, ratedItems, showCount, stepTarget };
