/** One line whatever came: control characters, line and paragraph separators become spaces. */
export const plainLine = (text: string): string => text.replace(/[\p{C}\p{Z}]+/gu, ' ').trim();

/** In quotes and on one line; nothing in it can end the quotes. */
export const quoted = (text: string): string =>
  JSON.stringify(text).replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`,
  );
