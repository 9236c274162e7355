// By how much a resource's runs come after their slots: always the same for one resource, so that many do not come at once.

const FNV_BASIS = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** From 0 to less than the window, in whole seconds; stable for all time (FNV-1a, 32 bits, over the id's UTF-16 units). Milliseconds. */
export function jitterOf(resourceId: string, windowSeconds: number): number {
  if (windowSeconds <= 0) return 0;
  let hash = FNV_BASIS;
  for (let i = 0; i < resourceId.length; i++) {
    hash = Math.imul(hash ^ resourceId.charCodeAt(i), FNV_PRIME) >>> 0;
  }
  return (hash % windowSeconds) * 1000;
}
