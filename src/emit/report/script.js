"use strict";
// Sorts tables, searches partitions, switches the theme. The page says everything else without it.
(() => {
  const byId = (id) => document.getElementById(id);
  const make = (tag, text, attributes) => {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    return Object.assign(element, attributes);
  };

  // Theme: as the system, light, dark. Nothing is stored.
  const themes = ["as the system", "light", "dark"];
  const theme = byId("theme");
  let chosen = 0;
  theme.hidden = false;
  theme.addEventListener("click", () => {
    chosen = (chosen + 1) % themes.length;
    if (chosen) document.documentElement.dataset.theme = themes[chosen];
    else delete document.documentElement.dataset.theme;
    theme.textContent = "Theme: " + themes[chosen];
  });

  // Sorting: by the exact number in a cell's title where there is one, else by its number or text.
  const number = (text) => {
    // Dates sort as text.
    if (/^\d{4}-\d\d-\d\d/.test(text)) return NaN;
    const found = /^-?[\d,]+(\.\d+)?/.exec(text.trim());
    return found ? Number(found[0].replaceAll(",", "")) : NaN;
  };
  const key = (row, column) => {
    const cell = row.cells[column];
    const value = number(cell.title || cell.textContent);
    return Number.isNaN(value) ? cell.textContent.trim() : value;
  };
  const order = (a, b) => {
    if (typeof a === "number" && typeof b === "number") return a - b;
    if (typeof a !== typeof b) return typeof a === "number" ? -1 : 1;
    return a < b ? -1 : a > b ? 1 : 0;
  };
  const sortBy = (table, column, head) => {
    const down = head.getAttribute("aria-sort") === "ascending";
    const body = table.tBodies[0];
    const rows = Array.from(body.rows, (row, at) => ({ row, at, key: key(row, column) }));
    rows.sort((a, b) => (down ? order(b.key, a.key) : order(a.key, b.key)) || a.at - b.at);
    for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    body.append(...rows.map((entry) => entry.row));
  };
  for (const table of document.querySelectorAll("table.sort")) {
    if (table.tBodies[0].rows.length < 2) continue;
    Array.from(table.tHead.rows[0].cells).forEach((head, column) => {
      if (head.classList.contains("d")) return;
      const button = make("button", head.textContent, { type: "button", title: "Sort" });
      button.addEventListener("click", () => sortBy(table, column, head));
      head.replaceChildren(button);
    });
  }

  // The search. What it reads is unpacked when somebody asks for the first time.
  const form = byId("search");
  if (!form) return;
  const query = byId("query");
  const SHOWN = 200;
  form.hidden = false;
  byId("unscripted").hidden = true;
  let data;
  const read = () => (data ??= JSON.parse(byId("data").textContent));

  const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  const digits = new Uint8Array(128);
  for (let at = 0; at < 64; at++) digits[LETTERS.charCodeAt(at)] = at;
  // The partitions of a topic, unpacked; src/emit/report/data.rs says how they are packed.
  const unpack = (name, text) => {
    let at = 0;
    const next = () => {
      let value = 0;
      for (let scale = 1; ; scale *= 32) {
        const digit = digits[text.charCodeAt(at++)];
        value += (digit & 31) * scale;
        if (digit < 32) return value;
      }
    };
    const list = (hasDirs) => {
      const ids = Array.from({ length: next() }, () => data.brokers[next()]);
      const dirs = hasDirs ? Array.from({ length: next() }, next).map((dir) => (dir ? data.dirs[dir - 1] : "")) : [];
      return { ids, dirs };
    };
    const partitions = [];
    for (let expected = 0; at < text.length; ) {
      const id = expected + next();
      expected = id + 1;
      const size = next();
      const head = next();
      const leads = next();
      const hasDirs = head % 2 === 1;
      const before = list(hasDirs);
      const leader = leads === 0 ? before.ids[0] : leads === 1 ? null : data.brokers[leads - 2];
      const steps = [];
      let wave = 0;
      for (let left = head >> 1; left > 0; left--) {
        wave += next();
        steps.push({ wave, ...list(hasDirs) });
      }
      partitions.push({ topic: name, id, size, leader, before, steps });
    }
    return partitions;
  };

  const bytes = (value) => {
    const units = ["B", "kB", "MB", "GB", "TB", "PB"];
    let step = 0;
    let scaled = value;
    while (scaled >= 999.5 && step < units.length - 1) {
      scaled /= 1000;
      step++;
    }
    const places = step === 0 || scaled >= 99.95 ? 0 : scaled >= 9.995 ? 1 : 2;
    return scaled.toFixed(places) + " " + units[step];
  };

  // What is asked for: which partitions, and the best matches first.
  const search = (text) => {
    const { topics, deferred, reasons } = read();
    const found = [];
    const one = /^(broker|wave)\s+(\d+)$/.exec(text);
    const holds = (partition, id) => partition.before.ids.includes(id) || partition.steps.some((step) => step.ids.includes(id));
    if (one) {
      const id = Number(one[2]);
      for (const [name, packed] of topics) {
        for (const partition of unpack(name, packed)) {
          if (one[1] === "broker" ? holds(partition, id) : partition.steps.some((step) => step.wave === id)) found.push(partition);
        }
      }
      return found;
    }
    const exact = /^(.+)-(\d+)$/.exec(text);
    const left = (name, entries) =>
      Array.from({ length: entries.length / 2 }, (_, at) => ({ topic: name, id: entries[2 * at], reason: reasons[entries[2 * at + 1]] }));
    const all = [
      ...topics.map(([name, packed]) => ({ name, of: () => unpack(name, packed) })),
      ...deferred.map(([name, ...entries]) => ({ name, of: () => left(name, entries) })),
    ];
    const ranks = [[], [], [], []];
    for (const topic of all) {
      const name = topic.name.toLowerCase();
      if (exact && name === exact[1]) ranks[0].push(...topic.of().filter((partition) => partition.id === Number(exact[2])));
      if (name === text) ranks[1].push(...topic.of());
      else if (name.startsWith(text)) ranks[2].push(...topic.of());
      else if (name.includes(text)) ranks[3].push(...topic.of());
    }
    return ranks.flat();
  };

  // A list of brokers: those that only it has are marked by weight and a line, not by colour alone.
  const listOf = (cell, list, other, tag) => {
    list.ids.forEach((id, at) => {
      if (at) cell.append(", ");
      const place = other.ids.indexOf(id);
      const dir = list.dirs[at];
      const isNew = place < 0 || (dir && other.dirs[place] !== undefined && other.dirs[place] !== dir);
      cell.append(isNew ? make(tag, String(id)) : String(id));
      if (dir) cell.append(" ", make("small", dir));
    });
    return cell;
  };
  const rowOf = (partition) => {
    const row = make("tr");
    row.append(make("th", partition.topic + "-" + partition.id, { scope: "row" }));
    if (partition.reason !== undefined) {
      row.append(make("td", "left out: " + partition.reason, { colSpan: 5 }));
      return row;
    }
    const { before, steps } = partition;
    const last = steps[steps.length - 1];
    const waves = make("td");
    steps.forEach((step, at) => {
      if (at) waves.append(", ");
      waves.append(make("a", String(step.wave), { href: "#wave-" + step.wave }));
    });
    const leader = partition.leader === null ? "none" : String(partition.leader);
    row.append(
      make("td", bytes(partition.size), { className: "n", title: partition.size.toLocaleString("en-US") + " bytes" }),
      listOf(make("td"), before, last, "del"),
      listOf(make("td"), last, before, "ins"),
      make("td", leader, { className: "n" }),
      waves,
    );
    return row;
  };
  const tableOf = (partitions) => {
    const table = make("table");
    const head = make("tr");
    for (const name of ["Partition", "Size", "Before", "After", "Leader now", "Wave"]) head.append(make("th", name, { scope: "col" }));
    table.createCaption().textContent = "Matches: crossed out leaves, underlined is new; the first of a list is its preferred leader";
    table.createTHead().append(head);
    table.createTBody().append(...partitions.map(rowOf));
    const region = make("div", undefined, { className: "scroll", tabIndex: 0 });
    region.setAttribute("role", "region");
    region.setAttribute("aria-label", "Matches");
    region.append(table);
    return region;
  };

  const show = () => {
    const text = query.value.trim().toLowerCase();
    const results = byId("results");
    results.replaceChildren();
    if (!text) {
      byId("found").textContent = "";
      return;
    }
    const found = search(text);
    const count = found.length.toLocaleString("en-US");
    byId("found").textContent =
      found.length === 0
        ? "No partition of the plan matches “" + query.value.trim() + "”. What does not move is not listed."
        : found.length === 1
          ? "1 partition matches."
          : found.length > SHOWN
            ? count + " partitions match; here are the first " + SHOWN + ". Type more to narrow it down."
            : count + " partitions match.";
    if (found.length) results.append(tableOf(found.slice(0, SHOWN)));
  };
  let waiting;
  query.addEventListener("input", () => {
    clearTimeout(waiting);
    waiting = setTimeout(show, 120);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    clearTimeout(waiting);
    show();
  });
  document.addEventListener("keydown", (event) => {
    const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    query.focus();
  });
})();
