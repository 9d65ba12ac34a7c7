// The pages of a run's server, one row each: what it shows at which path.
import type { Route } from './http.js';
import type { RunStatus } from './run-status.js';

export interface Pages {
  metrics(): Promise<{ text: string; contentType: string }>;
  status(): RunStatus;
  /** undefined while steps come, else why none does: `starting`, `stopping`, `waiting for …` */
  notReady(): string | undefined;
}

/** `/metrics` for Prometheus, `/status` for `nash status`, `/healthz` and `/readyz` for service managers. */
export const routesOf = (pages: Pages): Readonly<Record<string, Route>> => ({
  '/metrics': () => pages.metrics(),
  '/status': () => ({ text: `${JSON.stringify(pages.status())}\n`, contentType: 'application/json' }),
  '/healthz': () => ({ text: 'alive\n' }),
  '/readyz': () => {
    const reason = pages.notReady();
    return { status: reason === undefined ? 200 : 503, text: `${reason ?? 'stepping'}\n` };
  },
});
