/**
 * The shapes that more than one file knows: in which parts of the page pass things on, and what Markdown
 * is read into. Global, so that no file need import them; browsers
 * load none of it.
 */

type Api = import("./api.js").Api;
type AttachedChip = import("./files/moving.js").AttachedChip;
type AnswerView = import("./chat/answer-view.js").AnswerView;
type Chat = import("./chat/chat.js").Chat;
type ChatView = import("./chat/chat-view.js").ChatView;
type Composer = import("./chat/composer.js").Composer;
type Drawer = import("./shell/frame.js").Drawer;
type FileView = import("./files/file-view.js").FileView;
type IconName = import("./kit/icons.js").IconName;
type Later<T> = import("./kit/later.js").Later<T>;
type Known = import("./chat/known.js").Known;
type Uploads = import("./files/uploads.js").Uploads;
type MessageList = import("./chat/message-list.js").MessageList;
type Pickers = import("./chat/pickers.js").Pickers;
type QuestionView = import("./chat/question-view.js").QuestionView;
type TraceView = import("./chat/trace-view.js").TraceView;

/**
 * `body` is sent as JSON; with `keepalive` the call goes on when the page is left; an answer with the
 * status `also` is none to fail for.
 */
type CallOptions = {
  also?: number;
  method?: string;
  body?: unknown;
  headers?: Record<string, string>;
  signal?: AbortSignal;
  keepalive?: boolean;
};

type UploadOptions = { onProgress: (share: number) => void; signal: AbortSignal };

/** `wait` sleeps between two tries. */
type StreamOptions = { signal: AbortSignal; wait?: (delay_ms: number) => Promise<void> };

/**
 * `mode` is auto, chat, react or plan; without `sessionId` a new conversation is kept. Without
 * `fileIds` all documents may be asked. It takes the place of the message that `replaces` names;
 * without `content` that is an answer, given anew.
 */
type Question = {
  model: string;
  mode: string;
  content: unknown;
  fileIds?: string[] | undefined;
  sessionId?: string;
  replaces?: string;
};

/** A file of a question. */
type AttachedFile = { file_id: string; filename: string };

/** Takes files that were chosen or dropped, for the chat or for the documents. */
type OnFiles = (files: File[], toChat: boolean) => void;

/**
 * `announce` tells people who do not see the page; `onLost`, that the server was not reached; `onTry`, that errors of before do not matter any
 * more; `onChanged`, that a conversation began or went on; `onMissing`, that the conversation to be
 * opened is not there; `onCited` and `onFile`, that a passage or a file is to be shown.
 */
type ChatParts = {
  api: Api;
  view: ChatView;
  composer: Composer;
  pickers: Pickers;
  onError: (error: unknown) => void;
  onLost: () => void;
  announce: (words: string) => void;
  onTry: () => void;
  onChanged: (id: string) => void;
  onMissing: () => void;
  onCited: (citationId: string) => void;
  onFile: (fileId: string) => void;
};

/** `tell` shows words that are no failure. */
type WelcomeParts = {
  api: Api;
  pickers: Pickers;
  composer: Composer;
  announce: (words: string) => void;
  tell: (words: string) => void;
};

/** `enter` shows the page; `onBack` is told that the server can be reached again, `onLeave` before a log-out. */
type SessionDoes = {
  enter: () => Promise<void>;
  onBack: () => void;
  onLeave: () => Promise<void>;
  onError: (error: unknown) => void;
  tell: (words: string) => void;
};

/** `logOut` ends the log-in of this browser; `onLeft` is told when it ended in the settings. */
type SettingsParts = {
  api: Api;
  user: User;
  announce: (words: string) => void;
  logOut: () => Promise<void>;
  onLeft: (note: string) => void;
};

type WhoParts = Omit<SettingsParts, "user"> & { onError: (error: unknown) => void };

type OpenedSettings = { choose: (tab: string) => void; close: () => void };

type OpenSettings = (
  parts: SettingsParts,
  onChosen: (tab: string) => void,
  onClosed: () => void,
) => OpenedSettings;

/** Gives the row, and what chooses one by its id, or the first one. */
type MakeTabs = (
  label: string,
  titles: Record<string, string>,
  panel: HTMLElement,
  onChosen: (id: string) => void,
) => [HTMLElement, (id: string) => void];

/** `work` is not called again before it is done, and gives the words to show then. */
type MakeForm = (
  action: string,
  work: (data: FormData, form: HTMLFormElement) => Promise<string>,
  ...content: Node[]
) => HTMLFormElement;

type Choice = (
  options: Record<string, string>,
  value: string,
  onChange?: (value: string) => void,
) => HTMLSelectElement;

/** `open` fills an empty element, each time the tab is chosen; `admin` keeps it from others. */
type Tab = {
  id: string;
  title: string;
  admin?: boolean;
  open: (host: HTMLElement, parts: SettingsParts) => Promise<void>;
};

