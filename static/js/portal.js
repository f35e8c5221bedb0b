// Small comforts on top of pages that work without any script.

// The language switch keeps the place on the page, and is remembered for addresses without a language.
document.addEventListener("click", (event) => {
  const link = event.target.closest("a[data-language]");
  if (!link) return;
  link.hash = location.hash;
  const secure = location.protocol === "https:" ? "; Secure" : "";
  document.cookie = `django_language=${link.dataset.language}; Path=/; Max-Age=31536000; SameSite=Lax${secure}`;
});

// Printing needs a script; the style sheet hides its button where there is none.
document.addEventListener("click", (event) => {
  if (event.target.closest("button[data-print]")) window.print();
});
