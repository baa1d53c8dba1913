"use strict";
(() => {
  const root = document.documentElement;
  root.classList.add("scripted");

  // Dark or light: the system's choice until the button is used; a page opened from disk may not be allowed to remember.
  const button = document.getElementById("theme");
  const system = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ? root.dataset.theme === "dark" : system.matches);
  const label = () => { button.textContent = isDark() ? "Light" : "Dark"; };
  try {
    const kept = localStorage.getItem("xadapt-theme");
    if (kept) root.dataset.theme = kept;
  } catch { /* not remembered */ }
  button.addEventListener("click", () => {
    root.dataset.theme = isDark() ? "light" : "dark";
    try { localStorage.setItem("xadapt-theme", root.dataset.theme); } catch { /* not remembered */ }
    label();
  });
  system.addEventListener("change", label);
  label();

  // A number stands first in its cell: "59.7 ± 0.5", "−1.2 (−2.0 to −0.3)", "447,552", "<0.001".
  const number = (text) => parseFloat(text.replace("−", "-").replace(/[,<]/g, ""));

  function sort(table, column, ascending, asText) {
    const body = table.tBodies[0];
    const keyed = [...body.rows].map((row) => {
      const text = row.cells[column].textContent.trim();
      return { row, key: asText ? text : number(text) };
    });
    const absent = ({ key }) => (asText ? key === "" || key === "–" : Number.isNaN(key));
    keyed.sort((one, two) => {
      // What is not there comes last in either direction.
      if (absent(one) || absent(two)) return absent(one) - absent(two);
      const order = asText ? one.key.localeCompare(two.key, "en", { numeric: true }) : one.key - two.key;
      return ascending ? order : -order;
    });
    body.append(...keyed.map(({ row }) => row));
  }

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const asText = head.classList.contains("t");
      const press = document.createElement("button");
      press.type = "button";
      press.textContent = head.textContent;
      head.replaceChildren(press);
      head.setAttribute("aria-sort", "none");
      press.addEventListener("click", () => {
        const now = head.getAttribute("aria-sort");
        // Names from A, numbers from the highest; a second press turns it round.
        const ascending = now === "none" ? asText : now === "descending";
        for (const other of heads) other.setAttribute("aria-sort", "none");
        head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
        sort(table, column, ascending, asText);
      });
    });
  }

  for (const box of document.querySelectorAll("input[data-filter]")) {
    const table = document.getElementById(box.dataset.filter);
    const output = document.querySelector(`output[data-count="${box.dataset.filter}"]`);
    const rows = [...table.tBodies[0].rows].map((row) => ({
      row,
      text: [...row.querySelectorAll("th, td.t")].map((cell) => cell.textContent).join(" ").toLowerCase(),
    }));
    const filter = () => {
      const words = box.value.toLowerCase().split(/\s+/).filter(Boolean);
      let shown = 0;
      for (const { row, text } of rows) {
        row.hidden = !words.every((word) => text.includes(word));
        shown += !row.hidden;
      }
      output.textContent = words.length ? `${shown} of ${rows.length}` : "";
    };
    box.addEventListener("input", filter);
    // A browser may bring an old text back with the page.
    filter();
  }

  const choice = document.getElementById("heat-setup");
  if (choice) {
    const setups = JSON.parse(document.getElementById("heat-data").textContent);
    const lines = [...document.getElementById("heat").tBodies[0].rows];
    choice.addEventListener("change", () => {
      const setup = setups[choice.value];
      document.getElementById("heat-name").textContent = setup.name;
      lines.forEach((line, row) => {
        line.querySelector("code").textContent = setup.who[row];
        line.querySelectorAll("td").forEach((cell, at) => {
          const [text, depth] = setup.cells[row][at];
          cell.textContent = text;
          cell.className = depth === null ? "" : depth < 0 ? "below" : "above";
          cell.style.setProperty("--d", Math.abs(depth ?? 0));
        });
      });
    });
  }

  // Paper cannot unfold anything.
  let opened = [];
  addEventListener("beforeprint", () => {
    opened = [...document.querySelectorAll("details:not([open])")];
    for (const part of opened) part.open = true;
  });
  addEventListener("afterprint", () => {
    for (const part of opened) part.open = false;
  });
})();
