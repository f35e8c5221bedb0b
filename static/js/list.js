// A list under filters: a choice applies at once and the results update in place.
// Without this script the same form is sent by its button.

const filters = document.getElementById("filters");

// Boxes of the form, and the order above the results, which belongs to the form too.
document.addEventListener("change", (event) => {
  if (event.target.form === filters && event.target.type !== "search") filters.requestSubmit();
});

// On a small screen the button leads from the filters to what they found.
filters.addEventListener("submit", (event) => {
  const panel = filters.querySelector("details");
  if (event.submitter && getComputedStyle(panel.querySelector("summary")).display !== "none") panel.open = false;
});

// The address names only what is set, and the same address is not asked for twice.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
  const asked = new URLSearchParams();
  for (const [name, value] of Object.entries(parameters)) {
    for (const each of [value].flat()) asked.append(name, each);
  }
  if (asked.toString() === new URLSearchParams(location.search).toString()) event.preventDefault();
});

// What cannot be updated in place is asked for as a page, which says what is wrong.
for (const failure of ["htmx:sendError", "htmx:responseError", "htmx:timeout"]) {
  document.addEventListener(failure, () => filters.submit());
}

// The facets come anew with their counts; what was folded open stays open.
let opened = [];
document.addEventListener("htmx:beforeSwap", () => {
  opened = [...filters.querySelectorAll(".fold[open]")].map((fold) => fold.id);
});
document.addEventListener("htmx:afterSettle", () => {
  for (const id of opened) document.getElementById(id)?.setAttribute("open", "");
});

// Say the new count to those who cannot see it change.
document.addEventListener("htmx:afterSettle", () => {
  document.getElementById("announcement").textContent = document.getElementById("count").textContent;
});
