// The atlas: the table's rows as dots on two axes of the reader's choice, and its columns to sort by. All numbers come from the table.
(() => {
const figure = document.getElementById("atlas");
const map = figure.querySelector(".gd-atlas-map"), caption = figure.querySelector("figcaption");
const table = document.querySelector(".gd-atlas-box table"), body = table.tBodies[0];
const NS = "http://www.w3.org/2000/svg";
const COLORS = {"rule": "--gd-blue, #0072b2", "curvature": "--gd-orange, #b84f00", "one example a step": "--gd-green, #00734f",
  "values only": "--gd-purple, #a8527f", "many machines": "--gd-amber, #8a6400"};
const W = 680, LEFT = 56, RIGHT = 20, TOP = 14, BOTTOM = 46, STRIP = 54; // a strip for zero before an axis, one for "not there" after it

const rows = [...body.rows].map((tr) => ({tr, name: tr.cells[0].textContent, link: tr.cells[0].firstChild.href, family: tr.dataset.family,
  values: Object.fromEntries([...tr.querySelectorAll("td")].flatMap((td) => Object.entries(td.dataset)))}));
const value = (row, column) => (row.values[column] === "" ? null : Number(row.values[column]));

function make(name, attributes, parent, text) {
  const e = document.createElementNS(NS, name);
  for (const [key, v] of Object.entries(attributes)) e.setAttribute(key, v);
  if (text !== undefined) e.textContent = text;
  parent.append(e);
  return e;
}

function scale(column, from, to) {
  const there = rows.map((row) => value(row, column)).filter((v) => v > 0);
  const low = Math.floor(Math.log10(Math.min(...there))), high = Math.ceil(Math.log10(Math.max(...there)));
  const zero = rows.some((row) => value(row, column) === 0), sign = Math.sign(to - from);
  const a = from + (zero ? sign * STRIP : 0), b = to - sign * STRIP;
  const at = (v) => (v === null ? to - sign * STRIP / 3 : v === 0 ? from + sign * STRIP / 2 : a + (Math.log10(v) - low) / (high - low) * (b - a));
  const ticks = [];
  if (zero) ticks.push([at(0), "0"]);
  for (let k = low; k <= high; k++) ticks.push([at(10 ** k), (10 ** k).toLocaleString("en")]);
  if (rows.some((row) => value(row, column) === null)) ticks.push([at(null), "none"]);
  return {at, ticks};
}

function draw() {
  const [across, up] = [...figure.querySelectorAll("select")].map((s) => s.value);
  const narrow = map.clientWidth < 520, width = narrow ? 400 : W, height = narrow ? 420 : 430;
  const svg = document.createElementNS(NS, "svg");
  svg.setAttribute("viewBox", `0 0 ${width} ${height}`);
  svg.setAttribute("role", "group");
  const name = (c) => figure.querySelector(`option[value="${c}"]`).textContent;
  svg.setAttribute("aria-label", `Each method a dot: across ${name(across)}, up ${name(up)}.`);
  const x = scale(across, LEFT, width - RIGHT), y = scale(up, height - BOTTOM, TOP);
  for (const [at, text] of x.ticks) {
    make("line", {x1: at, x2: at, y1: TOP, y2: height - BOTTOM, class: "gd-grid"}, svg);
    make("text", {x: at + (text === "none" ? 10 : 0), y: height - BOTTOM + 18, "text-anchor": "middle"}, svg, text); // clear of 10,000
  }
  for (const [at, text] of y.ticks) {
    make("line", {x1: LEFT, x2: width - RIGHT, y1: at, y2: at, class: "gd-grid"}, svg);
    make("text", {x: LEFT - 8, y: at + 4, "text-anchor": "end"}, svg, text);
  }
  make("text", {x: (LEFT + width - RIGHT) / 2, y: height - 8, "text-anchor": "middle"}, svg, name(across));
  const crowd = new Map();
  for (const row of rows) {
    const px = x.at(value(row, across)), key = `${px.toFixed(0)},${y.at(value(row, up)).toFixed(0)}`, before = crowd.get(key) ?? 0;
    crowd.set(key, before + 1);
    const py = y.at(value(row, up)) - 7 * (before % 4); // who stands on the same place stands above it
    const link = make("a", {href: row.link, "data-name": row.name}, svg);
    link.setAttribute("aria-label", row.name);
    make("circle", {cx: px, cy: py, r: 14, class: "gd-reach"}, link);
    row.dot = make("circle", {cx: px, cy: py, r: 5, style: `fill: var(${COLORS[row.family]})`}, link);
    link.addEventListener("pointerenter", () => tell(row));
    link.addEventListener("focus", () => tell(row));
    row.at = [px, py];
  }
  map.replaceChildren(svg);
  name_dots(svg, width); // there, so that a name's length can be measured
  legend();
}

// A name stands beside its dot, above or below it, where it hits neither a dot nor another name; else it is left out.
function name_dots(svg, width) {
  const taken = rows.map(({at: [x, y]}) => ({x: x - 5, y: y - 5, w: 10, h: 10}));
  const free = (l) => l.x > LEFT && l.x + l.w < width && taken.every((b) => b.x >= l.x + l.w || l.x >= b.x + b.w || b.y >= l.y + l.h || l.y >= b.y + b.h);
  for (const {name, at: [x, y]} of rows) {
    const text = make("text", {class: "gd-name"}, svg, name), w = text.getComputedTextLength(), h = 12;
    const places = [[x + 8, y - 6], [x - 8 - w, y - 6], [x - w / 2, y - 19], [x - w / 2, y + 7]];
    const label = places.map(([x, y]) => ({x, y, w, h})).find(free);
    if (!label) {
      text.remove();
      continue;
    }
    taken.push(label);
    text.setAttribute("x", label.x);
    text.setAttribute("y", label.y + 10);
  }
}

function legend() {
  caption.innerHTML = "";
  for (const [family, color] of Object.entries(COLORS)) {
    const span = document.createElement("span");
    span.innerHTML = `<i style="background: var(${color})"></i>${family}`;
    caption.append(span);
  }
  const told = document.createElement("p");
  told.textContent = "Point at a dot for its name; a click opens its card.";
  caption.append(told);
}

function tell(row) {
  for (const other of rows) other.dot.setAttribute("r", other === row ? 8 : 5);
  const say = (c, unit) => (value(row, c) === null ? null : `${value(row, c).toLocaleString("en", {maximumSignificantDigits: 3})} ${unit}`);
  const parts = [say("sweeps", "sweeps"), say("kept", "bytes kept for each weight"), say("bytes", "bytes sent"), say("seconds", "ms")];
  caption.querySelector("p").textContent = `${row.name}: ${parts.filter(Boolean).join(", ") || "did not arrive within its budget"}.`;
}

function sort(th, column) {
  const up = th.getAttribute("aria-sort") !== "ascending";
  table.querySelectorAll("[aria-sort]").forEach((e) => e.removeAttribute("aria-sort"));
  th.setAttribute("aria-sort", up ? "ascending" : "descending");
  const key = (row) => (column ? value(row, column) : row.tr.cells[th.cellIndex].textContent.toLowerCase());
  const compare = (a, b) => (a === null) - (b === null) || (up ? 1 : -1) * (a < b ? -1 : a > b ? 1 : 0); // what is not there comes last
  body.append(...[...rows].sort((r, s) => compare(key(r), key(s))).map((row) => row.tr));
}

for (const th of table.tHead.rows[0].cells) {
  const button = document.createElement("button");
  button.type = "button";
  button.textContent = th.textContent;
  button.addEventListener("click", () => sort(th, th.dataset.column));
  th.replaceChildren(button);
}
figure.querySelectorAll("select").forEach((s) => s.addEventListener("change", draw));
let drawn = 0;
new ResizeObserver(() => {
  if (Math.abs(map.clientWidth - drawn) > 1) {
    drawn = map.clientWidth;
    draw();
  }
}).observe(map);
})();
