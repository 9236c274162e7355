// How the table is charged, as the stack sets it up and the functions reckon with it.

export const CAPACITY_MODES = ['on-demand', 'provisioned'] as const;
export type CapacityMode = (typeof CAPACITY_MODES)[number];

export const CAPACITY = {
  /** How much of what is provisioned is to be used: what is above it leaves time to scale. AWS's own default. */
  targetUtilization: 0.7,
  /**
   * AWS's own default. A run of the trail asks 40 partitions at once, a list of everything 56, for half a unit each: five units
   * save up 1,500 in five minutes of rest.
   */
  leastMin: 5,
} as const;
