// Parts that most calls do without: loaded and made by the first call that needs them, and not by the cold start.

type Methods = Record<string, (...parameters: never[]) => Promise<unknown>>;

/**
 * Stands for a part with these methods, all of which are asynchronous. One that could not be made is tried again by the
 * next call.
 */
export function onDemand<T extends { [K in keyof T]: Methods[string] }>(
  methods: readonly (keyof T & string)[],
  make: () => Promise<T>,
): T {
  let made: Promise<T> | undefined;
  const part = (): Promise<T> => {
    made ??= make().catch((error: unknown) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  const standIn: Partial<Record<string, unknown>> = {};
  for (const name of methods) {
    standIn[name] = async (...parameters: never[]) => (await part())[name](...parameters);
  }
  return standIn as T;
}
