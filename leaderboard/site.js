"use strict";

/** What every page shares: data that comes in scripts, and a state that stands in the address. */
const mibench = (() => {
  const root = document.documentElement.dataset.root;
  const waiting = new Map();
  const kept = new Map();
  const KEPT = 24;

  document.documentElement.classList.add("js");

  /** Skip to the content without touching the state in the address. */
  document.querySelector(".skip").addEventListener("click", (event) => {
    const content = document.getElementById("content");
    event.preventDefault();
    content.tabIndex = -1;
    content.focus();
  });

  /** Called by a data script. */
  function take(key, value) {
    const found = waiting.get(key);
    waiting.delete(key);
    if (found) found.resolve(value);
  }

  /** Return a promise of the value of `data/<key>.js`; the latest few stay in memory. */
  function load(key) {
    if (kept.has(key)) {
      const promise = kept.get(key);
      kept.delete(key);
      kept.set(key, promise);
      return promise;
    }
    const promise = new Promise((resolve, reject) => {
      const script = document.createElement("script");
      script.src = `${root}data/${key.split("/").map(encodeURIComponent).join("/")}.js`;
      waiting.set(key, { resolve });
      script.onload = () => script.remove();
      script.onerror = () => {
        script.remove();
        waiting.delete(key);
        kept.delete(key);
        reject(new Error(`data/${key}.js could not be loaded`));
      };
      document.head.append(script);
    });
    kept.set(key, promise);
    if (kept.size > KEPT) kept.delete(kept.keys().next().value);
    return promise;
  }

  /** Return an element with attributes and children; texts become text, never markup. */
  function element(name, attributes = {}, ...children) {
    const made = document.createElement(name);
    for (const [key, value] of Object.entries(attributes)) {
      if (value !== null && value !== undefined && value !== false) made.setAttribute(key, value === true ? "" : value);
    }
    made.append(...children.filter((child) => child !== null && child !== undefined));
    return made;
  }

  /** Return an element of a drawing; attributes are lengths in pixels, or texts. */
  function svg(name, attributes = {}, ...children) {
    const made = document.createElementNS("http://www.w3.org/2000/svg", name);
    for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
    made.append(...children);
    return made;
  }

  /** Return the state that the address holds, after `#`, as a Map. */
  function state() {
    return new Map(new URLSearchParams(location.hash.slice(1)));
  }

  /** Put a state into the address; empty values are left out. */
  function setState(values) {
    const given = Object.entries(values).filter(([, value]) => value !== "" && value !== null && value !== undefined);
    const text = new URLSearchParams(given).toString();
    history.replaceState(null, "", text ? `#${text}` : location.pathname + location.search);
  }

  return { element, load, root, setState, state, svg, take };
})();
