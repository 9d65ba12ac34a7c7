// The pages of a run's server, one row each: what it shows at which path.
import type { Route } from './http.js';
import { plain, type RunStatus } from './run-status.js';

export interface Pages {
  /** which run this is; undefined while it is being opened */
  run(): string | undefined;
  metrics(): Promise<{ text: string; contentType: string }>;
  status(): RunStatus;
  /** undefined while steps come, else why none does: `starting`, `stopping`, `waiting for …` */
  notReady(): string | undefined;
}

/** `/metrics` for Prometheus, `/status` for `nash status`, `/healthz` and `/readyz` for service managers. */
export const routesOf = (pages: Pages): Readonly<Record<string, Route>> => ({
  '/metrics': (asked) => {
    const run = pages.run();
    const wanted = asked.get('run') ?? run;
    if (run === undefined) return { status: 503, text: 'starting\n' };
    if (wanted === run) return pages.metrics();
    return { status: 404, text: `the run here is ${run}, not ${plain(wanted!)}\n` }; // that one died, and this one has its port
  },
  '/status': () => ({ text: `${JSON.stringify(pages.status())}\n`, contentType: 'application/json' }),
  '/healthz': () => ({ text: 'alive\n' }),
  '/readyz': () => {
    const reason = pages.notReady();
    return { status: reason === undefined ? 200 : 503, text: `${reason ?? 'stepping'}\n` };
  },
});
