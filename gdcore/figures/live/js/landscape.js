// A panel with a surface, from above, or as a curve where it has one variable. paint() draws something else in its place.
function landscape(plot, surface, state, paint) {
  const box = state.box ?? surface.box, flat = surface.dimension === 1;
  insist(box.length >= surface.dimension && box.every(([low, high]) => low < high),
    `box is ${JSON.stringify(box)}; each side goes from a lower number to a higher.`);
  const curve = flat && sampled(surface, ...box[0]);
  plot.range("x", ...box[0]);
  plot.range("y", ...(flat ? curve.range : box[1]));
  [plot.axis.x.label, plot.axis.y.label] = flat ? ["x", "f(x)"] : ["x₁", "x₂"];
  plot.clear();
  plot.inside(paint ?? (() => {
    if (flat) plot.line(curve.xs.length, (i) => curve.xs[i], (i) => curve.ys[i], {color: plot.figure.colors.ink, width: 1.5});
    else plot.field((x, y) => surface.value([x, y]), JSON.stringify(state.surface));
  }));
  plot.axes();
}

function sampled(surface, low, high) {
  const xs = Array.from({length: 241}, (_, i) => low + ((high - low) * i) / 240), ys = xs.map((x) => surface.value([x]));
  const [bottom, top] = [Math.min(...ys), Math.max(...ys)];
  return {xs, ys, range: [bottom - 0.05 * (top - bottom), top + 0.05 * (top - bottom)]};
}
