// Line: a function of one number, its tangent, and the step that the slope proposes. Question: how far does the slope let me go?
//
// state: surface {surface, parameters} or points {xs, ys, slopes} (a recorded curve), x (where the walk begins), lr, steps, step,
// h (null, or a number: then the slopes of two secants stand against the true one, and nobody walks), box [[low, high], [low, high]
// or null], labels [of x, of the value], ranges {lr, h: [low, high]}.

KINDS.line = (figure) => {
  const secants = figure.state.h != null, [blue, orange, green, purple] = [0, 1, 2, 3].map((i) => () => figure.colors.racers[i]);
  const curve = new Plot(figure, {label: "the curve with its tangent", x: {}, y: {label: " "}, aspect: 0.82});
  const beside = new Plot(figure, secants
    ? {label: "error of the slope against the step h", x: {label: "step h", log: true, range: [1e-16, 1]}, y: {label: "error of the slope", log: true}, aspect: 0.82}
    : {label: "value against steps", x: {label: "step", integer: true}, y: {label: " "}, aspect: 0.82});
  let surface, heights, walk, known = "";
  const last = () => Math.max(1, walk.values.length - 1);
  const now = () => (secants ? 0 : Math.min(figure.state.step, walk.values.length - 1));
  const point = () => [walk.xs[now()], walk.values[now()]];
  const put = (x) => figure.set({x, step: 0});
  const drag = handle(figure, curve, {label: "point on the curve", get: point, set: ([x]) => put(x)});

  function compute() {
    const {surface: wanted, points, x, lr, steps, h, box, labels} = figure.state;
    const told = JSON.stringify([wanted, points, x, lr, steps, h, box, labels]);
    if (told === known) return;
    surface = points ? recorded(points) : makeSurface(wanted);
    if (surface.dimension !== 1) throw new Error(`${surface.name} has ${surface.dimension} variables; this figure draws a surface of one, such as double_well.`);
    if (!Number.isInteger(steps) || steps < 1 || steps > 1000) throw new Error(`steps is ${steps}; this figure shows from 1 to 1000.`);
    if (secants && !(h > 0 && h <= 1)) throw new Error(`h is ${h}; it must be above 0 and at most 1.`);
    const [[low, high], sides] = box ?? [...surface.box, null];
    if (!(low < high) || (sides && !(sides[0] < sides[1]))) throw new Error(`box is ${JSON.stringify(box)}; each side goes from a lower number to a higher.`);
    walk = run(makeRule({rule: "GD", hyper: {lr}}), surface, [x], secants ? 0 : steps, {tolerance: null});
    if (!walk.values.length) throw new Error(`x is ${x}, where the curve has no value; choose one from ${number(low)} to ${number(high)}.`);
    heights = sampled(surface, low, high);
    curve.range("x", low, high);
    curve.range("y", ...(sides ?? heights.range));
    [curve.axis.x.label, curve.axis.y.label] = labels;
    known = told;
  }

  // What the slope promises of the next step, and what the curve gives.
  function next() {
    const [x, value] = point(), slope = surface.gradient([x])[0], k = now() + 1;
    const to = k < walk.values.length ? walk.xs[k] : run(makeRule({rule: "GD", hyper: {lr: figure.state.lr}}), surface, [x], 1, {tolerance: null}).xs[1] ?? NaN;
    return {x, value, slope, to, promised: slope * (to - x), got: surface.value([to]) - value};
  }

  // The secant through x and x + h, and the one through x − h and x + h, in the computer's own 53 bits.
  function slopes(h) {
    const [x] = point(), f = (z) => surface.value([z]);
    return [(f(x + h) - f(x)) / h, (f(x + h) - f(x - h)) / (2 * h)];
  }

  // A straight line through a point, from edge to edge.
  function straight(x, y, slope, style) {
    const ends = curve.axis.x.range;
    curve.line(2, (i) => ends[i], (i) => y + slope * (ends[i] - x), style);
    return y + slope * (ends[1] - x);
  }

  function drawCurve() {
    const [x, value] = point();
    curve.clear();
    curve.axes();
    curve.inside(() => {
      curve.line(heights.xs.length, (i) => heights.xs[i], (i) => heights.ys[i], {color: figure.colors.ink, width: 1.5});
      if (secants) drawSecants(x, value);
      else drawStep();
    });
  }

  function drawStep() {
    const {x, value, slope, to, promised, got} = next(), end = value + got;
    straight(x, value, slope, {color: orange(), width: 1, alpha: 0.7});
    curve.line(now() + 1, (k) => walk.xs[k], (k) => walk.values[k], {color: blue(), width: 1, alpha: 0.5});
    for (let k = 0; k <= now(); k++) curve.dot(walk.xs[k], walk.values[k], {color: blue(), radius: 3.5});
    curve.line(2, () => to, (i) => value + (i ? got : promised), {color: purple(), dash: [4, 4]});
    arrow(curve, x, value, to, value + promised, orange());
    curve.dot(to, end, {color: blue(), radius: 5});
    const left = to < x, room = Math.abs(curve.x(to) - curve.x(x)) > 30 && Math.abs(curve.y(end) - curve.y(value + promised)) > 26;
    note(`slope ${number(slope, 3)}`, x, value, orange(), left ? 14 : -14, -4);
    if (room) note("promised", to, value + promised, orange(), left ? -9 : 9, 0);
    if (room) note("got", to, end, blue(), left ? -9 : 9, 0);
  }

  // Words beside a point, held inside the axes.
  function note(words, x, y, color, dx, dy) {
    const {x: {range: [x0, x1]}, y: {range: [y0, y1]}} = curve.axis;
    if (!Number.isFinite(x + y)) return;
    const wide = curve.pen.measureText(words).width + 12, at = curve.x(x), right = dx > 0 ? at + wide < curve.x(x1) : at - wide < curve.x(x0);
    const height = Math.max(curve.y(y1) + 10, Math.min(curve.y(y0) - 10, curve.y(y) + dy));
    curve.text(words, Math.max(x0, Math.min(x1, x)), y, {color, align: right ? "left" : "right", dx: right ? Math.abs(dx) : -Math.abs(dx), dy: height - curve.y(y)});
  }

  function drawSecants(x, value) {
    const {h} = figure.state, [forward, central] = slopes(h), f = (z) => surface.value([z]), slope = surface.gradient([x])[0];
    const ends = [["tangent", straight(x, value, slope, {color: green(), width: 5, alpha: 0.45}), green()],
                  ["forward", straight(x, value, forward, {color: blue()}), blue()],
                  ["central", straight(x, (f(x - h) + f(x + h)) / 2, central, {color: orange(), dash: [7, 5]}), orange()]];
    for (const z of [x - h, x + h]) curve.dot(z, f(z), {color: figure.colors.ink, radius: 3.5});
    curve.ends(ends);
  }

  // Errors at powers of two, which the computer holds exactly.
  const HS = Array.from({length: 54}, (_, k) => 2 ** -k);
  const errors = (h) => slopes(h).map((slope) => Math.abs(slope - surface.gradient([point()[0]])[0]));

  function drawErrors() {
    const all = HS.map(errors), here = errors(figure.state.h), seen = [...all, here].flat().filter((e) => e > 0);
    const low = 10 ** Math.floor(Math.log10(Math.min(...seen, 1))), high = 10 ** Math.ceil(Math.log10(Math.max(...seen, low * 10)));
    beside.range("y", low, high);
    beside.clear();
    beside.axes();
    beside.inside(() => {
      Object.assign(beside.pen, {strokeStyle: figure.colors.quiet, lineWidth: 1});
      const at = beside.x(figure.state.h);
      beside.segment(at, 0, at, beside.height);
      [blue(), orange()].forEach((color, i) => {
        beside.line(HS.length, (k) => HS[k], (k) => Math.max(low, all[k][i]), {color});
        beside.dot(figure.state.h, Math.max(low, here[i]), {color, radius: 5});
      });
      const {y: {range: [, top]}} = beside.axis, quiet = {color: figure.colors.quiet, baseline: "top", dy: 6};
      beside.text("digits run out", 1e-16, top, {...quiet, dx: 6});
      beside.text("the curve bends", 1, top, {...quiet, dx: -6, align: "right"});
    });
  }

  function drawValues() {
    const floor = surface.minimumValue, log = floor !== undefined, above = (k) => (log ? Math.max(walk.values[k] - floor, 1e-16) : walk.values[k]);
    const all = Array.from(walk.values, (_, k) => above(k)), label = figure.state.labels[1], high = Math.max(...all);
    beside.axis.y = {label: floor ? `${label} − lowest` : label, log, range: [0, 1]};
    beside.range("y", ...(log ? [Math.max(Math.min(...all), high * 1e-12) / 1.5, high * 1.5] : curve.axis.y.range));
    beside.range("x", 0, figure.state.steps);
    beside.clear();
    beside.axes();
    beside.inside(() => {
      beside.line(all.length, (k) => k, above, {color: blue(), width: 1, alpha: 0.35});
      beside.line(now() + 1, (k) => k, above, {color: blue()});
      for (let k = 0; k <= now() && figure.state.steps <= 60; k++) beside.dot(k, above(k), {color: blue(), radius: 3.5});
      beside.dot(now(), above(now()), {color: blue(), radius: 5});
    });
  }

  // -- controls and words -----------------------------------------------------------------------------------------------------

  const named = (i, name) => {
    const said = element("output");
    figure.racers.append(element("section", {class: "gd-live-racer", style: `--racer: var(--gd-live-${["blue", "orange"][i]})`}, element("div", {class: "gd-live-name"}, element("b", {}, name), said)));
    return said;
  };
  figure.racers = element("div", {class: "gd-live-racers"});
  const [from, to] = figure.state.points?.xs ? [figure.state.points.xs[0], figure.state.points.xs.at(-1)] : [-Infinity, Infinity];
  const atX = () => {
    const [[low, high]] = figure.state.box ?? surface?.box ?? [[from, to]];
    return slider(figure, {label: figure.state.labels?.[0] ?? "x", low, high, get: () => point()[0], set: put,
      check: (x) => { if (!(x >= from && x <= to)) throw new Error(`The curve is known from ${number(from)} to ${number(to)} only.`); }});
  };
  compute();
  if (!secants) figure.controls.append(player(figure, last));
  const outputs = secants ? [named(0, "forward"), named(1, "central")] : [named(0, "the next step")];
  figure.controls.append(figure.racers);
  figure.racers.append(element("div", {}, secants
    ? slider(figure, {label: "h", title: "h: step of the finite differences", low: 1e-16, high: 1, scale: "log", get: () => figure.state.h, set: (h) => figure.set({h}),
      check: (h) => { if (!(h > 0 && h <= 1)) throw new Error(`h is ${h}; it must be above 0 and at most 1.`); }})
    : slider(figure, {label: "η", title: "η: learning rate", symbol: "lr", ...reach(RULES.GD.fields.lr, figure.state.lr, figure.state.ranges?.lr), get: () => figure.state.lr, set: (lr) => figure.set({lr}),
      check: (lr) => makeRule({rule: "GD", hyper: {lr}})}), atX()));
  if (figure.state.points) figure.controls.append(element("small", {}, `Recorded at ${figure.state.points.xs.length} points, cubics in between.`));

  const pick = (event) => figure.set(secants ? {h: Number(beside.at(event)[0].toPrecision(3))} : {step: Math.min(last(), Math.round(beside.at(event)[0]))});
  beside.canvas.addEventListener("click", pick, {signal: figure.signal});
  beside.canvas.addEventListener("pointermove", (event) => event.pointerType === "mouse" && (!secants || event.buttons) && pick(event), {signal: figure.signal});

  function words() {
    const {slope, promised, got, to} = next();
    if (secants) return slopes(figure.state.h).map((found) => `slope ${number(found, 6)}, off by ${number(Math.abs(found - slope), 2)}`);
    const gone = Number.isFinite(got) ? "" : surface.points ? "it leaves the recorded curve" : "it leaves all numbers";
    return [`to ${number(to, 3)}: promised ${number(promised, 3)}, ${gone || `got ${number(got, 3)}`}`];
  }

  return {
    draw() {
      compute();
      if (!curve.width || !beside.width) return;
      drawCurve();
      if (secants) drawErrors();
      else drawValues();
      drag();
      words().forEach((said, i) => (outputs[i].textContent = said));
    },
    describe() {
      const {x, value, slope} = next(), said = words(), place = `at ${number(x, 3)} the value is ${number(value, 3)} and the slope ${number(slope, 3)}`;
      if (secants) return `${place}; with h = ${number(figure.state.h, 3)} the forward difference: ${said[0]}; the central: ${said[1]}`;
      return `after ${now()} step${now() === 1 ? "" : "s"}, ${place}; the next step goes ${said[0]}`;
    },
    numbers: () => ({xs: [...walk.xs], values: [...walk.values], next: next(), hs: HS, errors: secants ? HS.map(slopes) : []}),
  };
};

