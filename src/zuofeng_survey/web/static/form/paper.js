// Paper: the whole form with empty boxes, drawn when somebody prints before casting

import { h, paragraphs } from "./words.js";
import { ratedItems } from "./ballot.js";
import { title } from "./pages.js";

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

export { drawPaper };
