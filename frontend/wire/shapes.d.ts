/** The shapes in which the server answers, and in which the page passes them on. Browsers load none of it. */

export type User = { id: string; username: string; role: "admin" | "user" };

/** `active_run_id` is the run that is answering now; `updated_at` counts seconds since 1970. */
export type Conversation = {
  id: string;
  title: string;
  active_run_id: string | null;
  updated_at: number;
};

export type ConversationPage = { conversations: Conversation[]; next_cursor: string | null };

export type Annotation = {
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/** `state` tells how the run that wrote the message ended. */
export type StoredMessage = {
  message: { role: string; content?: unknown; annotations?: Annotation[] };
  state: string;
  run_id: string | null;
};

export type FullConversation = Conversation & { messages: StoredMessage[] };

export type Run = { id: string; trace: { error?: string | null; events?: object[] } };

export type ListedModel = { id: string; x_capabilities: string[] };

export type Citation = { id?: string; title: string; url?: string; text?: string };

/**
 * One thing that happened in an answer. `event` is a structured step of the agent; its `text` is
 * the same for people whose program does not know the type. `restart` means that what follows
 * tells the answer again from its beginning.
 */
export type AnswerEvent =
  | { kind: "open"; runId: string; sessionId: string }
  | { kind: "restart" }
  | { kind: "content"; text: string }
  | { kind: "reasoning"; text: string }
  // biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own
  | { kind: "event"; type: string; text: string; data: Record<string, any> }
  | { kind: "annotations"; annotations: Annotation[] }
  | { kind: "end"; state: string }
  | { kind: "error"; message: string };

/** `progress` is 0 to 1; `reason` says why it failed, `note` what could not be read. */
export type StoredFile = {
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

export type FilePage = { documents: StoredFile[]; next_cursor: string | null };

/** `number` counts from 1; `page` is what is printed on it, null where there are no pages. */
export type TextPage = {
  number: number;
  page: number | null;
  start: number;
  end: number;
  text: string;
};

/** Where a passage is in the text of its file, in characters (code points). */
export type Place = { start: number; end: number; page: number | null };

export type Passage = { filename: string; page: number | null; text: string; citation_id: string };

export type CitedPassage = Place & {
  file_id: string | null;
  filename: string;
  before: string;
  text: string;
  after: string;
};
