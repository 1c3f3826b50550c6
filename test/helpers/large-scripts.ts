/** Programs that print 200 MiB with one line of 50 MiB, in two parts: the first ends in the middle of that line. */

export interface LargeScript {
  /** POSIX sh that prints nothing; goes before either part. */
  functions: string;
  first: string;
  second: string;
}

/** Numbered records of 64 bytes, so that one that is lost, doubled or out of place changes the whole. */
const NUMBERS = `numbers() {
  awk -v from="$1" -v to="$2" -v end="$3" 'BEGIN { for (i = from; i < to; i++) printf "%063d%s", i, end }'
}
`;

/** Plain text; the last lines hold what is hard for JSON, for terminals and in UTF-8. */
export const LARGE_TEXT: LargeScript = {
  functions: NUMBERS,
  first: `
numbers 0 1200000 '\\n'
numbers 1200000 1600000 ' '
`,
  second: `
numbers 1600000 2020000 ' '
echo
numbers 2020000 3280000 '\\n'
printf 'tab \\t, escape \\033[31m, quote ", backslash \\\\, \\303\\266 \\342\\202\\254 \\360\\237\\230\\200\\n'
echo 'Printed it all.'
`,
};

/** As Codex prints it: events of 64 KiB, of almost as much as is ever parsed, one of 50 MiB; lines that are none. */
export const LARGE_EVENTS: LargeScript = {
  functions: `${NUMBERS}
item='{"type":"item.completed","item":{"type":"command_execution","aggregated_output":"'
events() {
  awk -v count="$1" -v size="$2" -v item="$item" 'BEGIN {
    text = "output "
    while (length(text) < size) text = text text
    text = substr(text, 1, size)
    for (i = 0; i < count; i++) print item i " " text "\\"}}"
  }'
}
`,
  first: `
echo '{"type":"thread.started","thread_id":"a-thread"}'
echo '{"type":"turn.started"}'
events 1000 65536
events 10 4000000
printf '%s' "$item"
numbers 0 400000 ' '
`,
  second: `
numbers 400000 820000 ' '
echo '"}}'
numbers 820000 1650000 '\\n'
echo '{"type":"item.completed","item":{"type":"agent_message","text":"Printed it all."}}'
echo '{"type":"turn.completed","usage":{"input_tokens":7,"output_tokens":5}}'
`,
};
