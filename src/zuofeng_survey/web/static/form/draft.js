// The draft: in the tab, and on the device only where the person ticked it. The code stays in the tab.

import { normaliseCode } from "../answers.js";

const STORES = ["sessionStorage", "localStorage"];

function stored(store, act) {
  try {
    return act(window[store]);
  } catch {
    return null; // switched off or full: the page itself still holds the answers
  }
}

function readDraft(key) {
  return STORES.map((store) => stored(store, (kept) => JSON.parse(kept.getItem(key)))).find(Boolean);
}

function writeDraft(key, { code, ...state }) {
  stored("sessionStorage", (kept) => kept.setItem(key, JSON.stringify({ code, ...state })));
  stored("localStorage", (kept) => (state.keep ? kept.setItem(key, JSON.stringify(state)) : kept.removeItem(key)));
}

function clearDraft(key) {
  STORES.forEach((store) => stored(store, (kept) => kept.removeItem(key)));
}

function newState() {
  const bytes = [...crypto.getRandomValues(new Uint8Array(16))];
  const ballot_id = bytes.map((byte) => byte.toString(16).padStart(2, "0")).join("");
  return { ballot_id, code: "", answers: {}, page: "start", at: {}, keep: false };
}

/** The code behind # in the address, taken out of the address bar and the history. */
function takeCode() {
  const { hash, pathname, search } = window.location;
  const code = hash.replace(/^#(c=)?/, "");
  if (!hash.startsWith("#c=") && normaliseCode(code).length !== 17) return "";
  window.history.replaceState(window.history.state, "", pathname + search);
  return code;
}

export { clearDraft, newState, readDraft, takeCode, writeDraft };
