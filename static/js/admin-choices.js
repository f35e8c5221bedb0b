/* Boxes of select2 that say what they are for: the label of the field they stand in for names their parts. */
"use strict";
{
  function labelOf(select) {
    const label = document.querySelector(`label[for="${CSS.escape(select.id)}"]`);
    if (label && !label.id) {
      label.id = `${select.id}_label`;
    }
    return label;
  }

  function nameBox(select) {
    const label = labelOf(select);
    const box = select.nextElementSibling;
    if (!label || !box?.matches(".select2-container")) {
      return;
    }
    select.dataset.words = label.textContent.trim().replace(/:$/, "");
    const chosen = box.querySelector(".select2-selection--single");
    chosen?.setAttribute("aria-labelledby", `${label.id} ${chosen.getAttribute("aria-labelledby")}`);
    keepNamed(select);
  }

  /* What select2 makes anew whenever the choices change. */
  function keepNamed(select) {
    const box = select.nextElementSibling;
    const words = select.dataset.words;
    if (!words) {
      return;
    }
    box.querySelector(".select2-search__field")?.setAttribute("aria-label", words);
    const shown = box.querySelector("[role=textbox]");
    shown?.setAttribute("aria-label", `${words} ${shown.title}`.trim());
    // The sign that empties the box is no item of the list in which select2 puts it.
    const list = box.querySelector("ul.select2-selection__rendered");
    const sign = list?.querySelector(":scope > .select2-selection__clear");
    list?.parentElement.querySelector(":scope > .select2-selection__clear")?.remove();
    if (sign) {
      list.before(sign);
    }
  }

  const $ = django.jQuery;
  const nameAll = (part) => part.querySelectorAll("select.select2-hidden-accessible").forEach(nameBox);
  $(() => nameAll(document));
  document.addEventListener("formset:added", (event) => nameAll(event.target));
  $(document).on("change", "select", ({ target }) => keepNamed(target));
  $(document).on("select2:open", "select", ({ target }) => {
    const field = document.querySelector(".select2-dropdown .select2-search__field");
    field?.setAttribute("aria-label", target.dataset.words);
  });
}
