// A form in Voila: mounted at once from what the page carries; its kernel is reached by the widget
// protocol over one websocket, for the profile and to tell when it is gone.

import form from "./form.js";

class KernelModel {
  constructor({ model, state }, kernel) {
    this.id = model;
    this.state = state;
    this.kernel = kernel;
    this.changed = {};
    this.listeners = {};
  }

  get(name) {
    return this.state[name];
  }

  set(name, value) {
    this.state[name] = value;
    this.changed[name] = value;
  }

  save_changes() {
    this.kernel.send(this.id, { method: "update", state: this.changed });
    this.changed = {};
  }

  on(event, act) {
    (this.listeners[event] ??= []).push(act);
  }

  off(event, act) {
    this.listeners[event] = (this.listeners[event] ?? []).filter((each) => each !== act);
  }

  tell(event) {
    (this.listeners[event] ?? []).forEach((act) => act());
  }

  update(state) {
    Object.assign(this.state, state);
    Object.keys(state).forEach((name) => this.tell(`change:${name}`));
  }
}

class FormKernel {
  constructor(id) {
    this.id = id;
    this.models = new Map();
    this.waiting = [];
    this.refusals = 0;
    this.session = String(Math.random()).slice(2);
    this.connect();
  }

  connect() {
    const scheme = window.location.protocol === "https:" ? "wss" : "ws";
    this.socket = new WebSocket(`${scheme}://${window.location.host}/api/kernels/${this.id}/channels?session_id=${this.session}`);
    this.socket.addEventListener("open", () => {
      this.refusals = 0;
      this.say("");
      this.flush();
    });
    this.socket.addEventListener("message", ({ data }) => this.hear(JSON.parse(data)));
    this.socket.addEventListener("close", () => this.lost());
  }

  hear({ header, content }) {
    if (header.msg_type === "status" && ["dead", "restarting"].includes(content.execution_state)) this.gone();
    const model = this.models.get(content.comm_id);
    if (model && header.msg_type === "comm_close") this.gone();
    if (model && header.msg_type === "comm_msg" && content.data.method === "update") model.update(content.data.state);
  }

  send(comm_id, data) {
    this.waiting.push(JSON.stringify({ channel: "shell", header: { msg_type: "comm_msg" }, content: { comm_id, data } }));
    this.flush();
  }

  flush() {
    while (this.socket.readyState === WebSocket.OPEN && this.waiting.length) this.socket.send(this.waiting.shift());
  }

  /** The line broke: say so at once, and whether the server is away for now or the kernel for good. */
  async lost() {
    if (this.isGone || this.isLeaving) return;
    const patience = { cache: "no-store", signal: AbortSignal.timeout?.(4000) };
    const isServerUp = await fetch("/health", patience).then(({ ok }) => ok, () => false);
    if (isServerUp) window.dispatchEvent(new Event("online"));
    else this.say("away");
    this.refusals = isServerUp ? this.refusals + 1 : 0;
    if (this.refusals > 3) this.gone();
    else setTimeout(() => (isServerUp ? this.connect() : this.lost()), isServerUp ? 300 * this.refusals : 2000);
  }

  gone() {
    this.isGone = true;
    this.say("gone");
  }

  say(state) {
    const note = document.getElementById("zf-gone");
    note.dataset.state = state;
    note.hidden = !state;
  }

  leave() {
    this.isLeaving = true;
    navigator.sendBeacon(`/voila/api/shutdown/${this.id}`);
  }
}

function openForms() {
  const kernel = new FormKernel(document.getElementById("zf-kernel").dataset.kernel);
  for (const place of document.querySelectorAll(".zf-state")) {
    const model = new KernelModel(JSON.parse(place.textContent), kernel);
    kernel.models.set(model.id, model);
    form.render({ model, el: place.previousElementSibling });
  }
  window.addEventListener("pagehide", () => kernel.leave());
  window.addEventListener("pageshow", (event) => event.persisted && window.location.reload());
}

if (document.getElementById("zf-kernel")) openForms();
document.getElementById("zf-waiting")?.remove();
