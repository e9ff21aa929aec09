"""What a real browser sees of a page of the book."""

import contextlib
import functools
import http.server
import threading


@contextlib.contextmanager
def serve(folder):
    """The folder over http on this machine: yields its address."""

    class Quiet(http.server.SimpleHTTPRequestHandler):
        def log_message(self, *args):
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=folder)) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def visit(context, url, own, more):
    """Open a page and note what happens: {errors, elsewhere, failed, ...facts}; `own` is how addresses of the book begin.

    more(page) is asked last, as it may change the page: a dict of further facts.
    """
    page = context.new_page()
    seen = {"url": url, "errors": [], "elsewhere": [], "failed": []}
    page.on("console", lambda m: seen["errors"].append(f"{m.type}: {m.text}") if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda e: seen["errors"].append(str(e)))
    page.on("request", lambda r: None if r.url.startswith((own, "data:", "blob:")) else seen["elsewhere"].append(r.url))
    page.on("requestfailed", lambda r: seen["failed"].append(r.url))
    page.on("response", lambda r: seen["failed"].append(f"{r.status} {r.url}") if r.status >= 400 else None)
    try:
        page.goto(url, wait_until="load")
        page.evaluate("() => document.fonts.ready.then(() => null)")
        seen.update(page.evaluate(_FACTS))
        seen.update(more(page))
    finally:
        page.close()
    return seen


# all that the tests ask of a page, in one go
_FACTS = r"""() => {
const all = (selector, root = document) => [...root.querySelectorAll(selector)];
const shown = (e) => e.checkVisibility();
const kind = (e) => (e.className.baseVal ?? e.className ?? "").trim().replace(/\s+/g, ".");
const place = (e) => `${e.tagName.toLowerCase()}#${e.id}.${kind(e)} "${e.textContent.trim().slice(0, 40)}"`;
const channels = (color) => color.match(/[\d.]+/g).map(Number);
function luminance([r, g, b]) {
  const [x, y, z] = [r, g, b].map((c) => (c /= 255) <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4);
  return 0.2126 * x + 0.7152 * y + 0.0722 * z;
}
const ground = luminance(channels(getComputedStyle(document.body).backgroundColor));
function contrast(color) {
  const ink = luminance(channels(color));
  return (Math.max(ink, ground) + 0.05) / (Math.min(ink, ground) + 0.05);
}
const labels = (svg) => (svg.getAttribute("aria-labelledby") ?? "").split(" ").map((i) => document.getElementById(i)?.textContent ?? "");
const name = (svg) => svg.getAttribute("aria-label") || labels(svg).join(" ").trim();
function inBox(e) {
  for (let p = e.parentElement; p; p = p.parentElement) if (/auto|scroll|hidden/.test(getComputedStyle(p).overflowX)) return true;
  return false;
}
function unset() { // words in which TeX or Markdown was left as it is: between dollars, with a command, or between backticks
  const parts = document.createTreeWalker(document.querySelector("article") ?? document.body, NodeFilter.SHOW_TEXT), found = [];
  for (let t = parts.nextNode(); t; t = parts.nextNode())
    if (/\\[a-zA-Z]{2,}|\$[^\s$][^$]*\$|\$\s*$|`[^`]+`/.test(t.data) && !t.parentElement.closest("pre, code, script, style, mjx-container"))
      found.push(t.parentElement);
  return found;
}
return {
  title: document.title,
  theme: document.documentElement.dataset.theme,
  description: document.querySelector("meta[name=description]")?.content || "",
  headings: all("h1").filter(shown).map((h) => h.textContent),
  ids: all("[id]").map((e) => e.id),
  links: all("a[href]").map((a) => a.href.baseVal ?? a.href).map((link) => new URL(link, document.baseURI).href), // a drawing's too
  bad_math: all("mjx-merror, merror, mjx-mtext[style*='color: red']").map(place),  // red: a command that MathJax does not know
  raw_math: [...all(".math").filter((e) => !e.querySelector("mjx-container")), ...unset()].map(place),
  formulas: all("mjx-container").length,
  nameless: [...all("img:not([alt])"), ...all("article img").filter((i) => !i.alt.trim()),
             ...all("article svg[role=img]").filter((s) => !name(s)), ...all(".gd-figure-box svg:not([role=img])")].map(place),
  figures: all(".gd-figure-box svg").length,
  pale: all(".gd-figure-box text").filter((e) => contrast(getComputedStyle(e).fill) < 3).map((e) => place(e) + getComputedStyle(e).fill),
  sentinels: all(".gd-figure-box").filter((e) => /#1f2328|#d0d7de/i.test(e.innerHTML)).map(place),
  page_width: document.documentElement.scrollWidth,
  window_width: innerWidth,
  wide: all("article *").filter((e) => shown(e) && e.getBoundingClientRect().right > innerWidth + 1 && !inBox(e)).map(place),
};
}"""
