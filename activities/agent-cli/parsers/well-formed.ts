/** A text without halves of characters, which neither UTF-8 nor a database holds. */
export const wellFormed = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');
