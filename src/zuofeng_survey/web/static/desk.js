// A table of many rows: only those in sight are in the page, the kernel hands over the next ones.
// Up, Down, Page, Home and End move; Enter opens. Everything is text, nothing is markup.
const LINE = 34;

function cell(kind, role, text) {
  const made = document.createElement(kind);
  made.setAttribute("role", role);
  made.textContent = text;
  return made;
}

function headOf(columns) {
  const row = cell("tr", "row", "");
  row.append(...columns.map((label) => cell("th", "columnheader", label)));
  return row;
}

function render({ model, el }) {
  const frame = document.createElement("div");
  const space = document.createElement("div");
  const table = document.createElement("table");
  const head = table.createTHead(), body = table.createTBody();
  const count = document.createElement("p");
  frame.className = "zf-desk-rows";
  frame.tabIndex = 0;
  frame.setAttribute("role", "grid");
  for (const part of [space, table]) part.setAttribute("role", "presentation");
  for (const part of [head, body]) part.setAttribute("role", "rowgroup");
  count.setAttribute("role", "status");
  space.append(table);
  frame.append(space);
  el.append(count, frame);

  const total = () => model.get("total");
  const inSight = () => Math.max(1, Math.floor(frame.clientHeight / LINE) - 1);
  let at = 0;

  function draw() {
    const first = model.get("first"), rows = model.get("rows"), marked = model.get("marked");
    head.replaceChildren(headOf(model.get("columns")));
    body.replaceChildren(...rows.map((texts, n) => {
      const row = cell("tr", "row", "");
      row.append(...texts.map((text) => cell("td", "gridcell", text)));
      row.id = `${table.dataset.id}-${first + n}`;
      row.setAttribute("aria-rowindex", first + n + 2);
      row.classList.toggle("zf-overdue", marked[n]);
      if (first + n === at) {
        row.setAttribute("aria-selected", "true");
        frame.setAttribute("aria-activedescendant", row.id);
      }
      row.onclick = () => { move(first + n); open(); };
      return row;
    }));
    frame.setAttribute("aria-rowcount", total() + 1);
    frame.setAttribute("aria-label", `${model.get("label")}：方向键移动，回车打开`);
    space.style.height = `${(total() + 1) * LINE}px`;
    space.style.paddingTop = `${first * LINE}px`;
    count.textContent = `${model.get("label")}：${total()} 条${model.get("said")}`;
  }

  function ask() {
    const first = Math.max(0, Math.floor(frame.scrollTop / LINE) - 10);
    if (first === model.get("wanted")[0]) return;
    model.set("wanted", [first, inSight() + 30]);
    model.save_changes();
  }

  function move(to) {
    at = Math.min(Math.max(0, to), Math.max(0, total() - 1));
    const top = at * LINE, room = frame.clientHeight - 2 * LINE;
    if (top < frame.scrollTop) frame.scrollTop = top;
    if (top > frame.scrollTop + room) frame.scrollTop = top - room;
    draw();
  }

  function open() {
    model.set("opened", [at, Date.now()]);
    model.save_changes();
  }

  const keys = {
    ArrowDown: () => move(at + 1), ArrowUp: () => move(at - 1), PageDown: () => move(at + inSight()),
    PageUp: () => move(at - inSight()), Home: () => move(0), End: () => move(total() - 1), Enter: open,
  };
  frame.addEventListener("keydown", (event) => {
    if (!keys[event.key]) return;
    event.preventDefault();
    keys[event.key]();
  });
  frame.addEventListener("scroll", ask, { passive: true });
  table.dataset.id = `zf-${Math.random().toString(36).slice(2)}`;
  const renew = () => { at = 0; frame.scrollTop = 0; draw(); };
  model.on("change:screened", renew);
  model.on("change:rows", draw);
  draw();
  return () => { model.off("change:screened", renew); model.off("change:rows", draw); };
}

export default { render };
