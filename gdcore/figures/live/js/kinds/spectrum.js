// Spectrum: a quadratic in the axes of its curvatures. Question: which part of the error is left, and why does the crawl begin?
//
// state: curvatures [2 to 6 numbers], or null: then `number` of them from largest / condition to largest, evenly spaced in the logarithm,
// and the reader moves condition; start [a distance each], or null: then all hold equal parts of the loss 1; rules [one], steps, step,
// scale ("linear", "log" or "share"), sliders, ranges.

KINDS.spectrum = (figure) => {
  const state = figure.state, most = 1000, scales = {linear: "linear", log: "logarithmic", share: "share of what is left"};
  let curvatures, runs, sums, crawl, known = "", shown = "";
  compute();
  const parts = new Plot(figure, {label: "loss of each component, stacked, against steps", x: {label: "step", integer: true}, y: {label: "loss"}, aspect: 0.86});
  const factors = new Plot(figure, {label: "what a step leaves of each component, against its curvature", x: {label: "curvature λ", log: true}, y: {label: "share of the distance left"}, aspect: 0.86});
  const last = () => state.steps;
  const linear = () => Object.hasOwn(LINEAR, state.rules[0].rule);
  const hyper = () => makeRule(state.rules[0]).h;
  const ends = () => [curvatures[0], curvatures.at(-1)];
  const color = (i) => ramp(figure.colors.racers, i / (curvatures.length - 1));
  const says = element("p", {class: "gd-live-says"}), sliders = element("div", {class: "gd-live-rows"});
  figure.controls.append(player(figure, last), says, sliders);
  rows();
  pointAtStep(figure, parts, last);
  const pull = linear() && {
    label: "one over the learning rate",
    get: () => [factors.value("x", factors.share("x", 1 / hyper().lr)), 0],
    set: ([curvature]) => setRate(Number((1 / curvature).toPrecision(4))),
  };
  const grip = pull && handle(figure, factors, pull);

  function setRate(lr) {
    const [rule] = state.rules;
    figure.set({rules: [{...rule, hyper: {...rule.hyper, lr}}]});
  }

  function rows() {
    const now = JSON.stringify([shape(state.rules[0]), state.sliders, state.ranges, state.curvatures === null]);
    if (now === shown) return;
    shown = now;
    const {rule} = state.rules[0], wide = {GD: 2.2, HeavyBall: 4.4, Nesterov: 2.2}[rule], more = {};
    if (wide) more.lr = {marks: () => RATES[rule](hyper(), ...ends()), ...(state.ranges?.lr ? {} : {low: 0, high: wide / curvatures.at(-1), scale: "linear"})};
    if (MOMENTA[rule]) more.momentum = {marks: () => [["best", Math.max(0, MOMENTA[rule](ends()[1] / ends()[0]))]], ...(state.ranges?.momentum ? {} : {low: 0, high: 0.99, scale: "linear"})};
    const own = hyperSliders(figure, 0, state.rules[0], [], more).filter(([name]) => !state.sliders || state.sliders.includes(name)).map(([, made]) => made);
    const condition = slider(figure, {
      label: "κ", title: "condition: how many times as steep as the flattest the steepest is", low: 1, high: Math.max(1000, state.condition ?? 1), scale: "log",
      get: () => state.condition, set: (condition) => figure.set({condition}), check: (condition) => spread({...state, condition}),
    });
    const how = choice(figure, {label: "loss", options: Object.entries(scales), get: () => state.scale, set: (scale) => figure.set({scale})});
    sliders.replaceChildren(...own, ...(state.curvatures ? [] : [condition]), how);
  }

  function compute() {
    const {rules, steps, scale} = state;
    const now = JSON.stringify([state.curvatures, state.condition, state.number, state.largest, state.start, rules, steps]);
    if (!Object.hasOwn(scales, scale)) throw new Error(`scale is ${JSON.stringify(scale)}; it is one of ${Object.keys(scales).join(", ")}.`);
    if (now === known) return;
    if (!Number.isInteger(steps) || steps < 1 || steps > most) throw new Error(`steps is ${steps}; a spectrum shows from 1 to ${most}.`);
    if (rules?.length !== 1) throw new Error(`${rules?.length ?? "no"} rules were given; a spectrum shows one.`);
    curvatures = spread(state);
    const start = state.start ?? curvatures.map((curvature) => Math.sqrt(2 / curvature / curvatures.length));
    if (start.length !== curvatures.length) throw new Error(`start has ${start.length} distances for ${curvatures.length} curvatures; give one for each.`);
    const rule = makeRule(rules[0]);
    // a problem of its own for each component: a round bowl, entered on an axis
    runs = curvatures.map((curvature, i) => run(rule, makeSurface({surface: "quadratic", parameters: {condition: 1, largest: curvature}}), [start[i], 0], steps, {tolerance: null}));
    sums = [];
    for (const {values} of runs) sums.push(Float64Array.from({length: steps + 1}, (_, k) => (sums.at(-1)?.[k] ?? 0) + (values[k] ?? Infinity)));
    crawl = alone();
    state.step = Math.round(Math.min(steps, Math.max(0, state.step))) || 0;
    known = now;
  }

  // From where on one component holds nine tenths of the loss: {step, i}, or null.
  function alone() {
    const {steps} = state, losses = runs.map(({values}) => values[steps] ?? Infinity), i = losses.indexOf(Math.max(...losses));
    let step = steps + 1;
    while (step > 0 && (runs[i].values[step - 1] ?? Infinity) >= 0.9 * sums.at(-1)[step - 1]) step--;
    return step > 0 && step <= 0.9 * steps ? {step, i} : null;
  }

  function drawParts() {
    const {steps, scale, step} = state, n = curvatures.length, total = sums[n - 1], first = total[0];
    const finite = total.filter((v) => v > 0 && v < Infinity), top = Math.max(...finite), low = Math.max(Math.min(...finite), first * 1e-10) / 1.5;
    const part = (i, k) => (i < 0 ? 0 : scale === "share" ? sums[i][k] / total[k] : sums[i][k]);
    parts.axis.y = {label: scale === "share" ? "share of the loss" : "loss", log: scale === "log", range: [0, 1]};
    parts.range("y", ...(scale === "share" ? [0, 1] : scale === "log" ? [low, Math.min(top, first * 1e4) * 1.5] : [0, 1.05 * Math.min(top, 2 * first)]));
    parts.range("x", 0, steps);
    parts.clear();
    parts.axes();
    parts.inside(() => {
      if (scale === "log") lines(low);
      else for (let i = 0; i < n; i++) parts.area(steps + 1, (k) => k, (k) => part(i - 1, k), (k) => part(i, k), {color: color(i), alpha: 0.6});
      if (scale !== "log") for (let i = 0; i < n; i++) name(i, part);
      if (crawl) {
        const {step: from, i} = crawl, right = from < steps / 2, more = {align: right ? "left" : "right", dx: right ? 6 : -6};
        parts.upright(from, {color: figure.colors.ink, dash: [3, 3]});
        parts.text(total[steps] > first ? "the explosion:" : "the crawl:", from, parts.value("y", 0.95), {...more, bold: true});
        parts.text(`from step ${from} on, 90 % is λ = ${number(curvatures[i], 3)}`, from, parts.value("y", 0.88), more);
      }
      parts.upright(step, {width: 1.5});
      parts.dot(step, part(n - 1, step), {color: figure.colors.ink, radius: 5});
    });
  }

  // A band's name, where the words have the most room.
  function name(i, part) {
    const words = `λ = ${number(curvatures[i], 3)}`, {steps} = state;
    const wide = Math.ceil(((parts.pen.measureText(words).width + 6) * steps) / (parts.x(steps) - parts.x(0)));
    let room = 15, at, middle;
    for (let k = 0; k + wide <= 0.9 * steps; k++) {
      const under = Math.min(parts.y(part(i - 1, k)), parts.y(part(i - 1, k + wide))), over = Math.max(parts.margin.top, parts.y(part(i, k)), parts.y(part(i, k + wide)));
      if (under - over > room) [room, at, middle] = [under - over, k, (under + over) / 2];
    }
    if (at !== undefined) parts.text(words, at, 0, {dx: 4, dy: middle - parts.y(0), halo: false});
  }

  // Sums mean nothing to the eye on logarithmic paper: there each component has a line of its own, below that of the total.
  function lines(low) {
    const {steps} = state, total = sums.at(-1), taken = [];
    parts.line(steps + 1, (k) => k, (k) => total[k], {color: figure.colors.ink, width: 7, alpha: 0.2});
    runs.forEach(({values}, i) => {
      parts.line(values.length, (k) => k, (k) => values[k] || low / 2, {color: color(i)});
      let k = Math.min(values.length - 1, Math.round(0.96 * steps));
      while (k > 0 && !(values[k] > 3 * low)) k--;
      const x = parts.x(k), y = parts.y(values[k]);
      if (x < 80 || taken.some(([a, b]) => Math.hypot((a - x) / 2, b - y) < 15)) return;
      taken.push([x, y]);
      parts.text(`λ = ${number(curvatures[i], 3)}`, k, values[k], {align: "right", dx: -5, dy: 5});
    });
  }

  function drawFactors() {
    const {ink, racers} = figure.colors, [mu, L] = ends(), n = curvatures.length;
    factors.range("x", mu / 1.8, 3 * L);
    const apart = (curvature, i) => !i || factors.x(curvature) - factors.x(curvatures[i - 1]) > 24; // room for words
    factors.axis.x.marks = curvatures.filter(apart).map((curvature) => [curvature, number(curvature, 3)]);
    factors.range("y", 0, 1.5);
    factors.clear();
    factors.axes();
    const places = Array.from({length: 241}, (_, k) => factors.value("x", k / 240));
    factors.inside(() => {
      factors.area(2, (k) => places[240 * k], () => 1, () => 1.5, {color: racers[1], alpha: 0.14});
      factors.text("grows", places[240], 1.06, {align: "right", dx: -6, color: racers[1]});
      if (linear()) curve(places);
      curvatures.forEach((curvature, i) => bar(curvature, Math.abs(runs[i].xs[2 * state.step] / runs[i].xs[0]), color(i)));
      const ways = curvatures.map((curvature, i) => {
        const {left, way} = leftOf(i), at = Math.min(left, 1.44);
        factors.dot(curvature, at, {color: color(i), radius: 6});
        if (way === "jumps" || way === "swings") factors.dot(curvature, at, {color: figure.colors.ground, radius: 2.5, ring: false});
        if (apart(curvature, i)) factors.text(left.toFixed(Math.abs(left - 1) < 0.005 ? 4 : 2), curvature, at, {align: "center", dy: at > 1.2 ? 15 : -15, color: ink});
        return way;
      });
      const key = [["straight", "● a step, straight in"], ["jumps", "○ a step, jumps across"], ["swings", "○ a step, swings"], ["mean", "● a step, on average"]].filter(([way]) => ways.includes(way));
      [...key.map(([, words]) => words), `▮ all ${state.step} steps`].forEach((words, k) => factors.text(words, places[0], 1.43 - 0.105 * k, {dx: 6}));
      if (pull) factors.text("1/η", pull.get()[0], 0, {dx: 13, dy: -12});
    });
  }

  // The share against every curvature; dashed where components do not come straight in.
  function curve(places) {
    const {rule} = state.rules[0], all = places.map((curvature) => leaves(rule, hyper(), curvature));
    const bent = all.findIndex(({way}) => way !== "straight"), until = bent < 0 ? all.length - 1 : bent;
    const draw = (from, to, dash) => factors.line(to - from + 1, (k) => places[from + k], (k) => all[from + k].left, {color: figure.colors.ink, width: 1.5, dash});
    draw(0, until, []);
    draw(until, all.length - 1, [5, 4]);
  }

  function bar(curvature, height, color) {
    const {pen} = factors, x = factors.x(curvature), top = factors.y(Math.min(height, 1.5));
    Object.assign(pen, {fillStyle: color, globalAlpha: 0.5});
    pen.fillRect(x - 6, top, 12, factors.y(0) - top);
    pen.globalAlpha = 1;
  }

  // What a step leaves of a component: by the closed form, or, for a rule that has none, on average over the run.
  function leftOf(i) {
    if (linear()) return leaves(state.rules[0].rule, hyper(), curvatures[i]);
    const {xs} = runs[i], steps = xs.length / 2 - 1;
    return {left: Math.abs(xs[2 * steps] / xs[0]) ** (1 / steps), way: "mean"};
  }

  function words() {
    const {step} = state, total = sums.at(-1)[step];
    if (!Number.isFinite(total)) return `after ${step} steps the loss is no longer a number: λ = ${number(ends()[1], 3)} grows`;
    const held = runs.map(({values}) => values[step]), i = held.indexOf(Math.max(...held));
    const share = `${number((100 * held[i]) / total, 3)} % of it in λ = ${number(curvatures[i], 3)}`;
    return `after ${step} step${step === 1 ? "" : "s"} loss ${number(total, 3)}, ${total ? share : "nothing is left"}; a step leaves ${number(leftOf(i).left, 4)} of that distance`;
  }

  return {
    draw() {
      compute();
      rows();
      if (!parts.width || !factors.width) return;
      drawParts();
      drawFactors();
      if (pull) grip();
      says.textContent = words();
    },
    describe: words,
    runs: () => runs,
    sums: () => sums,
    left: (i) => leftOf(i).left,
  };
};

