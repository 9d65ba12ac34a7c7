// How the server's parts and the other processes say what happens: events as data, for logs/*.ndjson.

/** `worker`, `run` and `version` of a line are the writing process's own: another process is a `peer`. */
export type Log = (
  event: string,
  fields?: { [name: string]: unknown; worker?: never; run?: never; version?: never },
) => void;
