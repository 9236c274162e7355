// The screens of administration: a script of their own, fetched when the first of them is opened.

export { Audit } from './audit.tsx';
export { Notifications } from './notifications.tsx';
export { Retention } from './retention.tsx';
export { Schedules } from './schedules.tsx';
export { Tokens } from './tokens.tsx';
