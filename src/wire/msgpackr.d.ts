// msgpackr's types cover its main entry only; the build without generated code has the same interface.
declare module 'msgpackr/index-no-eval' {
  export { Packr, Unpackr } from 'msgpackr';
}
