// What the printed rules and surfaces need around them: their memory, their checks, and the loop of gdcore.minimize.
// Printed before this file: a function for each rule, CHOICES, KNOBS, RULES, PARAMETERS and MAKERS (of surfaces).

// -- numbers ------------------------------------------------------------------------------------------------------------------

function dot(x, y) {
  return sum(x.length, (i) => x[i] * y[i]);
}

function norm(x) {
  return Math.sqrt(dot(x, x));
}

function rms(x) {
  return norm(x) / Math.sqrt(x.length);
}

function total(x) {
  return sum(x.length, (i) => x[i]);
}

function mean(x) {
  return total(x) / x.length;
}

function logaddexp(a, b) {
  return Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

function rows(n, f) {
  return Array.from({length: n}, (_, i) => f(i));
}

function sum(n, f) {
  let s = 0;
  for (let i = 0; i < n; i++) s += f(i);
  return s;
}

// square matrices are arrays, row by row

function square(n, f) {
  return rows(n * n, (k) => f(Math.floor(k / n), k % n));
}

function eye(n, scale = 1) {
  return square(n, (i, j) => (i === j ? scale : 0));
}

function outer(x, y) {
  return square(x.length, (i, j) => x[i] * y[j]);
}

function times(a, x) {
  return x.map((_, i) => sum(x.length, (j) => a[i * x.length + j] * x[j]));
}

// A^(-1/p) of a symmetric matrix by Jacobi's rotations; eigenvalues that are 0 up to rounding count as rounding
function inverseRoot(a, p) {
  const n = Math.sqrt(a.length), d = [...a], v = eye(n);
  const turn = (m, i, j, c, s) => ([m[i], m[j]] = [c * m[i] - s * m[j], s * m[i] + c * m[j]]);
  for (let k = 0; k < 8 * n * n; k++) {
    const i = k % n, j = Math.floor(k / n) % n, off = d[i * n + j];
    if (i >= j || off === 0) continue;
    const half = (d[j * n + j] - d[i * n + i]) / (2 * off), tan = (half < 0 ? -1 : 1) / (Math.abs(half) + Math.hypot(half, 1));
    const c = 1 / Math.hypot(tan, 1), s = tan * c;
    for (let r = 0; r < n; r++) turn(d, r * n + i, r * n + j, c, s), turn(v, r * n + i, r * n + j, c, s);
    for (let r = 0; r < n; r++) turn(d, i * n + r, j * n + r, c, s);
  }
  const values = rows(n, (i) => d[i * (n + 1)]), least = Number.EPSILON * Math.max(...values.map(Math.abs));
  return square(n, (i, j) => sum(n, (k) => v[i * n + k] * Math.max(values[k], least) ** -(1 / p) * v[j * n + k]));
}

// the length of a gradient, without overflow on the way
function size(g) {
  const top = g.reduce((a, v) => Math.max(a, Math.abs(v)), 0);
  return top > 0 && top < Infinity ? top * norm(g.map((v) => v / top)) : top;
}

// a number in n digits, as Python's format "g" writes it
function short(v, n = 6) {
  if (!Number.isFinite(v)) return String(v).replace("Infinity", "inf").replace("NaN", "nan");
  const [digits, power] = v.toExponential(n - 1).split("e");
  if (power >= -4 && power < n) return String(Number(v.toPrecision(n)));
  return `${Number(digits)}e${power[0]}${power.slice(1).padStart(2, "0")}`;
}

// -- descriptions and checks --------------------------------------------------------------------------------------------------

function quote(v) {
  if (Array.isArray(v)) return `[${v.map(quote).join(", ")}]`;
  return typeof v === "number" ? String(v) : JSON.stringify(v) ?? String(v);
}

function need(good, sentence) {
  if (!good) throw new Error(sentence);
}

function look(kind, name, among) {
  need(typeof name === "string" && Object.hasOwn(among, name),
    `There is no ${kind} ${quote(name)}; known are ${Object.keys(among).join(", ")}.`);
  return among[name];
}

function knob(name, row, value) {
  if (!row) return {text: name, meaning: "", default: value, choices: CHOICES[name] ?? (typeof value === "boolean" ? [true, false] : null)};
  const [text, meaning, range] = row;
  return {text, meaning, default: value, low: 0, high: Infinity, openLow: false, openHigh: true, integer: false, ...range};
}

function check(owner, name, {meaning, low, high, openLow, openHigh, integer, choices, default: usual}, value) {
  if (value === null && usual === null) return;
  const type = usual === null ? "number" : typeof usual;
  const words = choices ? choices.map(quote).join(" or ") : type === "object" ? "a list of numbers" : "a number";
  need(choices ? choices.includes(value) : typeof value === type, `${owner} got ${name} = ${quote(value)}, but ${name} must be ${words}.`);
  if (low === undefined) return;
  const above = openLow ? value > low : value >= low, below = openHigh ? value < high : value <= high;
  const range = `${openLow ? "(" : "["}${short(low)}, ${short(high)}${openHigh ? ")" : "]"}`;
  need(above && below && (!integer || Number.isInteger(value)),
    `${owner} got ${name} = ${value}, but ${name} (${meaning}) must ${integer ? "be a whole number" : "lie"} in ${range}.`);
}

// the values given and the defaults of the others; `what` names them in an error
function filled(owner, what, knobs, given) {
  need(given && typeof given === "object" && !Array.isArray(given),
    `${owner} got ${quote(given)} for its ${what}s; give an object of names and numbers.`);
  const values = Object.fromEntries(Object.entries(knobs).map(([name, {default: usual}]) => [name, usual]));
  for (const [name, value] of Object.entries(given)) {
    need(Object.hasOwn(knobs, name), `${owner} has no ${what} ${quote(name)}; it has ${Object.keys(knobs).join(", ") || "none"}.`);
    check(owner, name, knobs[name], value);
    values[name] = value;
  }
  return values;
}

// -- rules --------------------------------------------------------------------------------------------------------------------

// a rule for single numbers as a rule for vectors: each entry has a memory of its own
function entrywise(rule) {
  return {
    update(h, x, g, t, s) {
      const next = x.map((v, i) => rule(h, v, g[i], t, s[i]));
      return [next.map((n) => n[0]), next.map((n) => n[1])];
    },
    init: (h, x) => x.map((v) => rule.init(h, v)),
    answer: rule.answer && ((h, x, s) => x.map((v, i) => rule.answer(h, v, s[i]))),
  };
}

function described(code, wraps, defaults) {
  const fields = Object.fromEntries(Object.entries(defaults).map(([name, value]) => [name, knob(name, KNOBS[name], value)]));
  return {fields, wraps, update: code.update ?? code, init: code.init, answer: code.answer ?? ((h, x) => x), probe: code.probe};
}

function makeRule(spec) {
  const {rule: name, hyper = {}, inner} = spec ?? {};
  const kind = look("rule", name, RULES);
  need(!kind.wraps || inner, `${name} goes around another rule; give it one as inner, such as {rule: "Adam"}.`);
  need(kind.wraps || !inner, `${name} goes around no other rule; leave inner out.`);
  const within = kind.wraps ? makeRule(inner) : undefined;
  need(name !== "DecoupledDecay" || "lr" in within.h,
    `DecoupledDecay needs the learning rate of the rule in it, and ${within?.name} has none of its own; put DecoupledDecay inside.`);
  need(name !== "Cautious" || !within.decay, `Cautious would mask a weight decay inside of it, and ${within?.name} has one: put it outside.`);
  return bound(name, filled(name, "hyper-parameter", kind.fields, hyper), within);
}

function bound(name, h, inner) {
  const {fields, update, init, answer, probe} = RULES[name];
  const own = name === "Cautious" && "lr" in inner.h ? {...h, lr: inner.h.lr} : h;  // for a weight decay outside of it
  return {
    name, h: own, rate: h.lr ?? inner?.rate, decay: h.weight_decay ?? inner?.decay,
    update: (x, g, t, s) => update(h, x, g, t, s, inner),
    init: (x) => init(h, x, inner),
    answer: (x, s) => answer(h, x, s, inner),
    probe: (x, g, t, s) => (probe ? probe(h, x, g, t, s, inner) : null),
    withRate(lr) {
      if (!("lr" in h)) return bound(name, h, inner.withRate(lr));
      check(name, "lr", fields.lr, lr);
      return bound(name, {...h, lr}, inner);
    },
  };
}

// -- surfaces -----------------------------------------------------------------------------------------------------------------

const parametersOf = (name) =>
  Object.fromEntries(Object.entries(PARAMETERS[name] ?? {}).map(([p, [usual, row]]) => [p, knob(p, row, usual)]));

function makeSurface(spec) {
  const {surface: name, parameters = {}} = spec ?? {};
  const make = look("surface", name, MAKERS);
  const values = filled(name, "parameter", parametersOf(name), parameters);
  const made = make(values);
  return {name, dimension: made.start.length, minimumValue: 0, lipschitz: null, strongConvexity: null, ...made, parameters: values};
}

const SURFACES = Object.fromEntries(Object.keys(MAKERS).map((name) =>
  [name, {...makeSurface({surface: name}), parameters: parametersOf(name)}]));

// -- the loop -----------------------------------------------------------------------------------------------------------------

const MOST = 1e6; // steps: a page has to answer at once

function run(rule, surface, start, steps, {tolerance = 1e-8, schedule, noise, record = 1} = {}) {
  let x = checked(rule, surface, start, steps, {tolerance, schedule, noise, record});
  let s = rule.init(x), t = 0, status, why, last;
  const path = {recorded: [], xs: [], values: [], norms: [], answers: []};
  while (true) {
    const value = surface.value(x), g = surface.gradient(x), length = size(g);
    [status, why] = ["diverged", fault(x, value, length)];
    if (why) break;
    last = [t, x, value, length, rule.answer(x, s)];
    if (t % record === 0) keep(path, ...last);
    [status, why] = ending(length, tolerance, t === steps);
    if (status) break;
    const now = schedule ? rule.withRate(rule.rate * schedule(t)) : rule;
    [x, s] = step(now, surface, x, g, ++t, s, noise?.(t));
  }
  if (last && path.recorded.at(-1) !== last[0]) keep(path, ...last);
  const {recorded, ...numbers} = path;
  for (const name in numbers) numbers[name] = Float64Array.from(numbers[name]);
  return {...numbers, recorded, step: t, status, message: `${status} at step ${t}: ${why}`};
}

function ending(length, tolerance, spent) {
  if (tolerance !== null && length <= tolerance) {
    return ["converged", `the gradient's length ${short(length, 3)} is within the tolerance ${short(tolerance)}`];
  }
  return spent ? ["budget spent", `the gradient's length is still ${short(length, 3)}`] : [];
}

function step(rule, surface, x, g, t, s, noise) {
  const disturbed = (g) => (noise ? g.map((v, i) => v + noise[i]) : g);
  const seen = disturbed(g), probe = rule.probe(x, seen, t, s);
  return rule.update(x, probe ? disturbed(surface.gradient(probe)) : seen, t, s);
}

function fault(x, value, length) {
  if (!x.every(Number.isFinite)) return "x is no longer finite";
  if (!Number.isFinite(value)) return `the value is ${short(value)}`;
  return Number.isFinite(length) ? "" : "the gradient is not finite";
}

function keep(path, t, x, value, length, answer) {
  path.xs.push(...x);
  path.values.push(value);
  path.norms.push(length);
  path.answers.push(...answer);
  path.recorded.push(t);
}

// the start as an array of numbers, once everything makes sense
function checked(rule, surface, start, steps, {tolerance, schedule, noise, record}) {
  const {name, dimension} = surface, x = Array.from(start ?? surface.start);
  need(x.length === dimension && x.every(Number.isFinite),
    `${name} cannot begin at ${quote(start)}; give ${dimension === 1 ? "one finite number" : `${dimension} finite numbers`} in an array.`);
  need(Number.isInteger(steps) && steps >= 0 && steps <= MOST, `steps is ${quote(steps)}, but must be a whole number from 0 to ${MOST}.`);
  need(Number.isInteger(record) && record > 0, `record is ${quote(record)}, but must be a whole number from 1 on.`);
  need(tolerance === null || tolerance >= 0, `tolerance is ${quote(tolerance)}, but must be at least 0, or null to go on to the end.`);
  for (const [name, f] of Object.entries({schedule, noise})) {
    need(!f || typeof f === "function", `${name} is ${quote(f)}, but must be a function of the step.`);
  }
  need(!schedule || rule.rate !== undefined, `${rule.name} has no learning rate lr that a schedule could change; leave schedule out.`);
  return x;
}
