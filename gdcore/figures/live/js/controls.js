// What the reader holds: sliders with a number to type, choices, buttons, a point to drag.

// How a slider of 0 to 1 stands for values: `share` gives 0.9, 0.99 and 0.999 equal room.
const SCALES = {
  linear: {to: (v, low, high) => (v - low) / (high - low), from: (s, low, high) => low + s * (high - low)},
  log: {to: (v, low, high) => Math.log(v / low) / Math.log(high / low), from: (s, low, high) => low * (high / low) ** s},
  share: {to: (v, low, high) => Math.log(1 - v + low) / Math.log(1 - high + low), from: (s, low, high) => 1 + low - (1 - high + low) ** s},
  integer: {to: (v, low, high) => (v - low) / (high - low), from: (s, low, high) => Math.round(low + s * (high - low))},
};

// The range and scale of a slider for a hyper-parameter; `wanted` = [low, high] or [low, high, scale] is the author's choice.
function reach(field, value, wanted) {
  if (wanted) return {low: wanted[0], high: wanted[1], scale: wanted[2] ?? (wanted[0] > 0 && wanted[1] / wanted[0] > 50 ? "log" : "linear")};
  const base = field.default || value;
  if (field.integer) return {low: field.low, high: Math.max(10, 4 * base), scale: "integer"};
  if (field.high === 1 || (base >= 0.5 && base < 1)) return {low: Math.max(0, field.low), high: field.openHigh || field.high > 1 ? 0.9999 : 1, scale: field.high === 1 && !field.openHigh ? "linear" : "share"};
  if (base > 0) return {low: base / 100, high: base * 100, scale: "log"};
  if (base < 0) return {low: 4 * base, high: Math.min(0, field.high), scale: "linear"};
  return {low: Math.max(0, field.low), high: 1, scale: "linear"};
}

// get() and set(value) read and change the state; check(value) throws a sentence; marks() gives [[words, value], …], always as many:
// values worth a tick on the slider and a button that goes there.
function slider(figure, {label, title = label, low, high, scale = "linear", get, set, check = () => {}, symbol, marks = () => []}) {
  const {to, from} = SCALES[scale];
  const range = element("input", {type: "range", min: 0, max: 1000, "aria-label": title});
  const typed = element("input", {type: "text", inputmode: "decimal", "aria-label": `${title}, typed`, size: 7, autocomplete: "off", spellcheck: "false"});
  const places = marks().map((_, i) => button(figure, "", () => set(marks()[i][1])));
  const box = element("div", {class: "gd-live-slider", "data-shows": true, "data-symbol": symbol}, element("span", {title}, label), range, typed,
    ...(places.length ? [element("div", {class: "gd-live-places"}, ...places)] : []));
  const round = (value) => (scale === "integer" ? value : Number(value.toPrecision(4)));
  figure.listen(range, "input", () => set(round(Math.min(high, Math.max(low, from(range.value / 1000, low, high))))));
  figure.listen(typed, "change", () => {
    const value = parse(typed.value);
    try {
      if (!Number.isFinite(value)) throw new Error(`"${typed.value}" is no number; write one such as 0.01 or 1e-3.`);
      check(value);
      typed.removeAttribute("aria-invalid");
      set(value);
    } catch (error) {
      typed.setAttribute("aria-invalid", "true");
      figure.refuse(error.message);
      typed.title = error.message;
    }
  });
  const share = (value) => Math.min(1, Math.max(0, to(Math.min(high, Math.max(low, value)), low, high)));
  box.show = () => {
    const value = get(), at = share(value);
    places.forEach((place, i) => (place.textContent = `${marks()[i][0]} = ${number(marks()[i][1], 3)}`));
    if (places.length) range.style.background = marks().map(([, mark]) => tick(share(mark))).join();
    if (document.activeElement !== range || Math.abs(range.value - 1000 * at) > 1) range.value = Math.round(1000 * at);
    range.setAttribute("aria-valuetext", number(value));
    if (document.activeElement !== typed) typed.value = number(value);
  };
  return box;
}

// A tick at a share of the slider, which the middle of its knob can reach.
const tick = (share) => `linear-gradient(var(--gd-live-ink) 0 0) calc(${100 * share}% + ${1 - 2 * share} * (0.575rem - 1px)) 50% / 2px 0.9rem no-repeat`;

function choice(figure, {label, title = label, options, get, set}) {
  const list = element("select", {"aria-label": title}, ...options.map(([value, text]) => element("option", {value}, text)));
  figure.listen(list, "change", () => set(list.value));
  const box = element("label", {class: "gd-live-choice", "data-shows": true}, element("span", {}, label), list);
  box.show = () => (list.value = get());
  return box;
}

