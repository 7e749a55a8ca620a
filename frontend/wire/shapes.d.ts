/** The shapes in which the server answers, and what streams are read into. Global; browsers load none of it. */

type User = { id: string; username: string; role: "admin" | "user"; created_at: number };

/** Times count seconds since 1970; no scopes means all that the user may do. */
type ApiKey = {
  id: string;
  name: string;
  hint: string;
  scopes: string[];
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
};

type SecretStanding = {
  name: string;
  source: "environment" | "stored" | "none" | "unreadable";
  hint: string;
  updated_at_ms: number | null;
  updated_by: string | null;
};

type UsageSums = {
  runs: number;
  prompt_tokens: number;
  completion_tokens: number;
  total_tokens: number;
};

type NamedSums = UsageSums & { name: string };

type BudgetName = {
  scope: "default" | "user" | "key" | "model";
  subject: string;
  model: string;
  resource: "requests" | "tokens" | "concurrent_runs" | "upload_bytes";
  period: "minute" | "hour" | "day" | "month" | "now";
};

type Budget = BudgetName & { id: string; limit: number };

/** A limit that an administrator has set is named by its `budget`. */
type UsageLimit = {
  name: string;
  limit: number;
  used: number;
  remaining: number;
  budget: BudgetName | null;
};

/** `day` is a date in UTC. */
type UsageOut = {
  totals: UsageSums;
  days: (UsageSums & { day: string })[];
  models: (UsageSums & { model: string })[];
  /** `key_id` is empty of log-ins, `name` null of a key that is gone. */
  keys: (UsageSums & { key_id: string; name: string | null })[];
  limits: UsageLimit[];
};

/** `active_run_id` is the run that is answering now; `updated_at` counts seconds since 1970. */
type Conversation = {
  id: string;
  title: string;
  active_run_id: string | null;
  updated_at: number;
  metadata: Record<string, unknown>;
};

type ConversationPage = { conversations: Conversation[]; next_cursor: string | null };

type Annotation = {
  url_citation: { url: string; title: string; start_index: number; end_index: number };
};

/** `state` tells how the run that wrote the message ended, `versions` as in `Standing`. */
type StoredMessage = {
  id: string;
  versions?: string[];
  message: { role: string; content?: unknown; annotations?: Annotation[]; tool_calls?: unknown };
  state: string;
  run_id: string | null;
};

type FullConversation = Conversation & { messages: StoredMessage[] };

/** `route` tells how the question was taken and why; both are missing while it runs. */
type Run = {
  id: string;
  model: string;
  state: string;
  duration_ms?: number | null;
  trace: {
    route?: { route: string; reason: string; confidence: number } | null;
    usage?: { prompt_tokens: number; completion_tokens: number };
    error?: string | null;
    // biome-ignore lint/suspicious/noExplicitAny: each type of event has data of its own
    events?: Record<string, any>[];
  };
};

type ListedModel = { id: string; owned_by: string; x_capabilities: string[] };

/** How one dependency of the server is; `fix` says what mends it, commands between backticks. */
type Check = {
  ok: boolean;
  state: "ok" | "off" | "checking" | "limited" | "failing";
  detail: string;
  fix: string;
};

type Ready = { checks: Record<string, Check> };

/** `created_at` counts seconds since 1970. */
type Account = User & { disabled: boolean; created_at: number };

type NewAccount = { username: string; password: string; role: User["role"] };

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
  approval: "allow" | "ask" | "deny";
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
  | { kind: "error"; message: string; code?: string };

/** An answer as it comes; a part tells whether it came to the end. */
type Answering = AsyncGenerator<AnswerEvent, void, void>;
type AnsweringPart = AsyncGenerator<AnswerEvent, boolean, void>;

/** How far a replay has come. */
type Replayed = { lastId: string; failures: number; begun: boolean };

/** `progress` is 0 to 1; `reason` says why it failed, `note` what could not be read. */
type StoredFile = {
  file_id: string;
  filename: string;
  kind: string;
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

/** One event of the log; `at_ms` counts from 1970. */
type LogPage = { lines: LogLine[]; next_cursor: string | null };

type LogLine = {
  id: string;
  at_ms: number;
  level: string;
  server: string;
  logger: string;
  message: string;
  request_id: string;
  user_id: string;
  run_id: string;
  trace: string;
};

/** How a server stood at a moment; `cpu` counts processors. */
type PerformanceSample = {
  at_ms: number;
  server: string;
  cpu: number;
  memory_bytes: number;
  disk_free_bytes: number;
  disk_bytes: number;
  active_runs: number;
  queue: number;
};

/** How a model answered in a minute; null where nothing was measured. */
type ModelSample = {
  at_ms: number;
  server: string;
  model: string;
  calls: number;
  failed: number;
  first_token_p50_s: number | null;
  first_token_p95_s: number | null;
  tokens_per_s_p50: number | null;
};

/** What one server measured after the other in the same place; `name` is the newest of them. */
type Lane = { name: string; ids: Set<string>; samples: PerformanceSample[] };

type PerformanceOut = {
  now: PerformanceSample;
  samples: PerformanceSample[];
  models: ModelSample[];
};
