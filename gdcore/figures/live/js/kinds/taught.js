// Taught: who lowered the loss of a test picture. Question: which training pictures taught the network this one?
//
// data: width (of a picture), pictures and queries (strings of hexadecimal digits, row by row), labels and answers (their classes),
// steps (where the network was kept), losses [query][kept], teachers [query][stretch][≤ 6] (places in pictures), scores (by how much
// each lowered the loss). state: query, step (the stretch that is looked at; 0: before training).

KINDS.taught = (figure) => {
  const {width, pictures, labels, queries, answers, steps, losses, teachers, scores} = figure.data ?? {}, marks = {marks: []};
  insist(Array.isArray(queries) && Array.isArray(teachers), "its data holds no queries.");
  const height = queries[0].length / width, stretches = steps.length - 1;
  const wall = new Plot(figure, {label: "the test picture and who taught it", x: marks, y: marks, aspect: 1, grid: false, bare: true});
  const curve = new Plot(figure, {label: "loss of the test picture against steps", x: {label: "step", integer: true}, y: {label: "loss of the test picture"}, aspect: 1});
  const row = lane(0, "the test picture");
  const named = (q) => `${q + 1}: a ${answers[q]}`;
  figure.controls.append(player(figure, () => stretches, {seconds: 6, says: (s) => `till step ${steps[s]}`}), row, element("div", {class: "gd-live-above"},
    choice(figure, {label: "test picture", options: queries.map((_, q) => [String(q), named(q)]), get: () => String(figure.state.query), set: (v) => figure.set({query: Number(v)})})));

  // a picture in the cell of column x and row y, counted from below, and words under it
  function hang(picture, words, x, y, bold) {
    const {ink} = figure.colors;
    [...picture].forEach((grey, k) => {
      const left = x + 0.15 + (0.7 * (k % width)) / width, top = y + 0.95 - (0.7 * Math.floor(k / width)) / height;
      if (grey !== "0") wall.area(2, (i) => left + (0.7 * i) / width, () => top - 0.7 / height, () => top, {color: ink, alpha: parseInt(grey, 16) / 15});
    });
    wall.text(words, x + 0.5, y + 0.12, {align: "center", halo: false, bold});
  }

  function drawWall() {
    const {query, step} = figure.state;
    wall.range("x", 0, 3);
    wall.range("y", 0, 3);
    wall.clear();
    hang(queries[query], `asked: ${answers[query]}`, 0, 2, true);
    wall.text(step ? `steps ${steps[step - 1]} to ${steps[step]}:` : "before training", 2, 2.6, {align: "center", halo: false});
    wall.text(step ? "by how much each lowered it" : "nobody has taught it", 2, 2.4, {align: "center", halo: false});
    if (step) teachers[query][step - 1].forEach((i, k) => hang(pictures[i], `${labels[i]}: ${number(scores[query][step - 1][k], 2)}`, k % 3, 1 - Math.floor(k / 3)));
  }

  function drawCurve() {
    const {query, step} = figure.state, {racers: [blue]} = figure.colors, loss = losses[query];
    curve.range("x", steps[0], steps[stretches]);
    curve.range("y", 0, 1.05 * Math.max(...loss));
    curve.clear();
    curve.axes();
    curve.inside(() => {
      if (step) curve.area(2, (i) => steps[step - 1 + i], () => 0, () => 1.05 * Math.max(...loss), {color: blue, alpha: 0.15});
      curve.line(loss.length, (k) => steps[k], (k) => loss[k], {color: blue});
      curve.dot(steps[step], loss[step], {color: blue, radius: 5});
    });
  }

  // pointing at a step shows the stretch it lies in
  follow(figure, curve, (at) => ({step: Math.max(1, steps.findIndex((s) => s >= at))}));
  const words = () => {
    const {query, step} = figure.state, loss = number(losses[query][step], 3);
    if (!step) return `its loss is ${loss} before training`;
    return `its loss is ${loss} after step ${steps[step]}; taught most by ${teachers[query][step - 1].map((i) => labels[i]).join(", ")}`;
  };

  return {
    draw() {
      within("query", figure.state.query, 0, queries.length - 1, true);
      within("step", figure.state.step, 0, stretches, true);
      if (!wall.width || !curve.width) return;
      drawWall();
      drawCurve();
      row.querySelector("output").textContent = words();
    },
    describe: () => `Test picture ${named(figure.state.query)}: ${words()}`,
    found: () => ({words: words(), shown: figure.state.step ? teachers[figure.state.query][figure.state.step - 1] : []}),
  };
};
