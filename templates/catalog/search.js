"use strict";

// The index: searches and filters the functions as one types. The query is in the address, so that
// it can be kept, sent and gone back to. Names and facts are there at once; the words of the
// documentation, which are most of the data, are loaded when the list is on the screen.

const FIRST = 40; // functions that are listed until one asks for all
const FILTERS = ["library", "contract", "memory", "result"];
const COMMON = new Set(["a", "an", "and", "for", "from", "in", "of", "on", "the", "to", "with"]);
const functions = window.catalog_functions || [];
const field = (name) => document.getElementById(name);
const page = (entry) => entry.page || `functions/${entry.name}.html`;
const chosen = new Set();
let showsAll = false;
let note = window.catalog_functions ? ""
  : "functions.js can't be loaded: copy the catalogue's whole folder.";

for (const entry of functions) {
  const own = entry.name.toLowerCase();
  entry.last = own.slice(own.lastIndexOf(".") + 1);
  entry.own = own;
  entry.words = "";
  entry.text = [entry.summary, entry.library, entry.contract, entry.memory, entry.result]
    .join(" ").toLowerCase();
}

// How well a function fits the words: 0 if one of them occurs nowhere, else more for better places.
function fit(entry, words) {
  let sum = 0;
  for (const word of words) {
    let points = 0;
    if (entry.last === word) points = 100;
    else if (entry.last.startsWith(word)) points = 60;
    else if (entry.last.includes(word)) points = 40;
    else if (entry.own.includes(word)) points = 20;
    else if (entry.text.includes(word)) points = 10;
    else if (entry.words.includes(word)) points = 1;
    if (!points) return 0;
    sum += points;
  }
  return sum - (entry.gpu ? 2 : 0) - (entry.deprecated ? 5 : 0) + 10;
}

function search() {
  const words = field("text").value.toLowerCase().split(/[\s,;]+/)
    .filter((word) => word && !COMMON.has(word));
  const wanted = FILTERS.map((name) => [name, field(name).value]).filter(([, value]) => value);
  const fits = [];
  for (const entry of functions) {
    const passes = wanted.every(([name, value]) =>
      name === "result" ? (entry.result || "").split(" ").includes(value) : entry[name] === value);
    const points = passes ? fit(entry, words) : 0;
    if (points) fits.push([points, entry]);
  }
  if (words.length) fits.sort((a, b) => b[0] - a[0]); // equal ones stay in the order of the list
  return fits.map(([, entry]) => entry);
}

// Number of letters to change, to add and to leave out between two words.
function distance(one, other) {
  let row = [...Array(other.length + 1).keys()];
  for (let i = 1; i <= one.length; i++) {
    const next = [i];
    for (let j = 1; j <= other.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (one[i - 1] !== other[j - 1]));
    }
    row = next;
  }
  return row[other.length];
}

function similar(text) {
  const typed = text.toLowerCase().trim();
  const names = [...new Set(functions.map((entry) => entry.last))];
  return names
    .map((name) => [distance(typed, name), name])
    .filter(([letters]) => letters <= Math.max(1, typed.length / 3))
    .sort((a, b) => a[0] - b[0] || a[1].localeCompare(b[1]))
    .slice(0, 3)
    .map(([, name]) => name);
}

function element(tag, attributes = {}, ...children) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children);
  return made;
}

// The row of a function, which is made when it is first shown.
function row(entry) {
  if (!entry.row) entry.row = newRow(entry);
  entry.row.querySelector("input").checked = chosen.has(entry.name);
  return entry.row;
}

