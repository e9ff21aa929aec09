// On a narrow window a still figure is shown whole, and its words are small: a button, or a tap on it, shows it in full size, to be moved.
for (const label of document.querySelectorAll(".gd-number")) {
  const box = label.previousElementSibling?.querySelector(":scope > .gd-figure-box");
  if (!box) continue; // a living figure has words of its own size
  const button = document.createElement("button"), stops = box.hasAttribute("tabindex");
  const change = () => {
    const large = box.classList.toggle("gd-large");
    if (large) box.tabIndex = 0; // moved by the arrow keys, too
    else if (!stops) box.removeAttribute("tabindex");
    button.textContent = large ? "Whole figure" : "Enlarge";
  };
  button.className = "gd-enlarge";
  button.textContent = "Enlarge";
  button.addEventListener("click", change);
  box.addEventListener("click", () => getComputedStyle(button).display !== "none" && change());
  label.prepend(button);
}
