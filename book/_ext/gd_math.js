// MathJax without a browser: `typeset` gives the HTML of a page's formulas, their style sheet, and what was wrong with them.
// Runs in an engine that has read MathJax's files, see gd_math.py.

const {adaptors, handlers, input, output, mathjax, a11y} = MathJax._;
const adaptor = adaptors.liteAdaptor.liteAdaptor();
a11y["assistive-mml"].AssistiveMmlHandler(handlers.html_ts.RegisterHTMLHandler(adaptor)); // beside each formula, MathML for screen readers

// without "noundefined", an unknown command is an error and not red text
const PACKAGES = ["base", "ams", "newcommand", "html"];

// formulas: [[TeX, whether it stands in a line of its own], …]; fonts: where the pages find the fonts.
function typeset(formulas, fonts) {
  const chtml = new output.chtml_ts.CHTML({fontURL: fonts, font: new output.chtml.fonts.tex_ts.TeXFont({fontURL: fonts})});
  const page = mathjax.mathjax.document("", {InputJax: new input.tex_ts.TeX({packages: PACKAGES}), OutputJax: chtml});
  const errors = [];
  const html = formulas.map(([tex, display]) => {
    const node = page.convert(tex, {display, em: 18, ex: 9, containerWidth: 720});
    for (const error of adaptor.tags(node, "mjx-merror")) errors.push([tex, adaptor.getAttribute(error, "data-mjx-error")]);
    if (display) adaptor.setAttribute(node, "tabindex", "0"); // it scrolls where it is too wide, also by keyboard
    return adaptor.outerHTML(node);
  });
  return JSON.stringify({html, errors, css: adaptor.textContent(chtml.styleSheet(page))});
}
