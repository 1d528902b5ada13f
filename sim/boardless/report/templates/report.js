"use strict";
// Sorts, filters and unfolds the table of results. Without it everything is there, too.
(() => {
  const table = document.querySelector(".results");
  const bodies = [...table.tBodies];
  const form = document.querySelector(".filter");
  const fields = form.elements;
  const output = form.querySelector("output");

  const unfold = (body, open) => {
    body.classList.toggle("open", open);
    body.querySelector("th a").setAttribute("aria-expanded", String(open));
  };
  for (const body of bodies) {
    unfold(body, body.classList.contains("open"));
    body.querySelector("th a").addEventListener("click", (event) => {
      const open = body.classList.contains("open");
      if (open) event.preventDefault();
      unfold(body, !open);
      if (open && location.hash.slice(1) === body.id) history.replaceState(null, "", "#results");
    });
  }
  const follow = () => {
    const body = document.getElementById(decodeURIComponent(location.hash.slice(1)));
    if (body && bodies.includes(body)) {
      body.hidden = false;
      unfold(body, true);
      body.scrollIntoView();
    }
  };
  addEventListener("hashchange", follow);

  const key = (body, column) => {
    const cell = body.rows[0].cells[column];
    return "v" in cell.dataset ? Number(cell.dataset.v) : cell.textContent;
  };
  const sort = (head, column) => {
    const up = head.getAttribute("aria-sort") !== "ascending";
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", up ? "ascending" : "descending");
    const compare = (a, b) => {
      const [x, y] = [key(a, column), key(b, column)];
      if (typeof x !== typeof y) return typeof x === "number" ? -1 : 1; // unknown ones come last
      const order = typeof x === "number" ? x - y : x.localeCompare(y, "en", { numeric: true });
      return up ? order : -order;
    };
    table.append(...[...table.tBodies].sort(compare));
  };
  [...table.tHead.rows[0].cells].forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    button.addEventListener("click", () => sort(head, column));
    head.append(button);
  });

  const filter = () => {
    const text = fields.text.value.trim().toLowerCase();
    let shown = 0;
    for (const body of bodies) {
      body.hidden =
        !body.rows[0].cells[0].textContent.toLowerCase().includes(text) ||
        (fields.board.value !== "" && body.dataset.board !== fields.board.value) ||
        (fields.trouble.checked && body.dataset.state === "ok");
      shown += !body.hidden;
    }
    output.textContent = `${shown} of ${bodies.length}`;
  };
  form.addEventListener("input", filter);
  form.addEventListener("submit", (event) => event.preventDefault());
  fields.unfold.addEventListener("click", () => {
    const open = fields.unfold.textContent === "Unfold all";
    for (const body of bodies) unfold(body, open && !body.hidden);
    fields.unfold.textContent = open ? "Fold all" : "Unfold all";
  });
  form.hidden = false;
  filter();
  follow();
})();