function button(figure, text, act, attributes = {}) {
  const made = element("button", {type: "button", ...attributes}, text);
  figure.listen(made, "click", act);
  return made;
}

// A line of one colour below the panels: its name, an <output> for what it does, and its controls.
function lane(i, name, ...children) {
  return element("section", {class: "gd-live-racer", style: `--racer: var(--gd-live-${["blue", "orange", "green", "purple"][i]})`},
    element("div", {class: "gd-live-name"}, typeof name === "string" ? element("b", {}, name) : name, element("output")), ...children);
}

// A mouse over the panel, and a tap on it, change the state by what `changes` makes of the place on the x axis.
function follow(figure, plot, changes) {
  const pick = (event) => figure.set(changes(plot.at(event)[0]));
  figure.listen(plot.canvas, "pointermove", (event) => event.pointerType === "mouse" && pick(event));
  figure.listen(plot.canvas, "click", pick);
}

// Play, one step, back to the start, and a slider over the steps. `state.step` is what all panels show; says(step) puts it in words.
function player(figure, last, {seconds = 4, says = (step) => `${step} of ${last()}`} = {}) {
  let running = 0;
  const stop = () => {
    cancelAnimationFrame(running);
    running = 0;
    play.textContent = "Play";
  };
  const start = () => {
    if (calm()) return figure.set({step: last()});
    play.textContent = "Pause";
    let began, from = figure.state.step >= last() ? 0 : figure.state.step;
    running = requestAnimationFrame(function advance(now) {
      began ??= now;
      const step = Math.min(last(), Math.floor(from + ((now - began) / 1000 / seconds) * last()));
      if (step !== figure.state.step) figure.set({step});
      if (step < last() && !figure.signal.aborted) running = requestAnimationFrame(advance);
      else stop();
    });
  };
  const play = button(figure, "Play", () => (running ? stop() : start()));
  const one = button(figure, "Step", () => (stop(), figure.set({step: figure.state.step >= last() ? 0 : figure.state.step + 1})));
  const back = button(figure, "Reset", () => (stop(), figure.set({step: 0})));
  const range = element("input", {type: "range", min: 0, "aria-label": "step"});
  figure.listen(range, "input", () => (stop(), figure.set({step: Number(range.value)})));
  const box = element("div", {class: "gd-live-player", "data-shows": true}, play, one, back, range);
  box.show = () => {
    range.max = last();
    range.value = figure.state.step;
    range.setAttribute("aria-valuetext", says(figure.state.step));
  };
  return box;
}

// A panel against steps: pointing at a step shows it in all panels.
function pointAtStep(figure, plot, last) {
  const pick = (event) => figure.set({step: Math.min(last(), Math.round(plot.at(event)[0]))});
  figure.listen(plot.canvas, "pointermove", (event) => (event.pointerType === "mouse" || event.buttons) && pick(event));
  figure.listen(plot.canvas, "click", pick);
}

// A point to drag, or to move with the arrow keys (with shift: ten times as far). On a mouse the whole panel takes hold of it.
function handle(figure, plot, {label, get, set}) {
  const grip = element("button", {type: "button", class: "gd-live-handle", "aria-label": label, "aria-roledescription": "point to move with the arrow keys"});
  plot.box.append(grip);
  let held = false;
  const take = (event) => {
    held = true;
    event.target.setPointerCapture?.(event.pointerId);
    move(event);
  };
  const move = (event) => held && set(plot.at(event));
  for (const target of [grip, plot.canvas]) {
    figure.listen(target, "pointerdown", (event) => (target === grip || event.pointerType === "mouse") && take(event));
    figure.listen(target, "pointermove", move);
    for (const name of ["pointerup", "pointercancel"]) figure.listen(target, name, () => (held = false));
  }
  // a finger on the panel scrolls the page; a tap sets the point
  figure.listen(plot.canvas, "click", (event) => set(plot.at(event)));
  figure.listen(grip, "keydown", (event) => {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowDown: [0, -1], ArrowUp: [0, 1]}[event.key];
    if (!way) return;
    event.preventDefault();
    const at = get(), by = event.shiftKey ? 0.1 : 0.01;
    set(["x", "y"].map((name, i) => (way[i] ? plot.value(name, plot.share(name, at[i]) + way[i] * by) : at[i])));
  });
  return () => {
    const [x, y] = get();
    grip.style.transform = `translate(${plot.x(x)}px, ${plot.y(y)}px) translate(-50%, -50%)`;
    grip.setAttribute("aria-label", `${label} at ${number(x, 3)}, ${number(y, 3)}`);
  };
}
