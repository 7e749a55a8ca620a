/**
 * Run inside the page by tests/e2e/test_page_markdown.py: shows texts in real views and looks at what
 * has become of them.
 */

/** @type {(path: string) => Promise<any>} */
const load = (path) => import(path);

const OURS =
  "A BLOCKQUOTE BR BUTTON CODE DEL DIV EM FIGCAPTION FIGURE H3 HR IMG INPUT LI OL P PRE \
SPAN STRONG TABLE TBODY TD TH THEAD TR UL svg path";
const FRAME = " ARTICLE DETAILS FOOTER H2 SECTION SUMMARY PROGRESS";
const MATHS =
  " math merror mfrac mi mmultiscripts mn mo mover mpadded mphantom mroot mrow ms mspace \
msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover menclose mprescripts";
const TAGS = new Set((OURS + FRAME + MATHS).split(" "));
const PLAIN =
  /^(?:align|alt|aria-[\w-]+|checked|class|d|data-(?:call|id|lang|maths|state|waits)|dir|disabled|download|hidden|loading|max|open|rel|role|start|tabindex|target|title|type|value|viewBox)$/;
const MATHS_ATTRIBUTES =
  /^(?:accent|accentunder|columnalign|columnlines|columnspacing|columnspan|depth|display|displaystyle|fence|form|frame|height|largeop|linethickness|lspace|math(?:background|color|size|variant)|maxsize|minsize|movablelimits|notation|rowlines|rowspacing|rowspan|rspace|scriptlevel|separator|stretchy|symmetric|voffset|width)$/;

/** @type {(element: Element) => string[]} say what an element has that the page never makes */
function faults({ tagName, attributes, namespaceURI }) {
  const maths = namespaceURI?.endsWith("MathML") ?? false;
  const bad = [...attributes].filter(({ name, value }) => {
    if (name === "href" || name === "src") return !leadsHome(value);
    return !PLAIN.test(name) && !(maths && MATHS_ATTRIBUTES.test(name));
  });
  const named = bad.map(({ name, value }) => `${tagName} ${name}=${value}`);
  return TAGS.has(tagName) ? named : [tagName, ...named];
}

/** @type {(address: string) => boolean} */
function leadsHome(address) {
  const { origin, pathname } = new URL(address, location.href);
  if (origin === "https://known.example") return true;
  return origin === location.origin && pathname.startsWith("/api/artifacts/art_");
}

/** @param {Element} root */
const inspect = (root) => [...root.querySelectorAll("*")].flatMap(faults);

/** @type {(node: Node) => string} write what a line became: strong(..), link<href>(..), cite 1 */
function short(node) {
  if (!(node instanceof Element)) return node.textContent ?? "";
  const inner = [...node.childNodes].map(short).join("");
  const href = node.matches(".artifact") && node.querySelector("[download]")?.getAttribute("href");
  const id = /artifacts\/([\w-]+)$/.exec(href || "")?.[1];
  if (id) return `${node.querySelector("img") ? "picture" : "file"} ${id}(${inner})`;
  const names = {
    ".artifact *": undefined,
    ".cite": "cite",
    ".unlinked": "unlinked",
    a: `link<${node.getAttribute("href")}>`,
    "[data-maths]": "maths",
    "code, del, em, strong": node.localName,
  };
  const name = Object.entries(names).find(([selector]) => node.matches(selector))?.[1];
  return name === undefined ? inner : `${name}(${inner})`;
}

