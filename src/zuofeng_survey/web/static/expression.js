// Interprets the trees that expression.py parses; node forms and coercions are in its docstring.
// Each function here is the twin of one there, and tests/expression_cases.json runs through both.
// Top-level names begin with x (but for the two exported): the files of the form become one module.

const xOwns = Object.prototype.hasOwnProperty; // Object.hasOwn is missing from older phones
const xNumeral = /^[ \t\r\n]*(-?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+))[ \t\r\n]*$/;

function xValue(raw) {
  if (typeof raw === "boolean" || typeof raw === "string" || typeof raw === "number") return raw;
  if (!Array.isArray(raw)) return "";
  return xNames(raw.filter((x) => !Array.isArray(x)).map((x) => xText(xValue(x))));
}

function xNames(value) {
  return (Array.isArray(value) ? value : xText(value).split(/[ \t\r\n]+/)).filter((x) => x !== "");
}

// String(1e21) is "1e+21"; XPath knows no exponents.
function xText(value) {
  if (Array.isArray(value)) return value.join(" ");
  const m = typeof value === "number" && /^(-?)(\d)(?:\.(\d+))?e([+-]\d+)$/.exec(String(value));
  if (!m) return String(value);
  const digits = m[2] + (m[3] || "");
  const e = Number(m[4]);
  return m[1] + (e < 0 ? "0." + "0".repeat(-e - 1) + digits : digits.padEnd(e + 1, "0"));
}

// Date.parse takes 31 February for 2 March: the way back must give the same text. Python knows no year 0.
function xNumber(value) {
  if (typeof value === "boolean" || typeof value === "number") return Number(value);
  const text = xText(value);
  const m = xNumeral.exec(text);
  if (m) return Number(m[1]);
  if (!/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/.test(text) || text < "0001") return NaN;
  const day = new Date(text + "T00:00:00Z");
  return !isNaN(day) && day.toISOString().slice(0, 10) === text ? day / 864e5 : NaN;
}

function truth(raw) {
  const value = xValue(raw);
  return Array.isArray(value) ? value.length > 0 : Boolean(value);
}

function xSame(a, b) {
  if (typeof a === "boolean" || typeof b === "boolean") return truth(a) === truth(b);
  if (typeof a === "number" || typeof b === "number") return xNumber(a) === xNumber(b);
  const [s, t] = [xText(a), xText(b)];
  return xNumeral.test(s) && xNumeral.test(t) ? xNumber(s) === xNumber(t) : s === t;
}

function xRound(value, places = 0) {
  const [x, n] = [xNumber(value), Math.trunc(xNumber(places))];
  if (!(Math.abs(xNumber(places)) <= 30)) return NaN;
  const shifted = Number(`${xText(x)}e${n}`);
  if (!isFinite(x) || !isFinite(shifted)) return x;
  const floor = Math.floor(shifted);
  return Number(`${xText(floor + (shifted - floor >= 0.5 ? 1 : 0))}e${-n}`);
}

function xDate(value) {
  const days = Math.floor(xNumber(value));
  if (!(days >= -719162 && days <= 2932896)) return ""; // 0001-01-01 … 9999-12-31
  return new Date(days * 864e5).toISOString().slice(0, 10);
}

// Every position where the pattern may end, having begun at one of starts.
function xEnds(node, codes, starts) {
  const [kind, ...parts] = node;
  if (kind === "cat") return parts.reduce((at, part) => xEnds(part, codes, at), starts);
  if (kind === "alt") return new Set(parts.flatMap((part) => [...xEnds(part, codes, starts)]));
  if (kind === "set") {
    const within = (i) => parts.filter((flip) => flip <= codes[i]).length % 2 === 1;
    return new Set([...starts].filter(within).map((i) => i + 1));
  }
  const [inner, least, most] = parts;
  let at = starts;
  for (let n = 0; n < least; n += 1) at = xEnds(inner, codes, at);
  const found = new Set(at);
  for (let n = least; at.size && n !== most; n += 1) {
    at = new Set([...xEnds(inner, codes, at)].filter((i) => !found.has(i)));
    at.forEach((i) => found.add(i));
  }
  return found;
}

function xMatches(pattern, text) {
  const codes = Array.from(text, (char) => char.codePointAt(0));
  return codes.length <= 2000 && xEnds(pattern, codes, new Set([0])).has(codes.length);
}

function xNumeric(act) {
  return (...sides) => sides.map(xNumber).reduce(act);
}

const xActs = new Map(Object.entries({
  "=": xSame,
  "!=": (a, b) => !xSame(a, b),
  "<": xNumeric((a, b) => a < b),
  "<=": xNumeric((a, b) => a <= b),
  ">": xNumeric((a, b) => a > b),
  ">=": xNumeric((a, b) => a >= b),
  "+": xNumeric((a, b) => a + b),
  "-": xNumeric((a, b) => a - b),
  "*": xNumeric((a, b) => a * b),
  div: xNumeric((a, b) => a / b),
  mod: xNumeric((a, b) => a % b),
  neg: (a) => -xNumber(a),
  coalesce: (a, b) => (xText(a) ? a : b),
  concat: (...all) => all.map(xText).join(""),
  contains: (a, b) => xText(a).includes(xText(b)),
  "count-selected": (a) => xNames(a).length,
  date: xDate,
  false: () => false,
  int: (a) => Math.trunc(xNumber(a)) + 0,
  not: (a) => !truth(a),
  number: xNumber,
  round: xRound,
  selected: (a, b) => xNames(a).includes(xNames(b).join(" ")),
  "starts-with": (a, b) => xText(a).startsWith(xText(b)),
  string: xText,
  "string-length": (a) => Array.from(xText(a)).length,
  true: () => true,
}));

function evaluate(tree, values, { current = "", today = "" } = {}) {
  const run = (node) => evaluate(node, values, { current, today });
  const [act, ...parts] = tree;
  if (act === "lit") return parts[0];
  if (act === "ref") return xOwns.call(values, parts[0]) ? xValue(values[parts[0]]) : "";
  if (act === "current") return xValue(current);
  if (act === "today") return xValue(today);
  if (act === "and") return parts.every((part) => truth(run(part)));
  if (act === "or") return parts.some((part) => truth(run(part)));
  if (act === "if") return run(truth(run(parts[0])) ? parts[1] : parts[2]);
  if (act === "regex") return xMatches(parts[1], xText(run(parts[0])));
  return xActs.get(act)(...parts.map(run));
}

export { evaluate, truth };