// The curvatures that a state stands for, in ascending order.
function spread({curvatures, condition, number: count, largest}) {
  if (curvatures) {
    if (curvatures.length < 2 || curvatures.length > 6 || !curvatures.every((v) => v > 0 && v < Infinity)) throw new Error(`curvatures are ${JSON.stringify(curvatures)}; give 2 to 6 numbers above 0.`);
    return [...curvatures].sort((a, b) => a - b);
  }
  if (!(condition >= 1 && condition <= 1e8)) throw new Error(`condition is ${condition}; it lies from 1 to 1e8.`);
  if (!Number.isInteger(count) || count < 2 || count > 6) throw new Error(`number is ${count}; a spectrum shows 2 to 6 curvatures.`);
  if (!(largest > 0 && largest < Infinity)) throw new Error(`largest is ${largest}; the largest curvature is a number above 0.`);
  return Array.from({length: count}, (_, i) => largest * condition ** (i / (count - 1) - 1));
}

// From the flattest (blue) by purple to the steepest (orange).
function ramp([blue, orange, , purple], share) {
  const [from, to, part] = share < 0.5 ? [blue, purple, 2 * share] : [purple, orange, 2 * share - 1];
  return `color-mix(in srgb, ${to} ${Math.round(100 * part)}%, ${from})`;
}
