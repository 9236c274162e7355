// Parts that most calls do without: made by the first call that needs them, and not by the cold start.
//
// Made, not loaded: to load a module on demand esbuild puts it, and all that it shares with others, into functions, and
// that costs the start more than it saves.

type Method = (...parameters: never[]) => Promise<unknown>;

/** Stands for a part with these methods, all of which are asynchronous; it declares no capabilities, for it is not made yet. */
export function onDemand<T extends { [K in Exclude<keyof T, 'capabilities'>]: Method }>(
  methods: readonly (Exclude<keyof T, 'capabilities'> & string)[],
  make: () => T,
): T {
  let made: T | undefined;
  const standIn: Partial<Record<string, Method>> = {};
  for (const name of methods) {
    standIn[name] = async (...parameters) => {
      made ??= make();
      return (made[name] as Method)(...parameters);
    };
  }
  return standIn as T;
}
