import { Command } from 'commander';
import type { CommandMaker } from './main.js';
export const dataCommand: CommandMaker = () => new Command('data').description('get a data set');
