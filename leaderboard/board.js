"use strict";

/** The tables of the front page: sorting, filters, columns, the choice of models, all of it in the address. */
(() => {
  const FIRST = 100;
  const MOST_COMPARED = 5;
  const ALWAYS = ["rank", "model", "aggregate"];
  const UNSWITCHED = ["rank", "model", "best", "sensitivity"];
  const ASCENDING = ["rank", "model", "sensitivity"];
  const WORDS = { "": "mean of wordings", best: "best wording", worst: "worst wording" };
  const FORM_KEYS = ["tasks", "size", "weights", "words", "find", "score"];

  const columns = [...document.querySelector(".ranks thead tr").cells].map((head) => head.dataset.c);
  const form = document.getElementById("view");
  const told = document.getElementById("told");
  const boards = [...document.querySelectorAll("section.board")].map(makeBoard);
  const tasks = [...form.elements.tasks.querySelectorAll("optgroup option")].map((option) => option.value);
  const known = new WeakMap();
  let view = {};

  /** Return what a section holds; the rows stay in memory and only those that are shown stand in the page. */
  function makeBoard(section) {
    const table = section.querySelector("table");
    const board = { section, table, bodies: [], heads: new Map(), chosen: new Set(), tray: section.querySelector(".tray") };
    if (!table) return board;
    for (const head of table.tHead.rows[0].cells) {
      board.heads.set(head.dataset.c, head);
      const button = mibench.element("button", { type: "button" }, head.firstChild.data);
      button.addEventListener("click", () => sortBy(head.dataset.c));
      head.firstChild.replaceWith(button);
    }
    for (const body of table.tBodies) {
      const rows = [...body.rows];
      const group = rows[0].className === "group" ? rows.shift() : null;
      board.bodies.push({ body, group, rows });
      body.classList.add("live");
    }
    section.querySelector(".all").addEventListener("click", () => change({ all: "1" }));
    board.tray.querySelector("button").addEventListener("click", () => clear(board));
    return board;
  }

  /** Return what the address says, with what no control knows left out. */
  function read() {
    const state = mibench.state();
    const found = { hide: new Set((state.get("hide") || "").split(",").filter((name) => name)), all: state.get("all") || "" };
    for (const key of FORM_KEYS) found[key] = state.get(key) || "";
    for (const key of ["tasks", "size", "weights", "words"]) {
      const options = form.elements[key] ? [...form.elements[key].options] : [];
      if (!options.some((option) => option.value === found[key])) found[key] = "";
    }
    if (!Object.hasOwn(WORDS, found.score)) found.score = "";
    found.sort = state.get("sort") || "";
    found.row = state.get("row") || "";
    return found;
  }

  /** Set the controls to the view. */
  function fill() {
    for (const key of FORM_KEYS) if (form.elements[key]) form.elements[key].value = view[key];
    for (const box of form.elements.column) box.checked = !view.hide.has(box.value);
  }

  /** Change a part of the view, show it, and put it into the address. */
  function change(changes) {
    view = { ...view, row: "", ...changes };
    const { hide, ...others } = view;
    mibench.setState({ ...others, hide: [...hide].join(",") });
    render();
  }

  /** Sort by a column, the other way round where it is sorted by it. */
  function sortBy(column) {
    const [current, reversed] = order();
    const turned = current === column && !reversed;
    change({ sort: turned ? `-${column}` : column === usual() ? "" : column });
  }

  /** Return the column that is sorted by where none was chosen. */
  function usual() {
    return view.tasks && view.tasks !== "multimodal" ? view.tasks : "rank";
  }

  /** Return the column that is sorted by, and whether the worst comes first. */
  function order() {
    const reversed = view.sort.startsWith("-");
    const column = view.sort.slice(reversed ? 1 : 0);
    return columns.includes(column) && isShown(column) ? [column, reversed] : [usual(), false];
  }

  /** Return whether a column is shown. */
  function isShown(column) {
    if (ALWAYS.includes(column) || column === view.tasks) return true;
    if (view.hide.has(column) || (column === "best" && view.score === "best")) return false;
    if (tasks.includes(column)) return view.tasks === "" || view.tasks === "multimodal";
    return column !== "nlp" || view.tasks === "";
  }

  /** Return the numbers of a cell by switch, each with the ends of its interval, as texts. */
  function figures(cell) {
    if (!known.has(cell)) {
      const drawn = cell.querySelector("path")?.getAttribute("d").match(/^M([\d.]+) 3h([\d.]+)$/);
      const exact = cell.querySelector("small")?.textContent.split(" to ");
      const ends = exact?.length === 2 ? exact : drawn ? [drawn[1], (Number(drawn[1]) + Number(drawn[2])).toFixed(1)] : ["", ""];
      const others = (cell.dataset.v || ",,,,,").split(",");
      known.set(cell, { "": [cell.firstChild.data, ...ends], best: others.slice(0, 3), worst: others.slice(3) });
    }
    return known.get(cell);
  }

  /** Return what a row is sorted by: a text or a number, NaN where it is undefined. */
  function value(row, place, column) {
    if (column === "model") return row.cells[place].firstChild.textContent.trim().toLowerCase();
    const cell = row.cells[place];
    const score = UNSWITCHED.includes(column) ? "" : view.score;
    return parseFloat(score || known.has(cell) ? figures(cell)[score][0] : cell.firstChild.data);
  }

  /** Return rows in the order of the view; what is undefined comes last. */
  function sorted(rows) {
    const [column, reversed] = order();
    if (column === "rank" && !reversed) return rows;
    const place = columns.indexOf(column);
    const sign = ASCENDING.includes(column) === reversed ? -1 : 1;
    const keyed = rows.map((row) => [value(row, place, column), row]);
    keyed.sort(([a], [b]) => {
      if (Number.isNaN(a) || Number.isNaN(b)) return Number.isNaN(a) - Number.isNaN(b);
      return sign * (a < b ? -1 : a > b ? 1 : 0);
    });
    return keyed.map(([, row]) => row);
  }

  /** Return whether a row passes the filters. */
  function passes(row) {
    if (view.size && row.dataset.s !== (view.size === "unknown" ? "" : view.size)) return false;
    if (view.weights && row.dataset.w !== (view.weights === "unknown" ? "" : view.weights)) return false;
    return !view.find || row.cells[1].textContent.toLowerCase().includes(view.find.trim().toLowerCase());
  }

  /** Let a cell show the number of the switch, its bar and its interval. */
  function showCell(cell, column) {
    if (column === "rank" || column === "model") return;
    const score = UNSWITCHED.includes(column) ? "" : view.score;
    const [number, low, high] = figures(cell)[score];
    if (cell.firstChild.data !== (number || "–")) cell.firstChild.data = number || "–";
    const path = cell.querySelector("path");
    if (!path) return;
    path.setAttribute("d", low ? `M${low} 3h${Math.max(high - low, 0.1).toFixed(1)}` : "");
    cell.title = low ? `95 % interval ${low} to ${high}` : "";
    const range = column === "aggregate" ? cell.querySelector("small") : null;
    if (range) range.textContent = low ? `${low} to ${high}` : "";
  }

  /** Let a row that is about to be shown have its box, its columns and its numbers. */
  function prepare(row, board, visible) {
    if (row.id && !row.querySelector("input")) {
      const name = row.cells[1].querySelector("bdi").textContent;
      const box = mibench.element("input", { type: "checkbox", "aria-label": `Choose ${name} to compare` });
      box.addEventListener("change", () => choose(board, row, box.checked));
      row.cells[0].append(box);
    }
    row.classList.toggle("here", row.id === `row=${view.row}`);
    columns.forEach((column, place) => {
      const cell = row.cells[place];
      if (cell.hidden === visible.has(column)) cell.hidden = !cell.hidden;
      if (!cell.hidden) showCell(cell, column);
    });
  }

  /** Show the view. */
  function render() {
    for (const board of boards) {
      board.section.hidden = Boolean(view.words) && board.section.dataset.words !== view.words;
      if (board.table) renderTable(board);
    }
  }

  /** Show the view of one table. */
  function renderTable(board) {
    const visible = new Set(columns.filter(isShown));
    const [column, reversed] = order();
    const down = ASCENDING.includes(column) === reversed;
    board.heads.forEach((head, name) => {
      head.hidden = !visible.has(name);
      if (name === column) head.setAttribute("aria-sort", down ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    });
    board.heads.get("aggregate").querySelector("small").textContent = WORDS[view.score];
    board.table.classList.toggle("switched", Boolean(view.score));
    let shown = 0;
    let all = 0;
    let passing = 0;
    for (const { body, group, rows } of board.bodies) {
      const found = sorted(rows.filter(passes));
      const target = found.findIndex((row) => row.id === `row=${view.row}`);
      const some = view.all ? found : found.slice(0, Math.max(FIRST, target + 1));
      for (const row of some) prepare(row, board, visible);
      if (group) group.cells[0].colSpan = visible.size;
      body.replaceChildren(...(group ? [group] : []), ...some);
      body.hidden = found.length === 0;
      shown += some.length;
      passing += found.length;
      all += rows.length;
    }
    const status = board.section.querySelector(".shown");
    const count = shown === all ? `${all} models` : `${shown} of ${all.toLocaleString("en")} models`;
    const words = all === 1 ? "1 model" : count;
    status.querySelector("[role=status]").textContent = passing ? words : "No model passes these filters.";
    status.querySelector(".all").hidden = shown === passing;
    status.querySelector(".all").textContent = `Show all ${passing.toLocaleString("en")}`;
  }

  /** Bring the row that the address names into sight. */
  function find() {
    const row = view.row && document.getElementById(`row=${view.row}`);
    if (!row) return;
    row.scrollIntoView({ block: "center" });
    row.querySelector("a").focus({ preventScroll: true });
  }

  /** Take a model into the choice, or out of it. */
  function choose(board, row, taken) {
    const slug = row.id.slice("row=".length);
    if (taken) board.chosen.add(slug);
    else board.chosen.delete(slug);
    showChoice(board);
  }

  /** Forget the choice. */
  function clear(board) {
    board.chosen.clear();
    for (const { rows } of board.bodies) for (const box of rows.flatMap((row) => [...row.querySelectorAll("input")])) box.checked = false;
    showChoice(board);
  }

  /** Tell how many are chosen, and link to their comparison. */
  function showChoice({ bodies, chosen, tray }) {
    tray.hidden = chosen.size === 0;
    const [text, link] = tray.children;
    link.hidden = chosen.size < 2;
    link.href = `compare.html#models=${[...chosen].join(",")}`;
    text.textContent = { 1: "1 model chosen. Choose another to compare them.", [MOST_COMPARED]: "5 models chosen, the most." }[chosen.size] ??
      `${chosen.size} models chosen.`;
    const full = chosen.size >= MOST_COMPARED;
    for (const { rows } of bodies) {
      for (const box of rows.flatMap((row) => [...row.querySelectorAll("input")])) box.disabled = full && !box.checked;
    }
  }

  /** Show what the address says. */
  function follow() {
    view = read();
    fill();
    render();
    find();
  }

  form.addEventListener("input", (event) => {
    const { name, value: given } = event.target;
    if (name === "column") {
      const hide = new Set([...form.elements.column].filter((box) => !box.checked).map((box) => box.value));
      change({ hide });
    } else if (FORM_KEYS.includes(name)) {
      change(name === "tasks" ? { tasks: given, sort: "" } : { [name]: given });
    }
  });
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", (event) => {
    event.preventDefault();
    mibench.setState({});
    follow();
  });
  document.getElementById("copy").addEventListener("click", async () => {
    const tell = (text) => { told.textContent = text; };
    try {
      await navigator.clipboard.writeText(location.href);
      tell("Copied.");
    } catch {
      tell("It is in the address bar: this browser does not let pages copy.");
    }
  });
  addEventListener("hashchange", follow);
  follow();
})();
