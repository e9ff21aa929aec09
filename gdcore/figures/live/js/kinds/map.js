// Map: learning rate and momentum of a heavy ball on a bowl. Question: where is the fast island, and how near is the cliff?
//
// state: condition, largest (L; the smallest curvature is largest / condition), lr and momentum (the point on the map), start [along the
// flat axis, along the curved one], steps, step.

KINDS.map = (figure) => {
  const {state} = figure;
  let path, sizes;
  const compute = onChange(state, ["condition", "largest", "lr", "momentum", "start", "steps"], () => {
    const {condition, largest, lr, momentum, start, steps} = state;
    within("steps", steps, 1, 2000, true);
    within("condition", condition, 1, 1e8);
    within("largest", largest, 1e-12, 1e12);
    within("momentum", momentum, 0, 0.9999);
    path = run(makeRule({rule: "HeavyBall", hyper: {lr, momentum}}), makeSurface({surface: "quadratic", parameters: {condition, largest}}), start, steps, {tolerance: null});
    sizes = Array.from(path.values, (_, k) => Math.hypot(path.xs[2 * k], path.xs[2 * k + 1]));
  });
  compute();
  const axes = () => [["flat", state.largest / state.condition, figure.colors.racers[0]], ["curved", state.largest, figure.colors.racers[1]]];
  const land = new Plot(figure, {label: "what a step leaves of the distance", x: {label: "learning rate η"}, y: {label: "momentum β"}, aspect: 1.2, grid: false});
  const errors = new Plot(figure, {label: "distance against steps", x: {label: "step", integer: true}, y: {label: "distance", log: true}, aspect: 0.58});
  const phase = new Plot(figure, {label: "velocity against position, along both axes", x: {label: "position"}, y: {label: "velocity / √(ηλ)"}, aspect: 0.58});
  land.box.classList.add("gd-live-tall");
  const cut = (value) => Number(value.toPrecision(4));
  const grip = handle(figure, land, {
    label: "learning rate and momentum",
    get: () => [Math.min(state.lr, 4.4 / state.largest), state.momentum],
    set: ([lr, momentum]) => figure.set({lr: cut(lr), momentum: cut(Math.min(0.99, momentum))}),
  });
  const says = element("p", {class: "gd-live-sentence"});
  figure.controls.append(player(figure, () => state.steps), says, element("div", {class: "gd-live-rows"},
    dial(figure, "lr", "η", "learning rate", 0, 4.4 / state.largest, Infinity), dial(figure, "momentum", "β", "momentum", 0, 0.99, 0.9999), conditionDial(figure),
    element("div", {class: "gd-live-player"}, button(figure, "Best", () => figure.set(best())), button(figure, "Best without memory", () => figure.set(plain())))));
  pointAtStep(figure, errors, () => state.steps);

  const both = (lr, momentum) => axes().map(([, curvature]) => leaves("HeavyBall", {lr, momentum}, curvature));
  const rate = (lr, momentum) => Math.max(...both(lr, momentum).map(({left}) => left)); // the slower axis counts
  const best = () => ({lr: RATES.HeavyBall(state, axes()[0][1], state.largest)[0][1], momentum: MOMENTA.HeavyBall(state.condition)});
  const plain = () => ({lr: 2 / (axes()[0][1] + state.largest), momentum: 0});

  // What the run does at a point of the map, in a word.
  function region(lr, momentum) {
    if (!(rate(lr, momentum) < 1)) return lr > 0 ? "diverges" : "stands still";
    const [flat, curved] = both(lr, momentum).map(({way}) => way);
    if (curved === "jumps") return "jumps across";
    return flat === "swings" ? "ripples" : curved === "swings" ? "ripples, the flat axis creeps" : "comes straight in";
  }

  function drawLand() {
    const {condition, largest: L} = state, {ink, quiet, ground, racers: [, orange]} = figure.colors, rates = (k) => (4.4 * k) / 240 / L;
    land.range("x", 0, 4.4 / L);
    land.clear();
    land.inside(() => {
      land.field((lr, momentum) => Math.min(1, rate(lr, momentum)), `${condition} ${L}`);
      // where an axis begins to swing, and, on the right, where it begins to jump
      for (const [name, curvature] of axes()) land.line(241, rates, (k) => (1 - Math.sqrt(rates(k) * curvature)) ** 2, {color: ink, width: 1.3, dash: name === "flat" ? [4, 4] : []});
      for (const paint of [{color: ground}, {color: orange, alpha: 0.2}]) land.area(3, (k) => [2, 4, 4.4][k] / L, () => 0, (k) => [0, 1, 1][k], paint);
      land.line(2, (k) => (2 + 2 * k) / L, (k) => k, {color: orange, width: 3});
    });
    land.axes();
    const where = (words, share, momentum, wanted = words) => region(share / L, momentum) === wanted && land.text(words, share / L, momentum, {align: "center"});
    where("ripples", 1.4, 0.9);
    where("ripples,", 1.15, 0.5, "ripples, the flat axis creeps");
    where("the flat axis creeps", 1.15, 0.455, "ripples, the flat axis creeps");
    where("straight", 0.41, 0.035, "comes straight in");
    where("jumps", 1.93, 0.1, "jumps across");
    land.text("the cliff", 3 / L, 0.5, {dx: 10, color: orange, bold: true});
    land.text("diverges", 3 / L, 0.455, {dx: 10, color: orange});
    land.text("darker is faster", 4.35 / L, 0.96, {align: "right", color: quiet});
    const {lr, momentum} = best(), none = plain();
    land.dot(none.lr, 0, {color: ink, radius: 5});
    land.text(`${number(rate(none.lr, 0), 3)} without memory`, none.lr, 0, {dx: 11, dy: -13});
    land.text("✕", lr, momentum, {align: "center", bold: true});
    land.text(`best ${number(rate(lr, momentum), 3)}`, lr, momentum, {dx: -9, dy: -13, align: "right", bold: true});
  }

  function drawErrors() {
    const factor = rate(state.lr, state.momentum), {quiet: color} = figure.colors;
    const promised = (k) => sizes[0] * factor ** k, parts = axes().map(([name, , color], i) => [(k) => Math.abs(path.xs[2 * k + i]), color, name]);
    drawParts(errors, sizes, parts, [promised]);
    errors.inside(() => errors.line(state.steps + 1, (k) => k, promised, {color, width: 1.5, dash: [5, 4]}));
    errors.text(`dashed: ${number(factor, 3)} to the power of the step`, state.steps, errors.value("y", 0.93), {align: "right", dx: -6, color});
  }

  // The step just taken stands for the velocity; the walk begins at rest. Divided by √(ηλ), the speed at which a small heavy ball swings
  // without friction, it makes both axes equally large.
  function drawPhase() {
    const {xs} = path, end = Math.min(state.step, sizes.length - 1);
    const curves = axes().map(([name, curvature, color], i) => {
      const unit = Math.sqrt(state.lr * curvature) || 1;
      return {name, color, x: (k) => xs[2 * k + i], y: (k) => (k ? (xs[2 * k + i] - xs[2 * k - 2 + i]) / unit : 0)};
    });
    const reach = (of) => 1.15 * Math.min(3 * sizes[0], Math.max(1e-9, ...curves.flatMap((curve) => sizes.map((_, k) => Math.abs(curve[of](k))))));
    for (const name of ["x", "y"]) phase.range(name, -reach(name), reach(name));
    phase.clear();
    phase.axes();
    phase.inside(() => curves.forEach(({name, color, x, y}, i) => {
      phase.line(sizes.length, x, y, {color, width: 1, alpha: 0.35});
      phase.line(end + 1, x, y, {color, width: 1.8});
      for (let k = 0; k < Math.min(end, 60); k++) phase.dot(x(k), y(k), {color, radius: 2.2, ring: false});
      phase.dot(x(end), y(end), {color, radius: 5});
      phase.text(`${name} axis`, phase.value("x", 0), phase.value("y", 1), {color, dx: 6, dy: 12 + 16 * i});
    }));
  }

  function describe() {
    const {lr, momentum, largest, step} = state, share = rate(lr, momentum);
    const digit = share < 1 ? `, a digit takes ${number(-1 / Math.log10(share), 3)} steps` : "";
    const end = step < sizes.length ? `after ${step} step${step === 1 ? "" : "s"} distance ${number(sizes[step], 3)}` : `diverged at step ${path.step}`;
    return `${region(lr, momentum)}: in the long run a step leaves ${number(share, 4)} of the distance${digit}; the cliff is at η = ${number((2 * (1 + momentum)) / largest, 3)}; ${end}`;
  }

  return {
    draw() {
      compute();
      if (!land.width || !errors.width || !phase.width) return;
      drawLand();
      drawErrors();
      drawPhase();
      grip();
      says.textContent = describe();
    },
    describe,
    run: () => path,
    rate, region, best,
  };
};
