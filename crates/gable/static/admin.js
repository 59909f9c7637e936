// Shortens what the pages do without it: nothing here is needed to work with listings.
"use strict";

// What was typed and not saved is not left behind by accident.
for (const form of document.querySelectorAll("form[data-guard]")) {
  // A form that comes back with errors or a conflict holds what was never saved.
  let isUnsaved = document.querySelector(".error-summary") !== null;
  form.addEventListener("input", () => { isUnsaved = true; });
  form.addEventListener("submit", () => { isUnsaved = false; });
  addEventListener("beforeunload", (event) => { if (isUnsaved) event.preventDefault(); });
}

// What was wrong is read first.
document.querySelector(".error-summary")?.focus();
