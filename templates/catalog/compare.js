"use strict";

// Shows the chosen functions side by side. Their facts are loaded when they are first needed.

const LABELS = ["import", "summary", "contract", "why", "returns", "dtypes", "memory", "reach",
  "random", "changes", "evidence", "twin"];

let comparisons = null;

function cell(numbers) {
  const texts = numbers ? numbers.map((number) => comparisons.texts[number]) : ["–"];
  return element("td", {}, ...texts.map((text) => element("div", {}, text)));
}

async function compare() {
  const place = field("comparison");
  try {
    comparisons = comparisons || await load("comparisons");
  } catch (error) {
    place.replaceChildren(element("p", { role: "alert" }, error.message));
    place.hidden = false;
    return;
  }
  const names = [...chosen];
  const facts = names.map((name) => comparisons.functions[name]);
  const pages = new Map(functions.map((entry) => [entry.name, page(entry)]));
  const head = element("tr", {}, element("td"), ...names.map((name) =>
    element("th", { scope: "col" }, element("a", { href: pages.get(name) }, name))));
  const rows = LABELS.filter((label) => facts.some((fact) => fact[label])).map((label) => {
    const cells = facts.map((fact) => cell(fact[label]));
    const differs = new Set(cells.map((made) => made.textContent)).size > 1;
    return element("tr", { class: differs ? "differs" : "" },
      element("th", { scope: "row" }, label), ...cells);
  });
  place.replaceChildren(element("h2", { tabindex: "-1" }, "Comparison"),
    element("div", { class: "scroll", tabindex: "0" },
      element("table", {}, element("thead", {}, head), element("tbody", {}, ...rows))));
  place.hidden = false;
  place.firstChild.focus();
}

function updateBasket() {
  field("basket").hidden = chosen.size === 0;
  field("compare").textContent = `Compare ${chosen.size}`;
  field("compare").disabled = chosen.size < 2;
  if (chosen.size < 2) field("comparison").hidden = true;
}

field("compare").addEventListener("click", compare);
field("empty").addEventListener("click", () => { chosen.clear(); updateBasket(); show(); });
document.addEventListener("chosen", updateBasket);
