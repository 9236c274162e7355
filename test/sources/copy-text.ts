// COPY's text as the server writes it.

const ESCAPES: Record<string, string> = {
  '\\': '\\\\',
  '\b': '\\b',
  '\f': '\\f',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
  '\v': '\\v',
};

/** A value, or a row of one. */
export const escaped = (text: string): string => text.replaceAll(/[\\\b\f\n\r\t\v]/g, (one) => ESCAPES[one]!);
