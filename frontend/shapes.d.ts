/**
 * The shapes that more than one file knows: in which the server answers, in which parts of the page
 * pass things on, and what Markdown is read into. Global, so that no file need import them; browsers
 * load none of it.
 */

type Api = import("./api.js").Api;
type AnswerView = import("./chat/answer-view.js").AnswerView;
type ChatView = import("./chat/chat-view.js").ChatView;
type Composer = import("./chat/composer.js").Composer;
type IconName = import("./kit/icons.js").IconName;
type Known = import("./chat/known.js").Known;
type Pickers = import("./chat/composer.js").Pickers;
type TraceView = import("./chat/trace-view.js").TraceView;

/** `body` is sent as JSON. */
type CallOptions = {
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
};

type UploadOptions = { onProgress: (share: number) => void; signal: AbortSignal };

/** `wait` sleeps between two tries. */
type StreamOptions = { signal: AbortSignal; wait?: (delay_ms: number) => Promise<void> };

/** `mode` is auto, chat, react or plan; without `sessionId` a new conversation is kept. */
type Question = { model: string; mode: string; content: string; sessionId?: string };

/** `announce` tells people who do not see the page; `onChanged`, that a conversation began or went on. */
type ChatParts = {
  api: Api;
  view: ChatView;
  composer: Composer;
  pickers: Pickers;
  onError: (error: unknown) => void;
  announce: (words: string) => void;
  onChanged: (id: string) => void;
};

/** `onLeft` is told when the account was left in the settings, as by a changed password. */
type SettingsParts = {
  api: Api;
  user: User;
  announce: (words: string) => void;
  onLeft: (note: string) => void;
};

type SidebarParts = {
  api: Api;
  onError: (error: unknown) => void;
  onRemoved: (id: string) => void;
  onRenamed: (id: string, title: string) => void;
};

type ItemActions = {
  rename: (id: string, title: string) => Promise<void>;
  remove: (id: string) => Promise<void>;
};

type FileListParts = {
  api: Api;
  announce: (words: string) => void;
  onShow: (fileId: string) => void;
  onPassage: (citationId: string) => void;
};

type FileAction = "show" | "download" | "readAgain" | "remove";

type OnOpen = (runId: string, sessionId: string) => void;

/** Gives the stored events of a run. */
// biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own
type LoadTrace = (runId: string) => Promise<Record<string, any>[]>;

type Decision = "approve" | "deny";

/**
 * What happens around an answer; `onKnown` tells that more may be known, `onAsked` that its run
 * waits to be allowed something.
 */
type AnswerDoes = {
  onGrow: () => void;
  onKnown: () => void;
  onAsked: (card: HTMLElement) => void;
  onDecide: (answer: AnswerView, callId: string, decision: Decision) => Promise<void>;
};

/** Citations by the number of their marker, and what else was seen in the conversation. */
type Seen = { sources: ReadonlyMap<number, Citation>; known: Known };

/** What a tool brought, as far as links and files go. */
type Brought = { hosts?: string[]; citations?: Citation[]; artifacts?: Artifact[] };

/** A file that is waiting to be uploaded. */
type Waiting = { file: File; item: HTMLElement; signal: AbortSignal };

type SseEvent = { event: string; data: string; id: string };

type Hearer = { handle(event: AnswerEvent): void };

/** How an answer ended; `failure` is "" when nothing went wrong. */
type Ending = { state: string; failure: string };

/** A step of a plan. */
type Step = { id: string; purpose: string; tool?: string };

type User = { id: string; username: string; role: "admin" | "user" };

/** `active_run_id` is the run that is answering now; `updated_at` counts seconds since 1970. */
type Conversation = {
  id: string;
  title: string;
  active_run_id: string | null;
  updated_at: number;
};

type ConversationPage = { conversations: Conversation[]; next_cursor: string | null };

type Annotation = {
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/** `state` tells how the run that wrote the message ended. */
type StoredMessage = {
  message: { role: string; content?: unknown; annotations?: Annotation[] };
  state: string;
  run_id: string | null;
};

type FullConversation = Conversation & { messages: StoredMessage[] };

// biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own
type Run = { id: string; trace: { error?: string | null; events?: Record<string, any>[] } };

type ListedModel = { id: string; x_capabilities: string[] };

/** A file that a tool made. */
type Artifact = { id: string; filename: string; media_type: string; size_bytes: number };

/** What a run waits to be allowed; `state` is missing while it is asked for. */
type Approval = {
  call_id: string;
  tool: string;
  arguments: Record<string, unknown>;
  reason: string;
  state?: string;
  expires_at_ms: number;
};

type ListedTool = {
  name: string;
  description: string;
  available: boolean;
  unavailable: string;
  state?: string;
};

type Citation = { id?: string; title: string; url?: string; text?: string };

/**
 * One thing that happened in an answer. `event` is a structured step of the agent; its `text` is
 * the same for people whose program does not know the type. `restart` means that what follows
 * tells the answer again from its beginning.
 */
type AnswerEvent =
  | { kind: "open"; runId: string; sessionId: string }
  | { kind: "restart" }
  | { kind: "content"; text: string }
  | { kind: "reasoning"; text: string }
  // biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own
  | { kind: "event"; type: string; text: string; data: Record<string, any> }
  | { kind: "annotations"; annotations: Annotation[] }
  | { kind: "end"; state: string }
  | { kind: "error"; message: string };

/** An answer as it comes; a part tells whether it came to the end. */
type Answering = AsyncGenerator<AnswerEvent, void, void>;
type AnsweringPart = AsyncGenerator<AnswerEvent, boolean, void>;

/** How far a replay has come. */
type Replayed = { lastId: string; failures: number; begun: boolean };

/** `progress` is 0 to 1; `reason` says why it failed, `note` what could not be read. */
type StoredFile = {
  file_id: string;
  filename: string;
  size: number;
  state: string;
  progress: number;
  pages: number;
  chars: number;
  reason: string;
  note: string;
};

type FilePage = { documents: StoredFile[]; next_cursor: string | null };

/** `number` counts from 1; `page` is what is printed on it, null where there are no pages. */
type TextPage = {
  number: number;
  page: number | null;
  start: number;
  end: number;
  text: string;
};

/** Where a passage is in the text of its file, in characters (code points). */
type Place = { start: number; end: number; page: number | null };

type Passage = { filename: string; page: number | null; text: string; citation_id: string };

type CitedPassage = Place & {
  file_id: string | null;
  filename: string;
  before: string;
  text: string;
  after: string;
};

/** A block of Markdown, or what stands in one, as it was read; all that was read is the sum of `raw`. */
type Piece = {
  type: string;
  raw: string;
  text?: string;
  lang?: string;
  tokens?: Piece[];
  items?: Piece[];
  rows?: unknown[];
};

/** A block that goes on: its rest needs `lead` in front of it to be read, and is put `into` it. */
type OpenBlock = { root: Element; into: Element; lead?: string };

/**
 * `lex` cuts Markdown into blocks, `build` makes one element of each, and `polish` adds to a finished
 * one what takes longer: colours and formulas.
 */
type Reader = {
  lex: (source: string) => Piece[];
  build: (pieces: Piece[]) => Element[];
  polish: (root: Element, onChange: () => void) => Promise<void>;
};
