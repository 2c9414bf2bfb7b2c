"use strict";

/** The page of single answers. In memory are a few digits of every row, and the pieces that hold the rows on show. */
(() => {
  const { element, load, svg } = mibench;
  const PAGE = 20;
  const WORDINGS = 5;
  const DIGITS = WORDINGS + 1;
  const NO_OPTION = 5;
  const SHOWN_AT_ONCE = 2000;
  const [WRONG, PARTLY, RIGHT, FAILED, NOT_ASKED] = [0, 1, 2, 3, 4];
  const MARKS = [
    ["✗", "wrong"],
    ["≈", "partly right"],
    ["✓", "right"],
    ["!", "failed"],
    ["·", "not asked"],
  ];

  const byId = (id) => document.getElementById(id);
  const controls = byId("controls");
  if (!controls) return;

  /** What the site can show: groups of models that were asked the same. */
  let index = { titles: {}, groups: [] };
  /** What is on show: see `open`. */
  let current = null;
  let turn = 0;

  /** Return a name that somebody else gave, which cannot turn the direction of the words around it. */
  const named = (text) => element("bdi", {}, text);

  /** Return a count with a comma at each thousand. */
  const count = (number) => number.toLocaleString("en");

  /** Return the value of a key of an object's own, or undefined: names come from an address. */
  const own = (object, key) => (Object.hasOwn(object, key) ? object[key] : undefined);

  // What can be chosen

  /** Return the group that a model belongs to. */
  function groupOf(slug) {
    return index.groups.find((group) => group.models.some(([other]) => other === slug));
  }

  /** Return a model's name. */
  function nameOf(slug) {
    return groupOf(slug).models.find(([other]) => other === slug)[1];
  }

  /** Return the models that answered the same questions of a task, as [board, models]. */
  function comparable(slug, task) {
    const questions = groupOf(slug).tasks[task];
    return index.groups
      .filter((group) => own(group.tasks, task) === questions)
      .map((group) => [group.board, group.models.filter(([other]) => other !== slug)]);
  }

  /** Return the state that the address asks for, completed where it says nothing. */
  function wanted() {
    const given = mibench.state();
    const number = (key) => Number.parseInt(given.get(key) ?? "", 10) || 0;
    const model = given.get("model") || index.groups[0].models[0][0];
    const group = groupOf(model);
    const task = given.get("task") || (group ? Object.keys(group.tasks)[0] : "");
    return {
      model,
      with: given.get("with") || "",
      task,
      filter: given.get("filter") || "all",
      wording: Math.min(Math.max(number("wording"), 1), WORDINGS),
      page: Math.max(number("page"), 1),
      row: Math.max(number("row"), 0),
    };
  }

  /** Put a state into the address, without what goes without saying. */
  function remember(state) {
    mibench.setState({
      model: state.model,
      with: state.with,
      task: state.task,
      filter: state.filter === "all" ? "" : state.filter,
      wording: state.wording === 1 ? "" : state.wording,
      page: state.page === 1 || state.row ? "" : state.page,
      row: state.row || "",
    });
  }

  /** Return the address of a state. */
  function addressOf(values) {
    const given = Object.entries(values).filter(([, value]) => value !== "");
    return `#${new URLSearchParams(given)}`;
  }

  /** Say what keeps a state from being shown, as what stands in a message; null where nothing does. */
  function obstacle(state) {
    const group = groupOf(state.model);
    const other = groupOf(state.with);
    const advice = ". Choose another one above.";
    const unknown = (slug) => ["This site holds no answers of a model that is called ", named(slug), advice];
    if (!group) return unknown(state.model);
    const model = named(nameOf(state.model));
    if (own(group.tasks, state.task) === undefined) return [model, " has no answers here to a task that is called ", named(state.task), advice];
    if (!state.with) return null;
    if (!other) return unknown(state.with);
    if (own(other.tasks, state.task) === group.tasks[state.task]) return null;
    return [named(nameOf(state.with)), " was not asked the same questions of this task as ", model, advice];
  }

  // Marks

  /** Return the mark of an answer, and whether it is none of the options. */
  function markOf(marks, row, wording) {
    const place = row * DIGITS + wording;
    const digit = place < marks.length ? marks.charCodeAt(place) - 48 : NOT_ASKED;
    return { mark: digit % NO_OPTION, noOption: digit >= NO_OPTION };
  }

  /** Return the marks of a row's answers that were asked for. */
  function asked(marks, row) {
    const found = [];
    for (let wording = 0; wording < WORDINGS; wording++) {
      const { mark } = markOf(marks, row, wording);
      if (mark !== NOT_ASKED) found.push(mark);
    }
    return found;
  }

  const FILTERS = {
    all: { title: "All", keeps: () => true },
    disagree: { title: "Wordings disagree", keeps: (marks, row) => marks[row * DIGITS + WORDINGS] === "0" },
    wrong: { title: "All wrong", keeps: (marks, row) => asked(marks, row).every((mark) => mark === WRONG || mark === FAILED) },
    right: { title: "All right", keeps: (marks, row) => asked(marks, row).every((mark) => mark === RIGHT) },
    format: { title: "Not an option", keeps: (marks, row) => each(row, (wording) => markOf(marks, row, wording).noOption) },
    failed: { title: "Failed", keeps: (marks, row) => asked(marks, row).includes(FAILED) },
    differ: {
      title: "The two differ",
      two: true,
      keeps: (marks, row, others) =>
        each(row, (wording) => {
          const [one, other] = [marks, others].map((each) => markOf(each, row, wording).mark);
          return one !== other && one !== NOT_ASKED && other !== NOT_ASKED;
        }),
    },
  };

  /** Tell whether something holds for one of a row's wordings. */
  function each(row, holds) {
    for (let wording = 0; wording < WORDINGS; wording++) if (holds(wording)) return true;
    return false;
  }

  /** Return the numbers of the rows that a filter keeps, counted from 0. */
  function kept(filter, view) {
    const [first, second] = view.models.map((model) => model.head.marks);
    const found = [];
    for (let row = 0; row < view.count; row++) if (FILTERS[filter].keeps(first, row, second)) found.push(row);
    return found;
  }

  // Data

  /** Load what is known of all rows of a state. */
  async function open(state) {
    const slugs = state.with ? [state.model, state.with] : [state.model];
    const set = groupOf(state.model).tasks[state.task];
    const [questions, ...heads] = await Promise.all([
      load(`questions/${set}`),
      ...slugs.map((slug) => load(`answers/${slug}/${state.task}`)),
    ]);
    const models = slugs.map((slug, place) => ({ slug, name: nameOf(slug), head: heads[place] }));
    return { key: keyOf(state), set, questions, models, count: heads[0].rows, matches: new Map() };
  }

  /** Name what a view is of. */
  const keyOf = (state) => JSON.stringify([state.model, state.with, state.task]);

  /** Return the numbers of a filter's rows, found once for each view. */
  function matches(view, filter) {
    if (!view.matches.has(filter)) view.matches.set(filter, kept(filter, view));
    return view.matches.get(filter);
  }

  /** Return some rows of data that lie in pieces, by their numbers; null for one that is not there. */
  async function fetchRows(key, starts, total, rows) {
    const piece = (row) => starts.findLastIndex((start) => start <= row);
    const needed = [...new Set(rows.filter((row) => row < total).map(piece))];
    const loaded = new Map(await Promise.all(needed.map(async (number) => [number, await load(`${key}-${number}`)])));
    return rows.map((row) => (row < total ? loaded.get(piece(row))[row - starts[piece(row)]] : null));
  }

  // Foreign texts

  /** Return a block that holds a text of somebody else, so that it cannot be taken for a part of this page. */
  function foreign(content, kind = "") {
    return element("div", { class: `foreign ${kind}`, dir: "auto" }, ...[content].flat());
  }

  /** Return a block with an answer; a long one in a part that a button makes whole. */
  function answerBlock(answer) {
    const [text, length] = Array.isArray(answer) ? answer : [answer, null];
    if (text === "") return element("p", { class: "answers-empty" }, "an empty answer");
    const cut = text.length > SHOWN_AT_ONCE;
    const block = foreign(cut ? text.slice(0, SHOWN_AT_ONCE) : text);
    const made = element("div", { class: "answers-text" }, block);
    if (cut) made.append(unfolding(block, () => block.replaceChildren(text)));
    if (length) {
      made.append(element("p", { class: "answers-hint" }, `The first ${count([...text].length)} of ${count(length)} characters.`));
    }
    return made;
  }

  /** Return a button that shows all of a folded block. */
  function unfolding(block, complete = () => {}) {
    const button = element("button", { type: "button", class: "answers-more", "aria-expanded": "false" }, "Show all");
    button.addEventListener("click", () => {
      const whole = block.classList.toggle("whole");
      if (whole) complete();
      button.textContent = whole ? "Show less" : "Show all";
      button.setAttribute("aria-expanded", String(whole));
    });
    return button;
  }

  /** Give the blocks that are longer than their place a button to show all. */
  function fold(container) {
    const folded = (block) => block.nextElementSibling?.classList.contains("answers-more");
    const long = (block) => block.scrollHeight > block.clientHeight + 4;
    for (const block of [...container.querySelectorAll(".foreign")].filter((each) => !folded(each) && long(each))) {
      block.after(unfolding(block));
    }
  }

  // One row

  /** Return the options in the order in which a wording shows them. */
  function shownOptions(row, wording) {
    const [, , , options, orders] = row;
    return orders.length ? orders[wording - 1].map((place) => options[place]) : [];
  }

  /** Return a prompt as nodes: the words that all rows share, and the row's own marked. */
  function promptNodes(questions, row, wording) {
    const [before, between, apart] = questions.options;
    const options = shownOptions(row, wording);
    const shown = before + options.join(between);
    return questions.templates[wording - 1].map((piece) => {
      if (typeof piece === "string") return piece;
      if (piece === -1) return element("span", { class: "value" }, shown);
      if (piece === -2) return options.length ? element("span", { class: "value" }, apart + shown) : "";
      return element("span", { class: "value" }, row[2][piece]);
    });
  }

  /** Return a row's prompt in one wording, with the other wordings below. */
  function promptPart(questions, row, wording) {
    const part = element("div", { class: "answers-prompt" });
    if (!questions.templates) {
      for (const [place, field] of questions.fields.entries()) {
        part.append(element("h4", {}, `The row's ${field}`), foreign(row[2][place]));
      }
      return part;
    }
    part.append(element("h4", {}, `Prompt, wording ${wording}`), foreign(promptNodes(questions, row, wording), "prompt"));
    const others = element("details", {}, element("summary", {}, "The other four wordings"));
    others.addEventListener("toggle", () => {
      if (!others.open || others.children.length > 1) return;
      for (let number = 1; number <= WORDINGS; number++) {
        if (number === wording) continue;
        others.append(element("h5", {}, `Wording ${number}`), foreign(promptNodes(questions, row, number), "prompt"));
      }
      fold(others);
    });
    part.append(others);
    return part;
  }

  /** Return a row's picture, a link to its full size, with the boxes that the question speaks of. */
  function picturePart(row, number) {
    const [, picture, , , , , boxes] = row;
    if (!picture) return null;
    const [place, width, height] = picture;
    const address = place.split("/").map(encodeURIComponent).join("/");
    const image = element("img", { src: address, alt: `Picture of row ${number}`, width, height, loading: "lazy", decoding: "async" });
    const link = element("a", { class: "answers-picture", href: address, title: "The picture alone" }, image);
    if (boxes.length) link.append(drawing(width, height, boxes));
    return link;
  }

  /** Return boxes as a drawing that lies on an image of a size in pixels. */
  function drawing(width, height, boxes) {
    const size = Math.max(width, height) / 20;
    const made = svg("svg", { viewBox: `0 0 ${width} ${height}`, "aria-hidden": "true" });
    for (const [label, left, top, right, bottom, correct] of boxes) {
      const kind = correct ? "correct" : "";
      made.append(svg("rect", { x: left, y: top, width: right - left, height: bottom - top, class: kind }));
      const text = svg("text", { x: left + size / 4, y: Math.max(top + size, size), "font-size": size, class: kind });
      text.textContent = correct ? `${label} ✓` : label;
      made.append(text);
    }
    return made;
  }

  /** Return the mark of one answer in words and a sign. */
  function markPart({ mark, noOption }, score) {
    const [sign, word] = MARKS[mark];
    const shown = mark === PARTLY ? `${word}, ${score}` : word;
    const made = element("p", { class: "answers-mark" }, element("span", { class: `mark mark-${mark}` }, `${sign} ${shown}`));
    if (noOption) made.append(" ", element("span", { class: "mark mark-format" }, "not an option"));
    return made;
  }

  /** Return the table of a row's answers, a column for each model. */
  function answersPart(view, row, number, answers) {
    const numbers = view.questions.kind === "region" ? new Map(row[3].map((option, place) => [option, place + 1])) : new Map();
    const head = element("tr", {}, element("th", { scope: "col" }, "Wording"));
    for (const model of view.models) head.append(element("th", { scope: "col" }, "Answer of ", named(model.name)));
    const body = element("tbody");
    for (let wording = 0; wording < WORDINGS; wording++) {
      const line = element("tr", {}, element("th", { scope: "row" }, String(wording + 1)));
      for (const [place, model] of view.models.entries()) {
        const [texts, scores] = answers[place] ?? [[], []];
        const found = markOf(model.head.marks, number - 1, wording);
        const cell = element("div", { class: "answers-cell" }, markPart(found, scores[wording]));
        const text = texts[wording];
        if (text !== null && text !== undefined) cell.append(answerBlock(text));
        if (numbers.has(text)) cell.append(element("p", { class: "answers-hint" }, `box ${numbers.get(text)}`));
        line.append(element("td", {}, cell));
      }
      body.append(line);
    }
    const caption = element("caption", { class: "answers-unseen" }, `Answers to row ${number}`);
    return element("table", { class: "answers-table" }, caption, element("thead", {}, head), body);
  }

  /** Return texts as a list of blocks. */
  function texts(items, label) {
    return element("ul", { class: "answers-list" }, ...items.map((item) => element("li", {}, label(item), foreign(item))));
  }

  /** Return what a row offers to choose from, and what is right. */
  function knownPart(view, row, wording) {
    const made = element("dl", { class: "answers-known" });
    const region = view.questions.kind === "region";
    const label = (text) => (region && row[3].includes(text) ? `box ${row[3].indexOf(text) + 1} ` : null);
    const options = shownOptions(row, wording);
    const add = (title, items) => made.append(element("div", {}, element("dt", {}, title), element("dd", {}, texts(items, label))));
    if (options.length) add(`Options, as wording ${wording} shows them`, options);
    add(row[5].length === 1 ? "Right answer" : "Right answers, any of them", row[5]);
    return made;
  }

  /** Return all of one row. */
  function rowPart(view, state, place, row, answers) {
    const number = place + 1;
    const values = { model: state.model, with: state.with, task: state.task, row: String(number) };
    const title = element("h3", { id: `row-${number}`, tabindex: "-1" }, element("a", { href: addressOf(values) }, `Row ${count(number)}`));
    const aside = element("div", { class: "answers-aside" }, picturePart(row, number), knownPart(view, row, state.wording));
    return element(
      "article",
      { class: "answers-row", "aria-labelledby": `row-${number}` },
      element("header", {}, title, element("p", {}, "id ", element("code", {}, named(row[0])))),
      aside,
      element("div", { class: "answers-main" }, promptPart(view.questions, row, state.wording), answersPart(view, row, number, answers)),
    );
  }

  // The page

  /** Say something in place of rows. */
  function say(...parts) {
    byId("results").hidden = true;
    tell(...parts);
  }

  /** Say something above the rows. */
  function tell(...parts) {
    byId("message").replaceChildren(element("p", { class: "note" }, ...parts));
  }

  /** Fill a list of models, those of one table together. */
  function fillModels(select, boards, chosen, empty) {
    const titles = new Map();
    for (const [board, models] of boards) titles.set(board, [...(titles.get(board) ?? []), ...models]);
    const groups = [...titles].filter(([, models]) => models.length).map(([board, models]) =>
      element("optgroup", { label: board }, ...models.map(([slug, name]) => element("option", { value: slug }, name))),
    );
    select.replaceChildren(...(empty === null ? [] : [element("option", { value: "" }, empty)]), ...groups);
    select.value = chosen;
  }

  /** Let the controls show a state. */
  function showControls(state) {
    const group = groupOf(state.model);
    const tasks = group ? Object.keys(group.tasks) : [];
    const known = tasks.includes(state.task);
    fillModels(byId("model"), index.groups.map((each) => [each.board, each.models]), state.model, group ? null : "Choose a model");
    fillModels(byId("with"), known ? comparable(state.model, state.task) : [], state.with, "no other");
    if (!group) byId("model").value = "";
    if (byId("with").selectedIndex < 0) byId("with").value = "";
    byId("task").replaceChildren(...tasks.map((task) => element("option", { value: task }, index.titles[task])));
    if (!known) byId("task").prepend(element("option", { value: "" }, "Choose a task"));
    byId("task").value = known ? state.task : "";
    for (const choice of controls.querySelectorAll("input[name=wording]")) choice.checked = Number(choice.value) === state.wording;
  }

  /** Let the filters show how many rows each keeps. */
  function showFilters(view, state) {
    for (const choice of controls.querySelectorAll("input[name=filter]")) {
      const filter = FILTERS[choice.value];
      const there = Boolean(view) && (!filter.two || view.models.length > 1);
      choice.checked = choice.value === state.filter;
      choice.closest("label").hidden = Boolean(filter.two) && !there;
      choice.nextElementSibling.replaceChildren(filter.title, element("small", {}, there ? count(matches(view, choice.value).length) : ""));
    }
  }

  /** Return sentences on what is shown. */
  function aboutPart(view, state) {
    const { questions, models } = view;
    const metric = element("code", {}, questions.metric);
    const links = models.map((model) => element("a", { href: `submissions/${encodeURIComponent(model.slug)}.html` }, named(model.name)));
    const task = element("a", { href: `tasks/${state.task}.html` }, questions.title);
    const sentences = ["Answers of ", links[0], ...(links[1] ? [" and of ", links[1]] : []), " to ", task, ". Marks are by ", metric];
    sentences.push(", the task's primary metric: a score of 100 is right, 0 wrong, and one between them partly right.");
    if (models.length > 1) sentences.push(" Rows are chosen by the marks of the first model.");
    const made = element("div", {}, element("p", { class: "answers-hint" }, ...sentences));
    const notes = [];
    if (questions.pictures) notes.push([questions.pictures]);
    if (!questions.templates) {
      const set = element("code", { class: "answers-digest" }, questions.instructions);
      notes.push(["The prompts are not shown, for this site was built without the instruction set that holds their words: ", set, "."]);
    }
    for (const { name, head } of models) {
      if (head.blind) notes.push(["The pictures were withheld from ", named(name), "."]);
      if (head.limit) notes.push([named(name), ` was asked the first ${count(head.limit)} rows.`]);
      if (head.rows < head.answered) notes.push([`This site shows the first ${count(head.rows)} of the ${count(head.answered)} rows that `, named(name), " answered."]);
    }
    for (const note of notes) made.append(element("p", { class: "note" }, ...note));
    return made;
  }

  /** Show the state that the address asks for; `focus` is where a keyboard goes on. */
  async function show(focus = null) {
    const mine = ++turn;
    const state = wanted();
    const blocked = obstacle(state);
    showControls(state);
    if (blocked) {
      showFilters(null, state);
      say(...blocked);
      return;
    }
    if (!own(FILTERS, state.filter) || (FILTERS[state.filter].two && !state.with)) state.filter = "all";
    byId("results").setAttribute("aria-busy", "true");
    try {
      if (!current || current.key !== keyOf(state)) {
        const opened = await open(state);
        if (mine !== turn) return;
        current = opened;
      }
      await showRows(current, state, mine, focus);
    } catch (error) {
      if (mine === turn) say("These answers could not be loaded: ", named(error.message), ".");
    }
  }

  /** Show one page of rows. */
  async function showRows(view, state, mine, focus) {
    const rows = choosePage(view, state);
    const first = (state.page - 1) * PAGE;
    const shown = rows.slice(first, first + PAGE);
    const [questions, ...answers] = await Promise.all([
      fetchRows(`questions/${view.set}`, view.questions.starts, view.questions.rows, shown),
      ...view.models.map((model) => fetchRows(`answers/${model.slug}/${state.task}`, model.head.starts, model.head.rows, shown)),
    ]);
    if (mine !== turn) return;
    view.page = state.page;
    remember(state);
    showFilters(view, state);
    const of = shown.length ? `rows ${count(first + 1)} to ${count(first + shown.length)} of ${count(rows.length)}` : "no such rows";
    const kind = state.filter === "all" ? "" : `, ${FILTERS[state.filter].title.toLowerCase()}`;
    byId("results-title").textContent = `${view.questions.title}${kind}: ${of}`;
    byId("about").replaceChildren(aboutPart(view, state));
    byId("rows").replaceChildren(...shown.map((row, place) => rowPart(view, state, row, questions[place], answers.map((each) => each[place]))));
    byId("results").hidden = false;
    byId("results").setAttribute("aria-busy", "false");
    byId("message").replaceChildren();
    showPlace(state, Math.max(Math.ceil(rows.length / PAGE), 1));
    fold(byId("rows"));
    const chosen = state.row ? byId(`row-${state.row}`) : null;
    if (chosen) chosen.closest("article").classList.add("chosen");
    if (focus === "row" && chosen) goOn(chosen, chosen.closest("article"));
    if (focus === "title") goOn(byId("results-title"), byId("results-title"));
  }

  /** Let a keyboard go on at an element, and bring what it belongs to to the top. */
  function goOn(target, whole) {
    target.focus({ preventScroll: true });
    whole.scrollIntoView({ block: "start" });
  }

  /** Let page, row and filter of a state agree, and return the rows of its filter. */
  function choosePage(view, state) {
    if (state.row > view.count) state.row = 0;
    let rows = matches(view, state.filter);
    if (state.row) {
      if (!rows.includes(state.row - 1)) [state.filter, rows] = ["all", matches(view, "all")];
      state.page = Math.floor(rows.indexOf(state.row - 1) / PAGE) + 1;
    }
    state.page = Math.min(state.page, Math.max(Math.ceil(rows.length / PAGE), 1));
    return rows;
  }

  /** Show which page this is, and where one can go. */
  function showPlace(state, pages) {
    for (const place of document.querySelectorAll(".answers-place")) place.textContent = `Page ${count(state.page)} of ${count(pages)}`;
    for (const places of document.querySelectorAll(".answers-pages")) places.hidden = pages === 1;
    for (const button of document.querySelectorAll(".answers-pages button")) {
      const page = state.page + Number(button.dataset.step);
      button.disabled = page < 1 || page > pages;
    }
  }

  /** Change the state, and show it. */
  function change(values, focus = null) {
    const state = { ...wanted(), page: 1, row: 0, ...values };
    remember(state);
    return show(focus);
  }

  /** Return the state after another model was chosen: what still fits is kept. */
  function withModel(model) {
    const state = wanted();
    const group = groupOf(model);
    const task = own(group.tasks, state.task) === undefined ? Object.keys(group.tasks)[0] : state.task;
    return { model, ...withTask(model, task) };
  }

  /** Return the state after another task was chosen. */
  function withTask(model, task) {
    const beside = wanted().with;
    const fits = comparable(model, task).some(([, models]) => models.some(([slug]) => slug === beside));
    return { task, with: fits ? beside : "" };
  }

  /** Go to a row that is given by number or id. */
  async function goTo(text) {
    const view = current;
    if (!view || !text) return;
    const number = /^\d+$/.test(text) ? Number(text) : 0;
    if (number >= 1 && number <= view.count) {
      change({ row: number }, "row");
      return;
    }
    const ids = await load(`questions/${view.set}-ids`);
    const place = ids.indexOf(text.startsWith("id:") ? text.slice(3).trim() : text);
    if (place >= 0 && place < view.count) change({ row: place + 1 }, "row");
    else tell("No row here is called ", named(text), `. Rows are numbered from 1 to ${count(view.count)}.`);
  }

  /** Return a choice of one of several, as a button that stays pressed. */
  function choice(name, value, ...label) {
    return element("label", {}, element("input", { type: "radio", name, value }), element("span", {}, ...label));
  }

  /** Let the controls act. */
  function listen() {
    byId("filters").append(...Object.entries(FILTERS).map(([name, { title }]) => choice("filter", name, title)));
    byId("wordings").append(...[1, 2, 3, 4, 5].map((number) => choice("wording", String(number), String(number))));
    byId("model").addEventListener("change", (event) => groupOf(event.target.value) && change(withModel(event.target.value)));
    byId("with").addEventListener("change", (event) => change({ with: event.target.value }));
    byId("task").addEventListener("change", (event) => event.target.value && change(withTask(wanted().model, event.target.value)));
    byId("filters").addEventListener("change", (event) => change({ filter: event.target.value }));
    byId("wordings").addEventListener("change", (event) => {
      change({ wording: Number(event.target.value), page: current?.page ?? 1, row: wanted().row });
    });
    controls.addEventListener("submit", (event) => {
      event.preventDefault();
      goTo(byId("row").value.trim());
    });
    for (const button of document.querySelectorAll(".answers-pages button")) {
      button.addEventListener("click", () => change({ page: current.page + Number(button.dataset.step) }, "title"));
    }
    window.addEventListener("hashchange", () => show("row"));
  }

  load("answers").then(
    (found) => {
      index = found;
      listen();
      controls.hidden = false;
      show("row");
    },
    () => say("The list of answers could not be loaded."),
  );
})();
