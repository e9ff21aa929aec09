// The reader's own progress: a chapter seen to its end gets a tick on the map. It is kept in this browser and goes nowhere.
document.addEventListener("DOMContentLoaded", () => {
  const KEY = "gd-read";
  const read = () => {
    try {
      return JSON.parse(localStorage.getItem(KEY)) ?? [];
    } catch { // no storage, or something else in it
      return [];
    }
  };
  const keep = (list) => {
    try {
      localStorage.setItem(KEY, JSON.stringify(list));
    } catch {} // a browser that keeps nothing
  };

  const chapter = location.pathname.match(/chapters\/[^/]+(?=\.html$)/)?.[0];
  const end = chapter && document.querySelector(".bd-article > section > section:last-of-type");
  if (end) {
    new IntersectionObserver((seen, watch) => {
      if (!seen.at(-1).isIntersecting) return;
      keep([...new Set([...read(), chapter])]);
      watch.disconnect();
    }).observe(end);
  }

  const map = document.querySelector(".gd-map");
  if (!map) return;
  const note = document.createElement("p");
  note.className = "gd-progress";
  const show = () => {
    const done = new Set(read());
    const items = [...map.querySelectorAll("[data-chapter]")];
    items.forEach((li) => li.classList.toggle("gd-read", done.has(li.dataset.chapter)));
    const n = items.filter((li) => li.classList.contains("gd-read")).length;
    note.hidden = !n;
    note.firstChild.textContent = `${n} of ${items.length} chapters read to the end, as this browser remembers. `;
  };
  const forget = document.createElement("button");
  forget.type = "button";
  forget.textContent = "Forget";
  forget.addEventListener("click", () => {
    keep([]);
    show();
  });
  note.append("", forget);
  map.after(note);
  show();
});
