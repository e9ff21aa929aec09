"""`python -m benchmarks.figures`: how quick and how heavy the living figures are, in a headless Chromium on this machine.

Three figures: 4 rules of 200 steps each, the 4 dearest rules of 200 steps, and 60 noisy chains of 300 steps. The start goes around in a
circle, a new place with every frame.
"""

import argparse
import gzip
import statistics
import tempfile
from pathlib import Path

import minify

from gdcore import surfaces as S
from gdcore.figures import live
from gdcore.figures.live import script
from gdcore.figures.live.spec import MIME, figure_html
from gdcore.rules import GD, LAMB, SAM, Adam, HeavyBall, Lookahead, Muon, RMSProp, Shampoo
from gdcore.training import machine
from tests.book.chromium import browser

PAGE = """<!doctype html><meta charset="utf-8"><style>{style} body {{ max-width: 45rem; margin: auto }}</style>
{figure}<script>const before = performance.now();</script><script>{script}</script><script>
const {{figure}} = document.querySelector("figure.gd-live"), draw = figure.drawNow, ready = performance.now(), work = [];
let first;
figure.drawNow = function () {{
  const begin = performance.now();
  draw.call(figure);
  first ??= performance.now();
  work.push(performance.now() - begin);
}};
</script>"""

DRAG = """(frames) => new Promise((done) => {
  const grip = document.querySelector(".gd-live-handle"), box = figure.plots[0].box.getBoundingClientRect(), times = [];
  work.length = 0;
  requestAnimationFrame(function frame(now) {
    const turn = (2 * Math.PI * times.push(now)) / 120, share = (wave) => 0.5 + 0.4 * wave;
    const place = {clientX: box.left + box.width * share(Math.cos(turn)), clientY: box.top + box.height * share(Math.sin(turn))};
    grip.dispatchEvent(new PointerEvent("pointermove", place));
    if (times.length <= frames) requestAnimationFrame(frame);
    else done({intervals: times.slice(1).map((time, k) => time - times[k]), work});
  });
})"""


def main():
    parser = argparse.ArgumentParser(prog="python -m benchmarks.figures", description="Time the living figures in Chromium.")
    parser.add_argument("--frames", type=int, default=600)
    parser.add_argument("--loads", type=int, default=7, help="pages opened for the time of the first picture")
    asked = parser.parse_args()

    weights = {kind: minify.string("application/javascript", script.classic([kind])) for kind in script.kinds()}
    with browser() as chromium, tempfile.TemporaryDirectory() as folder:
        facts = {name: value for name, value in machine().items() if name not in ("torch", "threads")} | {"Chromium": chromium.version}
        print(", ".join(f"{key} {value}" for key, value in facts.items()))
        for name, figure in _figures().items():
            path = Path(folder, "figure.html")
            html = figure_html(figure._repr_mimebundle_()[0][MIME], "<svg></svg>")
            path.write_text(PAGE.format(style=script.styles(), script=weights[figure.kind], figure=html), encoding="utf-8")
            loads = [_load(chromium, path) for _ in range(asked.loads)]
            drag = _drag(chromium, path, asked.frames)
            print(f"\n{name + ', ms':44}{'median':>9}{'worst':>9}")
            _row(f"between frames while dragging, {asked.frames} frames", drag["intervals"])
            _row("work in a frame", drag["work"])
            for what in loads[0]:
                _row(what, [load[what] for load in loads])

    print(f"\n{'the script of a kind, minified, bytes':44}{'':>9}{'gzip':>9}")
    for name, small in weights.items():
        print(f"{name:44}{len(small.encode()):9,}{len(gzip.compress(small.encode(), 9)):9,}")


def _row(name, times):
    print(f"{name:44}{statistics.median(times):9.1f}{max(times):9.1f}")


def _figures():
    usual = [GD(lr=0.01), HeavyBall(lr=0.005), RMSProp(lr=0.05), Adam(lr=0.3)]
    dear = [Shampoo(lr=0.5), SAM(Shampoo(lr=0.3)), Muon(lr=0.05), Lookahead(LAMB(lr=0.05))]
    same = dict(start=(-1.0, 0.5), title="Four ways down", sliders=["lr"])
    return {
        "4 rules of 200 steps, Himmelblau": live.descent(S.himmelblau, usual, steps=200, **same),
        "the 4 dearest rules of 200 steps": live.descent(S.himmelblau, dear, steps=200, **same),
        "60 noisy chains of 300 steps": live.noise(S.quadratic(10, rotation=30), Adam(lr=0.02), steps=300, title="Noise"),
    }


def _open(chromium, path):
    page = chromium.new_page(viewport={"width": 900, "height": 900})
    page.goto(path.as_uri())
    page.wait_for_function("() => first !== undefined")
    return page


def _load(chromium, path):
    page = _open(chromium, path)
    told = "{'the script, with building the figure': ready - before, 'first picture after the script': first - ready}"
    found = page.evaluate(f"({told})")
    page.close()
    return found


def _drag(chromium, path, frames):
    page = _open(chromium, path)
    box = page.locator(".gd-live-handle").bounding_box()
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    return page.evaluate(DRAG, frames)


if __name__ == "__main__":
    main()
