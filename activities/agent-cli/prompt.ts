import type { Finding } from '../../contracts/receipt';

/** The body, and after a rejected review what it found. */
export function promptOf(body: string, findings: Finding[]): string {
  if (findings.length === 0) return body;
  const lines = findings.map((finding) => {
    const place =
      finding.file === undefined ? '' : `${finding.file}${finding.line ? `:${finding.line}` : ''}: `;
    const severity = finding.severity === undefined ? '' : `[${finding.severity}] `;
    return `- ${severity}${place}${finding.message}`;
  });
  return `${body}\n\nThe previous attempt was reviewed and not accepted. Address each finding:\n${lines.join('\n')}\n`;
}
