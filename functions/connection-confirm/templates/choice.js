
"use strict";
// Search, select all, select none and the count. Without this script the list and its buttons work all the same.
(() => {
  const find = (id) => document.getElementById(id);
  const boxes = [...find("accounts").querySelectorAll("input[name=account]")];
  const rows = boxes.map((box) => ({ box, item: box.closest("li"), text: fold(box.closest("label").textContent) }));
  const count = find("count");

  function fold(text) {
    return text.normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  }

  function tell() {
    const number = (value) => value.toLocaleString(document.documentElement.lang);
    const chosen = boxes.filter((box) => box.checked).length;
    // What the page complained about is put right.
    if (chosen > 0) find("fault")?.remove();
    count.textContent = count.dataset.says.replace("{count}", number(chosen)).replace("{total}", number(boxes.length));
  }

  // An account that is connected already is never part of "all": chosen again, it would count twice.
  function tick(checked) {
    for (const { box, item } of rows) {
      if (!item.hidden && !(checked && "already" in box.dataset)) box.checked = checked;
    }
    tell();
  }

  function search(words) {
    for (const { item, text } of rows) item.hidden = !words.every((word) => text.includes(word));
    find("nothing").hidden = rows.some(({ item }) => !item.hidden);
  }

  find("accounts").addEventListener("change", tell);
  if (find("tools")) {
    const field = find("search");
    field.addEventListener("input", () => search(fold(field.value).split(/\s+/).filter(Boolean)));
    field.addEventListener("keydown", (event) => { if (event.key === "Enter") event.preventDefault(); });
    find("all").addEventListener("click", () => tick(true));
    find("none").addEventListener("click", () => tick(false));
    find("tools").hidden = false;
  }
  count.hidden = false;
  tell();
})();
