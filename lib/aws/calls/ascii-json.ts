/**
 * JSON text in ASCII only: queues and buses refuse or mend some characters that names may hold, and none of those
 * stands in the text when everything beyond ASCII is an escape.
 */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
