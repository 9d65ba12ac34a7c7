// TensorBoard's event files: a TFRecord stream of Event messages (tensorflow/core/util/event.proto, summary.proto). Each record is
// one write to the system, so a killed process leaves a file that is valid to its last event.
import { closeSync, fstatSync, ftruncateSync, openSync, writeSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import protobuf from 'protobufjs';
import { maskedCrc32c } from './crc32c.js';

/** As much of the two schemas as is written here, with their field numbers. */
const SCHEMA = protobuf.Root.fromJSON({
  nested: {
    Event: {
      fields: {
        wallTime: { id: 1, type: 'double' },
        step: { id: 2, type: 'int64' },
        fileVersion: { id: 3, type: 'string' },
        summary: { id: 5, type: 'Summary' },
        sessionLog: { id: 7, type: 'SessionLog' },
      },
    },
    SessionLog: { fields: { status: { id: 1, type: 'int32' } } },
    Summary: { fields: { value: { id: 1, rule: 'repeated', type: 'Value' } } },
    Value: {
      oneofs: { value: { oneof: ['simpleValue', 'image'] } }, // or a value of 0 would be left out
      fields: {
        tag: { id: 1, type: 'string' },
        simpleValue: { id: 2, type: 'float' },
        image: { id: 4, type: 'Image' },
      },
    },
    Image: {
      fields: {
        height: { id: 1, type: 'int32' },
        width: { id: 2, type: 'int32' },
        colorspace: { id: 3, type: 'int32' },
        encodedImageString: { id: 4, type: 'bytes' },
      },
    },
  },
});
const EVENT = SCHEMA.lookupType('Event');

/** Since version 2 a reader forgets what an earlier file of the folder says of steps at or after a session's start. */
const FILE_VERSION = 'brain.Event:2';
const SESSION_START = 1;
/** Red, green, blue and opacity. */
const RGBA = 4;

export interface EventFileOptions {
  /** milliseconds since 1970 */
  clock?: () => number;
  /** Called for an event that finds no room: it is left out, whole. */
  onTrouble?: (path: string, cause: unknown) => void;
}

/** A file of one process, made with its first event. */
export class EventFile {
  private path: string | undefined;
  private file: number | undefined;

  private readonly clock: () => number;
  private readonly onTrouble: (path: string, cause: unknown) => void;

  /** @param folder where TensorBoard looks: one run */
  constructor(
    private readonly folder: string,
    { clock = Date.now, onTrouble = () => {} }: EventFileOptions = {},
  ) {
    this.clock = clock;
    this.onTrouble = onTrouble;
  }

  /** Values at a step, by tag; `a/b` stands in TensorBoard's group `a`. */
  scalars(step: number, values: Readonly<Record<string, number>>): void {
    const value = Object.entries(values).map(([tag, simpleValue]) => ({ tag, simpleValue }));
    if (value.length > 0) this.append({ step, summary: { value } });
  }

  /** @param png a whole PNG file */
  image(step: number, tag: string, png: Buffer): void {
    const image = {
      width: png.readUInt32BE(16), // the header chunk comes first, at byte 8: length, name, width, height
      height: png.readUInt32BE(20),
      colorspace: RGBA,
      encodedImageString: png,
    };
    this.append({ step, summary: { value: [{ tag, image }] } });
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  private append(event: { step: number; [field: string]: unknown }): void {
    this.path ??= this.newPath();
    let size = 0;
    try {
      this.file ??= openSync(this.path, 'a');
      size = fstatSync(this.file).size;
      if (size === 0) this.begin(this.file, event.step);
      this.write(this.file, event);
    } catch (cause) {
      if (this.file !== undefined) ftruncateSync(this.file, size); // readers take half a record for the end
      this.onTrouble(this.path, cause);
    }
  }

  private newPath(): string {
    const seconds = String(Math.floor(this.clock() / 1000)).padStart(10, '0'); // readers take files in the order of names
    return join(this.folder, `events.out.tfevents.${seconds}.${hostname()}.${process.pid}.nash`); // other programs' are not ours to remove
  }

  private begin(file: number, step: number): void {
    this.write(file, { fileVersion: FILE_VERSION });
    this.write(file, { step, sessionLog: { status: SESSION_START } });
  }

  private write(file: number, event: Record<string, unknown>): void {
    const wallTime = this.clock() / 1000;
    const record = recordOf(EVENT.encode(EVENT.fromObject({ wallTime, ...event })).finish());
    if (writeSync(file, record) < record.length) throw new Error('no room for the rest of a record');
  }
}

/** A TFRecord: length (uint64), its checksum, the data, their checksum; little-endian. */
function recordOf(data: Uint8Array): Buffer {
  const record = Buffer.alloc(12 + data.length + 4);
  record.writeBigUInt64LE(BigInt(data.length), 0);
  record.writeUInt32LE(maskedCrc32c(record.subarray(0, 8)), 8);
  record.set(data, 12);
  record.writeUInt32LE(maskedCrc32c(data), 12 + data.length);
  return record;
}
