/**
 * Runs before anything is painted, so that the right half of the page comes first and in its theme;
 * app.js takes over. A plain script without imports: painting waits for it.
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
  const { dataset } = document.documentElement;
  dataset.theme = read("theme");
  dataset.start = read("session") ? "page" : "login";
  // Whoever is quicker than the scripts need not press again.
  addEventListener("submit", () => {
    if (dataset.start) dataset.submitted = "yes";
  });
}
