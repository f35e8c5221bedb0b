// Suggestions under a search field, as a combobox: arrows move, Enter goes there, Tab moves on, Escape closes.
// Without this script the field is a plain form.

for (const field of document.querySelectorAll("[data-suggestions]")) {
  const box = document.getElementById(`${field.id}-options`);
  const status = document.getElementById(`${field.id}-status`);
  const options = () => [...box.querySelectorAll("[role=option]")];
  let chosen = -1;

  field.setAttribute("role", "combobox");
  field.setAttribute("aria-autocomplete", "list");
  field.setAttribute("aria-expanded", "false");
  field.setAttribute("aria-controls", box.id);

  function choose(number) {
    chosen = number;
    options().forEach((option, place) => option.setAttribute("aria-selected", String(place === number)));
    if (number < 0) field.removeAttribute("aria-activedescendant");
    else {
      field.setAttribute("aria-activedescendant", options()[number].id);
      options()[number].scrollIntoView({ block: "nearest" });
    }
  }

  function show(open) {
    box.hidden = !open;
    field.setAttribute("aria-expanded", String(open));
    choose(-1);
  }

  box.addEventListener("htmx:afterSwap", () => {
    status.textContent = box.querySelector("[data-count]")?.textContent ?? "";
    show(options().length > 0 && document.activeElement === field);
  });
  field.addEventListener("input", () => {
    if (field.value.trim()) return;
    status.textContent = "";
    show(false);
  });
  field.addEventListener("focus", () => options().length > 0 && field.value.trim() && show(true));

  field.addEventListener("keydown", (event) => {
    const count = options().length;
    if (event.key === "Tab") show(false);
    else if ((event.key === "ArrowDown" || event.key === "ArrowUp") && count) {
      event.preventDefault();
      if (box.hidden) show(true);
      const step = event.key === "ArrowDown" ? 1 : -1;
      // One place beyond either end is the field itself.
      choose(((chosen + 1 + step + count + 1) % (count + 1)) - 1);
    } else if (event.key === "Enter" && chosen >= 0) {
      event.preventDefault();
      location.assign(options()[chosen].querySelector("a").href);
    }
  });

  // Escape closes wherever the focus is.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || box.hidden) return;
    event.preventDefault();
    show(false);
  });
  document.addEventListener("focusin", (event) => box.parentElement.contains(event.target) || show(false));
  document.addEventListener("click", (event) => box.parentElement.contains(event.target) || show(false));
}
