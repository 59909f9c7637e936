// Shortens what the pages do without it: nothing here is needed to use the site.
"use strict";

const announce = (text) => {
  document.getElementById("announcer").textContent = text;
};

// A search's address holds what was filled in and nothing else.
const dropEmptyFields = ({ formData }) => {
  for (const [name, value] of [...formData]) {
    const standard = document.getElementById(name)?.dataset.default ?? "";
    if (value.trim() === "" || value === standard) formData.delete(name);
  }
};

const search = document.getElementById("search");
search?.addEventListener("formdata", dropEmptyFields);

// A new order is a new search.
const sort = document.querySelector(".sorting select");
sort?.addEventListener("change", () => search.requestSubmit());

// What was wrong is read first.
document.querySelector(".error-summary")?.focus();

const fetchPage = async (address) => {
  const answer = await fetch(address, { headers: { Accept: "text/html" } });
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  return new DOMParser().parseFromString(await answer.text(), "text/html");
};

// The links below the list become those of the page that was added; "Back to the first page" only comes where it was.
const replaceLinks = (page) => {
  const links = document.getElementById("more");
  const fresh = page.getElementById("more");
  if (!links.querySelector("[rel=start]")) fresh.querySelector("[rel=start]")?.remove();
  links.replaceWith(fresh);
};

const appendPage = (page) => {
  const list = document.getElementById("results");
  const cards = [...page.querySelectorAll("#results > li")];
  if (cards.length === 0) throw new Error("no cards");
  list.append(...cards);
  replaceLinks(page);
  cards[0].querySelector("a").focus({ preventScroll: true });
  announce(`${cards.length} more loaded, ${list.children.length} shown.`);
};

const loadMore = async (link) => {
  if (link.ariaBusy === "true") return;
  link.ariaBusy = "true";
  announce("Loading more.");
  try {
    appendPage(await fetchPage(link.href));
    history.replaceState(null, "", link.href);
  } catch {
    location.assign(link.href);
  }
};

const isPlain = (click) => click.button === 0 && !(click.metaKey || click.ctrlKey || click.shiftKey || click.altKey);

document.addEventListener("click", (click) => {
  const link = click.target.closest?.("#more [rel=next]");
  if (!link || !isPlain(click)) return;
  click.preventDefault();
  loadMore(link);
});

// A listing's page is the same for all, so only the browser knows which search led here.
const back = document.getElementById("back");
if (back && document.referrer) {
  const from = new URL(document.referrer);
  if (from.origin === location.origin && from.pathname === "/") {
    back.href = from.href;
    back.textContent = "Back to the results";
  }
}

// A button that copies the listing's address, where the browser allows it.
const offerCopying = (permalink) => {
  const button = document.createElement("button");
  button.type = "button";
  button.className = "copy";
  button.textContent = "Copy";
  button.addEventListener("click", async () => {
    await navigator.clipboard.writeText(permalink.href);
    announce("Link copied.");
    button.textContent = "Copied";
  });
  permalink.after(button);
};

const permalink = document.getElementById("permalink");
if (permalink && navigator.clipboard) offerCopying(permalink);
