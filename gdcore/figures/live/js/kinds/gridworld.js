// Gridworld: a policy, a table of softmax, trained by REINFORCE in the page. Question: will it find the goal, and which way?
//
// data: rows (S start, G goal, X pit, # wall, . free), discount, cost (of an action), best (possible return), sliders (names, or null).
// state: lr, batch (episodes a step), baseline (none, mean or value), seed, steps, step (where both panels stand).

KINDS.gridworld = (figure) => {
  const {rows, discount, cost, best, sliders} = figure.data ?? {}, MOST = 60, CRITIC = 0.3, baselines = ["none", "mean", "value"];
  insist(Array.isArray(rows), "its data holds no rows.");
  const letters = rows.join(""), width = rows[0].length, height = rows.length, cells = letters.length, WAYS = [[0, 1], [1, 0], [0, -1], [-1, 0]];
  const marks = {marks: []};
  const map = new Plot(figure, {label: "the world and the policy", x: marks, y: marks, aspect: Math.min(1.2, height / width), grid: false});
  const losses = new Plot(figure, {label: "return against steps", x: {label: "step", integer: true}, y: {label: "mean return"}, aspect: 0.9});
  const shown = ([name]) => !sliders || sliders.includes(name);
  const dial = (name, more) => [name, slider(figure, {label: name, symbol: name, get: () => figure.state[name], set: (v) => figure.set({[name]: v}), ...more})];
  const row = lane(0, "REINFORCE");
  figure.controls.append(player(figure, () => figure.state.steps, {seconds: 8}), row, element("div", {class: "gd-live-above"}, ...[
    dial("lr", {label: "η", title: "η: rate of the ascent", low: 0.02, high: 20, scale: "log", check: (v) => within("lr", v, 1e-6, 100)}),
    dial("batch", {title: "episodes a step", low: 1, high: 64, scale: "integer", check: (v) => within("batch", v, 1, 64, true)}),
    dial("seed", {title: "seed of all chance", low: 0, high: 20, scale: "integer", check: (v) => within("seed", v, 0, 2 ** 32 - 1, true)}),
    ["baseline", choice(figure, {label: "baseline", options: baselines.map((b) => [b, b]), get: () => figure.state.baseline, set: (v) => figure.set({baseline: v})})],
  ].filter(shown).map(([, made]) => made)));

  // what follows an action in a cell: [the next cell, or −1, the reward]
  const outcome = Array.from({length: cells}, (_, k) => WAYS.map(([dx, dy]) => {
    const r = Math.floor(k / width) - dy, c = (k % width) + dx, there = r * width + c;
    if (r < 0 || r >= height || c < 0 || c >= width || letters[there] === "#") return [k, cost];
    return letters[there] === "G" ? [-1, 1] : letters[there] === "X" ? [-1, -1] : [there, cost];
  }));
  const softmax = (z) => {
    const top = Math.max(...z), e = z.map((v) => Math.exp(v - top)), sum = e.reduce((a, b) => a + b, 0);
    return e.map((v) => v / sum);
  };
  let thetas, returns;

  // one episode: [[cell, action, reward], …]
  function episode(theta, chance) {
    const seen = [];
    for (let t = 0, at = letters.indexOf("S"); t < MOST && at >= 0; t++) {
      const pi = softmax(theta[at]), u = chance(t);
      let action = 0;
      for (let sum = pi[0]; action < 3 && u >= sum; sum += pi[action]) action++;
      const [next, reward] = outcome[at][action];
      seen.push([at, action, reward]);
      at = next;
    }
    return seen;
  }

  // the returns to go of an episode
  function later(seen) {
    let after = 0;
    return seen.map((_, i) => (after = seen[seen.length - 1 - i][2] + discount * after)).reverse();
  }

  const compute = onChange(figure.state, ["lr", "batch", "baseline", "seed", "steps"], () => {
    const {lr, batch, baseline, seed, steps} = figure.state;
    within("lr", lr, 1e-6, 100);
    for (const [name, low, high] of [["batch", 1, 64], ["seed", 0, 2 ** 32 - 1], ["steps", 1, 400]]) within(name, figure.state[name], low, high, true);
    insist(baselines.includes(baseline), `There is no baseline "${baseline}"; known are ${baselines.join(", ")}.`);
    const chance = uniforms(seed, steps * MOST * batch), values = new Float64Array(cells);
    let theta = Array.from({length: cells}, () => [0, 0, 0, 0]);
    [thetas, returns] = [[theta], []];
    for (let k = 0; k < steps; k++) {
      const seen = Array.from({length: batch}, (_, e) => episode(theta, (t) => chance[(k * MOST + t) * batch + e])), togo = seen.map(later);
      const all = togo.flat(), mean = all.reduce((a, b) => a + b, 0) / all.length, next = theta.map((z) => [...z]);
      const count = new Float64Array(cells), total = new Float64Array(cells), pis = theta.map(softmax);
      seen.forEach((steps, e) => steps.forEach(([at, action], t) => {
        const base = baseline === "mean" ? mean : baseline === "value" ? values[at] : 0;
        const weight = (lr * discount ** t * (togo[e][t] - base)) / batch;
        pis[at].forEach((p, a) => (next[at][a] += weight * ((a === action) - p)));
        count[at]++;
        total[at] += togo[e][t];
      }));
      count.forEach((n, at) => (values[at] += n ? CRITIC * (total[at] / n - values[at]) : 0));
      thetas.push((theta = next));
      returns.push(seen.flat().reduce((sum, [, , reward]) => sum + reward, 0) / batch);
    }
  });

  function drawMap() {
    const {ink, racers: [blue, orange]} = figure.colors, theta = thetas[figure.state.step];
    map.range("x", 0, width);
    map.range("y", 0, height);
    map.clear();
    map.inside(() => [...letters].forEach((letter, k) => {
      const x = (k % width) + 0.5, y = height - Math.floor(k / width) - 0.5, {color, alpha} = {"#": {color: ink, alpha: 0.35}, G: {color: blue, alpha: 0.2}, X: {color: orange, alpha: 0.2}}[letter] ?? {color: ink, alpha: 0.04};
      map.area(2, (i) => x - 0.48 + 0.96 * i, () => y - 0.48, () => y + 0.48, {color, alpha});
      if (letter === "G" || letter === "X") map.text(letter === "G" ? "+1" : "−1", x, y, {align: "center", bold: true, halo: false});
      if (!".S".includes(letter)) return;
      if (letter === "S") map.text("S", x, y, {align: "center", dx: -12, dy: -12, halo: false});
      softmax(theta[k]).forEach((p, a) => {
        const [dx, dy] = WAYS[a].map((way) => 0.45 * p * way);
        if (p > 0.4) map.arrow(x, y, x + dx, y + dy, blue);
        else map.line(2, (i) => x + i * dx, (i) => y + i * dy, {color: blue, width: 3}); // too short for a head
      });
    }));
  }

  const lately = () => {
    const {step} = figure.state, last = returns.slice(Math.max(0, step - 10), Math.max(1, step));
    return last.reduce((a, b) => a + b, 0) / last.length;
  };

  function drawReturns() {
    const {step, steps} = figure.state, {ink, racers: [blue]} = figure.colors, low = Math.min(...returns, 0);
    losses.range("x", 0, steps);
    losses.range("y", low - 0.1, Math.max(best, ...returns) + 0.2);
    losses.clear();
    losses.axes();
    losses.inside(() => {
      losses.upright(step);
      losses.line(2, (k) => k * steps, () => best, {color: ink, width: 1.5, dash: [5, 4]});
      losses.line(returns.length, (k) => k + 1, (k) => returns[k], {color: blue, width: 1.5});
      losses.text("best possible", steps, best, {align: "right", dx: -4, dy: -10});
      if (step) losses.dot(step, returns[step - 1], {color: blue, radius: 5});
    });
  }

  const words = () => `after ${figure.state.step} steps the last ten had a mean return of ${number(lately(), 3)}; best possible is ${number(best, 3)}`;
  pointAtStep(figure, losses, () => figure.state.steps);

  return {
    draw() {
      compute();
      if (!map.width || !losses.width) return;
      drawMap();
      drawReturns();
      row.querySelector("output").textContent = words();
    },
    describe: () => `Baseline ${figure.state.baseline}: ${words()}`,
    found: () => ({thetas: [0, 1, 5, 20, figure.state.steps].filter((k) => k < thetas.length).map((k) => thetas[k]), returns}),
  };
};
