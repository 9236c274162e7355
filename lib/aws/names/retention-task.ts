// What the retention function can be called for: said by its schedules, read by its handler.

export const RETENTION_TASKS = { sweep: 'sweep', orphans: 'orphans', trail: 'trail' } as const;

export type RetentionTask = (typeof RETENTION_TASKS)[keyof typeof RETENTION_TASKS];