function newRow(entry) {
  const link = element("a", { href: page(entry) }, entry.name);
  const tags = [entry.contract, entry.memory, entry.result && `→ ${entry.result.replaceAll(" ", ", ")}`]
    .filter(Boolean)
    .map((text) => element("span", { class: `tag contract-${text}` }, text));
  if (entry.deprecated) tags.push(element("span", { class: "tag warning" }, "deprecated"));
  const box = element("input", { type: "checkbox", "aria-label": `Compare ${entry.name}` });
  box.addEventListener("change", () => {
    if (box.checked) chosen.add(entry.name);
    else chosen.delete(entry.name);
    document.dispatchEvent(new CustomEvent("chosen"));
  });
  const empty = element("span", { class: "none", "aria-hidden": "true" });
  const picture = entry.picture
    ? element("img", { src: entry.picture, alt: "", loading: "lazy", width: 80, height: 64 })
    : empty;
  picture.addEventListener("error", () => picture.replaceWith(empty));
  const text = element("div", { class: "text" }, element("h2", {}, link),
    element("p", {}, entry.summary || ""), element("p", { class: "tags" }, ...tags));
  return element("li", {}, picture, text, element("label", { class: "choice" }, box, " compare"));
}

function show() {
  const fits = search();
  const listed = showsAll ? fits : fits.slice(0, FIRST);
  field("functions").replaceChildren(...listed.map(row));
  const status = field("status");
  status.replaceChildren(`${fits.length} of ${functions.length} functions`);
  if (!fits.length) {
    const names = similar(field("text").value);
    status.append(names.length ? ". Do you mean " : ". Try fewer words or filters.");
    names.forEach((name, number) => {
      const button = element("button", { type: "button" }, name);
      button.addEventListener("click", () => { field("text").value = name; changed(); });
      status.append(number ? ", " : "", button);
    });
    if (names.length) status.append("?");
  }
  if (note) status.append(` ${note}`);
  field("more").hidden = listed.length === fits.length;
  field("more").textContent = `Show all ${fits.length}`;
}

// --- the address --------------------------------------------------------------------------

function changed() {
  showsAll = false;
  const query = new URLSearchParams();
  for (const name of ["text", ...FILTERS]) {
    if (field(name).value) query.set(name, field(name).value);
  }
  history.replaceState(null, "", `#${query}`);
  show();
}

function readAddress() {
  const query = new URLSearchParams(location.hash.slice(1));
  for (const name of ["text", ...FILTERS]) field(name).value = query.get(name) || "";
  show();
}

// --- data that is needed later -------------------------------------------------------------

// A page that is opened from a disk may load scripts, but not other files.
function load(name) {
  return new Promise((done, failed) => {
    const script = element("script", { src: `${name}.js` });
    script.addEventListener("load", () => done(window[`catalog_${name}`]));
    script.addEventListener("error", () => failed(new Error(`${name}.js can't be loaded.`)));
    document.head.append(script);
  });
}

async function loadWords() {
  try {
    const words = await load("words");
    functions.forEach((entry, number) => { entry.words = words[number]; });
  } catch (error) {
    note = `${error.message} The search finds names and summaries, but not the documentation.`;
  }
  document.body.dataset.words = note ? "missing" : "loaded";
  if (field("text").value || note) show();
}

// --- keys and controls --------------------------------------------------------------------

for (const name of FILTERS) {
  const values = new Set(functions.flatMap((entry) => (entry[name] || "").split(" ")));
  values.delete("");
  for (const value of [...values].sort()) field(name).append(element("option", { value }, value));
  field(name).addEventListener("change", changed);
}
field("text").addEventListener("input", changed);
field("search").addEventListener("reset", () => setTimeout(changed));
field("search").addEventListener("submit", (event) => {
  event.preventDefault();
  const first = document.querySelector("#functions a");
  if (first) first.click();
});
field("more").addEventListener("click", () => { showsAll = true; show(); });
addEventListener("hashchange", readAddress);
addEventListener("keydown", (event) => {
  const active = document.activeElement;
  const links = [...document.querySelectorAll("#functions h2 a")];
  const place = links.indexOf(active);
  if (event.key === "/" && !/^(INPUT|SELECT)$/.test(active.tagName)) {
    field("text").focus();
  } else if (event.key === "ArrowDown" && (place >= 0 || active === field("text"))) {
    (links[place + 1] || active).focus();
  } else if (event.key === "ArrowUp" && place >= 0) {
    (links[place - 1] || field("text")).focus();
  } else {
    return;
  }
  event.preventDefault();
});

readAddress();
// A frame is drawn first: requestAnimationFrame runs before it, and the timer after it.
requestAnimationFrame(() => setTimeout(loadWords));
