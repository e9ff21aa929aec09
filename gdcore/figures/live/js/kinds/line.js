// Line: a function of one number, its tangent, and the step that the slope proposes. Question: how far does the slope let me go?
//
// state: surface {surface, parameters} or points {xs, ys, slopes} (a recorded curve), x (where the walk begins), lr, steps, step,
// h (null, or a number: then the slopes of two secants stand against the true one, and nobody walks), labels [of x, of the value],
// box [[low, high], [low, high] or null], ranges {lr: [low, high]}.

KINDS.line = (figure) => {
  const secants = figure.state.h != null, panel = (label, x, y) => new Plot(figure, {label, x, y, aspect: 0.82});
  const curve = panel("the curve with its tangent", {label: " "}, {label: " "});
  const beside = secants
    ? panel("error of the slope against h", {label: "h", log: true, range: [1e-16, 1]}, {label: "error of the slope", log: true})
    : panel("value against steps", {label: "step", integer: true}, {label: " "});
  const labels = () => figure.state.labels ?? ["x", "f(x)"];
  let surface, heights, rule, walk, known;
  const last = () => Math.max(1, walk.values.length - 1);
  const now = () => Math.min(figure.state.step, walk.values.length - 1);
  const x = () => walk.xs[now()], f = (z) => surface.value([z]), slope = () => surface.gradient([x()])[0];
  const put = (x) => figure.set({x, step: 0});
  const drag = handle(figure, curve, {label: "point on the curve", get: () => [x(), f(x())], set: ([x]) => put(x)});

  const right = {
    lr: (lr) => makeRule({rule: "GD", hyper: {lr}}),
    h: (h) => insist(h > 0 && h <= 1, `h is ${h}; it must be above 0 and at most 1.`),
    x: (x) => insist(Number.isFinite(f(x)), `At ${x} the curve has no value; choose a number from ${surface.box[0].join(" to ")}.`),
  };

  function compute() {
    const {surface: wanted, points, x, lr, steps, h, box} = figure.state;
    const told = JSON.stringify([wanted, points, x, lr, steps, h, box, labels()]);
    if (told === known) return;
    surface = points ? recorded(points) : makeSurface(wanted);
    insist(surface.dimension === 1, `${surface.name} has ${surface.dimension} variables; give a surface of one, such as double_well.`);
    within("steps", figure.state.steps, 1, 1000, true);
    within("step", figure.state.step, 0, 1000, true);
    const [across, up] = box ?? surface.box;
    insist([across, up ?? [0, 1]].every(([low, high]) => low < high), `box is ${JSON.stringify(box)}; each side must go upwards.`);
    right.x(x);
    if (secants) right.h(h);
    rule = right.lr(lr);
    walk = run(rule, surface, [x], secants ? 0 : steps, {tolerance: null});
    heights = sampled(surface, ...across);
    const [low, high] = heights.range;
    curve.range("x", ...across);
    curve.range("y", ...(up ?? [low - (high - low) / 4, high])); // room for promises
    [curve.axis.x.label, curve.axis.y.label] = labels();
    known = told;
  }

  // Where the next step goes, what the slope promises of it, and what the curve gives.
  function next() {
    const at = [x()], to = rule.update(at, surface.gradient(at), 1, rule.init(at))[0][0];
    return {to, promised: slope() * (to - x()), got: f(to) - f(x())};
  }

  // The slopes of the secants through x and x + h, and through x − h and x + h, in the computer's own 53 bits.
  const slopes = (h) => [(f(x() + h) - f(x())) / h, (f(x() + h) - f(x() - h)) / (2 * h)];
  const HS = Array.from({length: 54}, (_, k) => 2 ** -k); // powers of two: the computer holds them exactly
  const errors = (h) => slopes(h).map((found) => Math.abs(found - slope()));

  function drawCurve() {
    curve.clear();
    curve.axes();
    curve.inside(() => {
      curve.line(heights.xs.length, (i) => heights.xs[i], (i) => heights.ys[i], {color: figure.colors.ink, width: 1.5});
      (secants ? drawSecants : drawStep)(...figure.colors.racers);
    });
  }

  // A straight line through a point, so far to both sides, or out of the panel; returns the height of its right end.
  function straight(at, y, slope, far, style) {
    const [wide, tall] = ["x", "y"].map((name) => curve.axis[name].range[1] - curve.axis[name].range[0]);
    const reach = Math.min(far, 2 * wide, (2 * tall) / Math.abs(slope));
    curve.line(2, (i) => at + (2 * i - 1) * reach, (i) => y + slope * (2 * i - 1) * reach, style);
    return y + slope * reach;
  }

  function drawStep(blue, orange, green, purple) {
    const {to, promised, got} = next(), value = f(x()), way = to < x() ? -1 : 1;
    straight(x(), value, slope(), Infinity, {color: orange, width: 1});
    curve.line(now() + 1, (k) => walk.xs[k], (k) => walk.values[k], {color: blue, width: 1, alpha: 0.5});
    for (let k = 0; k <= now(); k++) curve.dot(walk.xs[k], walk.values[k], {color: blue});
    curve.line(2, () => to, (i) => value + (i ? got : promised), {color: purple, dash: [4, 4]});
    curve.arrow(x(), value, to, value + promised, orange);
    curve.dot(to, value + got, {color: blue, radius: 5});
    const said = "slope " + number(slope(), 3), far = curve.x(x()) - way * (curve.pen.measureText(said).width + 14);
    const free = far > curve.margin.left && far < curve.width - curve.margin.right ? -1 : 1; // uphill the curve lies above the words
    curve.note(said, x(), value, 14 * way * free, orange, -12 * free);
    if (Math.abs(curve.y(value + got) - curve.y(value + promised)) < 26) return;
    curve.note("promised", to, value + promised, 10 * way, orange);
    const apart = curve.y(value + got) - curve.y(value) + 12 * free; // from "slope" beside it
    curve.note("got", to, value + got, 10 * way, blue, Math.abs(apart) < 15 ? (apart < 0 ? -15 : 15) - apart : 0);
  }

  function drawSecants(blue, orange, green) {
    const {h} = figure.state, [forward, central] = slopes(h), [x0, x1] = curve.axis.x.range, far = Math.max(1.2 * h, 0.2 * (x1 - x0));
    const end = x() + far, under = f(x()) + far * slope() < f(end); // there the names stay under the curve
    const draw = (name, y, slope, style) => [name, straight(x(), y, slope, far, style), style.color];
    curve.ends([draw("tangent", f(x()), slope(), {color: green, width: 6, alpha: 0.5}), draw("forward", f(x()), forward, {color: blue}),
                draw("central", (f(x() - h) + f(x() + h)) / 2, central, {color: orange, dash: [7, 5]})], end, under ? curve.y(f(end)) + 13 : 0);
    for (const z of [x() - h, x() + h]) curve.dot(z, f(z), {color: figure.colors.ink, radius: 3.5});
  }

  function drawErrors() {
    const all = HS.map(errors), here = errors(figure.state.h), seen = all.flat().filter((e) => e > 0);
    const low = 10 ** Math.floor(Math.log10(Math.min(...seen, 0.1))), high = 10 ** Math.ceil(Math.log10(Math.max(...seen, 1)));
    const quiet = {color: figure.colors.quiet, dy: 12};
    beside.range("y", low, high);
    beside.clear();
    beside.axes();
    beside.inside(() => {
      beside.line(2, () => figure.state.h, (i) => [low, high][i], {color: figure.colors.quiet, width: 1});
      ["forward", "central"].forEach((name, i) => {
        const color = figure.colors.racers[i], y = (k) => Math.max(low, all[k][i]);
        beside.line(HS.length, (k) => HS[k], y, {color});
        beside.dot(figure.state.h, Math.max(low, here[i]), {color, radius: 5});
        beside.text(name, HS[14], y(14), {color, align: i ? "left" : "right", dx: 20 * i - 10});
      });
      beside.text("digits run out", 1e-16, high, {...quiet, dx: 24});
      beside.text("the curve bends", 1, high, {...quiet, dx: -16, align: "right"});
    });
  }

  function drawValues() {
    const floor = surface.minimumValue, log = floor !== undefined, label = labels()[1], color = figure.colors.racers[0];
    const all = Array.from(walk.values, (value) => (log ? Math.max(value - floor, 1e-16) : value)), high = Math.max(...all);
    Object.assign(beside.axis.y, {label: floor ? label + " − lowest" : label, log});
    beside.range("y", ...(log ? [Math.max(Math.min(...all), high * 1e-12) / 1.5, high * 1.5] : curve.axis.y.range));
    beside.range("x", 0, figure.state.steps);
    beside.clear();
    beside.axes();
    beside.inside(() => {
      beside.line(all.length, (k) => k, (k) => all[k], {color, alpha: 0.3});
      beside.line(now() + 1, (k) => k, (k) => all[k], {color});
      for (let k = 0; k <= now() && now() < 60; k++) beside.dot(k, all[k], {color});
    });
  }

  // -- controls and words -----------------------------------------------------------------------------------------------------

  compute();
  const lanes = secants ? [lane(0, "forward"), lane(1, "central")] : [lane(0, "next step")];
  const {state} = figure, [low, high] = curve.axis.x.range, get = (name) => () => figure.state[name];
  if (!secants) figure.controls.append(player(figure, last));
  figure.controls.append(element("div", {class: "gd-live-racers"}, ...lanes, element("div", {},
    secants ? slider(figure, {label: "h", low: 1e-16, high: 1, scale: "log", get: get("h"), set: (h) => figure.set({h}), check: right.h})
      : slider(figure, {label: "η", title: "η: learning rate", symbol: "lr", ...reach(RULES.GD.fields.lr, state.lr, state.ranges?.lr),
        get: get("lr"), set: (lr) => figure.set({lr}), check: right.lr}),
    slider(figure, {label: labels()[0], low, high, get: x, set: put, check: right.x}))));
  if (state.points) figure.controls.append(element("small", {}, `The curve was recorded at ${surface.points} points, cubics between.`));
  follow(figure, beside, (at) => (secants ? {h: at} : {step: Math.min(last(), Math.round(at))}));

  function words() {
    if (secants) return slopes(figure.state.h).map((found) => `slope ${number(found, 6)}, off by ${number(Math.abs(found - slope()), 2)}`);
    const {to, promised, got} = next(), gone = surface.points ? "the record ends" : "no number";
    return [`to ${number(to, 3)}: promised ${number(promised, 3)}, got ${Number.isFinite(got) ? number(got, 3) : gone}`];
  }

  return {
    draw() {
      compute();
      if (!curve.width || !beside.width) return;
      drawCurve();
      (secants ? drawErrors : drawValues)();
      drag();
      words().forEach((said, i) => (lanes[i].querySelector("output").textContent = said));
    },
    describe() {
      const where = `at ${number(x(), 3)} the value is ${number(f(x()), 3)} and the slope ${number(slope(), 3)}`, [first, second] = words();
      if (secants) return `${where}; with h = ${number(figure.state.h, 3)}, forward: ${first}; central: ${second}`;
      return `after ${now()} steps, ${where}; the next step goes ${first}`;
    },
    numbers: () => ({xs: [...walk.xs], values: [...walk.values], next: next(), hs: HS, slopes: HS.map(slopes)}),
  };
};

