/* The comfort of a form: a key that saves, lengths that are counted, and no text lost by leaving the page.
   Nothing depends on it. */
"use strict";
{
  const form = document.querySelector("#content-main > form");

  /* Ctrl+S or ⌘S saves and stays */

  const saving = form.querySelector("[name=_continue]") || form.querySelector("[name=_save]");
  if (saving) {
    saving.setAttribute("aria-keyshortcuts", "Control+S Meta+S");
    for (const hint of form.querySelectorAll(".key-hint")) {
      hint.hidden = false;
    }
    document.addEventListener("keydown", (event) => {
      if ((event.ctrlKey || event.metaKey) && !event.altKey && !event.shiftKey && event.key.toLowerCase() === "s") {
        event.preventDefault();
        form.requestSubmit(saving);
      }
    });
  }

  /* Leaving with changes asks first */

  const content = () => new URLSearchParams([...new FormData(form)].map(([name, value]) => [name, String(value)])).toString();
  const refused = document.querySelector(".errornote");
  let before = null;
  let submitted = false;
  addEventListener("load", () => {
    before = content();
  });
  form.addEventListener("submit", () => {
    submitted = true;
  });
  // A page that the browser kept comes back as it was left.
  addEventListener("pageshow", () => {
    submitted = false;
  });
  addEventListener("beforeunload", (event) => {
    if (!submitted && before !== null && (refused || content() !== before)) {
      event.preventDefault();
    }
  });

  /* The length of the text that is being written */

  function limitsOf(field) {
    const isText = field.matches("textarea, input[type=text]:not(.vDateField, .vTimeField)");
    return isText ? { most: field.maxLength > 40 ? field.maxLength : 0, well: Number(field.dataset.readsWell || 0) } : {};
  }

  function counterOf(field) {
    const id = `${field.id}_length`;
    let counter = document.getElementById(id);
    if (!counter) {
      counter = document.createElement("p");
      counter.id = id;
      counter.className = "text-length";
      field.after(counter);
      field.setAttribute("aria-describedby", `${field.getAttribute("aria-describedby") || ""} ${id}`.trim());
    }
    return counter;
  }

  function count(field) {
    const { most, well } = limitsOf(field);
    if (!most && !well) {
      return;
    }
    const length = field.value.length;
    const message = well
      ? gettext("%(length)s characters; up to %(limit)s read well")
      : gettext("%(length)s of at most %(limit)s characters");
    const counter = counterOf(field);
    counter.textContent = interpolate(message, { length, limit: well || most }, true);
    counter.classList.toggle("long", length > well && Boolean(well));
    counter.classList.toggle("full", Boolean(most) && length >= most);
  }

  for (const happening of ["focusin", "input"]) {
    form.addEventListener(happening, (event) => count(event.target));
  }
}
