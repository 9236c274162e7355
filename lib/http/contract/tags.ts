// The groups that routes stand in, for those who read the contract.

export const TAGS = {
  Service: 'What this is, how it is, and this contract.',
  Backups: 'Making backups of states, looking at them, protecting and removing them.',
  Resources:
    'What is kept of each resource, and its states at any moment, looked at without restoring anything.',
  Restores: 'Giving states back: by backup, by instant, whole or in part, in the call or in the background.',
  Retention: 'How long backups are kept, what goes next and why, and what waits before it goes.',
  Notifications: 'Who is told when something fails, is late, or looks wrong, and whether that has come.',
  Schedules: 'What runs by itself: sources that states are read from, when, how it went, and drills.',
  Terraform:
    'The `http` backend of Terraform and OpenTofu: the newest state of a resource, the lock on it, and the way back to an older one.',
  Access:
    'Tokens and sessions: who may do what, to which resources. The audit trail: who did what, and who was refused.',
} as const;

export type Tag = keyof typeof TAGS;