/** @type {any} */ (window).probe = async () => {
  const { AnswerView } = await load("/chat/answer-view.js");
  const { ChatView } = await load("/chat/chat-view.js");
  const { Known } = await load("/chat/known.js");
  const { fileItem } = await load("/files/file-item.js");
  const { loadLibraries } = await load("/text/reader.js");
  await loadLibraries();
  /** @type {string[]} */
  const reports = [];
  document.addEventListener("securitypolicyviolation", (event) => {
    reports.push(`${event.violatedDirective} ${event.blockedURI}`);
  });
  const nothing = () => undefined;
  const does = { onGrow: nothing, onKnown: nothing, onAsked: nothing, onDecide: async () => {} };
  const chat = new ChatView(does);
  const log = /** @type {HTMLElement} */ (document.querySelector("#log"));

  const make = (hosts = ["known.example"]) => {
    const known = new Known();
    known.note({ hosts });
    const view = new AnswerView(known, does);
    log.replaceChildren(view.element);
    const host = view.element.querySelector(".answer-text");
    return { view, host };
  };
  const say = (/** @type {any} */ view, /** @type {string} */ text) => {
    view.handle({ kind: "content", text });
    view.render();
  };
  const source = (/** @type {string} */ title) => {
    const place = { url: "https://known.example/1", title, start_index: 0, end_index: 3 };
    return { kind: "annotations", annotations: [{ url_citation: place }] };
  };
  const settle = () => new Promise((done) => requestAnimationFrame(() => setTimeout(done, 0)));

  return {
    reports,
    inspect: () => inspect(log),
    /** @type {(text: string) => Element} show a text that came at once */
    whole(text) {
      const { view, host } = make();
      say(view, text);
      view.finish("completed");
      return host;
    },
    /** @type {(line: string) => string} show a line whose hosts are known; tell in short what it became */
    line(line) {
      const { view, host } = make(["a.org", "c.org", "e.org", "known.example"]);
      const citations = [1, 2, 3].map((one) => ({ title: `${one}`, url: "" }));
      const data = { call_id: "c", outcome: "ok", duration_ms: 1, text: "", citations };
      view.handle({ kind: "event", type: "tool_result", text: "", data });
      say(view, line);
      view.finish("completed");
      return [...host.childNodes].map(short).join("").trim();
    },
    /** @type {(text: string, step?: number, look?: (host: Element) => void) => Element} */
    streamed(text, step = 1, look = nothing) {
      const { view, host } = make();
      for (let at = 0; at < text.length; at += step) {
        say(view, text.slice(at, at + step));
        look(host);
      }
      view.finish("completed");
      return host;
    },
    /** @type {(text: string) => Promise<string[]>} try a hostile text in every way; say what is wrong */
    async attack(text) {
      /** @type {Set<string>} */
      const found = new Set();
      const look = () => {
        for (const fault of inspect(log)) found.add(fault);
      };
      this.streamed(text, 1, look);
      await this.polished();
      look();
      const { view } = make();
      const call = { call_id: "c", tool: text, arguments: { [text]: text } };
      const artifact = { id: "art_1", filename: text, media_type: text, size_bytes: 1 };
      const url = text.startsWith("http") ? "" : text; // what a tool cites may be opened
      const brought = { artifacts: [artifact], citations: [{ title: text, url }] };
      const data = { columns: [text], rows: [[text]] };
      const result = { ...call, outcome: text, duration_ms: 1, text };
      view.handle({ kind: "reasoning", text });
      view.handle({ kind: "event", type: "tool_call", text, data: call });
      view.handle({ kind: "event", type: "tool_result", text, data: { ...result, ...brought } });
      view.handle({ kind: "event", type: "tool_call", text, data: { ...call, call_id: "d" } });
      view.handle({
        kind: "event",
        type: "tool_result",
        text,
        data: { ...result, call_id: "d", data },
      });
      view.handle({
        kind: "event",
        type: "plan",
        text,
        data: { round: 1, steps: [{ id: text, purpose: text, tool: text }] },
      });
      view.handle({ kind: "event", type: "other", text, data: {} });
      say(view, `[1] ${text}`);
      view.handle(source(text));
      view.finish("failed", text);
      const file = {
        file_id: "f",
        filename: text,
        state: "failed",
        reason: text,
        progress: 0,
        size: 1,
        pages: 0,
        note: text,
      };
      log.append(fileItem(file, nothing));
      chat.setTitle(text);
      await settle();
      look();
      if ("pwned" in window) found.add("a script ran");
      if (document.querySelector("#title > *")) found.add("the title has elements");
      return [...found, ...reports.splice(0)];
    },
    /** @type {(text: string) => string[]} what can be read at each letter of a text that comes slowly */
    frames(text) {
      /** @type {string[]} */
      const seen = [];
      this.streamed(text, 1, (host) => {
        const words = (host.textContent ?? "").replace(/\s+/g, " ").trim();
        if (words !== seen.at(-1)) seen.push(words);
      });
      return seen;
    },
    /** @type {(text: string, later: string) => boolean[]} which of its elements outlive what follows */
    kept(text, later) {
      const { view, host } = make();
      say(view, text);
      const elements = [...host.querySelectorAll("*")];
      for (const letter of later) say(view, letter);
      return elements.map((one) => one.isConnected);
    },
    /** Wait until code is coloured and formulas are set. */
    async polished() {
      const { polish } = await load("/text/polish.js");
      await polish(log);
    },
  };
};
