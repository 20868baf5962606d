// One form, from its definition to a receipt: plain pages call mount(), anywidget calls render().
// Answers go to the form server and nowhere else; nothing here knows of results.

import { h, speak } from "./form/words.js";
import { Form } from "./form/form.js";

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
