import type { FailureCode } from './failures';

/** Longest text that is searched, in characters: its end. */
const SEARCHED = 262_144;

/**
 * The words CLIs use, as recorded or read in their sources; the first that fits counts. Numbers count only
 * beside a word that makes them a status.
 */
const PATTERNS: Array<[FailureCode, RegExp]> = [
  ['not_a_repository', /not inside a trusted directory|--skip-git-repo-check|not a git repository/i],
  ['root_refused', /cannot be used with root\/sudo/i],
  ['session_not_found', /no conversation found with session|no (?:rollout|session) found|session not found/i],
  ['max_turns', /max(?:imum)? (?:number of )?(?:session )?turns|turn limit|TurnLimited/i],
  [
    'budget',
    /budget[^\n]{0,40}(?:exceed|exhaust|reach|used up)|(?:exceed|exhaust|reach)\w{0,6}[^\n]{0,40}budget/i,
  ],
  [
    'context_limit',
    /(?:exceed|ran out|maximum|full)[^\n]{0,60}context|context[ _](?:window|length)[^\n]{0,40}(?:exceed|full|limit|reached)|prompt is too long|input is too long|output token maximum|MessageOutputLengthError/i,
  ],
  [
    'quota',
    /usage.?limit|rate.?limit|too many requests|hit your [^\n]{0,30}limit|(?:hour|session|weekly|daily|monthly|opus|sonnet) limit (?:reached|exceeded)|limit reached\||quota[^\n]{0,40}(?:exceed|exhaust|reach|reset)|(?:exceed|exhaust)\w{0,6}[^\n]{0,60}(?:quota|capacity)|QuotaError|resource.?exhausted|insufficient.?quota|(?:credit )?balance is too low|out of (?:extra )?(?:usage|credits)|insufficient (?:credits|funds)|payment required|billing.?hard.?limit|reached your [^\n]{0,40}limit|(?:status|code|http|error)\W{1,6}(?:code\W{1,3})?(?:402|429)\b/i,
  ],
  [
    'auth',
    /not logged in|(?:run|use) [`'"]?(?:\/login|codex login|claude login|opencode auth)|(?:invalid|incorrect|missing|expired|no)[^\n]{0,20}(?:api.?key|bearer|credential|authentication)|api.?key[^\n]{0,30}(?:not (?:found|valid|set)|invalid|missing|required|expired)|invalid.?api.?key|authentication.?(?:error|failed|required)|AuthenticationError|ProviderAuthError|set an auth method|oauth[^\n]{0,30}(?:expired|revoked|invalid|not allowed)|(?:access|refresh) token[^\n]{0,40}(?:expired|revoked|invalid|could not)|organization has been disabled|401 unauthorized|403 forbidden|(?:status|code|http|error)\W{1,6}(?:code\W{1,3})?(?:401|403)\b/i,
  ],
  [
    'model_unavailable',
    /model[^\n]{0,80}(?:not found|does not exist|not supported|not available|may not exist)|ModelNotFoundError|unknown model|model_not_found/i,
  ],
  [
    'bad_arguments',
    /unexpected argument|unknown (?:option|argument|command)|unrecognized (?:option|argument|subcommand)|requires --verbose|error loading config|invalid value [^\n]{0,60} for '/i,
  ],
  [
    'interrupted',
    /interrupted by (?:the )?user|aborted by (?:the )?user|turn (?:was )?interrupted|MessageAbortedError|FatalCancellationError|operation cancelled/i,
  ],
  [
    'api_error',
    /api error|overloaded|internal server error|bad gateway|service unavailable|stream (?:disconnected|error)|server_error|high demand|at capacity|connection (?:error|refused|reset|closed)|network error|fetch failed|socket hang up|\bECONN\w+|ENOTFOUND|EAI_AGAIN|ETIMEDOUT|timed out|request failed|error sending request|exceeded retry limit|unexpected status|(?:status|code|http|error)\W{1,6}(?:code\W{1,3})?(?:400|404|5\d\d)\b/i,
  ],
];

export interface Classified {
  code: FailureCode;
  /** The line that told, or what of it is near. */
  line: string;
}

/** The rest is printed by any program, and then means something else. */
const UNMISTAKABLE = new Set<FailureCode>(['root_refused', 'max_turns', 'quota', 'auth']);

export function classify(text: string, anyProgram = false): Classified | null {
  const searched = text.slice(-SEARCHED);
  for (const [code, pattern] of PATTERNS) {
    if (anyProgram && !UNMISTAKABLE.has(code)) continue;
    const found = pattern.exec(searched);
    if (found !== null) return { code, line: lineAround(searched, found.index, found[0].length) };
  }
  return null;
}

/** What the first of several texts tells, where that is more than that something was wrong. */
export function classifyFirst(
  texts: Array<string | null>,
  anyProgram = false,
): (Classified & { source: number }) | null {
  const found = texts.flatMap((text, source) => {
    const known = text === null ? null : classify(text, anyProgram);
    return known === null ? [] : [{ ...known, source }];
  });
  return found.find(({ code }) => code !== 'api_error') ?? found[0] ?? null;
}

/** For a status of HTTP that was given as a number. */
export function classifyStatus(status: number | null): FailureCode | null {
  if (status === 401 || status === 403) return 'auth';
  if (status === 402 || status === 429) return 'quota';
  if (status === 413) return 'context_limit';
  return status !== null && status >= 500 && status < 600 ? 'api_error' : null;
}

function lineAround(text: string, index: number, length: number): string {
  const start = Math.max(text.lastIndexOf('\n', index) + 1, index - 200);
  const next = text.indexOf('\n', index + length);
  return text.slice(start, Math.min(next === -1 ? text.length : next, index + length + 600)).trim();
}