type SidebarParts = {
  api: Api;
  onError: (error: unknown) => void;
  onRenamed: (id: string, title: string) => unknown;
};

type MenuItem = { label: string; icon: IconName; act: () => void; danger?: boolean };

type ExportForm = "markdown" | "json";

type RowActions = {
  rename: (one: Conversation, title: string) => void;
  remove: (one: Conversation) => void;
  save: (one: Conversation, form: ExportForm) => void;
};

type FileListParts = {
  api: Api;
  onRead: (words: string) => void;
  onAttach: (file: StoredFile) => void;
  onShow: (fileId: string) => void;
  onPassage: (citationId: string) => void;
};

/** `onRead` is told, in words, that a document has been read. */
type DocumentsParts = {
  api: Api;
  composer: Composer;
  onRead: (words: string) => void;
  onLost: () => void;
};

type FileAction = "show" | "attach" | "download" | "readAgain" | "remove";

type OnOpen = (sessionId: string) => void;

type LoadRun = (runId: string) => Promise<Run>;

/** Where a message stands: `versions` are the ids of all that stand in its place, oldest first. */
type Standing = { id: string; versions: string[] };

type MessageView = QuestionView | AnswerView;

/** A message that is shown; see `path.js`. */
type ShownMessage = { stored: StoredMessage; key: string; asked: boolean; unanswered: boolean };

/** What the buttons of messages do; `back` tells that the version was left backwards. */
type MessageActs = {
  drafts: import("./chat/drafts.js").Drafts;
  onEdit: (question: QuestionView, content: unknown) => void;
  onAgain: (answer: AnswerView, mode?: string) => void;
  onResume: (answer: AnswerView) => void;
  onVersion: (view: MessageView, id: string, back: boolean) => void;
  onReload: () => void;
  loadRun: LoadRun;
  loadPicture: (fileId: string) => Promise<Blob>;
};

type Decision = "approve" | "deny";

/**
 * What happens around an answer; `onKnown` tells that more may be known, `onAsked` that its run
 * waits to be allowed something.
 */
type AnswerDoes = MessageActs & {
  onKnown: () => void;
  onAsked: (card: HTMLElement) => void;
  onDecide: (answer: AnswerView, callId: string, decision: Decision) => Promise<void>;
};

/** Citations by the number of their marker, and what else was seen in the conversation. */
type Seen = { sources: ReadonlyMap<number, Citation>; known: Known };

/** What a tool brought, as far as links and files go. */
type Brought = { hosts?: string[]; citations?: Citation[]; artifacts?: Artifact[] };

/** A file on its way; `share` (0 to 1) has gone, `reason` says what is wrong, `fileId` is its id once it is there. */
type Upload = {
  file: File;
  state: "queued" | "sending" | "failed" | "sent";
  share: number;
  reason: string;
  fileId: string;
  stop: AbortController;
  onChange: (upload: Upload) => void;
};

type DraftBox = {
  draft: string;
  attachments?: { files: StoredFile[] };
  restore: (words: string, files: StoredFile[]) => void;
};

type ComposerParts = {
  api: Api;
  pickers: Pickers;
  onSend: (words: string, files: StoredFile[], giveBack: () => void) => void;
  onStop: () => void;
  onEditLast: () => void;
  onError: (error: unknown) => void;
};

/** `onFail` is told when the files that were to be taken cannot be. */
type AttachmentParts = {
  api: Api;
  uploads: Later<Uploads>;
  pickers: Pickers;
  onChange: () => void;
  onFail: () => void;
};

type ChipParts = { api: Api; uploads: Uploads; pickers: Pickers };

type MakeChip = (name: string, onClose: () => void) => AttachedChip;

type SseEvent = { event: string; data: string; id: string };

/** How an answer ended; `failure` is "" when nothing went wrong, `code` is the server's word for it. */
type Ending = { state: string; failure: string; code: string };

/** A step of a plan. */
type Step = { id: string; purpose: string; tool?: string };

/** A file that is looked at, the page that is open, and the passage that is marked. */
type Book = { file: StoredFile; page: TextPage | null; passage: Place };

/** How a page is drawn; what of a passage stands on it is marked. */
type Look = { width: number; passage: Place; signal: AbortSignal };

/** Draws a picture so many pixels wide. */
type Draw = (width: number) => Promise<Blob>;

/** What is given up when the signal says so. */
type Viewing = (signal: AbortSignal) => Promise<unknown>;

type Row = { line: string; cells: Map<string, string>; isMarked: boolean };

/** Rows with their columns; lines that are no rows have none. */
type ReadTable = { head: string[]; rows: Row[] };

type Span = { start: number; end: number };

type FileViewParts = { api: Api; host: HTMLElement; title: HTMLElement };

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
  polish: (root: Element) => Promise<void>;
};
