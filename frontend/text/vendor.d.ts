/** What the libraries that highlight code bring; their package has no types of its own. */

declare module "highlight.js" {
  const hljs: {
    getLanguage(name: string): object | undefined;
    registerLanguage(name: string, grammar: unknown): void;
    highlight(
      code: string,
      options: { language: string; ignoreIllegals: boolean },
    ): { value: string };
  };
  export default hljs;
}

declare module "highlight.js/languages/names.js" {
  /** The file of each language by its name and its other names. */
  const names: Record<string, string>;
  export default names;
}
