// Lists in pages.

export interface Page<T> {
  items: T[];
  /** Opaque position to go on from; absent on the last page. An unreadable cursor throws PortError `not_found`. */
  cursor?: string;
}

export interface PageRequest {
  /** 1 to `listPageMax` (limits). A page holds at most that many; more may follow as long as there is a cursor. */
  limit: number;
  cursor?: string;
}
