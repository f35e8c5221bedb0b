/* Names the language tabs and the switch that turns them all, which
   django-modeltranslation labels with bare language codes. Runs after its script. */
"use strict";
{
  const names = { vi: "Tiếng Việt", en: "English" };

  /* Each tab is one thing to focus: the item of the list, as jQuery UI has it, and no link inside it. */
  function nameTabs(container) {
    for (const anchor of container.querySelectorAll(".ui-tabs-anchor[href]")) {
      const code = anchor.hash.slice(-2);
      if (code in names) {
        anchor.textContent = names[code];
        anchor.lang = code;
        anchor.removeAttribute("title");
      }
      anchor.removeAttribute("href");
      anchor.removeAttribute("tabindex");
    }
  }

  function nameSwitch(select) {
    const label = document.createElement("label");
    label.className = "language-of-texts";
    label.textContent = document.querySelector("meta[name=language-of-texts]").content;
    for (const option of select.options) {
      option.selected = option.textContent === document.documentElement.lang;
      option.textContent = names[option.textContent] || option.textContent;
    }
    document.querySelector("#content-main fieldset.module").before(label);
    label.append(" ", select);
  }

  // Every tab shows a part of the page itself; asked of a link without an address, jQuery UI could not tell.
  django.jQuery.ui.tabs.prototype._isLocal = () => true;

  django.jQuery(function ($) {
    const select = document.getElementById("modeltranslation-main-switch");
    if (select && select.options.length) {
      nameSwitch(select);
    }
    nameTabs(document);
    // Rows added later bring tabs of their own.
    $(document).on("tabscreate", (event) => nameTabs(event.target));
  });
}