// A recorded curve as a surface: between two points the cubic that has their values and slopes (Hermite); outside nothing is known.
function recorded({xs, ys, slopes}) {
  const fine = (list) => Array.isArray(list) && list.length === xs?.length && list.every(Number.isFinite);
  insist([xs, ys, slopes].every(fine) && xs.length > 1 && xs.every((x, i) => !(x <= xs[i - 1])),
    "A recorded curve needs growing xs, with as many ys and slopes, all of them finite.");
  const end = xs.length - 1, piece = (x) => {
    if (!(x >= xs[0] && x <= xs[end])) return [NaN, NaN];
    const i = Math.max(0, xs.findIndex((z, i) => z > x || i === end) - 1), d = xs[i + 1] - xs[i], rise = ys[i + 1] - ys[i];
    const t = (x - xs[i]) / d, a = d * slopes[i], b = d * slopes[i + 1], square = 3 * rise - 2 * a - b, cube = a + b - 2 * rise;
    return [ys[i] + t * (a + t * (square + t * cube)), (a + t * (2 * square + t * 3 * cube)) / d];
  };
  const value = ([x]) => piece(x)[0], gradient = ([x]) => [piece(x)[1]];
  return {name: "the recorded curve", dimension: 1, box: [[xs[0], xs[end]]], points: xs.length, value, gradient};
}
