// A figure: a state of plain values, a kind that draws it, and a host (the kernel, if there is one) that hears of changes.
//
// KINDS.name = (figure) => ({draw, describe}): builds its panels and controls once; `draw()` is called at most once a frame
// after a change of `figure.state`; `describe()` gives the sentence that a screen reader hears when the figure has come to rest.

const KINDS = {};

class Figure {
  // spec: {kind, title, question, state, data?}; host.changed(state) is called when the reader has changed something.
  constructor(root, spec, host = {}) {
    this.root = root;
    this.host = host;
    this.state = structuredClone(spec.state);
    this.data = spec.data; // what only the host changes, such as recorded runs
    this.ending = new AbortController();
    this.signal = this.ending.signal;
    this.plots = [];
    if (!Object.hasOwn(KINDS, spec.kind)) throw new Error(`There is no figure of the kind "${spec.kind}"; known are ${Object.keys(KINDS).join(", ")}.`);
    this.heading = element("figcaption", {class: "gd-live-title"}, spec.title ?? "");
    this.asked = element("p", {class: "gd-live-question"}, spec.question ?? "");
    this.panels = element("div", {class: "gd-live-panels"});
    this.controls = element("div", {class: "gd-live-controls"});
    this.live = element("p", {class: "gd-live-heard", role: "status"});
    this.body = element("div", {class: "gd-live-body"}, this.heading, ...(spec.question ? [this.asked] : []), this.panels, this.controls, this.live);
    this.readColors();
    this.kind = KINDS[spec.kind](this);
    root.append(this.body);
    root.classList.add("gd-live-on");
    const nearness = new IntersectionObserver(([{isIntersecting}]) => { // nothing is drawn until the figure comes near the window
      if (!isIntersecting) return;
      nearness.disconnect();
      this.near = true;
      for (const plot of this.plots) plot.watch();
    }, {rootMargin: "300px"});
    nearness.observe(this.body);
    this.signal.addEventListener("abort", () => nearness.disconnect());
    for (const target of [document.documentElement, document.body]) {
      const themes = new MutationObserver(() => (this.readColors(), this.redraw()));
      themes.observe(target, {attributes: true, attributeFilter: ["data-theme", "data-jp-theme-light"]});
      this.signal.addEventListener("abort", () => themes.disconnect());
    }
  }

  // An ear that closes together with all others when the figure goes.
  listen(target, event, act) {
    target.addEventListener(event, act, {signal: this.signal});
  }

  // The reader, or a control, changes the state.
  set(changes) {
    this.change(changes, true);
  }

  // The host changes it; what it knows already is not told again.
  receive(changes) {
    if (JSON.stringify({...this.state, ...changes}) !== JSON.stringify(this.state)) this.change(changes, false);
  }

  change(changes, tell) {
    this.problem = this.refused = undefined; // something that was wrong beside the state, until the next change
    Object.assign(this.state, structuredClone(changes));
    this.untold ||= tell;
    this.redraw();
  }

  redraw() {
    this.frame ??= requestAnimationFrame(() => this.drawNow());
  }

  drawNow() {
    this.frame = undefined;
    if (this.signal.aborted) return;
    try {
      this.kind.draw();
      for (const control of this.controls.querySelectorAll("[data-shows]")) control.show();
      this.complain(this.problem);
    } catch (error) {
      this.complain(error);
    }
    this.drawn = true;
    if (this.untold) this.host.changed?.(structuredClone(this.state));
    this.untold = false;
    clearTimeout(this.resting);
    this.resting = setTimeout(() => this.say(this.error ? "" : this.refused ?? this.kind.describe?.() ?? ""), 400);
  }

  complain(error) {
    this.error?.remove();
    this.error = error && complaint(error);
    if (error) this.body.after(this.error);
  }

  // What was typed cannot be: heard at once, and not talked over by the sentence of an earlier change.
  refuse(words) {
    this.say((this.refused = words));
  }

  say(words) {
    if (this.live.textContent !== words) this.live.textContent = words;
  }

