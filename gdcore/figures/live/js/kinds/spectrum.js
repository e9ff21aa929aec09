// Spectrum: a quadratic in the axes of its curvatures. Question: which part of the error is left, and why does the crawl begin?
//
// state: curvatures [2 to 6 numbers], or null: then `number` of them from largest / condition to largest, evenly spaced in the logarithm,
// and the reader moves condition; start [a distance each], or null: then all hold equal parts of the loss 1; rules [one], steps, step,
// scale ("linear", "log" or "share"), sliders, ranges.

KINDS.spectrum = (figure) => {
  const {state} = figure, scales = {linear: "linear", log: "logarithmic", share: "share of what is left"};
  let curvatures, hyper, runs, sums, total, crawl;
  const part = (i, k) => runs[i].values[k] ?? Infinity;
  const compute = onChange(state, ["curvatures", "condition", "number", "largest", "start", "rules", "steps"], () => {
    const {rules, steps, start} = state;
    within("steps", steps, 1, 1000, true);
    within("the number of rules", rules?.length, 1, 1);
    curvatures = curvaturesOf(state);
    const rule = makeRule(rules[0]), n = curvatures.length;
    hyper = rule.h;
    // a problem of its own for each component: a round bowl, entered on an axis
    runs = curvatures.map((largest, i) =>
      run(rule, makeSurface({surface: "quadratic", parameters: {condition: 1, largest}}), [start ? start[i] : Math.sqrt(2 / largest / n), 0], steps, {tolerance: null}));
    sums = runs.map((_, i) => Array.from({length: steps + 1}, (_, k) => runs.slice(0, i + 1).reduce((sum, {values}) => sum + (values[k] ?? Infinity), 0)));
    total = sums[n - 1];
    crawl = alone();
  });
  compute();
  const name = state.rules[0].rule, linear = LINEAR[name];
  const mu = () => curvatures[0], L = () => curvatures.at(-1);
  const color = (i) => ramp(figure.colors.racers, i / (curvatures.length - 1));
  const words = (i) => `λ = ${number(curvatures[i], 3)}`;
  const parts = new Plot(figure, {label: "loss of each component against steps", x: {label: "step", integer: true}, aspect: 0.86, y: {label: "loss"}});
  const factors = new Plot(figure, {label: "what a step leaves of each component", x: {label: "curvature λ", log: true}, aspect: 0.86, y: {label: "share of the distance left"}});
  const pull = linear && {
    label: "one over the learning rate",
    get: () => [factors.value("x", factors.share("x", 1 / hyper.lr)), 0],
    set: ([curvature]) => figure.set({rules: [{...state.rules[0], hyper: {...hyper, lr: Number((1 / curvature).toPrecision(4))}}]}),
  };
  const grip = pull && handle(figure, factors, pull);
  const says = element("p", {class: "gd-live-sentence"});
  const marked = (marks, high, wanted) => ({marks, ...(wanted ? {} : {low: 0, high, scale: "linear"})});
  const more = linear && {
    lr: marked(() => RATES[name](hyper, mu(), L()), (MOMENTA[name] ? 4.4 : 2.2) / L(), state.ranges?.lr),
    momentum: marked(() => [["best", MOMENTA[name](L() / mu())]], 0.99, state.ranges?.momentum),
  };
  figure.controls.append(player(figure, () => state.steps), says, element("div", {class: "gd-live-rows"},
    ...hyperSliders(figure, 0, state.rules[0], [], more).filter(([name]) => !state.sliders || state.sliders.includes(name)).map(([, made]) => made),
    ...(state.curvatures ? [] : [conditionDial(figure)]),
    choice(figure, {label: "loss", options: Object.entries(scales), get: () => state.scale, set: (scale) => figure.set({scale})})));
  pointAtStep(figure, parts, () => state.steps);

  // From where on one component holds nine tenths of the loss: {step, i}, or nothing.
  function alone() {
    const {steps} = state, i = largest(steps);
    let step = steps + 1;
    while (step > 0 && !(part(i, step - 1) < 0.9 * total[step - 1])) step--;
    return 0 < step && step < 0.9 * steps && {step, i};
  }

  function largest(k) {
    const all = runs.map((_, i) => part(i, k));
    return all.lastIndexOf(Math.max(...all));
  }

  function drawLosses() {
    const {steps, step, scale} = state, log = scale === "log", share = scale === "share", {ink} = figure.colors;
    if (!scales[scale]) throw new Error(`scale is ${JSON.stringify(scale)}; it is one of ${Object.keys(scales).join(", ")}.`);
    Object.assign(parts.axis.y, {label: share ? "share of the loss" : "loss", log});
    if (log) drawParts(parts, total, runs.map((_, i) => [(k) => part(i, k), color(i), words(i)]));
    else {
      const to = (i, k) => (i < 0 ? 0 : share ? sums[i][k] / total[k] : sums[i][k]);
      parts.range("x", 0, steps);
      parts.range("y", 0, share ? 1 : 1.05 * Math.min(2 * total[0], Math.max(...total)));
      parts.clear();
      parts.axes();
      parts.inside(() => {
        runs.forEach((_, i) => parts.area(steps + 1, (k) => k, (k) => to(i - 1, k), (k) => to(i, k), {color: color(i), alpha: 0.6}));
        runs.forEach((_, i) => nameBand(i, to));
        parts.upright(step, {width: 1.5});
        parts.dot(step, to(runs.length - 1, step), {color: ink, radius: 5});
      });
    }
    if (!crawl) return;
    const right = crawl.step < steps / 2, more = {align: right ? "left" : "right", dx: right ? 6 : -6};
    parts.upright(crawl.step, {color: ink, dash: [3, 3]});
    const told = [total[steps] > total[0] ? "the explosion:" : "the crawl:", `from step ${crawl.step} on`, `90 % is ${words(crawl.i)}`];
    told.forEach((line, k) => parts.text(line, crawl.step, parts.value("y", 0.95 - 0.07 * k), {...more, bold: !k}));
  }

  // A band's name, where it has the most room.
  function nameBand(i, to) {
    const wide = Math.ceil((56 * state.steps) / (parts.x(state.steps) - parts.x(0)));
    const from = crawl ? parts.x(crawl.step) - (crawl.step < state.steps / 2 ? 0 : 120) : Infinity; // the crawl's words stand here, 120 wide
    let room = 15, at, middle;
    for (let k = 0; k + wide <= 0.9 * state.steps; k += Math.ceil(state.steps / 100)) {
      const top = parts.x(k) < from + 120 && parts.x(k + wide) > from ? parts.y(parts.value("y", 0.76)) : 12;
      const under = Math.min(parts.y(to(i - 1, k)), parts.y(to(i - 1, k + wide))), over = Math.max(top, parts.y(to(i, k)), parts.y(to(i, k + wide)));
      if (under - over > room) [room, at, middle] = [under - over, k, (under + over) / 2];
    }
    if (room > 15) parts.text(words(i), at, 0, {dx: 4, dy: middle - parts.y(0), halo: false});
  }

  function drawFactors() {
    const {colors: {ink, ground, racers}} = figure;
    factors.range("x", mu() / 1.8, 3 * L());
    factors.range("y", 0, 1.5);
    const apart = (curvature, i) => !i || factors.x(curvature) - factors.x(curvatures[i - 1]) > 24; // room for words
    let free = -Infinity; // where the next mark may begin
    factors.axis.x.marks = curvatures.map((curvature) => [curvature, number(curvature, 3)]).filter(([curvature, words]) => {
      const half = 3.6 * words.length, fits = factors.x(curvature) - half > free;
      if (fits) free = factors.x(curvature) + half + 3;
      return fits;
    });
    factors.clear();
    factors.axes();
    const at = (k) => factors.value("x", k / 240);
    factors.inside(() => {
      factors.area(2, (k) => at(240 * k), () => 1, () => 1.5, {color: racers[1], alpha: 0.14});
      // the share against every curvature; dashed where components do not come straight in
      const curve = (straight, dash) => factors.line(241, at, (k) => {
        const {left, way} = leaves(name, hyper, at(k));
        return (way === "straight") === straight ? left : NaN;
      }, {color: ink, width: 1.5, dash});
      if (linear) curve(true, []), curve(false, [5, 4]);
      const ways = runs.map(({xs}, i) => {
        const {left, way} = leftOf(i), curvature = curvatures[i], high = Math.min(left, 1.44);
        const bar = (k) => curvature * (0.94 + 0.12 * k);
        factors.area(2, bar, () => 0, () => Math.abs(xs[2 * state.step] / xs[0]), {color: color(i), alpha: 0.5});
        factors.dot(curvature, high, {color: color(i), radius: 6});
        if (way && way !== "straight") factors.dot(curvature, high, {color: ground, radius: 2.5, ring: false});
        if (apart(curvature, i)) factors.text(left.toFixed(Math.abs(left - 1) < 0.005 ? 4 : 2), curvature, high, {align: "center", dy: high > 1.2 ? 15 : -15});
        return way;
      });
      const key = {straight: "● a step, straight in", jumps: "○ a step, jumps across", swings: "○ a step, swings", undefined: "● a step, on average"};
      const shown = [...Object.keys(key).filter((way) => ways.includes(way === "undefined" ? undefined : way)).map((way) => key[way]), `▮ all ${state.step} steps`];
      shown.forEach((line, k) => factors.text(line, at(0), 1.43 - 0.105 * k, {dx: 6}));
      factors.text("grows", at(240), 1.43, {align: "right", dx: -6, color: racers[1]});
      if (pull) factors.text("1/η", pull.get()[0], 0, {dx: 19, dy: -12});
    });
  }

  // What a step leaves of a component: by the closed form, or, for a rule that has none, on average over the run.
  function leftOf(i) {
    if (linear) return leaves(name, hyper, curvatures[i]);
    const {xs} = runs[i], steps = xs.length / 2 - 1;
    return {left: Math.abs(xs[2 * steps] / xs[0]) ** (1 / steps)};
  }

  function describe() {
    const {step} = state, sum = total[step], i = largest(step);
    if (sum === Infinity) return `after ${step} steps the loss is no longer a number: ${words(i)} grows`;
    const held = sum ? `${number((100 * part(i, step)) / sum, 3)} % of it in ${words(i)}` : "nothing is left";
    return `after ${step} step${step === 1 ? "" : "s"} loss ${number(sum, 3)}, ${held}; a step leaves ${number(leftOf(i).left, 4)} of that distance`;
  }

  return {
    draw() {
      compute();
      if (!parts.width || !factors.width) return;
      drawLosses();
      drawFactors();
      grip?.();
      says.textContent = describe();
    },
    describe,
    runs: () => runs,
    left: (i) => leftOf(i).left,
  };
};

// The curvatures that a state stands for, in ascending order.
function curvaturesOf({curvatures, condition, number, largest}) {
  within("the number of curvatures", curvatures?.length ?? number, 2, 6, true);
  for (const curvature of curvatures ?? [largest]) within("a curvature", curvature, 1e-12, 1e12);
  if (curvatures) return [...curvatures].sort((a, b) => a - b);
  within("condition", condition, 1, 1e8);
  return Array.from({length: number}, (_, i) => largest * condition ** (i / (number - 1) - 1));
}

// From the flattest (blue) by purple to the steepest (orange).
function ramp([blue, orange, , purple], share) {
  const [from, to, part] = share < 0.5 ? [blue, purple, 2 * share] : [purple, orange, 2 * share - 1];
  return `color-mix(in srgb, ${to} ${Math.round(100 * part)}%, ${from})`;
}
