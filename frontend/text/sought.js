/** Marks words where they are shown, by the browser alone: the document stays as it is. */

/** @type {(root: Element, words: string) => void} words in lower case; without them nothing is marked any more */
export function markSought(root, words) {
  if (!globalThis.Highlight) return;
  const marked = new Highlight();
  CSS.highlights.set("sought", marked);
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (words && texts.nextNode()) {
    const node = texts.currentNode;
    const said = node.nodeValue?.toLowerCase() ?? "";
    for (let at = said.indexOf(words); at >= 0; at = said.indexOf(words, at + words.length)) {
      const ends = { startOffset: at, endOffset: at + words.length };
      marked.add(new StaticRange({ startContainer: node, endContainer: node, ...ends }));
    }
  }
}
