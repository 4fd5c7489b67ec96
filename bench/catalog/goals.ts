import type { Bar } from '../search/bars.ts';

const goal = (name: string, unit: string, limit: number): Bar => ({ name, unit, limit: () => limit });

/** For a hundred thousand items. The time to ready is that of the process; what the catalog adds to it is `added`. */
export const GOALS: readonly Bar[] = [
  goal('own_ready_ms', 'ms', 1_000),
  goal('subscribed_ready_ms', 'ms', 1_000),
  goal('added_ready_cpu_ms', 'ms', 50),
  goal('own_first_page_ms', 'ms', 1_000),
  goal('subscribed_loaded_ms', 'ms', 1_000),
  goal('own_page_p99_ms', 'ms', 10),
  goal('subscribed_page_p99_ms', 'ms', 10),
  goal('own_changes_p99_ms', 'ms', 5),
  goal('own_no_changes_p99_ms', 'ms', 5),
  goal('subscribed_search_p99_ms', 'ms', 10),
  goal('own_stop_ms', 'ms', 1_000),
  goal('subscribed_stop_ms', 'ms', 1_000),
  goal('own_octets_per_item', 'octets', 1_024),
  goal('subscribed_octets_per_item', 'octets', 1_024),
  goal('own_idle_percent', '% of a core', 1),
  goal('subscribed_idle_percent', '% of a core', 1),
];
