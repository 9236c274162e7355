// The schemas of all answers, by name: each noun has its own beside its routes.

import type * as z from 'zod/mini';
import { auditAnswers } from './audit.ts';
import { backupAnswers } from './backups-answers.ts';
import { notificationAnswers } from './notifications.ts';
import { resourceAnswers } from './resources-answers.ts';
import { restoreAnswers } from './restores-answers.ts';
import { retentionAnswers } from './retention-answers.ts';
import { runAnswers } from './runs.ts';
import { scheduleAnswers } from './schedules-answers.ts';
import { serviceAnswers } from './service.ts';
import { sessionAnswers } from './session.ts';
import { settingsAnswers } from './settings.ts';
import { sourceAnswers } from './sources.ts';
import { stateAnswers } from './states-answers.ts';
import { terraformAnswers } from './terraform.ts';
import { tokenAnswers } from './tokens.ts';
import { upkeepAnswers } from './upkeep.ts';
import { uploadAnswers } from './uploads.ts';

/**
 * The schemas of all answers, by name. A function, because they are only needed to describe the API: made when the modules
 * are loaded, they were a good part of every cold start.
 */
export function createAnswers() {
  return {
    ...serviceAnswers(),
    ...backupAnswers(),
    ...uploadAnswers(),
    ...stateAnswers(),
    ...resourceAnswers(),
    ...settingsAnswers(),
    ...restoreAnswers(),
    ...retentionAnswers(),
    ...sourceAnswers(),
    ...scheduleAnswers(),
    ...runAnswers(),
    ...terraformAnswers(),
    ...tokenAnswers(),
    ...sessionAnswers(),
    ...auditAnswers(),
    ...notificationAnswers(),
    ...upkeepAnswers(),
  };
}

type Answers = ReturnType<typeof createAnswers>;
export type AnswerName = keyof Answers;

/** What an answer by that name holds. */
export type Answer<Name extends AnswerName> = z.output<Answers[Name]>;
