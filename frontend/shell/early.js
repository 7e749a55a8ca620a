/**
 * Runs before anything is painted, so that the right half of the page comes first, in its theme and in
 * no wrong language; app.js takes over. A plain script without imports: painting waits for it.
 */

{
  /** @param {string} name */
  const read = (name) => {
    try {
      return localStorage.getItem(`steward.${name}`) ?? "";
    } catch {
      return ""; // Storage is switched off.
    }
  };
  const { documentElement: root, head } = document;
  const { dataset } = root;
  dataset.theme = read("theme");
  dataset.start = read("session") === "yes" ? "page" : "login";
  const tags = [read("language"), ...navigator.languages].map((tag) => tag.split("-")[0] ?? "");
  root.lang = tags.find((tag) => ["en", "de"].includes(tag)) ?? "en";
  if (root.lang !== "en") {
    dataset.untold = ""; // what the file says is English
    const table = { rel: "modulepreload", href: `strings/${root.lang}.js` };
    head.append(Object.assign(document.createElement("link"), table));
  }
  // Whoever is quicker than the scripts need not press again.
  addEventListener("submit", () => {
    if (dataset.start) dataset.submitted = "yes";
  });
}
