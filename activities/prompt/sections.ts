import { boundaryOf } from './boundary';

/** Text that others wrote. `of` is ours: what it is, in plain words. */
export interface Data {
  of: string;
  text: string;
}

export interface Section {
  heading: string;
  /** A string is our own words. */
  parts: Array<string | Data>;
}

/** Neither goes through an argument of a process or a UTF-8 file unchanged. */
const UNFIT = /\0|\p{Surrogate}/gu;

/** Markdown, with each piece of data between two lines that occur nowhere in it. */
export function renderSections(
  intro: (opening: string, closing: string) => string,
  sections: readonly Section[],
): string {
  const fit = sections.map(({ heading, parts }) => ({
    heading,
    parts: parts.map((part) =>
      typeof part === 'string' ? part : { of: part.of, text: part.text.replace(UNFIT, '\ufffd') },
    ),
  }));
  const tag = `data-${boundaryOf(fit.flatMap(({ parts }) => parts.map(textOf)))}`;
  const blocks = fit.map(({ heading, parts }) =>
    [`# ${heading}`, ...parts.map((part) => (typeof part === 'string' ? part : block(tag, part)))].join(
      '\n\n',
    ),
  );
  return `${[intro(`<${tag} of="…">`, `</${tag}>`), ...blocks].join('\n\n')}\n`;
}

const textOf = (part: string | Data) => (typeof part === 'string' ? part : part.text);

/** The text as it is, with one line feed added. */
const block = (tag: string, { of, text }: Data) => `<${tag} of="${of}">\n${text}\n</${tag}>`;
