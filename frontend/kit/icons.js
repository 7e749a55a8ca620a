/** Draws the icons of the page; each is one line of 24 by 24. */

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  again: "M19 12a7 7 0 1 1-2-5l2 2M19 4v5h-5",
  back: "M15 5 8 12 15 19",
  check: "M5 12.5 10 17.5 19 7",
  chevron: "M9 5 16 12 9 19",
  close: "M6 6 18 18M18 6 6 18",
  copy: "M9 9h10v11H9zM15 9V4H5v11h4",
  down: "M12 5v14M6 13l6 6 6-6",
  download: "M12 4v11M7 10.5 12 15.5 17 10.5M5 20h14",
  edit: "M4 20l1-4L16 5l3 3L8 19zM14 7l3 3",
  eye: "M2 12q10-13 20 0-10 13-20 0zM12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6z",
  file: "M6 3h8l5 5v13H6zM14 3v5h5",
  info: "M12 4a8 8 0 1 0 0 16 8 8 0 0 0 0-16zM12 11v5M12 8v.01",
  menu: "M4 7h16M4 12h16M4 17h16",
  more: "M5 12h.01M12 12h.01M19 12h.01",
  moon: "M20 14A8.5 8.5 0 0 1 10 4a8.5 8.5 0 1 0 10 10z",
  out: "M14 4H5v16h9M10 12h10M16 8l4 4-4 4",
  paperclip: "M8 12.5 14 6.5a2.8 2.8 0 0 1 4 4L10 18.5A4.6 4.6 0 0 1 3.5 12L11 4.5",
  person: "M12 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM4 21q8-11 16 0",
  plus: "M12 5v14M5 12h14",
  send: "M12 20V5M5.5 11.5 12 5l6.5 6.5",
  stop: "M7 7h10v10H7z",
  sun: "M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8zM12 2v2M12 20v2M2 12h2M20 12h2M5 5l1.4 1.4M17.6 17.6 19 19M5 19l1.4-1.4M17.6 6.4 19 5",
  system: "M4 5h16v11H4zM9 20h6M12 16v4",
  tool: "M20 7a5 5 0 0 1-7 6l-6 7-3-3 7-6a5 5 0 0 1 6-7l-3 3 3 3z",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13M10.5 11v5M13.5 11v5",
};

/** @typedef {keyof typeof PATHS} IconName */

/**
 * Draw an icon; it is hidden from readers, so the control around it needs a name.
 * @param {IconName} name
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("class", `icon icon-${name}`);
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
