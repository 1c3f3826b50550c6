import type { Finding } from '../../../contracts/receipt';
import { code } from '../escape';

const LISTED_MAX = 40;

/** As a list; untrusted, so all in code marks. */
export function findingsText(findings: readonly Finding[]): string {
  const lines = findings.slice(0, LISTED_MAX).map(({ file, line, message, severity }) => {
    const place = file === undefined ? '' : `${code(line === undefined ? file : `${file}:${line}`)} `;
    return `- ${place}${severity === undefined ? '' : `${severity}: `}${code(message, 500)}`;
  });
  const more = findings.length - LISTED_MAX;
  return [...lines, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n');
}
