// A run under pm2, the same as under `nash train`: one app each for the server, the evaluator and every worker, in a namespace that
// is called as the run folder. NASH_ARGS takes the arguments of `nash train`:
//
//   NASH_ARGS="configs/ring.yaml --workers discriminator=2,generator=2" npx pm2 start ecosystem.config.js
//   NASH_ARGS="configs/cifar10-dcgan.yaml --topology cluster/topologies/gpus.yaml" npx pm2 start ecosystem.config.js
//
// On several hosts start the same file on each: NASH_HOST, or the hostname, says which part of the topology it is. pm2 tells apps
// apart by name alone, so a second run at the same time needs a PM2_HOME of its own, and is refused without. NASH_MAX_MEMORY=8G has pm2
// start again whoever takes more (max_memory_restart, which `pm2 start` itself takes for no config file); the bits stay the same.
//
// Each process writes <run folder>/logs/<app>.ndjson; what it prints is in .pm2-logs/<run>/ beside the run folder. pm2 rotates
// nothing by itself: `npx pm2 install pm2-logrotate`, or logrotate with `copytruncate`.
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const built = fileURLToPath(new URL('./dist/cli/pm2-apps.js', import.meta.url));
if (!existsSync(built)) refuse('nash is not set up: run `npx nash setup`', 3);

export const apps = appsOf(process.env.NASH_ARGS ?? '');

/** @param {string} text */
function appsOf(text) {
  try {
    const load = createRequire(import.meta.url);
    const apps = load(built).pm2Apps(text);
    load('./dist/cli/pm2-names.js').requireFreeNames(apps);
    return apps;
  } catch (error) {
    if (error.exitCode === undefined) throw error;
    return refuse(error.message, error.exitCode);
  }
}

/**
 * pm2 would print a stack trace and start nothing; this prints the reason alone.
 * @param {string} message
 * @param {number} exitCode
 * @returns {never}
 */
function refuse(message, exitCode) {
  process.stderr.write(`nash: ${message}\n`);
  process.exit(exitCode);
}
