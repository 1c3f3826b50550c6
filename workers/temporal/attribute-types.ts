import type { SearchAttributeType } from '@temporalio/common';

/** What each type is called on the command line, and its number in `temporal.api.enums.v1.IndexedValueType`. */
export const ATTRIBUTE_TYPES: Record<SearchAttributeType, { cliName: string; indexedValueType: number }> = {
  TEXT: { cliName: 'Text', indexedValueType: 1 },
  KEYWORD: { cliName: 'Keyword', indexedValueType: 2 },
  INT: { cliName: 'Int', indexedValueType: 3 },
  DOUBLE: { cliName: 'Double', indexedValueType: 4 },
  BOOL: { cliName: 'Bool', indexedValueType: 5 },
  DATETIME: { cliName: 'Datetime', indexedValueType: 6 },
  KEYWORD_LIST: { cliName: 'KeywordList', indexedValueType: 7 },
};

export const cliTypeName = (type: SearchAttributeType) => ATTRIBUTE_TYPES[type].cliName;

/** `type 42` for one that we do not know. */
export function nameOfIndexedValueType(number: number): string {
  const found = Object.values(ATTRIBUTE_TYPES).find((entry) => entry.indexedValueType === number);
  return found?.cliName ?? `type ${number}`;
}
