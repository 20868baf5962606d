// What follows from an answer: only what hangs on it changes, a page is never drawn anew while it is filled in.

import { lengthOf, problemOf, rowsOf } from "../answers.js";
import { h } from "./words.js";
import { questionNode } from "./questions.js";
import { showCount } from "./ballot.js";

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

export { afterChange, placeName, problemList, rowName, showFindings, showLength };
