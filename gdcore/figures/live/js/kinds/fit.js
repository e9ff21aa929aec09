// Fit: a straight line through data is one point of a landscape. Question: which point is which line, and where is the best?
//
// state: xs, ys (the data), line [slope, intercept], cost (a name of COSTS), costs (the names to choose from), delta (of Huber),
// best {cost: [slope, intercept], delta}, marks [[name, [slope, intercept]], …] (other lines), slopes, intercepts (ranges), labels [x, y].

KINDS.fit = (figure) => {
  const {xs, ys, labels, costs, marks} = figure.state;
  if (xs.length !== ys.length || !xs.length) throw new Error(`there are ${xs.length} xs and ${ys.length} ys; give one y for each x.`);
  const data = new Plot(figure, {label: "the data and the line", x: {label: labels[0]}, y: {label: labels[1]}, aspect: 0.95});
  const map = new Plot(figure, {label: "how wrong each line is", x: {label: "slope w"}, y: {label: "intercept b"}, aspect: 0.95, grid: false});
  const move = handle(figure, map, {label: "the line, as slope and intercept", get: () => figure.state.line, set: (line) => figure.set({line})});
  const says = element("output", {class: "gd-live-says"});
  const above = element("div", {class: "gd-live-above"}, says);
  if (costs.length > 1) above.prepend(choice(figure, {label: "loss", options: costs.map((name) => [name, name]), get: () => figure.state.cost, set: (cost) => figure.set({cost})}));
  const bend = slider(figure, {
    label: "δ", title: "δ: from this error on the cost is a straight line", low: 1, high: 200, scale: "log",
    get: () => figure.state.delta, set: (delta) => figure.set({delta}), check: positive,
  });
  if (costs.includes("Huber")) above.append(bend);
  figure.controls.append(above);
  const mean = (w, b) => {
    const cost = COSTS[figure.state.cost], {delta} = figure.state;
    let sum = 0;
    for (let i = 0; i < xs.length; i++) sum += cost(w * xs[i] + b - ys[i], delta);
    return sum / xs.length;
  };
  const words = () => {
    const [w, b] = figure.state.line;
    return `slope ${number(w, 3)}, intercept ${number(b, 3)}: mean ${figure.state.cost} error ${number(mean(w, b))}`;
  };

  function drawData() {
    const [w, b] = figure.state.line, {ink, racers: [blue, orange]} = figure.colors, [low, high] = spread(xs), [bottom, top] = spread(ys);
    data.range("x", low, high);
    data.range("y", bottom, top);
    data.clear();
    data.axes();
    data.inside(() => {
      for (let i = 0; i < xs.length; i++) data.dot(xs[i], ys[i], {color: blue, radius: xs.length < 20 ? 4 : 2.5, alpha: xs.length < 20 ? 0.9 : 0.5, ring: false});
      for (const [name, [slope, intercept]] of marks) {
        data.line(2, (i) => [low, high][i], (i) => slope * [low, high][i] + intercept, {color: ink, width: 1.5, alpha: 0.7});
        const end = Math.min(high, slope > 0 ? (top - intercept) / slope : slope < 0 ? (bottom - intercept) / slope : high);
        const y = slope * end + intercept, deep = data.y(y) > data.y(bottom) - 18; // no room below the end: then beside it
        data.text(name, end, y, {align: "right", ...(deep ? {dx: -24, dy: -8} : {dx: -8, dy: 10}), bold: true});
      }
      data.line(2, (i) => [low, high][i], (i) => w * [low, high][i] + b, {color: orange, width: 3});
    });
  }

  function drawMap() {
    const {slopes, intercepts, cost, best, delta} = figure.state;
    map.range("x", ...slopes);
    map.range("y", ...intercepts);
    map.clear();
    map.inside(() => map.field(mean, `${cost} ${cost === "Huber" ? delta : ""}`));
    map.axes();
    map.inside(() => {
      if (best[cost] && (cost !== "Huber" || delta === best.delta)) map.text("×", ...best[cost], {align: "center", bold: true});
      marks.forEach(([, [w, b]], i) => {
        map.dot(w, b, {color: figure.colors.ink, radius: 5});
        map.text(String(i + 1), w, b, {dx: 9, bold: true});
      });
    });
  }

  return {
    draw() {
      if (!Object.hasOwn(COSTS, figure.state.cost)) throw new Error(`There is no loss "${figure.state.cost}"; known are ${Object.keys(COSTS).join(", ")}.`);
      positive(figure.state.delta);
      if (figure.state.line.length !== 2 || !figure.state.line.every(Number.isFinite)) throw new Error(`line is ${JSON.stringify(figure.state.line)}; give a slope and an intercept.`);
      if (!map.width || !data.width) return;
      drawData();
      drawMap();
      move();
      bend.hidden = figure.state.cost !== "Huber";
      says.textContent = words();
    },
    describe: words,
    mean,
  };
};

function positive(delta) {
  if (!(delta > 0)) throw new Error(`δ is ${delta}, but must be above 0.`);
}

// From the lowest to the highest value, and a little more.
function spread(values) {
  const low = Math.min(...values), high = Math.max(...values);
  return [low - 0.03 * (high - low), high + 0.03 * (high - low)];
}
