// Goal: what the runbooks, the README and its pages tell people to type exists. Method: each `nash …` in them against that command's own help, and
// each setting that they amend against what may be amended.
import { expect, it, vi } from 'vitest';
import { main } from '../../../src/cli/main.js';
import { unamendableChanges } from '../../../src/config/decisive.js';
import { amendedConfig, loadConfig } from '../../../src/config/load-config.js';
import { flat, nashCommandsIn, PAGES } from '../../support/commands.js';

const ALERTS = 'cluster/observability/rules/alerts.yml';

/** @param name of a command, or of one of another's, such as `data show` */
async function helpOf(name: string): Promise<string> {
  const shown: string[] = [];
  const spy = vi.spyOn(process.stdout, 'write').mockImplementation((chunk) => {
    shown.push(String(chunk));
    return true;
  });
  const exitCode = await main([...name.split(' '), '--help']).finally(() => spy.mockRestore());
  expect(exitCode, name).toBe(0);
  return shown.join('');
}

it.each([ALERTS, ...PAGES])('%s names commands that there are, with options that they have', async (file) => {
  const commands = nashCommandsIn(file).filter((command) => !/^(setup|doctor)\b/.test(command));
  const helps = new Map<string, string>();
  for (const command of commands) {
    const [first, second, ...rest] = command.split(' ');
    const hasOwn = first === 'data' && second === 'show';
    const name = hasOwn ? `${first} ${second}` : first!;
    const words = hasOwn ? rest : [second ?? '', ...rest];
    const help = helps.get(name) ?? (await helpOf(name));
    helps.set(name, help);
    expect(help, command).toContain(`Usage: nash ${name}`);
    for (const option of words.filter((word) => word.startsWith('--')))
      expect(help, command).toContain(option);
  }
});

it('the runbooks amend what may be amended', () => {
  const config = loadConfig('configs/ring.yaml', ['loss.name=minimax']);
  const amends = [...flat(ALERTS).matchAll(/--amend ([\w.]+=[\w.-]+)/g)].map((match) => match[1]!);
  expect(amends.length).toBeGreaterThan(3);
  for (const amend of amends) {
    const amended = amendedConfig(config, [amend], '--amend');
    expect(unamendableChanges(config, amended), amend).toEqual([]);
    expect(amended, amend).not.toEqual(config);
  }
});
