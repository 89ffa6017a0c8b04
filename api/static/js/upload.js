// The upload form with a script: refuses unknown types before sending, takes dragged files, shows how much is sent.
// Without it the form is an ordinary one.
"use strict";

const byId = (id) => document.getElementById(id);
let chosen = [];

function add(files, accepted) {
  const refused = [];
  for (const file of files) {
    if (file.name.startsWith(".")) continue;
    const path = file.webkitRelativePath || file.name;
    if (accepted.some((suffix) => file.name.toLowerCase().endsWith(suffix))) chosen.push({ file, path });
    else refused.push(path);
  }
  byId("ditolak").hidden = refused.length === 0;
  byId("ditolak-nama").textContent = refused.join(", ");
  const megabytes = chosen.reduce((sum, each) => sum + each.file.size, 0) / 1e6;
  byId("pilihan").textContent = chosen.length
    ? `${chosen.length} berkas dipilih, ${megabytes.toFixed(1).replace(".", ",")} MB.`
    : "";
}

function send(form) {
  const data = new FormData();
  data.append("opd", byId("u-opd").value);
  for (const { file, path } of chosen) data.append("berkas", file, path);
  const bar = byId("kiriman");
  const button = form.querySelector("button[type=submit]");
  const request = new XMLHttpRequest();
  bar.hidden = false;
  button.disabled = true;
  request.upload.addEventListener("progress", (event) => {
    if (!event.lengthComputable) return;
    bar.value = Math.round((100 * event.loaded) / event.total);
    byId("pilihan").textContent = `Mengunggah ${bar.value} %`;
  });
  request.addEventListener("load", () => show(request.responseText));
  request.addEventListener("error", () => {
    bar.hidden = true;
    button.disabled = false;
    byId("pilihan").textContent = "Koneksi terputus. Berkas belum terkirim; coba lagi.";
  });
  request.open("POST", form.action);
  request.send(data);
}

// The answer is the whole page with what became of each file; its address is the batch's own.
function show(text) {
  const page = new DOMParser().parseFromString(text, "text/html");
  const batch = page.querySelector("[data-batch]");
  document.querySelector("main").replaceWith(document.adoptNode(page.querySelector("main")));
  document.title = page.title;
  if (batch) history.pushState(null, "", batch.dataset.batch);
  htmx.process(document.querySelector("main"));
  start();
}

function start() {
  const form = byId("unggahan");
  if (!form) return;
  chosen = [];
  const accepted = form.dataset.accepted.split(",");
  for (const input of [byId("berkas"), byId("folder")]) {
    // What is chosen is counted below, in the page's own language; the label is then button enough.
    input.classList.add("vh");
    input.labels[0].classList.add("button", "button-quiet");
    input.addEventListener("change", () => {
      add(input.files, accepted);
      input.value = "";
    });
  }
  const drop = byId("jatuhan");
  drop.addEventListener("dragover", (event) => {
    event.preventDefault();
    drop.classList.add("is-over");
  });
  drop.addEventListener("dragleave", () => drop.classList.remove("is-over"));
  drop.addEventListener("drop", (event) => {
    event.preventDefault();
    drop.classList.remove("is-over");
    add(event.dataTransfer.files, accepted);
  });
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    if (chosen.length) send(form);
    else byId("pilihan").textContent = "Belum ada berkas yang dipilih.";
  });
}

start();
