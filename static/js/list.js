// A list under filters: a choice applies at once and the results update in place.
// Without this script the same form is sent by its button.

const filters = document.getElementById("filters");

// Boxes of the form, and the order above the results, which belongs to the form too.
document.addEventListener("change", (event) => {
  if (event.target.form === filters && event.target.type !== "search") filters.requestSubmit();
});

// The address names only what is set.
document.addEventListener("htmx:configRequest", (event) => {
  const { parameters } = event.detail;
  for (const name of Object.keys(parameters)) {
    if (parameters[name] === "") delete parameters[name];
  }
});

// Say the new count to those who cannot see it change.
document.addEventListener("htmx:afterSettle", () => {
  document.getElementById("announcement").textContent = document.getElementById("count").textContent;
});
