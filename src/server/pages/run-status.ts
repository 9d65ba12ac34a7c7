// What `/status` answers and `nash status` shows; part of the interface.
import type { Net } from '../../parameters/manifest.js';

export interface RunStatus {
  /** steps applied */
  step: Record<Net, number>;
  /** in words; null when for nothing */
  waitingFor: string | null;
  /** living peers, the evaluator among them */
  workers: PeerStatus[];
  http: string;
  endpoint: string;
}

export interface PeerStatus {
  id: string;
  pool: string;
  state: 'preparing' | 'busy' | 'idle';
  /** shown for processes of the asking host only */
  pid?: number;
  host: string;
  device: string;
  /** of the task that it computes */
  step: number | null;
}
