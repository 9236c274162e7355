// What the torture knows of the backups that were acknowledged, and what it may expect of each.

export interface Acknowledged {
  id: string;
  resourceId: string;
  state: string;
  /** Its place in the order of acknowledgements, from 0. */
  order: number;
  /** By the clock that the service saw. */
  createdAt: number;
  /** Of time that really passed, jumps of the clock left out. */
  expiresAtReal: number | undefined;
  deletedAtReal?: number;
}

/** What became of one acknowledged backup. */
export type Fate =
  /** It came back byte for byte. */
  | 'restorable'
  /** It was deleted, or has really expired, and is not given any more. */
  | 'gone as asked'
  /** An error or a report says by name that it is lost. */
  | 'named as lost'
  /** Nobody says that it ever was. */
  | 'silently lost'
  /** Another state came back as if it were this one, or its id was given before. */
  | 'wrong'
  /** It is there, and was not given on a full disk. */
  | 'withheld';

export const FATES: readonly Fate[] = [
  'restorable',
  'gone as asked',
  'named as lost',
  'silently lost',
  'wrong',
  'withheld',
];

export class Ledger {
  readonly backups: Acknowledged[] = [];
  private readonly givenTwice = new Set<string>();
  /** Real milliseconds since the beginning of the sequence. */
  realNow = 0;

  acknowledge(backup: Omit<Acknowledged, 'order'>): void {
    if (this.backups.some(({ id }) => id === backup.id)) this.givenTwice.add(backup.id);
    this.backups.push({ ...backup, order: this.backups.length });
  }

  isGivenTwice(id: string): boolean {
    return this.givenTwice.has(id);
  }

  live(): Acknowledged[] {
    return this.backups.filter(({ deletedAtReal }) => deletedAtReal === undefined);
  }

  /** Whether it may have been taken away by now: by its deletion, or because it has really expired. */
  mayBeGone({ deletedAtReal, expiresAtReal }: Acknowledged): boolean {
    return deletedAtReal !== undefined || (expiresAtReal !== undefined && expiresAtReal <= this.realNow);
  }
}
