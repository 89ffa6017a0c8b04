// Keys on every page: "/" goes to the search box; links that name a key in data-key are followed by it.
"use strict";

document.addEventListener("keydown", (event) => {
  const writing = event.target.closest("input, select, textarea, [contenteditable]");
  if (writing || event.ctrlKey || event.altKey || event.metaKey) return;
  if (event.key === "/") {
    const box = document.getElementById("kueri") || document.getElementById("cari-cepat");
    if (box) {
      event.preventDefault();
      box.focus();
    }
    return;
  }
  const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
  if (link) link.click();
});
