/* A web address that no source has yet: choosing the offer to add it opens the form of a new source with the address
   in it. The link beside the choice, which opens an empty one, is Django's. */
"use strict";
{
  const $ = django.jQuery;
  $(document).on("select2:selecting", "select", (event) => {
    const chosen = String(event.params.args.data.id);
    if (!chosen.startsWith("new:")) {
      return;
    }
    event.preventDefault();
    $(event.target).select2("close");
    const link = event.target.closest(".related-widget-wrapper")?.querySelector(".add-related");
    if (link) {
      const usual = link.href;
      link.href = `${usual}&${chosen.slice("new:".length)}`;
      link.click();
      link.href = usual;
    }
  });
}
