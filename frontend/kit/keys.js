/** What keys mean where text is written. */

/**
 * Whether a key sends: Enter, but not while an input method composes a word, where it belongs to that,
 * and not on a touch screen, where it is the only way to a new line.
 * @param {KeyboardEvent} event
 */
export function isSendKey({ key, shiftKey, ctrlKey, metaKey, isComposing, keyCode }) {
  if (key !== "Enter" || shiftKey || isComposing || keyCode === 229) return false;
  return ctrlKey || metaKey || !matchMedia("(hover: none) and (pointer: coarse)").matches;
}
