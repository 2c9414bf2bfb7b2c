"use strict";

/** The page that compares two to five models of one table. */
(() => {
  const { element, load, svg } = mibench;
  const MOST = 5;
  const OFFERED = 8;
  const LANE = 20;
  const ALPHA = 0.05;
  const LETTERS = "ABCDE";
  const SUITES = { multimodal: "Multimodal tasks", nlp: "NLP tasks" };
  const SHAPES = [
    "M-5 0a5 5 0 1 0 10 0a5 5 0 1 0 -10 0z",
    "M-4.5 -4.5h9v9h-9z",
    "M0 -6.2L6.2 0L0 6.2L-6.2 0z",
    "M0 -5.8L5.8 4.6H-5.8z",
    "M0 5.8L5.8 -4.6H-5.8z",
  ];
  const STEPS = [0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 25, 50, 100, 200, 500, 1000, 5000];
  const FLIPS = 6;

  const place = document.getElementById("compare");
  const choice = element("section", { "aria-labelledby": "models" });
  const said = element("p", { role: "status", class: "unseen" });
  const results = element("div");
  let listed = [];
  let boards = [];
  let chosen = [];
  let query = "";
  let turn = 0;

  // Pieces

  /** Return a text with minus signs before its numbers. */
  const minus = (text) => text.replace(/-(?=\d)/g, "−");

  /** Return a score with two decimals, or a dash where it is undefined. */
  const number = (value) => (value === null || value === undefined ? "–" : minus(value.toFixed(2)));

  /** Return a 95 % interval, or nothing. */
  const bounds = (ci) => (ci ? `${number(ci[0])} to ${number(ci[1])}` : "");

  /** Return a share as a percentage. */
  const percent = (share) => (share > 0 && share < 0.001 ? "under 0.1 %" : `${(100 * share).toFixed(share > 0 && share < 0.1 ? 1 : 0)} %`);

  /** Return words joined as in a sentence. */
  const spoken = (words) => (words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} and ${words.at(-1)}`);

  /** Return the same in a sentence, of elements. */
  function joined(parts) {
    return parts.flatMap((part, index) => (index === 0 ? [part] : [index === parts.length - 1 ? " and " : ", ", part]));
  }

  /** Return the name of a submission, which cannot turn the direction of what stands around it. */
  const named = (model) => element("bdi", {}, model.name);

  /** Return what a submission is told by in charts and tables: its letter and its shape. */
  function badge(index) {
    const shape = svg("svg", { class: "compare-key", width: 16, height: 16, viewBox: "-8 -8 16 16", "aria-hidden": "true" });
    shape.append(svg("path", { class: `model-${index}`, d: SHAPES[index] }));
    return element("span", { class: "compare-badge" }, shape, LETTERS[index]);
  }

  /** Return the letter and name of a submission. */
  const badged = (model, index) => element("span", { class: "compare-name" }, badge(index), " ", named(model));

  /** Return a text that only those hear who listen to the page. */
  const unseen = (...parts) => element("span", { class: "unseen" }, ...parts);

  /** Return a command to copy. */
  function command(slugs) {
    const line = `mibench compare ${slugs.map((slug) => `submissions/${slug}`).join(" ")}`;
    return element("pre", { class: "command", tabindex: "0" }, element("code", {}, line));
  }

  /** Return a table that can be moved sideways where it is wider than the page. */
  function wide(label, ...table) {
    return element("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": label }, element("table", ...table));
  }

  /** Return a section with its heading. */
  function section(id, title, ...content) {
    return element("section", { "aria-labelledby": id }, element("h2", { id }, title), ...content);
  }

  /** Return the cell at the head of a column of numbers. */
  const numbers = (title) => element("th", { scope: "col", class: "figure task" }, title);

  /** Return a function from values to shares of the width, and the ticks of its axis. */
  function scale(low, high) {
    const step = STEPS.find((size) => (high - low) / size <= 5) ?? high - low;
    const first = Math.floor(low / step);
    const last = Math.max(Math.ceil(high / step), first + 1);
    const ticks = Array.from({ length: last - first + 1 }, (_, index) => Number(((first + index) * step).toFixed(1)));
    const [begin, end] = [ticks[0], ticks.at(-1)];
    const at = (value) => `${(Math.min(Math.max((value - begin) / (end - begin), 0), 1) * 100).toFixed(2)}%`;
    return { at, ticks };
  }

  /** Return a scale for values with their intervals. */
  function scaleOf(found) {
    const values = found.flatMap(({ value, ci }) => [value, ...(ci ?? [])]).filter((one) => one !== null && one !== undefined);
    return values.length ? scale(Math.min(...values), Math.max(...values)) : scale(0, 1);
  }

  /** Return the numbers below or above a chart. */
  function ticksOf(axis) {
    const made = svg("svg", { class: "compare-ticks", height: 14, "aria-hidden": "true" });
    for (const tick of axis.ticks) {
      made.append(svg("text", { x: axis.at(tick), y: 11, "text-anchor": "middle" }, minus(String(tick))));
    }
    return made;
  }

  /** Return a chart with one lane for each row: whisker, mark, and small dots where there are some. */
  function chart(rows, axis, label) {
    const height = rows.length * LANE;
    const made = svg("svg", { class: "compare-chart", height, role: "img", "aria-label": label });
    for (const tick of axis.ticks) {
      const x = axis.at(tick);
      made.append(svg("line", { class: tick === axis.zero ? "zero" : "grid", x1: x, x2: x, y1: 0, y2: height }));
    }
    rows.forEach(({ index, value, ci, dots }, row) => {
      const y = row * LANE + LANE / 2;
      if (ci) {
        made.append(svg("line", { class: `whisker model-${index}`, x1: axis.at(ci[0]), x2: axis.at(ci[1]), y1: y, y2: y }));
      }
      for (const dot of (dots ?? []).filter((score) => score !== null)) {
        made.append(svg("line", { class: "wording", x1: axis.at(dot), x2: axis.at(dot), y1: y - 7, y2: y + 7 }));
      }
      if (value === null || value === undefined) return;
      const mark = svg("svg", { x: axis.at(value), y, overflow: "visible" });
      mark.append(svg("path", { class: `model-${index}`, d: SHAPES[index] }));
      made.append(mark);
    });
    return made;
  }

  // What is chosen

  const entryOf = (slug) => listed.find((entry) => entry.slug === slug);
  const boardOf = (name) => boards.find((board) => board.name === name);

  /** Return the submissions that the address names; without any, the two best of the first table that has two. */
  function wanted() {
    const given = mibench.state().get("models");
    if (given !== undefined) return [...new Set(given.split(",").filter(Boolean))].slice(0, MOST);
    const ranked = boards.map(({ name }) => listed.filter((entry) => entry.board === name && entry.rank !== null));
    const best = ranked.find((entries) => entries.length > 1) ?? [];
    return best.slice(0, 2).map(({ slug }) => slug);
  }

  /** Choose other submissions, and say so. */
  function choose(slugs, message) {
    chosen = slugs;
    query = "";
    mibench.setState({ models: slugs.join(",") });
    said.textContent = message;
    showChoice();
    (choice.querySelector("input") ?? choice.querySelector("button")).focus();
    showResults();
  }

  /** Return the submissions to offer: of the table of those that are chosen first. */
  function offers() {
    const words = query.toLowerCase().split(/\s+/).filter(Boolean);
    const board = chosen.map(entryOf).find(Boolean)?.board;
    const found = listed.filter((entry) => {
      const text = `${entry.name} ${entry.slug} ${entry.model}`.toLowerCase();
      return !chosen.includes(entry.slug) && words.every((word) => text.includes(word));
    });
    return [...found.filter((entry) => entry.board === board), ...found.filter((entry) => entry.board !== board)];
  }

  /** Show what is chosen, and what can be added. */
  function showChoice() {
    const chips = chosen.map((slug, index) => {
      const entry = entryOf(slug) ?? { name: slug };
      const cross = element("span", { "aria-hidden": "true" }, "×");
      const remove = element("button", { type: "button" }, cross, unseen("Remove ", named(entry)));
      remove.addEventListener("click", () => choose(chosen.filter((other) => other !== slug), `${entry.name} removed`));
      return element("li", {}, badged(entry, index), remove);
    });
    const heading = element("h2", { id: "models", class: "unseen" }, "Models");
    choice.replaceChildren(heading, element("ul", { class: "compare-chosen" }, ...chips));
    if (chosen.length === MOST) {
      choice.append(element("p", { class: "small" }, "Five at most: remove one to add another."));
      return;
    }
    const field = element("input", { id: "find", type: "search", autocomplete: "off", spellcheck: "false", maxlength: "200" });
    const list = element("ul", { class: "compare-offers" });
    const rest = element("p", { class: "small" });
    field.addEventListener("input", () => {
      query = field.value;
      showOffers(list, rest);
    });
    field.addEventListener("keydown", (event) => {
      if (event.key !== "Enter") return;
      event.preventDefault();
      list.querySelector("button")?.click();
    });
    showOffers(list, rest);
    const label = element("label", { for: "find" }, "Add a model");
    choice.append(element("div", { class: "compare-add" }, label, field), list, rest);
  }

  /** Show what fits the words that were typed. */
  function showOffers(list, rest) {
    const found = offers();
    const board = chosen.map(entryOf).find(Boolean)?.board;
    list.replaceChildren(
      ...found.slice(0, OFFERED).map((entry) => {
        const same = board === undefined || entry.board === board;
        const elsewhere = same ? null : element("small", {}, boardOf(entry.board).title);
        const plus = element("span", { "aria-hidden": "true" }, "+ ");
        const add = element("button", { type: "button" }, plus, unseen("Add "), named(entry), elsewhere);
        add.addEventListener("click", () => choose([...chosen, entry.slug], `${entry.name} added`));
        return element("li", {}, add);
      }),
    );
    const more = found.length - OFFERED;
    rest.textContent = found.length === 0 ? "No other model is called so." : more > 0 ? `${more} more: type a part of a name.` : "";
  }

  // Results

  /** Load and show the comparison; one that was asked for later wins. */
  async function showResults() {
    const mine = ++turn;
    const unknown = chosen.filter((slug) => !entryOf(slug));
    const entries = chosen.map(entryOf).filter(Boolean);
    const names = [...new Set(entries.map((entry) => entry.board))];
    document.title = `${spoken(entries.map((entry) => entry.name)) || "Compare"} – mibench leaderboard`;
    if (unknown.length) {
      const slugs = joined(unknown.map((slug) => element("bdi", {}, slug)));
      results.replaceChildren(note("This site has no submission that is called ", ...slugs, "."));
    } else if (entries.length < 2) {
      const few = listed.length < 2;
      results.replaceChildren(note(few ? "There are not yet two submissions to compare." : "Choose two models or more."));
    } else if (names.length > 1) {
      results.replaceChildren(apart(entries, names.map(boardOf)));
    } else {
      const board = boardOf(names[0]);
      try {
        const [words, pairs, ...models] = await Promise.all([
          load(`wordings/${board.name}`),
          board.pairs ? load(`pairs/${board.name}`) : { submissions: [], pairs: [] },
          ...chosen.map((slug) => load(`submissions/${slug}`)),
        ]);
        if (mine !== turn) return;
        const compared = { board, words, pairs, models, ranks: entries.map(placed) };
        results.replaceChildren(overview(compared), differences(compared), flips(compared), byTask(compared));
      } catch (error) {
        if (mine === turn) results.replaceChildren(note(`The data could not be read: ${error.message}.`));
      }
    }
  }

  /** Return the rank as the front page shows it. */
  const placed = ({ rank, tied }) => (rank === null ? "–" : `${rank}${tied ? "=" : ""}`);

  /** Return a sentence that stands out. */
  const note = (...parts) => element("p", { class: "note" }, ...parts);

  /** Say why submissions of different tables do not compare. */
  function apart(entries, tables) {
    const [one, ...others] = tables;
    const reasons = new Set();
    for (const other of others) {
      if (other.world !== one.world) reasons.add("on official data and on the drawn mini world");
      else if (other.wording !== one.wording) reasons.add("in other words");
      else if (other.seed !== one.seed) reasons.add("with another seed, so that options stood in another order");
      else reasons.add("on other data, or by other versions of the task cards");
    }
    const where = entries.map((entry) => element("li", {}, named(entry), `: ${boardOf(entry.board).title}`));
    const why = `They stand in different tables, for they were asked ${spoken([...reasons])}.`;
    const what = "A difference between them would tell of that as much as of the models. Choose models of one table.";
    return section("apart", "These do not compare", element("p", {}, `${why} ${what}`), element("ul", {}, ...where));
  }

  /** Return the benchmark's numbers of all that are compared. */
  function overview({ board, models, ranks }) {
    const drawn = [
      ["Aggregate", models.map((model, index) => ({ index, value: model.aggregate.mean, ci: model.aggregate.ci.mean }))],
      ["Sensitivity ↓", models.map((model, index) => ({ index, ...model.sensitivity }))],
    ].map(([title, found]) => ({ title, found, axis: scaleOf(found) }));
    const rows = models.map((model, index) => {
      const link = element("a", { href: `submissions/${model.slug}.html` }, named(model));
      const cells = drawn.map(({ title, found, axis }) => {
        const { value, ci } = found[index];
        const picture = chart([found[index]], axis, `${title} ${number(value)}, interval ${bounds(ci) || "unknown"}`);
        return element("td", { class: "compare-drawn" }, picture, element("b", {}, number(value)), element("small", {}, bounds(ci)));
      });
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, badge(index), " ", link, element("small", {}, about(model))),
        element("td", { class: "figure" }, ranks[index]),
        ...cells,
        element("td", { class: "figure" }, number(model.aggregate.max)),
        element("td", { class: "figure" }, model.at_chance.length ? `${model.at_chance.length} task${model.at_chance.length === 1 ? "" : "s"}` : "none"),
      );
    });
    const head = element(
      "tr",
      {},
      element("th", { scope: "col" }, "Model"),
      numbers("Rank"),
      ...drawn.map(({ title, axis }) => element("th", { scope: "col", class: "compare-drawn" }, title, ticksOf(axis))),
      numbers("Best wording"),
      numbers("At chance"),
    );
    const explained = `${board.title}. Marks are the numbers, lines their 95 % intervals over pictures. A model at chance on a task
      does no better than guessing: that its score hardly moves there is no merit. The interval of a Sensitivity leaves out what
      sampling adds to it, so the number itself may lie at its upper end, or above.`;
    return section(
      "overall",
      "Overall",
      element("p", { class: "explained" }, explained),
      wide("Table of the overall numbers", { class: "compare-overall" }, element("thead", {}, head), element("tbody", {}, ...rows)),
    );
  }

  /** Return a few facts of a model. */
  function about(model) {
    const format = new Intl.NumberFormat("en", { notation: "compact", maximumSignificantDigits: 3 });
    const size = model.parameters === null ? null : `${format.format(model.parameters)} parameters`;
    return [size, model.complete ? null : "not complete"].filter(Boolean).join(", ");
  }

  // Paired differences

  /** Return the pairs of what is chosen, each with its places, and its differences where these were computed. */
  function pairsOf({ models, pairs }) {
    return eachTwo(models).map(([first, second]) => {
      const slugs = [models[first].slug, models[second].slug];
      const found = pairs.pairs.find((pair) => slugs.includes(pair.first) && slugs.includes(pair.second));
      return { found, places: found?.first === slugs[1] ? [second, first] : [first, second] };
    });
  }

  /** Return the places of each two. */
  const eachTwo = (all) => all.flatMap((_, first) => all.slice(first + 1).map((_, step) => [first, first + 1 + step]));

  /** Return the paired differences of each two. */
  function differences(compared) {
    const all = pairsOf(compared);
    const explained = `Both answered the same questions, so differences are computed question by question. That tells models apart
      whose own intervals overlap.`;
    return section(
      "differences",
      "How certain the differences are",
      element("p", { class: "explained" }, explained),
      all.length > 1 && all.some(({ found }) => found) ? matrix(compared, all) : null,
      ...all.map((pair) => onePair(compared, pair, all.length === 1)),
    );
  }

  /** Return the differences of all aggregates as a table. */
  function matrix({ models }, all) {
    const cell = (row, column) => {
      if (row === column) return element("td", { class: "figure" }, "·");
      const { found, places } = all.find((pair) => pair.places.includes(row) && pair.places.includes(column));
      if (found?.aggregate.value === undefined) return element("td", { class: "figure" }, found ? "–" : "not computed");
      const { value, ci, p } = found.aggregate;
      const certain = p < ALPHA;
      const kept = places[0] === row;
      const turned = kept ? ci : ci && [-ci[1], -ci[0]];
      return element(
        "td",
        { class: certain ? "figure strong" : "figure" },
        signed(kept ? value : -value),
        element("small", {}, bounds(turned)),
        certain ? null : element("small", {}, "not told apart"),
      );
    };
    const heads = models.map((model, index) => element("th", { scope: "col", class: "figure" }, badge(index), unseen(" ", named(model))));
    const rows = models.map((model, row) => {
      const cells = models.map((_, column) => cell(row, column));
      return element("tr", {}, element("th", { scope: "row" }, badged(model, row)), ...cells);
    });
    return wide(
      "Table of the differences of the aggregates",
      { class: "compare-matrix" },
      element("caption", {}, "Aggregate: the model of the row minus that of the column, with 95 % intervals"),
      element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Model"), ...heads)),
      element("tbody", {}, ...rows),
    );
  }

  /** Return a difference with its sign, or a dash where there is none. */
  const signed = (value) => (value > 0 ? `+${number(value)}` : number(value));

  /** Return all that is known of two submissions, open or to be opened. */
  function onePair(compared, { found, places }, open) {
    const [one, two] = places.map((index) => compared.models[index]);
    const names = [badged(one, places[0]), " minus ", badged(two, places[1])];
    const content = found ? knownPair(compared, found, places) : unknownPair(compared, one, two);
    if (open) return element("article", { class: "compare-pair" }, element("h3", {}, ...names), ...content);
    const told = found ? `${signed(found.aggregate.value)}` : "not computed";
    return element("details", { class: "compare-pair" }, element("summary", {}, ...names, element("small", {}, told)), ...content);
  }

  /** Say where the difference of two comes from that this site does not hold. */
  function unknownPair({ pairs }, one, two) {
    const count = pairs.submissions.length;
    const why = count
      ? `This site holds the differences of the best ${count} of the table whose answers were at hand, and not both are among them.`
      : "This site was built without paired differences.";
    const own = ({ aggregate }) => `: ${number(aggregate.mean)} (${bounds(aggregate.ci.mean) || "no interval"})`;
    const intervals = ["Aggregates with their own intervals: ", named(one), own(one), ", ", named(two), own(two), "."];
    return [element("p", {}, `${why} `, ...intervals, " The paired difference comes from"), command([one.slug, two.slug])];
  }

  /** Return the differences of two: the overall ones drawn, the verdict, and all tasks. */
  function knownPair(compared, found, places) {
    const [one, two] = places.map((index) => compared.models[index]);
    const drawn = [
      ["Aggregate", found.aggregate],
      ["Sensitivity", found.sensitivity],
    ].map(([title, { value, ci, p }]) => {
      const axis = { ...scaleOf([{ value: 0 }, { value, ci }]), zero: 0 };
      const label = `${title}, difference ${number(value)}, interval ${bounds(ci) || "unknown"}`;
      const about = [bounds(ci), p === undefined ? "" : `p = ${p.toFixed(4)}`].filter(Boolean).join(", ");
      const picture = [chart([{ index: places[0], value, ci }], axis, label), ticksOf(axis)];
      const numbers = [element("b", {}, signed(value)), element("small", {}, about)];
      return element("div", {}, element("dt", {}, title), element("dd", {}, ...numbers, ...(value === undefined ? [] : picture)));
    });
    const reversed = `One wording for each task, drawn at random, would reverse their order in ${percent(found.flips ?? 0)} of draws.`;
    return [
      element("dl", {}, ...drawn),
      element("p", {}, ...verdict(found.verdict, one, two)),
      found.flips === null ? null : element("p", {}, reversed),
      element("details", {}, element("summary", {}, "Differences of each task"), ...taskDifferences(compared, found)),
    ].filter(Boolean);
  }

  /** Return the sentences of a verdict, with the names in their places. */
  function verdict(text, one, two) {
    const names = { "{first}": one, "{second}": two };
    return text.split(/(\{first\}|\{second\})/).map((part) => (names[part] ? named(names[part]) : minus(part)));
  }

  /** Return a table of the differences of each task, explained. */
  function taskDifferences({ words }, found) {
    const rows = Object.entries(found.tasks).map(([name, { mean, sensitivity, flips: share }]) => {
      const title = element("a", { href: `tasks/${name}.html` }, words[name]?.title ?? name);
      const difference = ({ value, ci, reason }) => [signed(value), element("small", {}, bounds(ci) || reason)];
      return element(
        "tr",
        {},
        element("th", { scope: "row" }, title),
        element("td", { class: mean.p < ALPHA ? "figure strong" : "figure" }, ...difference(mean)),
        element("td", { class: "figure" }, mean.p === undefined ? "–" : mean.p.toFixed(4)),
        element("td", { class: "figure" }, ...difference(sensitivity)),
        element("td", { class: "figure" }, share === undefined ? "–" : percent(share)),
      );
    });
    const heads = ["Difference", "p, after Holm", "Difference in Sensitivity", "Wordings that reverse it"].map(numbers);
    const explained = `In bold: told apart at p < 0.05 although so many tasks were looked at. Below the numbers stand their 95 %
      intervals. A Sensitivity below 0 means that the first moves less with the wording.`;
    const head = element("thead", {}, element("tr", {}, element("th", { scope: "col" }, "Task"), ...heads));
    const label = `Table of the differences between ${found.first} and ${found.second}`;
    return [
      element("p", { class: "explained" }, explained),
      wide(label, { class: "compare-differences" }, head, element("tbody", {}, ...rows)),
    ];
  }

  // Wordings

  /** Return the tasks on which one wording puts the first above, and another one the second; the widest first. */
  function flipsOf(one, two) {
    const found = [];
    for (const [name, task] of Object.entries(one.tasks)) {
      const others = two.tasks[name]?.per_instruction ?? [];
      const gaps = task.per_instruction.map((score, place) => {
        return score === null || (others[place] ?? null) === null ? 0 : score - others[place];
      });
      const [high, low] = [Math.max(...gaps), Math.min(...gaps)];
      if (high > 0 && low < 0) found.push({ name, gaps, high, low, width: Math.min(high, -low) });
    }
    return found.sort((a, b) => b.width - a.width || (a.name < b.name ? -1 : 1));
  }

  /** Return where the order of two depends on the wording. */
  function flips(compared) {
    const { models } = compared;
    const all = eachTwo(models).map((places) => {
      const [one, two] = places.map((index) => models[index]);
      const common = Object.keys(one.tasks).filter((name) => name in two.tasks).length;
      const found = flipsOf(one, two);
      return { places, found, told: `${found.length || "none"} of ${common} tasks` };
    });
    const some = all.length === 1 ? all : all.filter(({ found }) => found.length);
    const blocks = some.map(({ places, found, told }) => {
      if (all.length === 1) return element("div", {}, element("p", {}, `The order flips on ${told}.`), flipList(compared, places, found));
      const names = [badged(models[places[0]], places[0]), " and ", badged(models[places[1]], places[1])];
      return element("details", {}, element("summary", {}, ...names, element("small", {}, told)), flipList(compared, places, found));
    });
    const explained = `Tasks on which one wording puts one model above, and another wording the other. A benchmark with a single
      wording might have printed either. Gaps of a point or two may be sampling.`;
    const none = some.length ? null : element("p", {}, "No wording changes the order of any two of these.");
    return section("flips", "Where the order flips by wording", element("p", { class: "explained" }, explained), none, ...blocks);
  }

  /** Return the tasks on which two flip, with the wordings that do it. */
  function flipList(compared, places, found) {
    const items = found.map((flip) => oneFlip(compared, places, flip));
    const list = (some) => element("ul", { class: "compare-flips" }, ...some);
    if (items.length <= FLIPS + 1) return list(items);
    const rest = element("details", {}, element("summary", {}, `${items.length - FLIPS} more tasks`), list(items.slice(FLIPS)));
    return element("div", {}, list(items.slice(0, FLIPS)), rest);
  }

  /** Return one task on which two flip. */
  function oneFlip({ models, words }, places, { name, gaps, high, low }) {
    const [one, two] = places.map((index) => models[index]);
    const side = (sign, index, gap) => {
      const which = gaps.flatMap((other, place) => (other * sign > 0 ? [String(place + 1)] : []));
      const many = which.length > 1;
      const reach = many ? `up to ${number(Math.abs(gap))} (wording ${gaps.indexOf(gap) + 1})` : number(Math.abs(gap));
      return [`ording${many ? "s" : ""} ${spoken(which)} put${many ? "" : "s"} `, badge(index), ` above by ${reach}`];
    };
    const sentence = element("p", {}, "W", ...side(1, places[0], high), "; w", ...side(-1, places[1], low), ".");
    const { title, card, wordings } = words[name] ?? { title: name, wordings: [] };
    const known = wordings.length && [one, two].every((model) => model.tasks[name].card === card);
    const item = (gap) => {
      const place = gaps.indexOf(gap);
      const scores = places.flatMap((index) => [badge(index), ` ${number(models[index].tasks[name].per_instruction[place])} `]);
      return element("li", {}, element("small", {}, `Wording ${place + 1}: `, ...scores), element("q", {}, wordings[place]));
    };
    const texts = known ? element("ol", { class: "compare-words" }, item(high), item(low)) : null;
    const shown = texts ? element("details", {}, element("summary", {}, "The two wordings that differ most"), texts) : null;
    return element("li", {}, element("h3", {}, title), sentence, shown);
  }

  // Tasks

  /** Return all tasks, each with the means and the five wordings of all. */
  function byTask({ models, words }) {
    const axis = scale(0, 100);
    const suites = Object.entries(SUITES).map(([suite, title]) => {
      const asked = Object.keys(words).filter((name) => words[name].suite === suite && models.some((model) => name in model.tasks));
      const items = asked.map((name) => oneTask(models, name, words[name].title, axis));
      const head = [element("h3", {}, title), element("div", { class: "compare-axis" }, ticksOf(axis))];
      return asked.length ? element("div", {}, ...head, element("ul", { class: "compare-tasks" }, ...items)) : null;
    });
    const drawn = ["lines: 95 % intervals of the means", "strokes: the five wordings"].map((text) => element("li", {}, text));
    const legend = element("ul", { class: "legend" }, ...models.map((model, index) => element("li", {}, badged(model, index))), ...drawn);
    return section("tasks", "Task by task", legend, ...suites);
  }

  /** Return one task. */
  function oneTask(models, name, title, axis) {
    const known = models.map((model, index) => ({ model, index, task: model.tasks[name] })).filter(({ task }) => task);
    const rows = known.map(({ index, task }) => ({ index, value: task.mean, ci: task.ci.mean, dots: task.per_instruction }));
    const told = known.map(({ model, task }) => `${model.name} ${number(task.mean)}, wordings ${task.per_instruction.map(number).join(", ")}`);
    const figures = known.map(({ model, index, task }) => {
      const parts = [badge(index), unseen(" ", named(model)), element("b", {}, number(task.mean)), element("small", {}, bounds(task.ci.mean))];
      return element("li", {}, ...parts, task.at_chance ? element("small", {}, "at chance") : null);
    });
    const heading = element("h4", {}, element("a", { href: `tasks/${name}.html` }, title));
    const facts = element("small", {}, `${known[0].task.metric}, ${known[0].task.n} rows`, answersOf(known, name, title));
    return element(
      "li",
      {},
      element("div", {}, heading, facts),
      chart(rows, axis, `${title}: ${told.join("; ")}`),
      element("ul", { class: "compare-figures" }, ...figures),
    );
  }

  /** Return a link to the answers of the first two side by side, where the site holds them. */
  function answersOf([one, two], task, title) {
    if (!two || !one.task.questions || one.task.questions !== two.task.questions) return null;
    const address = new URLSearchParams({ model: one.model.slug, with: two.model.slug, task });
    return element("span", {}, " · ", element("a", { href: `answers.html#${address}` }, "answers", unseen(` to ${title}`)));
  }

  /** Begin. */
  async function begin() {
    place.hidden = false;
    place.append(said, choice, results);
    [listed, boards] = await Promise.all([load("submissions"), load("boards")]);
    const follow = () => {
      chosen = wanted();
      query = "";
      showChoice();
      return showResults();
    };
    window.addEventListener("hashchange", follow);
    await follow();
  }

  begin().catch((error) => results.replaceChildren(note(`The data could not be read: ${error.message}.`)));
})();
