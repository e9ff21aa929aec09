// Population: the points that recorded searches without a gradient asked for. Question: where will they gather?
//
// data: searches [{name, points [[x₁, x₂], …], counts (of points after each tell), values (the best till then)}, …], target (or null).
// state: surface {surface, parameters}, chosen (a name), step (evaluations so far), steps (all of them), box.

KINDS.population = (figure) => {
  const {searches, target} = figure.data ?? {};
  insist(Array.isArray(searches) && searches.length, "its data holds no searches.");
  const {steps: evaluations} = figure.state, names = searches.map(({name}) => name);
  const map = new Plot(figure, {label: "the points on the surface", x: {label: "x₁"}, y: {label: "x₂"}, aspect: 0.9, grid: false});
  const losses = new Plot(figure, {
    label: "best value against evaluations", x: {label: "evaluations", integer: true}, y: {label: "best value", log: true}, aspect: 0.9,
  });
  const racers = element("div", {class: "gd-live-racers"}, ...searches.map(({name}, i) =>
    lane(i, button(figure, name, () => figure.set({chosen: name})))));
  figure.controls.append(player(figure, () => evaluations, {seconds: 8, says: (step) => `after ${step} evaluations`}), racers);
  let surface, shown, at;

  const compute = onChange(figure.state, ["surface", "chosen", "step"], () => {
    const {surface: wanted, chosen, step} = figure.state;
    surface = makeSurface(wanted);
    at = names.indexOf(chosen);
    insist(at >= 0, `There is no search "${chosen}"; there are ${names.join(", ")}.`);
    within("step", step, 0, evaluations, true);
    shown = now(searches[at], step);
  });

  // the points of the last tell, or the last few of a search that asks for one or two at a time
  function now({points, counts}, step) {
    const k = counts.findLastIndex((n) => n <= step), end = k < 0 ? 0 : counts[k], last = end - (k > 0 ? counts[k - 1] : 0);
    return points.slice(Math.max(0, end - (last > 2 ? last : 12)), end);
  }

  const best = ({counts, values}, step) => values[counts.findLastIndex((n) => n <= step)];
  const low = (value) => Math.max(value, 1e-12);

  function drawLosses() {
    const {step} = figure.state, {racers: colors, ink} = figure.colors, all = searches.flatMap(({values}) => values.map(low));
    losses.range("x", 0, evaluations);
    losses.range("y", Math.min(...all, target ?? Infinity) / 2, 2 * Math.max(...all));
    losses.clear();
    losses.axes();
    losses.inside(() => {
      losses.upright(step);
      if (target !== null) losses.line(2, (k) => k * evaluations, () => target, {color: ink, width: 1.5, dash: [5, 4]});
      searches.forEach(({counts, values}, i) => {
        // a stair: each value holds until the next one is known
        const x = (k) => counts[Math.min((k + 1) >> 1, counts.length - 1)], y = (k) => low(values[k >> 1]);
        losses.line(2 * counts.length - 1, x, y, {color: colors[i], width: i === at ? 3 : 1.75, alpha: i === at ? 1 : 0.6});
        const value = best(searches[i], step);
        if (value !== undefined) losses.dot(step, low(value), {color: colors[i], radius: i === at ? 5.5 : 4});
      });
    });
  }

  const words = (each) => {
    const value = best(each, figure.state.step);
    return value === undefined ? "no value yet" : `best ${number(value, 3)}`;
  };

  pointAtStep(figure, losses, () => evaluations);

  return {
    draw() {
      compute();
      if (!map.width || !losses.width) return;
      landscape(map, surface, figure.state);
      map.inside(() => shown.forEach(([x, y]) => map.dot(x, y, {color: figure.colors.racers[at], radius: 4, alpha: 0.8})));
      drawLosses();
      [...racers.children].forEach((made, i) => {
        made.querySelector("button").setAttribute("aria-pressed", i === at);
        made.querySelector("output").textContent = words(searches[i]);
      });
    },
    describe: () => `after ${figure.state.step} evaluations, ${searches.map((each) => `${each.name}: ${words(each)}`).join("; ")}`,
    found: () => ({shown, best: searches.map((each) => best(each, figure.state.step) ?? null)}),
  };
};
