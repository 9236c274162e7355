// What ties a data key to its chain.

/** What a data key is bound to, at the keyring: it opens under no other. */
export function keyContextOf(source: { resourceId: string; chainId: string }): Record<string, string> {
  return { resourceId: source.resourceId, chainId: source.chainId };
}
