/** Every text of the page in English. Another language is another table with the same names. */

export const text = {
  name: "Steward",
  skip: "Skip to the message box",

  loginTitle: "Welcome",
  loginHint: "Log in to your own agent server.",
  loginHelp: "First time? The server printed the first password when it was first started.",
  username: "User name",
  password: "Password",
  login: "Log in",
  loggingIn: "Logging in…",
  wrongLogin: "That user name and password do not match.",
  logout: "Log out",
  loggedOut: "Your session has ended. Log in to go on; your draft is kept.",

  menu: "Menu",
  conversations: "Conversations",
  newChat: "New chat",
  search: "Search conversations",
  noConversations: "Your conversations will appear here.",
  nothingFound: "Nothing found.",
  more: "Show more",
  earlier: "Show what comes before",
  untitled: "Untitled",
  rename: "Rename",
  renameTitle: "Rename conversation",
  renameLabel: "Title",
  save: "Save",
  remove: "Delete",
  removeTitle: "Delete this conversation?",
  removeBody: (/** @type {string} */ title) =>
    `“${title}” and its answers will be gone. This cannot be undone.`,
  cancel: "Cancel",
  openMenu: "Open the list of conversations",
  closeMenu: "Close the list of conversations",

  theme: { "": "Theme: as the system", light: "Theme: light", dark: "Theme: dark" },

  settings: "Settings",
  closeSettings: "Close the settings",
  account: "Account",
  roles: { admin: "Administrator", user: "User" },

  tools: "Tools",

  welcome: "What can I do for you?",
  welcomeHint: "Ask anything. Steward decides whether to answer, use its tools, or make a plan.",
  noServer: "No model server is connected yet",
  noServerHint:
    "Steward answers with its small builtin model: it calculates, looks things up and quotes what it finds. For a real language model, start Ollama on the server and pull one:",
  noServerAfter: "Then reload this page.",
  commands: ["ollama serve", "ollama pull llama3.2"],

  messages: "Messages",
  message: "Message",
  placeholder: "Message Steward",
  model: "Model",
  mode: "Mode",
  modes: { auto: "Auto", chat: "Chat", react: "ReAct", plan: "Plan" },
  modeHints: {
    auto: "Steward decides",
    chat: "Answer directly, without tools",
    react: "Think and use tools, one step at a time",
    plan: "Plan first, then carry out the steps",
  },
  send: "Send",
  stop: "Stop",
  toEnd: "Go to the newest message",
  you: "You",

  answering: "Steward is answering.",
  answered: "The answer is complete.",
  states: {
    cancelled: "Stopped.",
    interrupted: "Interrupted: the server stopped before the answer was complete.",
    failed: "The answer failed.",
  },
  sources: "Sources",
  source: (/** @type {number} */ number, /** @type {string} */ title) =>
    `Source ${number}: ${title}`,
  notLinked: "Link not shown: host not seen in sources",
  approval: (/** @type {string} */ tool) => `Steward asks to use ${tool}`,
  allow: "Allow",
  deny: "Do not allow",
  approvalStates: {
    approved: "Allowed.",
    denied: "Not allowed.",
    expired: "Nobody decided in time; it was not done.",
    over: "This is not asked any more.",
  },
  timeLeft: (/** @type {number} */ left_s) =>
    left_s < 90
      ? `${left_s} s left`
      : left_s < 5400
        ? `${Math.round(left_s / 60)} min left`
        : `${Math.round(left_s / 3600)} h left`,
  taskDone: "Done",
  taskOpen: "Not done",
  noLibraries:
    "Answers are shown as plain text: what shows Markdown, code and formulas is missing. With Node 20 on the server, “make page-libraries” brings it; then reload this page.",
  copy: "Copy",
  copied: "Copied",
  notCopied: "Could not copy",

  work: "How this was answered",
  loadingWork: "Loading…",
  thinking: "Thinking…",
  planning: "Planning…",
  using: (/** @type {string} */ tool) => `Using ${tool}…`,
  routes: {
    chat: "Answered directly",
    react: "Worked step by step",
    plan: "Planned and carried out",
  },
  toolCount: (/** @type {number} */ count) => (count === 1 ? "1 tool call" : `${count} tool calls`),
  confidence: (/** @type {number} */ share) => `${Math.round(share * 100)} % sure`,
  plan: "Plan",
  planAgain: (/** @type {number} */ round) => `Plan, round ${round}`,
  stepStates: { waiting: "waiting", running: "running", ok: "done", failed: "failed" },
  input: "Input",
  result: "Result",
  tableSize: (/** @type {number} */ rows, /** @type {number} */ columns) =>
    `Result: ${rows} × ${columns}`,
  seconds: (/** @type {number} */ duration_ms) =>
    duration_ms < 1000 ? `${Math.round(duration_ms)} ms` : `${(duration_ms / 1000).toFixed(1)} s`,
  outcomes: {
    retry: "try again",
    failed: "failed",
    timeout: "timed out",
    refused: "refused",
    denied: "not allowed",
  },
  verdictPassed: "Checked: nothing is missing.",
  verdictMissing: (/** @type {string[]} */ gaps) => `Checked, still missing: ${gaps.join("; ")}`,

  files: "Documents",
  addFiles: "Add files",
  closeFiles: "Close the documents",
  findFile: "Find by name; Enter searches inside",
  noFiles: "Add PDF, Word, text, tables and more, or drop them here. Steward answers from them.",
  dropFiles: "Drop files to add them to your documents",
  uploading: (/** @type {number} */ share) => `Uploading, ${Math.round(share * 100)} %`,
  fileStates: {
    queued: "Waiting to be read",
    parsing: "Being read",
    ocr: "Reading its images",
    embedding: "Being indexed",
    ready: "Ready",
    failed: "Failed",
  },
  pageCount: (/** @type {number} */ count) => (count === 1 ? "1 page" : `${count} pages`),
  readAgain: "Read again",
  download: "Download",
  removeFile: "Delete this document?",
  removeFileBody: (/** @type {string} */ name) =>
    `“${name}” and all that was read out of it will be gone. This cannot be undone.`,
  back: "Back to the documents",
  page: (/** @type {number} */ page) => `Page ${page}`,
  place: (/** @type {string} */ name, /** @type {number | null} */ page) =>
    page === null ? name : `${name}, page ${page}`,
  noText: "There is no text to show.",
  wholeFile: "Show the whole document",
  noCitation: "This passage is not there any more, or it is not yours.",

  dismiss: "Dismiss",
  unreachable: "The server cannot be reached. Check that it is running, then try again.",
  cutOff: "The connection broke and could not be mended. What was received is kept.",
  failed: (/** @type {number} */ status) => `The server answered with status ${status}.`,
};
