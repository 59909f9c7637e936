// Fits the viewer of the API's documentation to light or dark; the rest it does by itself.
const dark = matchMedia("(prefers-color-scheme: dark)");
const viewer = document.querySelector("rapi-doc");
const fit = () => viewer.setAttribute("theme", dark.matches ? "dark" : "light");
dark.addEventListener("change", fit);
fit();