  readColors() {
    const style = getComputedStyle(this.root);
    const read = (name) => style.getPropertyValue(`--gd-live-${name}`).trim();
    this.colors = Object.fromEntries(["ink", "quiet", "grid", "ground", "panel", "field"].map((name) => [name, read(name)]));
    this.colors.racers = ["blue", "orange", "green", "purple"].map(read);
  }

  destroy() {
    this.ending.abort();
    cancelAnimationFrame(this.frame);
    clearTimeout(this.resting);
    this.body.remove();
    this.root.classList.remove("gd-live-on");
  }
}

// -- pieces -----------------------------------------------------------------------------------------------------------------

function element(name, attributes = {}, ...children) {
  const made = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) if (value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
  made.append(...children);
  return made;
}

// What is wrong, in place of the figure.
function complaint(error) {
  return element("p", {class: "gd-live-error", role: "alert"}, `This figure cannot be shown: ${error.message}`);
}

function insist(good, sentence) {
  if (!good) throw new Error(sentence);
}

// A sentence for a number of the state that is not what it should be.
function within(name, value, low, high, whole) {
  insist(value >= low && value <= high && (!whole || Number.isInteger(value)),
    `${name} is ${JSON.stringify(value)}; give a ${whole ? "whole number" : "number"} from ${number(low)} to ${number(high)}.`);
}

// act() once for each new set of these values of the state; what is shown of the steps then ends where they do.
function onChange(state, names, act) {
  let known;
  return () => {
    const now = JSON.stringify(names.map((name) => state[name]));
    if (now === known) return;
    act();
    state.step = Math.max(0, Math.min(state.steps, state.step | 0));
    known = now;
  };
}

const calm = () => matchMedia("(prefers-reduced-motion: reduce)").matches;

// A number for people: four digits, a true minus, powers of ten as such.
function number(value, digits = 4) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  const text = size >= 1e5 || size < 1e-4 ? value.toExponential(Math.max(0, digits - 2)).replace(/\.?0+e/, "e").replace("e+", "e") : String(Number(value.toPrecision(digits)));
  return text.replaceAll("-", "−");
}

const parse = (text) => (text.trim() === "" ? NaN : Number(text.trim().replaceAll("−", "-").replace(",", ".")));

// -- how figures come to life -------------------------------------------------------------------------------------------------

function mount(root, spec, host) {
  try {
    return new Figure(root, spec, host);
  } catch (error) {
    root.append(complaint(error));
    return null;
  }
}

// The static page: each figure holds its values as JSON.
function enliven(page = document) {
  for (const root of page.querySelectorAll("figure.gd-live:not(.gd-live-on)")) {
    root.figure = mount(root, JSON.parse(root.querySelector("script[type='application/json']").textContent));
  }
}

// First pictures are drawn one after another, each in a task of its own, so that the page stays quick.
const WAITING = [];

function drawInTurn(figure) {
  if (WAITING.includes(figure)) return;
  WAITING.push(figure);
  if (WAITING.length > 1) return;
  const next = () => {
    WAITING[0].drawNow();
    WAITING.shift();
    if (WAITING.length) setTimeout(next);
  };
  setTimeout(next);
}

// JupyterLab: the same figure, whose state is the widget's.
function render({model, el}) {
  const root = element("figure", {class: "gd-live", "aria-label": model.get("spec").title});
  el.append(root);
  const figure = mount(root, {...model.get("spec"), state: model.get("state")}, {
    changed(state) {
      model.set("state", state);
      model.save_changes();
    },
  });
  root.figure = figure;
  // Lab's shortcuts would eat the keys of sliders and handles
  root.addEventListener("keydown", (event) => event.stopPropagation());
  const listen = () => figure?.receive(model.get("state"));
  const grow = () => figure && ((figure.data = model.get("spec").data), figure.redraw());
  model.on("change:state", listen);
  model.on("change:spec", grow);
  return () => {
    model.off("change:state", listen);
    model.off("change:spec", grow);
    figure?.destroy();
  };
}

// What the static page does once its text is there, which it is for a script that was told to wait.
function begin() {
  enliven();
  linkSymbols();
  const {figure} = document.querySelector("figure.gd-live[data-linked]") ?? {};
  if (figure) linkToAddress(figure, ["surface", "rules", "start", "steps"]);
}