// A recorded curve as a surface: between two points the cubic that has their values and slopes (Hermite); outside nothing is known.
function recorded({xs, ys, slopes}) {
  const fine = (list) => Array.isArray(list) && list.length === xs?.length && list.every(Number.isFinite);
  if (![xs, ys, slopes].every(fine) || xs.length < 2 || xs.some((x, i) => x <= xs[i - 1]))
    throw new Error("The recorded curve needs xs that grow, ys and slopes: three lists of as many finite numbers, at least two.");
  const piece = (x) => {
    if (!(x >= xs[0] && x <= xs.at(-1))) return [NaN, NaN];
    let i = 0, end = xs.length - 1;
    while (end - i > 1) xs[(i + end) >> 1] <= x ? (i = (i + end) >> 1) : (end = (i + end) >> 1);
    const d = xs[i + 1] - xs[i], t = (x - xs[i]) / d, rise = ys[i + 1] - ys[i], a = d * slopes[i], b = d * slopes[i + 1];
    const square = 3 * rise - 2 * a - b, cube = a + b - 2 * rise;
    return [ys[i] + t * (a + t * (square + t * cube)), (a + t * (2 * square + t * 3 * cube)) / d];
  };
  return {name: "the recorded curve", dimension: 1, box: [[xs[0], xs.at(-1)]], points: xs.length, value: ([x]) => piece(x)[0], gradient: ([x]) => [piece(x)[1]]};
}

function arrow(plot, x0, y0, x1, y1, color) {
  const {pen} = plot, [a, b, c, d] = [plot.x(x0), plot.y(y0), hold(plot.x(x1), plot.width), hold(plot.y(y1), plot.height)];
  if (!Number.isFinite(c + d) || Math.hypot(c - a, d - b) < 2) return;
  const turn = Math.atan2(d - b, c - a);
  Object.assign(pen, {strokeStyle: color, lineWidth: 3});
  plot.segment(a, b, c, d);
  for (const side of [-0.45, 0.45]) plot.segment(c, d, c - 11 * Math.cos(turn + side), d - 11 * Math.sin(turn + side));
}
