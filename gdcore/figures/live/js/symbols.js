// One symbol, everywhere it stands: in the equation, the code, the table, the words and the slider of a rule.
//
// Equations bring it as a class (gd-h-beta1), put there when the page is built from the rule's own fields; code and words bring the
// field's name. What is pointed at or has the focus lights up with all its likes: those of its card, and the sliders of the page.

function linkSymbols(page = document) {
  for (const card of page.querySelectorAll(".gd-card, section:has(> .gd-symbols), section:has(> p .gd-symbols)")) {
    const list = card.querySelector(".gd-symbols");
    if (!list || card.dataset.linked) continue;
    card.dataset.linked = true;
    for (const name of list.dataset.names.split(" ")) {
      for (const part of partsOf(card, name)) part.dataset.symbol = name;
    }
    for (const row of card.querySelectorAll("tr[data-symbol]")) row.tabIndex = 0;
  }
  // the theme looks once which tables must be scrolled; what has waited for the reader gets its width later
  const watch = new ResizeObserver((seen) => seen.forEach(({target: box}) => { box.tabIndex = box.scrollWidth > box.clientWidth ? 0 : -1; }));
  page.querySelectorAll(".pst-scrollable-table-container").forEach((box) => watch.observe(box));
  for (const type of ["pointerover", "focusin"]) page.addEventListener(type, (event) => light(event.target.closest?.("[data-symbol], [class*=gd-h-]")));
}

function partsOf(card, name) {
  const found = [];
  for (const code of card.querySelectorAll("code, pre span.n")) {
    if (code.textContent !== name || (code.matches("pre span") && !code.previousSibling?.textContent.endsWith("."))) continue;
    const row = code.closest("tr");
    if (row?.querySelector("code") === code) found.push(row);
    else if (!row) found.push(code);
  }
  return found;
}

function light(part) {
  const name = part?.dataset.symbol ?? [...(part?.classList ?? [])].find((c) => c.startsWith("gd-h-"))?.slice(5);
  for (const lit of document.querySelectorAll(".gd-lit")) lit.classList.remove("gd-lit");
  if (!name) return;
  const card = part.closest("[data-linked]") ?? document;
  for (const like of card.querySelectorAll(`[data-symbol="${name}"], .gd-h-${name}`)) like.classList.add("gd-lit");
  for (const slider of document.querySelectorAll(`.gd-live-slider[data-symbol="${name}"]`)) slider.classList.add("gd-lit");
}
